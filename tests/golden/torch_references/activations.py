"""Activation functions, by PyTorch."""

from __future__ import annotations

import torch
import torch.nn.functional as F


def sparsemax(x, axis):
    """max(x - tau, 0), with tau from the entries that stay; found by bisection."""
    low, high = x.detach().amin(axis, keepdim=True) - 1, x.detach().amax(axis, keepdim=True)
    for _ in range(200):
        middle = (low + high) / 2
        above = (x.detach() - middle).clamp(min=0).sum(axis, keepdim=True) > 1
        low, high = torch.where(above, middle, low), torch.where(above, high, middle)
    stays = x.detach() > high
    tau = ((x * stays).sum(axis, keepdim=True) - 1) / stays.sum(axis, keepdim=True)
    return torch.where(stays, x - tau, 0.0)


TORCH = {
    "relu": F.relu,
    "relu6": F.relu6,
    "sigmoid": torch.sigmoid,
    "tanh": torch.tanh,
    "softplus": F.softplus,
    "silu": F.silu,
    "hard_sigmoid": lambda x: F.relu6(x + 3) / 6,  # F.hardsigmoid divides in float32,
    "hard_silu": F.hardswish,
    "leaky_relu": lambda x, negative_slope: F.leaky_relu(x, negative_slope),
    "elu": lambda x, alpha: F.elu(x, alpha),
    "gelu": lambda x, approximate: F.gelu(x, approximate="tanh" if approximate else "none"),
    "softmax": lambda x, axis: F.softmax(x, axis),
    "log_softmax": lambda x, axis: F.log_softmax(x, axis),
    "prelu": lambda x, alpha: torch.where(x > 0, x, x * alpha),
    "sparsemax": sparsemax,
}
