"""Rows of a table by their numbers, sequences turned around, and what layers of both begin with."""

from __future__ import annotations

import numpy as np

from edgekit.errors import ShapeError
from edgekit.train.backend import Array, array_module, is_floating, scatter_add
from edgekit.train.primitive import primitive

__all__ = ["any_true", "embed", "flip", "fold_time", "unfold_time", "zero_state"]


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


@primitive(differentiable=False)
def any_true(x, *, axis: int = -1, keepdims: bool = False):
    """Whether any element along `axis` is true."""
    return x.any(axis=axis, keepdims=keepdims)


@primitive(differentiable=False)
def zero_state(x, *, shape: tuple[int, ...]):
    """Zeros for each sample of `x`, (batch, *shape), in its dtype if that is floating."""
    dtype = x.dtype if is_floating(x.dtype) else np.float32
    return array_module(x).zeros((x.shape[0], *shape), dtype)


@primitive
def fold_time(x):
    """(batch, time, ...) as (batch * time, ...): each time a sample of its own."""
    return x.reshape(x.shape[0] * x.shape[1], *x.shape[2:])


@fold_time.vjp(on_tensors=True)
def _(g, y, x):
    return (g.reshape(x.shape),)


@primitive
def unfold_time(x, *, time: int):
    """What `fold_time` made of a sequence, as (batch, time, ...) again."""
    return x.reshape(x.shape[0] // time, time, *x.shape[1:])


@unfold_time.vjp(on_tensors=True)
def _(g, y, x, *, time):
    return (g.reshape(x.shape),)
