"""The normalization of 16-bit sums within a recurrent layer, in integers."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from edgekit.ir import fixed_point
from edgekit.ir.fixed_functions import inverse_sqrt

from ..step import Call

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["normalization"]

Integers = np.ndarray[Any, np.dtype[np.int64]]

LARGEST_INT16 = 2**15 - 1


def normalization(
    sums: Integers, weight: NDArray[Any], bias: NDArray[Any], scale: np.float32
) -> list[Call]:
    """Calls that normalize each row of `sums` and scale it by `weight`, whose scale is given.

    The formula stands in `lstm_integer.py`.
    """
    guard = max(1, int(np.float32(10000.0) * scale))
    multiplier, shift = fixed_point.multiplier_and_shift(float(scale))
    factor, offset = weight.astype(np.int64), bias.astype(np.int64)
    return [partial(_normalize, sums, factor, offset, guard, multiplier, shift + 12)]


def _normalize(
    sums: Integers, weight: Integers, bias: Integers, guard: int, multiplier: int, shift: int
) -> None:
    count = sums.shape[1]
    for row in sums:
        mean = _truncated(int(row.sum()) * 1024, count)
        variance = int((row * row).sum()) * (2**20 // count) - mean * mean
        root, root_shift = inverse_sqrt(max(_truncated(variance, 2**20), 0) or guard)
        spread = fixed_point.scale(1024 * row - mean, root, root_shift)
        weighted = spread * weight + bias
        steps = (np.abs(weighted) + 512) >> 10
        scaled = fixed_point.scale(np.where(weighted < 0, -steps, steps), multiplier, shift)
        np.clip(scaled, -LARGEST_INT16 - 1, LARGEST_INT16, out=row)


def _truncated(a: int, b: int) -> int:
    """a / b, rounded towards zero."""
    return a // b if a >= 0 else -(-a // b)
