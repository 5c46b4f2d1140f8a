"""exp, sigmoid and tanh of fixed-point numbers, in integers alone, as gemmlowp defines them.

A number q of w bits (15 or 31, and a sign) with k integer bits stands for q * 2^(k - w). Results
have none: 2^w - 1 stands for 1. `a * b` is high_product(a, b, w), constants are written with 31
bits and rounded to w.

exp(a), a <= 0: a is split into -(n / 4) and a rest r in [-1/4, 0).
    With x = r + 1/8:  exp(r) = c + c * (x + ((x^4 / 4 + x^3) * (1/3) + x^2) / 2), c = exp(-1/8);
    then, for each bit of n (1/4, 1/2, 1, 2 ...) that is set, times exp(-bit). exp(0) = 1.
1 / (1 + e), 0 < e <= 1: d = (e + 1) / 2; y = 48/17 - 32/17 * d; three times y += y * (1 - d * y);
    y / 2 (its numbers have two integer bits).
sigmoid(a) = 1 / (1 + exp(-|a|)), and 1 minus that for a < 0, and 1/2 for 0.
tanh(a) = y - 1 with e = exp(-2 |a|), and its negative for a < 0.

sigmoid and tanh of 16 bits are computed once for each of the 65536 inputs.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from edgekit.ir.fixed_point import divide, high_product

__all__ = ["exp", "reciprocal_of_mean", "sigmoid_table", "tanh_table"]

Integers = NDArray[np.int64]

WIDTH = 15
ONE = 2**WIDTH - 1
LOWEST, HIGHEST = -(2**15), 2**15 - 1
EXP_MINUS_EIGHTH, THIRD = 1895147668, 715827883
EXP_OF_BITS = (1672461947, 1302514674, 790015084, 290630308, 39332535, 720401, 242)
"""exp(-1/4), exp(-1/2), exp(-1) ... exp(-16)"""
SMALLEST_BIT = -2
FORTY_EIGHT, THIRTY_TWO = 1515870810, -1010580540  # seventeenths, with two integer bits


@lru_cache(maxsize=1)
def sigmoid_table() -> NDArray[np.int16]:
    """sigmoid(q / 4096) for q = -32768..32767, in order."""
    q = np.arange(LOWEST, HIGHEST + 1, dtype=np.int64)
    positive = reciprocal_of_mean(exp(-np.abs(q), 3))
    result = np.where(q > 0, positive, ONE - positive)
    return np.where(q == 0, 2**14, result).astype(np.int16)


@lru_cache(maxsize=8)
def tanh_table(integer_bits: int) -> NDArray[np.int16]:
    """tanh(q * 2^(integer_bits - 15)) for q = -32768..32767, in order."""
    q = np.arange(LOWEST, HIGHEST + 1, dtype=np.int64)
    y = _reciprocal(exp(-np.abs(q), integer_bits + 1), WIDTH)
    positive = _shifted(y - 2 ** (WIDTH - 2), 2, WIDTH)
    result = np.where(q < 0, -positive, positive)
    return np.where(q == 0, 0, result).astype(np.int16)


def exp(a: Integers, integer_bits: int, width: int = WIDTH) -> Integers:
    """exp of numbers from -2^width to 0 with `integer_bits`."""
    fraction = width - integer_bits
    quarter = 1 << (fraction - 2)
    rest = (a & (quarter - 1)) - quarter
    x = (rest << integer_bits) + (1 << (width - 3))
    square = high_product(x, x, width)
    cube, fourth = high_product(square, x, width), high_product(square, square, width)
    inner = high_product(divide(fourth, 2) + cube, _constant(THIRD, width), width) + square
    first = _constant(EXP_MINUS_EIGHTH, width)
    result = np.minimum(high_product(x + divide(inner, 1), first, width) + first, 2**width - 1)
    quarters = rest - a
    for position, factor in enumerate(EXP_OF_BITS):
        exponent = SMALLEST_BIT + position
        if exponent < integer_bits:
            bit = 1 << (fraction + exponent)
            smaller = high_product(result, _constant(factor, width), width)
            result = np.where(quarters & bit, smaller, result)
    if integer_bits > 5:
        result = np.where(a < -(1 << (width + 5 - integer_bits)), 0, result)
    found: Integers = np.where(a == 0, 2**width - 1, result)
    return found


def reciprocal_of_mean(e: Integers, width: int = WIDTH) -> Integers:
    """1 / (1 + e) for e from 0 to 1: half the reciprocal of the mean of e and 1."""
    return _shifted(_reciprocal(e, width), 1, width)  # y / 2 has one integer bit, the result none


def _reciprocal(e: Integers, width: int) -> Integers:
    """1 / d with d = (e + 1) / 2; two integer bits."""
    d = (e + 2**width) >> 1
    y = high_product(d, _constant(THIRTY_TWO, width), width) + _constant(FORTY_EIGHT, width)
    for _ in range(3):
        missing = 2 ** (width - 2) - high_product(d, y, width)
        y = y + _shifted(high_product(y, missing, width), 2, width)
    return y


def _shifted(a: Integers, bits: int, width: int) -> Integers:
    """`a * 2^bits`, saturated."""
    moved: Integers = np.clip(a << bits, -(2**width), 2**width - 1)
    return moved


def _constant(value: int, width: int) -> int:
    """A constant of 31 bits with fewer, rounded half away from zero."""
    return int(divide(np.array(value), 31 - width))
