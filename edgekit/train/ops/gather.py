"""Rows of a table by their numbers, and sequences turned around."""

from __future__ import annotations

import numpy as np

from edgekit.errors import ShapeError
from edgekit.train.backend import Array, array_module, scatter_add
from edgekit.train.primitive import primitive

__all__ = ["embed", "flip"]


@primitive
def embed(table, numbers):
    """Row `numbers` (integers of any shape) of table (rows, width): (*numbers, width).

    Raises ShapeError where a number is below 0 or not below the count of rows.
    """
    if numbers.size and array_module(numbers) is np:
        low, high = int(numbers.min()), int(numbers.max())
        if low < 0 or high >= table.shape[0]:
            raise ShapeError(
                f"embed: expected numbers from 0 to {table.shape[0] - 1}, received {low} to {high}"
            )
    return table[numbers]


@embed.vjp(reads_inputs=True)
def _(g, y, table, numbers):
    return summed_rows(g.reshape(-1, table.shape[1]), numbers.reshape(-1), len(table)), None


def summed_rows(rows: Array, numbers: Array, count: int) -> Array:
    """(count, width) where row n is the sum of those `rows` (k, width) whose number is n."""
    xp = array_module(rows)
    total = xp.zeros((count, rows.shape[1]), rows.dtype)
    if xp is not np:
        scatter_add(total, numbers, rows)
    elif numbers.size:
        order = np.argsort(numbers, kind="stable")
        ordered = numbers[order]
        starts = np.flatnonzero(np.concatenate([[True], ordered[1:] != ordered[:-1]]))
        total[ordered[starts]] = np.add.reduceat(rows[order], starts, axis=0)
    return total


@primitive
def flip(x, *, axis: int = 1):
    """The elements along `axis` in the opposite order."""
    return array_module(x).ascontiguousarray(array_module(x).flip(x, axis))


@flip.vjp(on_tensors=True)
def _(g, y, x, *, axis=1):
    if hasattr(g, "__edgekit_tensor__"):
        return (flip(g, axis=axis),)
    return (array_module(g).flip(g, axis),)
