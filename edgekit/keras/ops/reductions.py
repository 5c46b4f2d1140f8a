"""Sums, means, extremes along axes."""

from __future__ import annotations

from typing import Any

import numpy as np

from edgekit.keras.ops.control import associative_scan
from edgekit.keras.ops.logic import truth_of
from edgekit.keras.ops.tensors import (
    as_tensor,
    axes_of,
    computed_on,
    dtype_of,
    floating,
    in_one_axis,
    largest_of,
    operation,
)
from edgekit.train.ops import comparisons, elementwise, math
from edgekit.train.ops.shape import concat

__all__ = [
    "all", "amax", "amin", "any", "argmax", "argmin", "average", "count_nonzero", "cumprod",
    "cumsum", "diff", "logsumexp", "max", "mean", "min", "prod", "ptp", "std", "sum", "trapezoid",
    "var",
]  # fmt: skip


def sum(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """The sum."""
    x = _counted(x)
    return _as(math.sum(x, axis=_axes(axis), keepdims=keepdims), dtype_of(x))


def _counted(x: Any) -> Any:
    """`x`, with truth values and narrow integers as those of 32 bits."""
    x = as_tensor(x)
    kind = dtype_of(x)
    if kind.kind in "biu" and kind.itemsize < 4:
        return math.cast(x, dtype="uint32" if kind.kind == "u" else "int32")
    return x


def _numbers(x: Any, dtype: Any) -> Any:
    """`x` in the dtype, by default its own, but truth values as integers."""
    x = as_tensor(x)
    return _as(x, dtype or ("int32" if dtype_of(x).kind == "b" else dtype_of(x)))


def _as(x: Any, dtype: Any) -> Any:
    return x if x.dtype == dtype else math.cast(x, dtype=str(np.dtype(dtype)))


def mean(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """The mean."""
    return math.mean(floating(x), axis=_axes(axis), keepdims=keepdims)


def max(x: Any, axis: Any = None, keepdims: bool = False, initial: Any = None) -> Any:
    """The largest."""
    found = math.max(as_tensor(x), axis=_axes(axis), keepdims=keepdims)
    return found if initial is None else math.maximum(found, initial)


def min(x: Any, axis: Any = None, keepdims: bool = False, initial: Any = None) -> Any:
    """The smallest."""
    found = math.min(as_tensor(x), axis=_axes(axis), keepdims=keepdims)
    return found if initial is None else math.minimum(found, initial)


def amax(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """The largest."""
    return max(x, axis, keepdims)


def amin(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """The smallest."""
    return min(x, axis, keepdims)


def ptp(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """The largest less the smallest."""
    return max(x, axis, keepdims) - min(x, axis, keepdims)


def _axes(axis: Any) -> Any:
    return tuple(axis) if isinstance(axis, list) else axis


@operation
def prod(x: Any, axis: Any = None, keepdims: bool = False, dtype: Any = None) -> Any:
    """The product."""
    x = _counted(x) if dtype is None else _as(as_tensor(x), dtype)
    gone = axes_of(x, _axes(axis))
    rows = in_one_axis(x, gone)
    if rows.shape[-1] == 0:
        rows = math.sum(rows, axis=-1, keepdims=True) + 1
    while rows.shape[-1] > 1:  # pairs, then pairs of pairs
        half, odd = divmod(rows.shape[-1], 2)
        pairs = rows[..., :half] * rows[..., half : 2 * half]
        rows = concat([pairs, rows[..., 2 * half :]], axis=-1) if odd else pairs
    found = rows[..., 0]
    if not keepdims:
        return found
    return found.reshape(tuple(1 if a in gone else n for a, n in enumerate(x.shape)))


def var(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """The mean squared distance from the mean."""
    x = floating(x)
    return mean(math.square(x - mean(x, axis, True)), axis, keepdims)


def std(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """The square root of the variance."""
    return math.sqrt(var(x, axis, keepdims))


@operation
def average(x: Any, axis: Any = None, weights: Any = None) -> Any:
    """The mean, weighed."""
    if weights is None:
        return mean(x, axis)
    x, weights = floating(x), floating(weights)
    if axis is not None and len(weights.shape) != len(x.shape):
        (one,) = axes_of(x, _axes(axis))
        weights = weights.reshape(-1, *(1,) * (len(x.shape) - 1 - one))
    weighed = math.broadcast_to(weights, shape=x.shape)
    return math.divide(sum(x * weights, axis), sum(weighed, axis))


def logsumexp(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """log(sum(exp(x))), without overflow."""
    x = floating(x)
    largest = largest_of(dtype_of(x))
    top = math.stop_gradient(max(x, axis, True))
    top = math.maximum(math.minimum(top, largest), -largest)  # of infinite ones no difference
    found = math.log(sum(math.exp(x - top), axis, True)) + top
    return found if keepdims else sum(found, axis)


def cumsum(x: Any, axis: int | None = None, dtype: Any = None) -> Any:
    """The sums of the first elements."""
    x = _numbers(x, dtype)
    summed = elementwise.cumsum(x.reshape(-1) if axis is None else x, axis=axis or 0)
    return _as(summed, dtype_of(x))


@operation
def cumprod(x: Any, axis: int | None = None, dtype: Any = None) -> Any:
    """The products of the first elements."""
    x = _numbers(x, dtype)
    x = x.reshape(-1) if axis is None else x
    return associative_scan(math.multiply, x, axis=axis or 0)


def diff(a: Any, n: int = 1, axis: int = -1) -> Any:
    """Each element less the one before it along an axis, `n` times."""
    a = as_tensor(a)
    head = (slice(None),) * (axis % len(a.shape))
    for _ in range(n):
        later, earlier = a[(*head, slice(1, None))], a[(*head, slice(None, -1))]
        truth = dtype_of(a).kind == "b"
        a = comparisons.not_equal(later, earlier) if truth else later - earlier
    return a


@operation
def trapezoid(y: Any, x: Any = None, dx: Any = 1.0, axis: int = -1) -> Any:
    """The integral of straight lines between the values y at x, or at distances of dx."""
    y = floating(y)
    head = (slice(None),) * (axis % len(y.shape))
    if x is not None:
        x = floating(x)
        if len(x.shape) == 1:
            dx = (x[1:] - x[:-1]).reshape(-1, *(1,) * (len(y.shape) - 1 - len(head)))
        else:
            dx = x[(*head, slice(1, None))] - x[(*head, slice(None, -1))]
    pairs = y[(*head, slice(1, None))] + y[(*head, slice(None, -1))]
    return sum(pairs * dx, axis) * 0.5


# -- places and truth values ----------------------------------------------------------------------


@operation
def argmax(x: Any, axis: int | None = None, keepdims: bool = False) -> Any:
    """Where the largest is."""
    return computed_on("argmax", x, axis=axis, keepdims=keepdims, dtype="int32")


@operation
def argmin(x: Any, axis: int | None = None, keepdims: bool = False) -> Any:
    """Where the smallest is."""
    return computed_on("argmin", x, axis=axis, keepdims=keepdims, dtype="int32")


@operation
def all(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """Whether every element is true."""
    return computed_on("all", truth_of(x), axis=_axes(axis), keepdims=keepdims)


@operation
def any(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """Whether an element is true."""
    return computed_on("any", truth_of(x), axis=_axes(axis), keepdims=keepdims)


def count_nonzero(x: Any, axis: Any = None) -> Any:
    """How many elements are not zero."""
    return sum(math.cast(comparisons.not_equal(as_tensor(x), 0), dtype="int32"), axis)
