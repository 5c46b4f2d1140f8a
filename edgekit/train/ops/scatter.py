"""Elements put where an index says: the opposite of taking them."""

from __future__ import annotations

from typing import Any

import numpy as np

from edgekit.train.backend import array_module, constant, scatter_add
from edgekit.train.primitive import primitive

from .shape import getitem

__all__ = ["scatter"]


@primitive
def scatter(values, *, index: tuple[Any, ...], shape: tuple[int, ...]):
    """Zeros of `shape` to which `values` are added at `index`, which indexes as numpy has it."""
    total = array_module(values).zeros(shape, values.dtype)
    parts = tuple(constant(p, values) if isinstance(p, np.ndarray) else p for p in index)
    scatter_add(total, parts, values)
    return total


@scatter.vjp(on_tensors=True)
def _(g, y, values, *, index, shape):
    return ((getitem if hasattr(g, "__edgekit_tensor__") else getitem.forward)(g, index=index),)
