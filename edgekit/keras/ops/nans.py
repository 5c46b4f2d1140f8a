"""Sums, means, extremes and shares of the elements that are numbers: NaN counts for nothing."""

from __future__ import annotations

from typing import Any

import numpy as np

from edgekit.keras.ops import reductions
from edgekit.keras.ops.ordering import at_shares, sorted_rows
from edgekit.keras.ops.tensors import as_tensor, computed_on, dtype_of, floating, operation
from edgekit.train.backend import is_floating, to_numpy
from edgekit.train.ops import comparisons, math

__all__ = [
    "nanargmax", "nanargmin", "nancumprod", "nancumsum", "nanmax", "nanmean", "nanmedian", "nanmin",
    "nanpercentile", "nanprod", "nanquantile", "nanstd", "nansum", "nanvar",
]  # fmt: skip

_NOWHERE = np.asarray(-1, np.int32)


def _without(x: Any, fill: float) -> Any:
    """`x` with `fill` where it is NaN."""
    x = as_tensor(x)
    if not is_floating(dtype_of(x)):
        return x
    return comparisons.where(computed_on("isnan", x), fill, x)


def _count(x: Any, axis: Any, keepdims: bool) -> Any:
    """How many numbers there are, as a real number."""
    numbers = computed_on("logical_not", computed_on("isnan", x), dtype=str(dtype_of(x)))
    return reductions.sum(numbers, axis, keepdims)


def nansum(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """The sum."""
    return reductions.sum(_without(x, 0.0), axis, keepdims)


def nanprod(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """The product."""
    return reductions.prod(_without(x, 1.0), axis, keepdims)


def nanmean(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """The mean; NaN where there is no number."""
    x = floating(x)
    return math.divide(nansum(x, axis, keepdims), _count(x, axis, keepdims))


def nanvar(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """The mean squared distance from the mean."""
    x = floating(x)
    return nanmean(math.square(x - nanmean(x, axis, True)), axis, keepdims)


def nanstd(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """The square root of the variance."""
    return math.sqrt(nanvar(x, axis, keepdims))


def nanmax(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """The largest; NaN where there is no number."""
    return _extreme(reductions.max, x, -np.inf, axis, keepdims)


def nanmin(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """The smallest; NaN where there is no number."""
    return _extreme(reductions.min, x, np.inf, axis, keepdims)


def _extreme(
    reduce: Any, x: Any, fill: float, axis: Any, keepdims: bool, otherwise: Any = np.nan
) -> Any:
    """`reduce` of the numbers; `otherwise` where there is none."""
    x = as_tensor(x)
    found = reduce(_without(x, fill), axis, keepdims)
    if not is_floating(dtype_of(x)):
        return found
    nothing = reductions.all(computed_on("isnan", x), axis, keepdims)
    return comparisons.where(nothing, otherwise, found)


def nancumsum(x: Any, axis: int | None = None, dtype: Any = None) -> Any:
    """The sums of the first elements."""
    return reductions.cumsum(_without(x, 0.0), axis, dtype)


def nancumprod(x: Any, axis: int | None = None, dtype: Any = None) -> Any:
    """The products of the first elements."""
    return reductions.cumprod(_without(x, 1.0), axis, dtype)


def nanargmax(x: Any, axis: int | None = None, keepdims: bool = False) -> Any:
    """Where the largest is; -1 where there is no number."""
    return _extreme(reductions.argmax, x, -np.inf, axis, keepdims, _NOWHERE)


def nanargmin(x: Any, axis: int | None = None, keepdims: bool = False) -> Any:
    """Where the smallest is; -1 where there is no number."""
    return _extreme(reductions.argmin, x, np.inf, axis, keepdims, _NOWHERE)


@operation
def nanquantile(
    x: Any, q: Any, axis: Any = None, method: str = "linear", keepdims: bool = False
) -> Any:
    """The value below which a share `q` lies; several shares make a first axis of their own."""
    x = floating(x)
    rows, shape = sorted_rows(x, axis, keepdims)  # NaN are sorted to the end
    count = (~np.isnan(to_numpy(rows))).sum(axis=-1)
    return at_shares(rows, np.maximum(count - 1, 0), q, method, shape)


@operation
def nanpercentile(
    x: Any, q: Any, axis: Any = None, method: str = "linear", keepdims: bool = False
) -> Any:
    """The value below which `q` of a hundred lie; several make a first axis of their own."""
    return nanquantile(x, np.asarray(to_numpy(q), np.float64) / 100, axis, method, keepdims)


@operation
def nanmedian(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """The middle value, or the mean of the two in the middle."""
    return nanquantile(x, 0.5, axis, keepdims=keepdims)
