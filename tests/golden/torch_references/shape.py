"""What moves elements, by PyTorch."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
import torch.nn.functional as F


def pad(x, paddings, value):
    return F.pad(x, [n for pair in paddings[::-1] for n in pair], value=value)


def getitem(x: Any, index: Any) -> Any:
    """torch has no steps and arrays mixed; the cases use basic indices or one array."""
    return x[torch.from_numpy(index) if isinstance(index, np.ndarray) else index]


TORCH = {
    "reshape": lambda x, shape: x.reshape(shape),
    "flatten": lambda x: x.flatten(1),
    "transpose": lambda x, axes=None: x.permute(axes or tuple(range(x.ndim))[::-1]),
    "concat": lambda *parts, axis: torch.cat(parts, axis),
    "pad": pad,
    "getitem": getitem,
    "resize_nearest": lambda x, size: x.repeat_interleave(size[0], 1).repeat_interleave(size[1], 2),
}
