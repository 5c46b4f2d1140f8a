"""Integer operators on one input as a table: one result for each stored input."""

from __future__ import annotations

import numpy as np

from edgekit.ir.quant import LIMITS

from ..step import Array, Floats, Step

__all__ = ["look_up", "stored_inputs"]

BLOCK = 2**14
"""Elements that one round of calls works on: their indices stay in the cache."""


def stored_inputs(step: Step) -> Array:
    """Every u = q - zero_point that the first input can hold, in order; int64."""
    low, high = LIMITS[step.dtype(0)]
    return np.arange(low, high + 1, dtype=np.int64) - step.input_quant(0).zero_point[0]


def look_up(step: Step, results: Array) -> None:
    """Add the calls that give `results[i]` (u of the output) for the i-th of `stored_inputs`."""
    x, y = step.input(0), step.output()
    table = np.ascontiguousarray(results, np.float32)
    first = np.array(-stored_inputs(step)[0], np.float32)
    shifted = step.scratch((min(x.size, BLOCK),))
    indices = step.scratch((min(x.size, BLOCK),), np.intp)
    if x.flags.c_contiguous and y.flags.c_contiguous:
        pairs = _blocks(x.reshape(-1), y.reshape(-1))
    else:
        shifted, indices = step.scratch(x.shape), step.scratch(x.shape, np.intp)
        pairs = [(x, y)]
    for source, target in pairs:
        moved = shifted[: source.size] if source.ndim == 1 else shifted
        index = indices[: source.size] if source.ndim == 1 else indices
        step.call(np.add, source, first, moved)
        step.call(np.copyto, index, moved, "unsafe")
        step.call(table.take, index, None, target, "clip")


def _blocks(x: Floats, y: Floats) -> list[tuple[Floats, Floats]]:
    starts = range(0, x.size, BLOCK)
    return [(x[start : start + BLOCK], y[start : start + BLOCK]) for start in starts]
