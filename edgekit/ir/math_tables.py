"""Lookup tables of functions that are no activations; `tables.py` says what a table is.

| operator | both arithmetics                                                          |
|----------|---------------------------------------------------------------------------|
| Exp      | round(f(x) * inv) + z_y                                                   |
| Log      | round(f(x) * inv) + z_y; the lowest where x is 0 or below                 |
| Sqrt     | trunc(f(x) * inv) + z_y: the fraction is cut; z_y where x is below 0      |
| LogSoftmax | f32(exp(-f32(s_x) * d)) for d = 0..255 (float32), as Softmax            |

x = f32(s_x) * f32(q - z_x), inv = f32(1) / f32(s_y), f is rounded once from float64, `round` takes
halves away from zero, every result is clipped. They equal LiteRT's default runtime and its
reference kernels for every input and 12 pairs of scales; LiteRT refuses the square root of a
negative number, and this does not.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from .graph import Array
from .quant import LIMITS, QuantParams

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["MATH_TABLES"]

Floats = np.ndarray[Any, np.dtype[np.float32]]
F32 = np.float32


def exp(attrs: Mapping[str, Any], x: QuantParams, y: QuantParams, *how: str) -> Array:
    _, dtype = how
    return _rounded(np.exp(_real(x, dtype).astype(np.float64)), y, dtype)


def log(attrs: Mapping[str, Any], x: QuantParams, y: QuantParams, *how: str) -> Array:
    _, dtype = how
    real = _real(x, dtype).astype(np.float64)
    positive = real > 0
    return _rounded(np.where(positive, np.log(np.where(positive, real, 1.0)), -np.inf), y, dtype)


def sqrt(attrs: Mapping[str, Any], x: QuantParams, y: QuantParams, *how: str) -> Array:
    _, dtype = how
    roots = np.sqrt(np.maximum(_real(x, dtype), F32(0.0)))
    return _stored(np.trunc(roots * (F32(1.0) / y.scales[0])), y, dtype)


def log_softmax(attrs: Mapping[str, Any], x: QuantParams, y: QuantParams, *how: str) -> Array:
    exponent = -x.scales[0] * np.arange(256, dtype=np.float32)
    weights: Array = np.exp(exponent.astype(np.float64)).astype(np.float32)
    return weights


MATH_TABLES: dict[str, Callable[..., Array]] = {
    "Exp": exp,
    "Log": log,
    "Sqrt": sqrt,
    "LogSoftmax": log_softmax,
}


def _real(quant: QuantParams, dtype: str) -> Floats:
    """What each stored integer stands for, from the lowest on."""
    low, high = LIMITS[dtype]
    u = np.arange(low, high + 1, dtype=np.int64) - quant.zero_point[0]
    return np.asarray(quant.scales[0] * u.astype(np.float32), np.float32)


def _rounded(exact: NDArray[np.float64], quant: QuantParams, dtype: str) -> Array:
    steps = exact.astype(np.float32) * (F32(1.0) / quant.scales[0])
    wide = steps.astype(np.float64)
    return _stored(np.copysign(np.floor(np.abs(wide) + 0.5), wide), quant, dtype)


def _stored(steps: NDArray[Any], quant: QuantParams, dtype: str) -> Array:
    stored: Array = np.clip(steps + quant.zero_point[0], *LIMITS[dtype]).astype(dtype)
    return stored
