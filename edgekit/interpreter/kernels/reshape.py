"""Reshape, which most networks have where others of its kind are seldom: see `shape.py`."""

from __future__ import annotations

import numpy as np

from edgekit.ir.graph import DTYPES

from ..step import Array, Step
from . import kernel

__all__ = ["EVERY", "dense_input"]

EVERY = tuple(DTYPES)


def dense_input(step: Step, position: int = 0) -> Array:
    """An input whose elements lie side by side: itself, or a copy that a call makes first."""
    x = step.input(position)
    if x.flags.c_contiguous:
        return x
    dense = step.scratch(x.shape, x.dtype)
    step.call(np.copyto, dense, x)
    return dense


@kernel("Reshape", *EVERY)
def reshape(step: Step) -> None:
    """Nothing to do where the memory plan lets the output view the input's elements."""
    x, y = step.input(0), step.output()
    if y.flags.c_contiguous:
        same = x.flags.c_contiguous and x.ctypes.data == y.ctypes.data
        if not same:
            step.call(np.copyto, y.reshape(x.shape), x)
        return
    x = dense_input(step)
    step.call(np.copyto, y, x.reshape(y.shape))
