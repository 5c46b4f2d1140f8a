"""Order among elements: sorting, the largest, shares, bins, what occurs."""

from __future__ import annotations

from typing import Any

import numpy as np

from edgekit.errors import InputError
from edgekit.keras.ops.casting import cast
from edgekit.keras.ops.segments import segment_sum
from edgekit.keras.ops.taking import take_along_axis
from edgekit.keras.ops.tensors import (
    as_tensor,
    axes_of,
    computed_on,
    dtype_of,
    floating,
    in_one_axis,
    known,
    operation,
)
from edgekit.train.backend import array_module, asarray, to_numpy
from edgekit.train.dtype_policies import floatx
from edgekit.train.ops import math
from edgekit.train.ops.shape import concat
from edgekit.train.serialization import accept_options
from edgekit.train.tensor import Tensor, wrap

__all__ = [
    "argpartition", "argsort", "bincount", "digitize", "histogram", "in_top_k", "median",
    "nonzero", "percentile", "quantile", "searchsorted", "sort", "top_k", "unique",
    "unravel_index",
]  # fmt: skip


@operation
def argsort(x: Any, axis: int | None = -1) -> Any:
    """The order in which the elements are sorted."""
    return computed_on("argsort", x, axis=axis, kind="stable", dtype="int32")


@operation
def argpartition(x: Any, kth: Any, axis: int | None = -1) -> Any:
    """An order in which the element `kth` is where it would be sorted, no larger one before it and
    no smaller one behind.
    """
    return computed_on("argpartition", x, kth=kth, axis=axis, dtype="int32")


@operation
def sort(x: Any, axis: int = -1) -> Any:
    """The elements, sorted."""
    x = as_tensor(x)
    return take_along_axis(x, argsort(x, axis), axis)


@operation
def top_k(x: Any, k: int, sorted: bool = True) -> tuple[Any, Any]:
    """(the k largest along the last axis, where they are)."""
    x = as_tensor(x)
    signed = cast(x, "int64") if dtype_of(x).kind in "bu" else x
    order = argsort(math.negative(signed), -1)[..., :k]
    return take_along_axis(x, order, -1), order


@operation
def in_top_k(targets: Any, predictions: Any, k: int) -> Any:
    """Whether fewer than k predictions of a row are larger than that of its target."""
    rows, at = asarray(as_tensor(predictions)), asarray(as_tensor(targets))
    module = array_module(rows)
    inside = (at >= 0) & (at < rows.shape[-1])
    own = rows[module.arange(len(at)), module.where(inside, at, 0)]
    larger = (rows > own[:, None]).sum(axis=-1)
    return wrap((larger < k) & inside & module.isfinite(own))


# -- shares ---------------------------------------------------------------------------------------

_METHODS = ("higher", "linear", "lower", "midpoint", "nearest")


@operation
def median(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """The middle value, or the mean of the two in the middle."""
    return quantile(x, 0.5, axis, keepdims=keepdims)


@operation
def percentile(
    x: Any, q: Any, axis: Any = None, method: str = "linear", keepdims: bool = False
) -> Any:
    """The value below which `q` of a hundred lie; several make a first axis of their own."""
    shares = np.asarray(to_numpy(q), np.float64) / 100
    return quantile(x, shares, axis, method, keepdims)


@operation
def quantile(
    x: Any, q: Any, axis: Any = None, method: str = "linear", keepdims: bool = False
) -> Any:
    """The value below which a share `q` lies; several shares make a first axis of their own."""
    x = floating(x)
    rows, shape = sorted_rows(x, axis, keepdims)
    last = np.full((), x.shape and rows.shape[-1] - 1)
    return at_shares(rows, last, q, method, shape)


def sorted_rows(x: Any, axis: Any, keepdims: bool) -> tuple[Any, list[int]]:
    """(the elements along axes in one last axis, sorted; the shape without these axes)."""
    gone = axes_of(x, axis)
    rows = sort(in_one_axis(x, gone))
    return rows, [1 if a in gone else n for a, n in enumerate(x.shape) if keepdims or a not in gone]


def at_shares(rows: Any, last: np.ndarray, q: Any, method: str, shape: list[int]) -> Any:
    """The sorted rows at shares of the places up to `last`, which each row may have of its own."""
    if method not in _METHODS:
        raise InputError(f"quantile: method must be one of {', '.join(_METHODS)}")
    shares = np.asarray(to_numpy(q), np.float64)
    last = np.broadcast_to(last, rows.shape[:-1])
    found = [_at(rows, share * last, method).reshape(*shape) for share in shares.reshape(-1)]
    return found[0] if shares.ndim == 0 else concat([f.reshape(1, *shape) for f in found], axis=0)


def _at(rows: Any, place: np.ndarray, method: str) -> Any:
    """The rows at places between their elements."""
    low, high = np.floor(place).astype(np.int64), np.ceil(place).astype(np.int64)
    if method == "nearest":
        low = high = np.around(place).astype(np.int64)
    part = {"lower": low * 0.0, "higher": low * 0.0 + 1, "midpoint": low * 0.0 + 0.5}.get(
        method, place - low
    )
    part = np.where(low == high, 0.0, part).astype(dtype_of(rows))[..., None]
    first = take_along_axis(rows, low[..., None], -1)
    if not part.any():
        return first
    return first * (1 - part) + take_along_axis(rows, high[..., None], -1) * part


# -- bins -----------------------------------------------------------------------------------------


@operation
def searchsorted(sorted_sequence: Any, values: Any, side: str = "left") -> Any:
    """Where values would stand in a sorted sequence: before equal ones ("left") or behind."""
    if len(as_tensor(sorted_sequence).shape) != 1:
        raise InputError("searchsorted: the sorted sequence must have one axis")
    return computed_on("searchsorted", sorted_sequence, as_tensor(values), side=side, dtype="int32")


@operation
def digitize(x: Any, bins: Any) -> Any:
    """The number of the bin of each element: how many of the rising `bins` are not above it."""
    return computed_on("searchsorted", as_tensor(bins), as_tensor(x), side="right", dtype="int32")


@operation
def bincount(x: Any, weights: Any = None, minlength: int = 0, sparse: bool = False) -> Any:
    """How often each number occurs along the last axis, or the sum of its weights."""
    accept_options("keras.ops.bincount", {"sparse": sparse})
    numbers = to_numpy(known(x, "bincount"))
    count = max(int(numbers.max(initial=-1)) + 1, int(minlength))
    if weights is None:
        given: Any = Tensor(np.ones(numbers.shape, np.int32))
    else:
        given = as_tensor(weights)
    # a row of a batch counts in bins of its own
    rows = numbers.reshape(-1, numbers.shape[-1])
    own = rows + np.arange(len(rows))[:, None] * count
    found = segment_sum(given.reshape(-1), own.reshape(-1), count * len(rows))
    return found.reshape(*numbers.shape[:-1], count)


def histogram(x: Any, bins: int = 10, range: Any = None) -> tuple[Any, Any]:
    """(how many elements lie in each of `bins` equal bins, the edges of the bins)."""
    if not isinstance(bins, int) or bins < 1:
        raise InputError(f"histogram: bins must be a positive integer. Received: {bins!r}")
    if range is not None and (len(range) != 2 or range[1] < range[0]):
        raise InputError(f"histogram: range is (lowest, highest). Received: {range!r}")
    values = to_numpy(known(x, "histogram"))
    counts, edges = np.histogram(values, bins, range)
    kind = values.dtype if values.dtype.kind == "f" else floatx()
    return Tensor(counts, "int32"), Tensor(edges, kind)


# -- what occurs ----------------------------------------------------------------------------------


def nonzero(x: Any) -> tuple[Any, ...]:
    """The indices of elements that are not 0, axis by axis."""
    return tuple(Tensor(at.astype(np.int32)) for at in np.nonzero(to_numpy(known(x, "nonzero"))))


def unravel_index(indices: Any, shape: Any) -> tuple[Any, ...]:
    """Numbers of elements counted through, as an index for each axis."""
    at = to_numpy(known(indices, "unravel_index"))
    return tuple(Tensor(np.asarray(i).astype(at.dtype)) for i in np.unravel_index(at, tuple(shape)))


def unique(
    x: Any,
    sorted: bool = True,
    return_index: bool = False,
    return_inverse: bool = False,
    return_counts: bool = False,
    axis: int | None = None,
    size: int | None = None,
    fill_value: Any = None,
) -> Any:
    """What occurs, each once, and with the options where it is first, which one each element is,
    and how often it occurs. With `size` that many, filled up with `fill_value` (0).

    Without `sorted` the order is that of the first occurrences.
    """
    given = to_numpy(known(x, "unique"))
    values, first, inverse, counts = np.unique(given, True, True, True, axis=axis)
    inverse = inverse.reshape(given.shape if axis is None else -1)
    place = 0 if axis is None else axis
    if not sorted:
        order = np.argsort(first, kind="stable")
        values, first, counts = np.take(values, order, place), first[order], counts[order]
        inverse = np.argsort(order)[inverse]
    found = [values, first, inverse, counts]
    if size is not None:
        fills = [0 if fill_value is None else fill_value, 0, None, 0]
        for i, fill in enumerate(fills):
            if fill is not None:
                found[i] = _sized(found[i], size, fill, place if i == 0 else 0)
    wanted = [True, return_index, return_inverse, return_counts]
    made = [
        Tensor(part if i == 0 else part.astype(np.int32))
        for i, (part, want) in enumerate(zip(found, wanted, strict=True))
        if want
    ]
    return made[0] if len(made) == 1 else tuple(made)


def _sized(x: np.ndarray, size: int, fill: Any, axis: int) -> np.ndarray:
    """`x` with `size` elements along an axis."""
    x = np.take(x, np.arange(min(size, x.shape[axis])), axis)
    borders = [(0, size - n if i == axis % x.ndim else 0) for i, n in enumerate(x.shape)]
    return np.pad(x, borders, constant_values=fill)
