"""Arithmetic, reductions and choices, by PyTorch."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch


def reduction(function: Callable[..., Any]) -> Callable[..., Any]:
    def reduce(x, axis=None, keepdims=False):
        axes = tuple(range(x.ndim)) if axis is None else axis
        return function(x, dim=axes, keepdim=keepdims)

    return reduce


TORCH = {
    "add": torch.add,
    "subtract": torch.sub,
    "multiply": torch.mul,
    "divide": torch.div,
    "maximum": torch.maximum,
    "minimum": torch.minimum,
    "power": torch.pow,
    "negative": torch.neg,
    "exp": torch.exp,
    "square": torch.square,
    "absolute": torch.abs,
    "log": torch.log,
    "sqrt": torch.sqrt,
    "matmul": torch.matmul,
    "sum": reduction(torch.sum),
    "mean": reduction(torch.mean),
    "max": reduction(torch.amax),
    "min": reduction(torch.amin),
    "broadcast_to": lambda x, shape: torch.broadcast_to(x, shape),
    "where": torch.where,
}
