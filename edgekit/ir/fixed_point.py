"""Scaling integers by integers, as the reference kernels of TensorFlow Lite do it.

A real scale becomes a 31-bit multiplier and a shift. The product is rounded twice: to its high
half (gemmlowp's SaturatingRoundingDoublingHighMul) and then by the shift (RoundingDivideByPOT).
All arrays are int64, so nothing here can overflow for the integers that int8 models hold.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

__all__ = [
    "divide",
    "high_product",
    "multiplier_and_shift",
    "multipliers_and_shifts",
    "scale",
    "short_scale",
]

Integers = np.ndarray[Any, np.dtype[np.int64]]


def multiplier_and_shift(real: float) -> tuple[int, int]:
    """`real = multiplier * 2^(shift - 31)` with the multiplier's magnitude in [2^30, 2^31).

    The mantissa is rounded to 31 bits, halves away from zero. Scales below 2^-32 are zero, scales
    from 2^30 on are the largest there is.
    """
    mantissa, shift = math.frexp(min(abs(real), 2.0**31))
    multiplier = math.floor(mantissa * 2**31 + 0.5)
    if multiplier == 2**31:
        multiplier, shift = 2**30, shift + 1
    if shift < -31:
        multiplier, shift = 0, 0
    if shift > 30:
        multiplier, shift = 2**31 - 1, 30
    return (-multiplier if real < 0 else multiplier), shift


def multipliers_and_shifts(reals: Iterable[float]) -> tuple[Integers, Integers]:
    """The multiplier and the shift of each scale."""
    pairs = [multiplier_and_shift(float(real)) for real in reals]
    return np.array([m for m, _ in pairs], np.int64), np.array([s for _, s in pairs], np.int64)


def high_product(a: NDArray[Any], b: int | NDArray[Any], bits: int = 31) -> Integers:
    """`a * b / 2^bits`, rounded to the nearest integer, halves up."""
    product: Integers = (a.astype(np.int64) * b + (1 << (bits - 1))) >> bits
    return product


def divide(numbers: NDArray[Any], bits: ArrayLike) -> Integers:
    """`numbers / 2^bits`, rounded to the nearest integer, halves away from zero.

    bits: one number, or numbers that broadcast.
    """
    wide, shift = numbers.astype(np.int64), np.asarray(bits, np.int64)
    half = (np.int64(1) << shift) >> 1
    quotient: Integers = (wide + half - ((wide < 0) & (shift > 0))) >> shift
    return quotient


def scale(numbers: NDArray[Any], multiplier: ArrayLike, shift: ArrayLike) -> Integers:
    """`numbers * multiplier * 2^(shift - 31)`, rounded twice.

    multiplier, shift: one of each, or numbers that broadcast; |numbers * 2^shift| < 2^31.
    """
    factor, moves = np.asarray(multiplier, np.int64), np.asarray(shift, np.int64)
    product = high_product(numbers.astype(np.int64) << np.maximum(moves, 0), factor)
    return divide(product, np.maximum(-moves, 0))


def short_scale(numbers: NDArray[Any], multiplier: ArrayLike, shift: ArrayLike) -> Integers:
    """The same with 15 bits of multiplier and one rounding, halves up; for 48-bit numbers.

    The result wraps at 32 bits, as LiteRT's does.
    """
    short = np.minimum((np.asarray(multiplier, np.int64) + 2**15) >> 16, 2**15 - 1)
    right = np.maximum(15 - np.asarray(shift, np.int64), 1)
    scaled = (numbers.astype(np.int64) * short + (np.int64(1) << (right - 1))) >> right
    wrapped: Integers = scaled.astype(np.int32).astype(np.int64)
    return wrapped
