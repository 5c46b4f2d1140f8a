"""Int8 operators on two inputs as a table: one result for each pair of stored inputs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from edgekit.ir.quant import LIMITS

from ..step import Array, Step

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["every_pair", "look_up_pairs"]


def every_pair(step: Step) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """All u of the first input as a column and of the second as a row: int64[256, 1] and [256]."""
    first, second = (
        np.arange(LIMITS[step.dtype(i)][0], LIMITS[step.dtype(i)][1] + 1, dtype=np.int64)
        - step.input_quant(i).zero_point[0]
        for i in (0, 1)
    )
    return first[:, np.newaxis], second


def look_up_pairs(step: Step, results: Array) -> None:
    """Add the calls that give `results[i, j]` (u of the output) for a pair of `every_pair`.

    The place 256 * i + j is below 2^16, exact in float32.
    """
    x, y, out = step.input(0), step.input(1), step.output()
    firsts, seconds = every_pair(step)
    table = np.ascontiguousarray(results, np.float32).reshape(-1)
    rows, places = step.scratch(x.shape), step.scratch(out.shape)
    indices = step.scratch(out.shape, np.intp)
    step.call(np.multiply, x, np.array(256.0, np.float32), rows)
    step.call(np.add, rows, y, places)
    offset = -256 * int(firsts[0, 0]) - int(seconds[0])
    step.call(np.add, places, np.array(offset, np.float32), places)
    step.call(np.copyto, indices, places, "unsafe")
    step.call(table.take, indices, None, out, "clip")
