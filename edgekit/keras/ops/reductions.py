"""Sums, means, extremes along axes."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np

from edgekit.errors import InputError
from edgekit.keras.ops.tensors import as_tensor
from edgekit.train.backend import asarray
from edgekit.train.ops import comparisons, elementwise, math
from edgekit.train.ops.shape import concat, transpose
from edgekit.train.tensor import wrap

__all__ = [
    "all", "amax", "amin", "any", "argmax", "argmin", "argsort", "average", "count_nonzero",
    "cumsum", "logsumexp", "max", "mean", "median", "min", "prod", "quantile", "sort", "std",
    "sum", "top_k", "var",
]  # fmt: skip


def sum(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """The sum."""
    return math.sum(as_tensor(x), axis=_axes(axis), keepdims=keepdims)


def mean(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """The mean."""
    return math.mean(as_tensor(x), axis=_axes(axis), keepdims=keepdims)


def max(x: Any, axis: Any = None, keepdims: bool = False, initial: Any = None) -> Any:
    """The largest."""
    found = math.max(as_tensor(x), axis=_axes(axis), keepdims=keepdims)
    return found if initial is None else math.maximum(found, initial)


def min(x: Any, axis: Any = None, keepdims: bool = False, initial: Any = None) -> Any:
    """The smallest."""
    found = math.min(as_tensor(x), axis=_axes(axis), keepdims=keepdims)
    return found if initial is None else math.minimum(found, initial)


amax, amin = max, min


def _axes(axis: Any) -> Any:
    return tuple(axis) if isinstance(axis, list) else axis


def prod(x: Any, axis: int | None = None, keepdims: bool = False) -> Any:
    """The product."""
    x = as_tensor(x)
    if axis is None:
        found = prod(x.reshape(-1), 0)
        return found.reshape((1,) * len(x.shape)) if keepdims else found
    head = (slice(None),) * (axis % len(x.shape))
    parts = [x[(*head, slice(i, i + 1))] for i in range(x.shape[axis])]
    found = functools.reduce(math.multiply, parts)
    return found if keepdims else found[(*head, 0)]


def var(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """The mean squared distance from the mean."""
    x = as_tensor(x)
    return mean(math.square(x - mean(x, axis, True)), axis, keepdims)


def std(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """The square root of the variance."""
    return math.sqrt(var(x, axis, keepdims))


def average(x: Any, axis: Any = None, weights: Any = None) -> Any:
    """The mean, weighed."""
    if weights is None:
        return mean(x, axis)
    return math.divide(sum(x * weights, axis), sum(weights, axis))


def logsumexp(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """log(sum(exp(x))), without overflow."""
    x = as_tensor(x)
    top = math.stop_gradient(max(x, axis, True))
    found = math.log(sum(math.exp(x - top), axis, True)) + top
    return found if keepdims else sum(found, axis)


def cumsum(x: Any, axis: int | None = None, dtype: Any = None) -> Any:
    """The sums of the first elements."""
    x = as_tensor(x) if dtype is None else math.cast(as_tensor(x), dtype=dtype)
    return elementwise.cumsum(x.reshape(-1) if axis is None else x, axis=axis or 0)


def argmax(x: Any, axis: int | None = None, keepdims: bool = False) -> Any:
    """Where the largest is."""
    return _index(np.argmax, x, axis, keepdims)


def argmin(x: Any, axis: int | None = None, keepdims: bool = False) -> Any:
    """Where the smallest is."""
    return _index(np.argmin, x, axis, keepdims)


def _index(function: Any, x: Any, axis: int | None, keepdims: bool) -> Any:
    if hasattr(x, "__symbolic_call__") and function is np.argmax and not keepdims:
        return math.argmax(x, axis=-1 if axis is None else axis)
    return wrap(np.asarray(function(asarray(x), axis=axis, keepdims=keepdims)).astype(np.int32))


def argsort(x: Any, axis: int = -1) -> Any:
    """The order in which the elements are sorted."""
    return wrap(np.argsort(asarray(x), axis=axis, kind="stable").astype(np.int32))


def sort(x: Any, axis: int = -1) -> Any:
    """The elements, sorted."""
    return _taken(x, np.argsort(asarray(x), axis=axis, kind="stable"), axis)


def top_k(x: Any, k: int, sorted: bool = True) -> tuple[Any, Any]:
    """(the k largest along the last axis, where they are)."""
    order = np.argsort(-asarray(x), axis=-1, kind="stable")[..., :k]
    return _taken(x, order, -1), wrap(order.astype(np.int32))


def _taken(x: Any, order: np.ndarray, axis: int) -> Any:
    """Elements by their index along an axis; a tape sees them being taken."""
    x = as_tensor(x)
    grid = list(np.ogrid[tuple(slice(n) for n in order.shape)])
    grid[axis] = order
    return x[tuple(grid)]


def median(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """The middle value, or the mean of the two in the middle."""
    return quantile(x, 0.5, axis, keepdims=keepdims)


_METHODS = ("higher", "linear", "lower", "midpoint", "nearest")


def quantile(
    x: Any, q: Any, axis: Any = None, method: str = "linear", keepdims: bool = False
) -> Any:
    """The value below which a share `q` lies; several shares make a first axis of their own."""
    if method not in _METHODS:
        raise InputError(f"quantile: method must be one of {', '.join(_METHODS)}")
    x = as_tensor(x)
    axes = range(len(x.shape)) if axis is None else [axis] if isinstance(axis, int) else axis
    gone = [a % len(x.shape) for a in axes]
    kept = [a for a in range(len(x.shape)) if a not in gone]
    rows = sort(transpose(x, axes=(*kept, *gone)).reshape(*(x.shape[a] for a in kept), -1))
    shape = [1 if a in gone else n for a, n in enumerate(x.shape) if keepdims or a not in gone]
    shares = np.asarray(asarray(q), np.float64)
    found = [_at(rows, share, method).reshape(*shape) for share in shares.reshape(-1).tolist()]
    return found[0] if shares.ndim == 0 else concat([f.reshape(1, *shape) for f in found], axis=0)


def _at(rows: Any, share: float, method: str) -> Any:
    """The sorted rows at a share of their length."""
    place = share * (rows.shape[-1] - 1)
    low, high = int(np.floor(place)), int(np.ceil(place))
    if method == "nearest":
        low = high = int(np.around(place))
    part = {"lower": 0.0, "higher": 1.0, "midpoint": 0.5}.get(method, place - low)
    if low == high or part == 0.0:
        return rows[..., low]
    return rows[..., low] * (1.0 - part) + rows[..., high] * part


def all(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """Whether every element is true."""
    return wrap(np.asarray(np.all(asarray(x), axis=axis, keepdims=keepdims)))


def any(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """Whether an element is true."""
    return wrap(np.asarray(np.any(asarray(x), axis=axis, keepdims=keepdims)))


def count_nonzero(x: Any, axis: Any = None) -> Any:
    """How many elements are not zero."""
    return sum(math.cast(comparisons.not_equal(as_tensor(x), 0), dtype="int32"), axis)
