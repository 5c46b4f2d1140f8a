"""Sigmoid and tanh of 16-bit fixed-point numbers, in integers alone, as gemmlowp defines them.

A number q with k integer bits stands for q * 2^(k - 15). All results have none: 32767 stands for 1.
`a * b` is high_product(a, b, 15), constants are written with 31 bits and rounded to 15.

exp(a), a <= 0: a is split into -(n / 4) and a rest r in [-1/4, 0).
    With x = r + 1/8:  exp(r) = c + c * (x + ((x^4 / 4 + x^3) * (1/3) + x^2) / 2), c = exp(-1/8);
    then, for each bit of n (1/4, 1/2, 1, 2 ...) that is set, times exp(-bit). exp(0) = 1.
1 / (1 + e), 0 < e <= 1: d = (e + 1) / 2; y = 48/17 - 32/17 * d; three times y += y * (1 - d * y);
    y / 2 (its numbers have two integer bits).
sigmoid(a) = 1 / (1 + exp(-|a|)), and 1 minus that for a < 0, and 1/2 for 0.
tanh(a) = y - 1 with e = exp(-2 |a|), and its negative for a < 0.

All of it is computed once for each of the 65536 inputs.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from edgekit.ir.fixed_point import divide, high_product

__all__ = ["sigmoid_table", "tanh_table"]

Integers = NDArray[np.int64]

ONE = 2**15 - 1
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
    y = _reciprocal(_exp(-np.abs(q), 3))
    positive = _shifted(y, 1)  # y / 2 has one integer bit, the result none
    result = np.where(q > 0, positive, ONE - positive)
    return np.where(q == 0, 2**14, result).astype(np.int16)


@lru_cache(maxsize=8)
def tanh_table(integer_bits: int) -> NDArray[np.int16]:
    """tanh(q * 2^(integer_bits - 15)) for q = -32768..32767, in order."""
    q = np.arange(LOWEST, HIGHEST + 1, dtype=np.int64)
    y = _reciprocal(_exp(-np.abs(q), integer_bits + 1))
    positive = _shifted(y - 2**13, 2)
    result = np.where(q < 0, -positive, positive)
    return np.where(q == 0, 0, result).astype(np.int16)


def _exp(a: Integers, integer_bits: int) -> Integers:
    """exp of numbers from -32768 to 0 with `integer_bits`."""
    fraction = 15 - integer_bits
    quarter = 1 << (fraction - 2)
    rest = (a & (quarter - 1)) - quarter
    x = (rest << integer_bits) + 2**12
    square = _times(x, x)
    cube, fourth = _times(square, x), _times(square, square)
    inner = _times(divide(fourth, 2) + cube, _constant(THIRD)) + square
    whole = _times(x + divide(inner, 1), _constant(EXP_MINUS_EIGHTH)) + _constant(EXP_MINUS_EIGHTH)
    result = np.minimum(whole, HIGHEST)
    quarters = rest - a
    for position, factor in enumerate(EXP_OF_BITS):
        exponent = SMALLEST_BIT + position
        if exponent < integer_bits:
            bit = 1 << (fraction + exponent)
            result = np.where(quarters & bit, _times(result, _constant(factor)), result)
    if integer_bits > 5:
        result = np.where(a < -(1 << (20 - integer_bits)), 0, result)
    return np.where(a == 0, ONE, result)


def _reciprocal(e: Integers) -> Integers:
    """1 / d with d = (e + 1) / 2; two integer bits."""
    d = (e + ONE + 1) >> 1
    y = _times(d, _constant(THIRTY_TWO)) + _constant(FORTY_EIGHT)
    for _ in range(3):
        missing = 2**13 - _times(d, y)
        y = y + _shifted(_times(y, missing), 2)
    return y


def _times(a: Integers, b: Integers | int) -> Integers:
    return np.minimum(high_product(a, b, 15), HIGHEST)


def _shifted(a: Integers, bits: int) -> Integers:
    """`a * 2^bits`, saturated."""
    moved: Integers = np.clip(a << bits, LOWEST, HIGHEST)
    return moved


def _constant(value: int) -> int:
    """A constant of 31 bits with 15, rounded half away from zero."""
    return int(divide(np.array(value), 16))
