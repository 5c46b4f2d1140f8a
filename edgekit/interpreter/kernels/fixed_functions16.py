"""The logistic function and tanh of 16-bit fixed-point numbers, as gemmlowp computes them.

LiteRT's default runtime uses them for int16 inputs with 12 bits behind the point. Qn.m below: n
bits before the point, m behind it. a * b is `(a * b + 2^14) >> 15` within int16, a change to other
bits before the point a saturating shift left or a shift right with halves away from zero.

exp(a), a <= 0 in Q3.12 or Q4.11: m = a mod 1/4 - 1/4, a Taylor series around -1/8 in Q0.15,
    c + c * (x + ((x^4 / 4 + x^3) / 3 + x^2) / 2) with x = m + 1/8, c = exp(-1/8); then multiplied
    by exp(-2^k) for each bit k of m - a; 32767 at a = 0.
1 / (1 + e), e in [0, 1]: h = (1 + e) / 2; three Newton steps x += x * (1 - h * x) in Q2.13 from
    48/17 - 32/17 h; half of x.
logistic(a) = 1 / (1 + exp(-|a|)), and 32767 minus that below zero; 16384 at zero.
tanh(a) = 2 / (1 + exp(-2|a|)) - 1 with the sign of a.
"""

from __future__ import annotations

import numpy as np

from ..step import Array

__all__ = ["logistic", "tanh"]

ONE = 2**15 - 1
# In Q0.15, by way of 31 bits:
THIRD = 10923
EXP_EIGHTH = 28918  # exp(-1/8)
EXP_POWERS = (25520, 19875, 12055, 4435, 600, 11)
"""exp(-2^k) for k = -2..3."""

NEWTON_START, NEWTON_SLOPE = 23130, -15420  # 48/17 and -32/17 in Q2.13


def logistic(a: Array) -> Array:
    """Of int16 numbers (as int64) in Q3.12; in Q0.15."""
    share = _moved(_reciprocal(_exponential(-np.abs(a), 3)), 1)
    return np.where(a == 0, 2**14, np.where(a > 0, share, ONE - share))


def tanh(a: Array) -> Array:
    """Of numbers in Q3.12, which saturate to int16; in Q0.15."""
    size: Array = np.abs(_saturated(a))
    # -2|a|: the same bits with one more before the point.
    curve = _moved(_reciprocal(_exponential(-size, 4)) - 2**13, 2)
    return np.where(a == 0, 0, np.where(a < 0, -curve, curve))


def _exponential(a: Array, before: int) -> Array:
    """exp of numbers up to zero with `before` bits before the point; in Q0.15."""
    behind = 15 - before
    quarter = 1 << (behind - 2)
    rest = (a & (quarter - 1)) - quarter
    x = _moved(rest, before) + 2**12
    second = _product(x, x)
    third, fourth = _product(second, x), _product(second, second)
    sixth = _product(_halved(fourth, 2) + third, THIRD)
    series = x + _halved(sixth + second, 1)
    result = _saturated(EXP_EIGHTH + _product(series, EXP_EIGHTH))
    bits = rest - a
    for power, factor in zip(range(-2, before), EXP_POWERS, strict=False):
        result = np.where(bits & (1 << (behind + power)), _product(result, factor), result)
    return np.where(a == 0, ONE, result)


def _reciprocal(e: Array) -> Array:
    """2 / (1 + e) for e in Q0.15; in Q2.13."""
    half = (e + ONE + 1) >> 1
    x: Array = NEWTON_START + _product(half, NEWTON_SLOPE)
    for _ in range(3):
        missing = 2**13 - _product(half, x)
        x = x + _moved(_product(x, missing), 2)
    return x


def _product(a: Array, b: Array | int) -> Array:
    product: Array = np.right_shift(a * b + 2**14, 15)
    return _saturated(product)


def _moved(a: Array, bits: int) -> Array:
    """Fewer bits before the point: a saturating shift left."""
    return _saturated(a << bits)


def _halved(a: Array, times: int) -> Array:
    """Divided by 2^times, halves away from zero."""
    halves: Array = (a + (1 << (times - 1)) - (a < 0)) >> times
    return halves


def _saturated(a: Array) -> Array:
    return np.clip(a, -(2**15), ONE)
