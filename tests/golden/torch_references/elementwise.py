"""Functions of one number, by PyTorch."""

from __future__ import annotations

import torch

NAMES = (
    "arccos", "arcsin", "arcsinh", "arctan", "arctanh", "cos", "cosh", "expm1", "log1p", "sin",
    "sinh", "tan",
)  # fmt: skip
TORCH = {name: getattr(torch, name) for name in NAMES}
TORCH["cumsum"] = lambda x, axis: torch.cumsum(x, axis)
