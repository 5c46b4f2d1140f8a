"""exp, log, 1 / (1 + x) and 1 / sqrt(x) in fixed point of 32 bits.

The algorithms of gemmlowp and TensorFlow Lite's reference kernels, on int64 arrays. A number in
"Qn" has n bits before the binary point and 31 - n behind it: Q0 counts steps of 2^-31. exp and
1 / (1 + x) also work with fewer bits, `width` of them for 31; constants are then rounded to them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from .fixed_point import divide, high_product

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = [
    "exp_negative",
    "inverse_sqrt",
    "inverse_sqrts",
    "log_above_one",
    "mean_reciprocal",
    "reciprocal",
    "shifted",
    "sign_bits",
    "unit_reciprocal",
]

Integers = np.ndarray[Any, np.dtype[np.int64]]

WIDTH = 31
LARGEST, SMALLEST = 2**31 - 1, -(2**31)
EXP_MINUS_EIGHTH = 1895147668
ONE_THIRD = 715827883
EXP_OF_MINUS_POWERS = {
    -2: 1672461947,
    -1: 1302514674,
    0: 790015084,
    1: 290630308,
    2: 39332535,
    3: 720401,
    4: 242,
}
"""exp(-2^n) in Q0, by n."""

PLUS_48_17, MINUS_32_17 = 1515870810, -1010580540  # in Q2
LOG_2 = 1488522236  # these in Q0
HALF_TO_1_4 = 1805811301  # the fourth root of one half
HALF_TO_1_2 = 1518500250
ALPHA_N = 117049297  # 11/240 * 2^(1/4)
ALPHA_D = 127690142  # 1/20 * 2^(1/4)
ALPHA_I = 1057819769  # 2 / 2^(1/4) - 2^(1/4)
ALPHA_F = 638450708  # 1/4 * 2^(1/4)


def exp_negative(x: Integers, bits: int, width: int = WIDTH) -> Integers:
    """exp(x) in Q0 for x <= 0 in Q`bits`: a series on [-1/4, 0), a product per binary digit.

    x = -(n / 4) + r with r in [-1/4, 0) and t = r + 1/8:
    exp(r) = c + c * (t + ((t^4 / 4 + t^3) * (1/3) + t^2) / 2), c = exp(-1/8).
    """
    fraction = width - bits
    quarter = 1 << (fraction - 2)
    rest = (x & (quarter - 1)) - quarter
    near = (rest << bits) + (1 << (width - 3))  # in Q0, around -1/8
    square = high_product(near, near, width)
    cube, fourth = high_product(square, near, width), high_product(square, square, width)
    third = _constant(ONE_THIRD, width)
    series = divide(high_product(divide(fourth, 2) + cube, third, width) + square, 1)
    first = _constant(EXP_MINUS_EIGHTH, width)
    result = np.minimum(first + high_product(near + series, first, width), 2**width - 1)
    digits = rest - x
    for power, factor in EXP_OF_MINUS_POWERS.items():
        if power < bits:
            there = (digits >> (fraction + power)) & 1 != 0
            smaller = high_product(result, _constant(factor, width), width)
            result = np.where(there, smaller, result)
    if bits > 5:
        result = np.where(x < -(1 << (fraction + 5)), 0, result)
    return np.where(x == 0, np.int64(2**width - 1), result)


def reciprocal(x: Integers, width: int = WIDTH) -> Integers:
    """1 / (1 + x) in Q0 for x in [0, 1] in Q0: half the reciprocal of the mean of 1 and x."""
    return shifted(mean_reciprocal(x, width), 1, width)


def mean_reciprocal(x: Integers, width: int = WIDTH) -> Integers:
    """1 / d in Q2 with d = (1 + x) / 2: three steps of Newton's method from 48/17 - 32/17 * d."""
    d = (x + 2**width) >> 1
    found = high_product(d, _constant(MINUS_32_17, width), width) + _constant(PLUS_48_17, width)
    for _ in range(3):
        error = 2 ** (width - 2) - high_product(d, found, width)
        found = found + shifted(high_product(found, error, width), 2, width)
    return found


def unit_reciprocal(numbers: Integers) -> tuple[Integers, Integers]:
    """(i, e) with 1 / n = i * 2^(-31 - e), for each integer n from 1 on."""
    zeros = _leading_zeros(numbers)
    return reciprocal((numbers << zeros) - (1 << 31)), 31 - zeros


def sign_bits(numbers: Integers) -> Integers:
    """How far each number can be shifted left within 32 bits and keep its sign."""
    size = np.where(numbers < 0, ~numbers, numbers)
    return _leading_zeros(size) - 1


def log_above_one(x: Integers, bits: int, result_bits: int) -> Integers:
    """log(x) in Q`result_bits` for x >= 1 in Q`bits`.

    x = r * 2^n with r near 2^(-1/4), twice: with n whole and with n shifted by half. The better one
    gives log(x) = n * log(2) + log(r), the latter by a quotient of polynomials.
    """
    wide = result_bits + 1
    quarter = divide(np.array([1 << 29], np.int64), wide)[0]
    zeros = _leading_zeros(x)
    root = high_product(_shifted_by(x, zeros - 1), HALF_TO_1_2)
    first = _shifted_by(root, np.ones_like(root))
    first_power = _clipped(_clipped((bits - zeros) << (31 - wide)) + quarter)
    zeros = _leading_zeros(high_product(x, HALF_TO_1_2)) - 1
    second = _shifted_by(x, zeros)
    second_power = _clipped(_clipped((bits - zeros) << (31 - wide)) - quarter)
    r, power = np.minimum(first, second), np.maximum(first_power, second_power)
    p, q = _half_sum(r, HALF_TO_1_4), 2 * (r - HALF_TO_1_4)
    square = high_product(q, q)
    numerator = high_product(q, r) + high_product(high_product(q, square), ALPHA_N)
    inner = ALPHA_I + q + high_product(square, ALPHA_D)
    denominator = high_product(p, inner) + high_product(q, ALPHA_F)
    log_r = high_product(divide(numerator, wide), reciprocal(denominator))
    return shifted(high_product(power, LOG_2) + log_r, wide - result_bits)


def inverse_sqrt(number: int) -> tuple[int, int]:
    """A multiplier and a shift with 1 / sqrt(number) = multiplier * 2^(shift - 31)."""
    multipliers, shifts = inverse_sqrts(np.array([number], np.int64))
    return int(multipliers[0]), int(shifts[0])


def inverse_sqrts(numbers: Integers) -> tuple[Integers, Integers]:
    """The same for many numbers, below 2^53.

    Five steps of Newton's method in Q3, from 1. Numbers of 1 and below give (2^31 - 1, 0).
    """
    above_one = np.maximum(numbers, 2)
    bits = np.frexp(above_one.astype(np.float64))[1].astype(np.int64)
    fours = np.maximum(bits - 28, 0) >> 1  # so often a number is divided, to stay below 2^29
    pairs = (31 - (bits - 2 * fours)) // 2 - 1
    right = 11 + fours - pairs
    x = ((above_one >> (2 * fours)) << (2 * pairs)) >> 1  # in Q3
    half, found = divide(x, 1), np.full(x.shape, 1 << 28, np.int64)
    for _ in range(5):
        cube = shifted(high_product(high_product(found, found), found), 6)
        step = high_product(found, (1 << 28) + (1 << 27)) - high_product(half, cube)
        found = shifted(step, 3)
    multipliers = high_product(found, HALF_TO_1_2) << np.maximum(-right, 0)
    shifts = -np.maximum(right, 0)
    return np.where(numbers > 1, multipliers, LARGEST), np.where(numbers > 1, shifts, 0)


def _clipped(numbers: NDArray[Any]) -> Integers:
    clipped: Integers = np.clip(numbers, SMALLEST, LARGEST)
    return clipped


def shifted(numbers: Integers, bits: int, width: int = WIDTH) -> Integers:
    """Times 2^bits, saturated to `width` bits and a sign."""
    moved: Integers = np.clip(numbers << bits, -(2**width), 2**width - 1)
    return moved


def _shifted_by(numbers: Integers, bits: Integers) -> Integers:
    return _clipped(numbers << bits)


def _constant(value: int, width: int) -> int:
    """A constant of 31 bits with fewer, rounded half away from zero."""
    return int(divide(np.array(value), WIDTH - width))


def _half_sum(a: Integers, b: int) -> Integers:
    """(a + b) / 2, halves away from zero."""
    return divide(a + b, 1)


def _leading_zeros(numbers: Integers) -> Integers:
    """The zeros before the first one of each 32-bit number; numbers are positive."""
    zeros: Integers = 32 - np.frexp(numbers.astype(np.float64))[1].astype(np.int64)
    return zeros
