"""Dense, by PyTorch."""

from __future__ import annotations

import torch.nn.functional as F


def activated_dense(x, kernel, bias=None, activation="relu"):
    return getattr(F, activation)(F.linear(x, kernel.T, bias))


TORCH = {
    "dense": lambda x, kernel, bias=None: F.linear(x, kernel.T, bias),
    "activated_dense": activated_dense,
}
