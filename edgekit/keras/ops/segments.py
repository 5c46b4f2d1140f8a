"""Elements brought together by their numbers: sums, extremes and products of segments."""

from __future__ import annotations

from typing import Any

import numpy as np

from edgekit.errors import InputError
from edgekit.keras.ops.casting import cast
from edgekit.keras.ops.reductions import max as largest
from edgekit.keras.ops.reductions import min as smallest
from edgekit.keras.ops.reductions import prod
from edgekit.keras.ops.tensors import as_tensor, dtype_of, integers, operation, together
from edgekit.train.backend import is_floating
from edgekit.train.ops import comparisons
from edgekit.train.ops.scatter import scatter as added_at
from edgekit.train.ops.shape import concat

__all__ = ["scatter", "scatter_update", "segment_max", "segment_min", "segment_prod",
           "segment_sum"]  # fmt: skip


@operation
def segment_sum(
    data: Any, segment_ids: Any, num_segments: int | None = None, sorted: bool = False
) -> Any:
    """Of each segment the sum; element i belongs to segment segment_ids[i], to none if that is
    below 0.
    """
    data, ids, count = _given(data, segment_ids, num_segments)
    return added_at(data, index=(ids,), shape=(count, *data.shape[1:]))


@operation
def segment_max(
    data: Any, segment_ids: Any, num_segments: int | None = None, sorted: bool = False
) -> Any:
    """Of each segment the largest; -inf (of integers the smallest there is) of an empty one."""
    data, ids, count = _given(data, segment_ids, num_segments)
    return largest(_rows(data, ids, count, _end(dtype_of(data), -1)), axis=1)


@operation
def segment_min(
    data: Any, segment_ids: Any, num_segments: int | None = None, sorted: bool = False
) -> Any:
    """Of each segment the smallest; inf (of integers the largest there is) of an empty one."""
    data, ids, count = _given(data, segment_ids, num_segments)
    return smallest(_rows(data, ids, count, _end(dtype_of(data), 1)), axis=1)


@operation
def segment_prod(
    data: Any, segment_ids: Any, num_segments: int | None = None, sorted: bool = False
) -> Any:
    """Of each segment the product; 1 of an empty one."""
    data, ids, count = _given(data, segment_ids, num_segments)
    return prod(_rows(data, ids, count, 1), axis=1, dtype=dtype_of(data))


def _given(data: Any, segment_ids: Any, num_segments: Any) -> tuple[Any, np.ndarray, int]:
    """(data, the number of each one's segment, how many segments), without what has none."""
    data, ids = as_tensor(data), integers(segment_ids)
    if ids.ndim != 1 or ids.shape[0] != data.shape[0]:
        raise InputError(
            f"segment_ids must have one axis of {data.shape[0]} numbers. Received: {ids.shape}"
        )
    count = int(ids.max(initial=-1)) + 1 if num_segments is None else int(num_segments)
    if ids.size and ids.max() >= count:
        raise InputError(f"segment_ids up to {ids.max()} do not fit {count} segments")
    kept = ids >= 0
    return (data, ids, count) if kept.all() else (data[kept], ids[kept], count)


def _end(dtype: Any, sign: int) -> Any:
    """The number beyond all others of a dtype."""
    if is_floating(dtype):
        return sign * np.inf
    info = np.iinfo(dtype)
    return info.max if sign > 0 else info.min


def _rows(data: Any, ids: np.ndarray, count: int, fill: Any) -> Any:
    """(count, longest, ...): each segment a row, with `fill` behind its elements."""
    order = np.argsort(ids, kind="stable")
    sizes = np.bincount(ids, minlength=count)
    longest = max(int(sizes.max(initial=0)), 1)
    places = np.full((count, longest), len(ids))
    starts = np.cumsum(sizes) - sizes
    places[ids[order], np.arange(len(ids)) - starts[ids[order]]] = order
    filling = np.full((1, *data.shape[1:]), fill, dtype_of(data))
    return concat([data, filling], axis=0)[places]


# -- at indices of several axes -------------------------------------------------------------------


@operation
def scatter(indices: Any, values: Any, shape: Any) -> Any:
    """Zeros of `shape` to which values are added at indices (..., axes)."""
    at = integers(indices)
    index = tuple(at[..., i] for i in range(at.shape[-1]))
    return added_at(as_tensor(values), index=index, shape=tuple(integers(shape).tolist()))


_REDUCTIONS: dict[str, Any] = {
    "add": segment_sum, "max": segment_max, "min": segment_min, "mul": segment_prod,
}  # fmt: skip


@operation
def scatter_update(inputs: Any, indices: Any, updates: Any, reduction: str | None = None) -> Any:
    """`inputs` with `updates` at indices (..., axes): in the place of what is there (the last of
    several), or brought together with it by "add", "max", "min" or "mul".
    """
    if reduction not in (None, *_REDUCTIONS):
        known = ", ".join(map(repr, _REDUCTIONS))
        raise InputError(f"scatter_update: reduction must be None, {known}. Received: {reduction}")
    dtype = dtype_of(as_tensor(inputs))
    inputs, updates = together(as_tensor(inputs), as_tensor(updates))
    at = integers(indices)
    axes = at.shape[-1]
    cell, shape = inputs.shape[axes:], inputs.shape
    numbers = _flat(at.reshape(-1, axes), shape[:axes])
    cells, new = inputs.reshape(-1, *cell), updates.reshape(-1, *cell)
    count = cells.shape[0]
    if reduction is not None:
        ids = np.concatenate([np.arange(count), numbers])
        made = _REDUCTIONS[reduction](concat([cells, new], axis=0), ids, count)
    else:
        last = np.full(count, -1)
        last[numbers] = np.arange(len(numbers))  # of several that are assigned the last stays
        held = last.reshape(-1, *(1,) * len(cell)) >= 0
        made = comparisons.where(held, new[last], cells) if len(numbers) else cells
    return cast(made.reshape(*shape), dtype)


def _flat(at: Any, shape: tuple[int, ...]) -> Any:
    """The place of each index among the cells counted through; from the end below 0."""
    places = np.zeros(len(at), np.int64)
    for i, n in enumerate(shape):
        places = places * n + np.where(at[:, i] < 0, at[:, i] + n, at[:, i])
    return places
