"""What numpy does faster in other words: clip and einsum, and copies of many short runs.

The public wrappers of clip and einsum cost more than the work on small arrays. And numpy copies
along the last axis and goes back to its loop over the others after every run, which takes as long
as copying a hundred bytes: as one element of a dtype of its own, runs lie along an axis themselves.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import as_strided

from ..step import Array, Step

__all__ = ["clip", "copy_runs", "einsum"]

PLACES = ("_core", "core")  # since numpy 2, and before


def find(module: str, name: str) -> Any:
    """`numpy._core.<module>.<name>`; None if it moved."""
    for place in PLACES:
        found = getattr(getattr(np.__dict__.get(place), module, None), name, None)
        if found is not None:
            return found
    return None


clip: Callable[..., Any] = find("umath", "clip") or np.clip
"""`clip(x, low, high, out)`"""

einsum: Callable[..., Any] = find("multiarray", "c_einsum") or np.einsum
"""`einsum(subscripts, a, b, out=out)`, in one pass, the product never stored."""

LONGEST_RUN = 2**12
"""Bytes. In longer runs the loop does not count."""


def copy_runs(step: Step, target: Array, source: Array) -> None:
    """Add a call that copies `source` to `target`, of the same shape."""
    size, axis = target.itemsize, target.ndim
    while axis and source.strides[axis - 1] == target.strides[axis - 1] == size:
        axis -= 1
        size *= target.shape[axis]
    alike = source.dtype == target.dtype and 0 < axis < target.ndim
    if alike and target.itemsize < size <= LONGEST_RUN:
        step.call(np.copyto, _by_runs(target, axis, size), _by_runs(source, axis, size))
    else:
        step.call(np.copyto, target, source)


def _by_runs(array: Array, axis: int, size: int) -> Array:
    """`array` with its dimensions from `axis` on as one element of `size` bytes."""
    shape = (*array.shape[:axis], size // array.itemsize)
    strides = (*array.strides[:axis], array.itemsize)
    runs: Array = as_strided(array, shape, strides).view(np.dtype((np.void, size)))
    return runs[..., 0]
