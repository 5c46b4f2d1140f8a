"""The normalization of 16-bit sums within a recurrent layer, in integers."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgekit.ir import fixed_point

from ..arithmetic import multiply_fixedpoint
from ..step import Call

__all__ = ["inverse_root", "normalization"]

Integers = NDArray[np.int64]

ONE_AND_A_HALF, HALF_ROOT_OF_TWO = 2**28 + 2**27, 1518500250
"""Three integer bits; none."""
LARGEST_INT32, LARGEST_INT16 = 2**31 - 1, 2**15 - 1


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
        root, root_shift = inverse_root(max(_truncated(variance, 2**20), 0) or guard)
        spread = multiply_fixedpoint(1024 * row - mean, np.int64(root), np.int64(root_shift))
        weighted = spread * weight + bias
        steps = (np.abs(weighted) + 512) >> 10
        scaled = multiply_fixedpoint(
            np.where(weighted < 0, -steps, steps), np.int64(multiplier), np.int64(shift)
        )
        np.clip(scaled, -LARGEST_INT16 - 1, LARGEST_INT16, out=row)


def _truncated(a: int, b: int) -> int:
    """a / b, rounded towards zero."""
    return a // b if a >= 0 else -(-a // b)


def inverse_root(number: int) -> tuple[int, int]:
    """1 / sqrt(number) as a multiplier and a shift: gemmlowp's fixed-point Newton iteration.

    The number is brought between 1/8 and 1/2 by an even shift; then x = 1 and, five times,
    x = 3/2 x - number/2 * x^3, with three integer bits; x / sqrt(2) is the multiplier.
    """
    if number <= 1:
        return LARGEST_INT32, 0
    shift = 11
    while number >= 1 << 29:
        number //= 4
        shift += 1
    pairs = (32 - number.bit_length() - 1) // 2 - 1
    shift -= pairs
    value = (number << (2 * pairs)) >> 1
    half = (value + 1) >> 1
    x = 1 << 28
    for _ in range(5):
        cube = _high(_high(x, x), x) << 6
        x = (_high(ONE_AND_A_HALF, x) - _high(half, cube)) << 3
    x = _high(x, HALF_ROOT_OF_TWO)
    if shift < 0:
        x, shift = x << -shift, 0
    return x, -shift


def _high(a: int, b: int) -> int:
    return (a * b + 2**30) >> 31
