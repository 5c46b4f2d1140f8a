"""Elements taken by their places, and put at places."""

from __future__ import annotations

from typing import Any

import numpy as np

from edgekit.errors import InputError
from edgekit.keras.ops.joining import concatenate
from edgekit.keras.ops.shapes import expand_dims, moveaxis, ndim, pad, ravel, shape
from edgekit.keras.ops.tensors import as_tensor, dtype_of, integers, operation, places
from edgekit.train.backend import array_module, asarray
from edgekit.train.ops import comparisons
from edgekit.train.tensor import Tensor

__all__ = [
    "diag", "diagflat", "diagonal", "get_item", "slice", "slice_update", "take",
    "take_along_axis", "trace", "tril", "triu", "vander",
]  # fmt: skip

_ALL = np.s_[:]


def get_item(x: Any, key: Any) -> Any:
    """x[key]."""
    return as_tensor(x)[_plain(key)]


def _plain(key: Any) -> Any:
    """An index without tensors in it."""
    if isinstance(key, tuple):
        return tuple(map(_plain, key))
    return asarray(key) if isinstance(key, Tensor) else key


def slice(inputs: Any, start_indices: Any, shape: Any) -> Any:
    """A block from `start_indices` of sizes `shape`."""
    parts = zip(integers(start_indices).tolist(), integers(shape).tolist(), strict=True)
    return as_tensor(inputs)[tuple(np.s_[a : a + n] for a, n in parts)]


@operation
def slice_update(inputs: Any, start_indices: Any, updates: Any) -> Any:
    """`inputs` with `updates` in the place of a block from `start_indices`."""
    inputs, updates = as_tensor(inputs), as_tensor(updates)
    starts = integers(start_indices).tolist()
    sizes = zip(starts, updates.shape, inputs.shape, strict=True)
    borders = [(a, total - a - n) for a, n, total in sizes]
    inside = np.pad(np.ones(updates.shape, bool), borders)
    return comparisons.where(inside, pad(updates, borders), inputs)


@operation
def take(x: Any, indices: Any, axis: int | None = None) -> Any:
    """Elements by their index along an axis."""
    x = ravel(x) if axis is None else as_tensor(x)
    at = indices if isinstance(indices, int) else places(indices)
    return x[(_ALL,) * ((axis or 0) % ndim(x)) + (at,)]


@operation
def take_along_axis(x: Any, indices: Any, axis: int | None = None) -> Any:
    """Elements by an index for each; without an axis of the elements in one row."""
    order = places(indices)
    if axis is None:
        return take_along_axis(ravel(x), order.reshape(-1), 0)
    x, module = as_tensor(x), array_module(order)
    other = [n if i != axis % ndim(x) else 1 for i, n in enumerate(x.shape)]
    order = module.broadcast_to(order, np.broadcast_shapes(order.shape, other))
    index = []
    for i, (count, size) in enumerate(zip(order.shape, x.shape, strict=True)):
        row = module.arange(count) if size > 1 else module.zeros(count, int)
        index.append(row.reshape([-1 if i == a else 1 for a in range(order.ndim)]))
    index[axis] = order
    return x[tuple(index)]


# -- diagonals ------------------------------------------------------------------------------------


def _below(x: Any, k: int) -> np.ndarray:
    """True below a diagonal of the last two axes and on it."""
    rows, columns = shape(x)[-2:]
    return np.tri(rows, columns, k, dtype=bool)


def _kept(x: Any, mask: np.ndarray) -> Any:
    x = as_tensor(x)
    return x * mask.astype(np.result_type(dtype_of(x), bool))


@operation
def tril(x: Any, k: int = 0) -> Any:
    """The lower triangle, zeros elsewhere."""
    return _kept(x, _below(x, k))


@operation
def triu(x: Any, k: int = 0) -> Any:
    """The upper triangle, zeros elsewhere."""
    return _kept(x, ~_below(x, k - 1))


@operation
def diag(x: Any, k: int = 0) -> Any:
    """A matrix with this diagonal, or the diagonal of a matrix."""
    x = as_tensor(x)
    if ndim(x) > 1:
        return diagonal(x, k)
    square = expand_dims(x, 0) * np.eye(x.shape[0], dtype=dtype_of(x))
    before, after = max(-k, 0), max(k, 0)
    return pad(square, ((before, after), (after, before)))


def diagflat(x: Any, k: int = 0) -> Any:
    """A matrix with all elements on a diagonal."""
    return diag(ravel(x), k)


@operation
def diagonal(x: Any, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Any:
    """The diagonal of the matrices along two axes, as a last axis."""
    x = moveaxis(as_tensor(x), (axis1, axis2), (-2, -1))
    before, after = max(-offset, 0), max(offset, 0)
    count = np.arange(max(min(x.shape[-2] - before, x.shape[-1] - after), 0))
    return x[(Ellipsis, count + before, count + after)]


@operation
def trace(x: Any, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Any:
    """The sum of the diagonal of the matrices along two axes."""
    from edgekit.keras.ops.reductions import sum as total

    return total(diagonal(x, offset, axis1, axis2), axis=-1)


@operation
def vander(x: Any, N: int | None = None, increasing: bool = False) -> Any:  # noqa: N803
    """The powers of each element in a row, the highest first."""
    x = as_tensor(x)
    if ndim(x) != 1:
        raise InputError(f"vander: expected one axis. Received: shape {x.shape}")
    count = x.shape[0] if N is None else N
    columns = [expand_dims(x * 0 + 1, 1)]
    for _ in range(count - 1):
        columns.append(columns[-1] * expand_dims(x, 1))
    columns = columns[:count]
    return concatenate(columns if increasing else columns[::-1], 1)
