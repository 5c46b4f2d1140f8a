"""Operators on two inputs in float32 and plain integers, and the int8 ones that read a table.

Plain integers (int32, int64) have no scale and wrap like the processor's. Division cuts towards
zero, FloorDiv rounds down, FloorMod has the divisor's sign; a divisor of 0 gives 0, where LiteRT
refuses.

The int8 formulas; u = q - z, scale() rounds twice (`ir/fixed_point.py`), results are clipped:
SquaredDifference: t = 2 * max(s_1, s_2) in float64, d = scale(u_1 * 2^7, s_1 / t) -
    scale(u_2 * 2^7, s_2 / t), u_out = scale(d * d, t * t / (2^14 * s_out)).
FloorDiv, FloorMod: on the stored integers q, whatever the scales are.
Div: with b = |u_2| and a = u_1 with the sign of the quotient, 1 / b = i * 2^(-31 - e) by Newton's
    method (`ir/fixed_functions.py`), t = high(a * 2^h, i) with as large an h as fits 32 bits,
    u_out = divide(high(t, m), e + h - s), m * 2^(s - 31) = f32(s_1 / f32(s_2 * s_out)). Where that
    shift is above 31 the quotient is 0; LiteRT's shift overflows there, and what it gives depends
    on the processor, but for u_1 = 0: that gives 1 on all. For a divisor of 0, of which LiteRT
    promises nothing, the result is the largest or the smallest.
Both arithmetics give the same.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from edgekit.errors import InputError
from edgekit.ir import fixed_point
from edgekit.ir.fixed_functions import sign_bits, unit_reciprocal
from edgekit.ir.quant import LIMITS

from .. import arithmetic
from ..step import Array, Step
from . import Kernel, kernel
from .pairs import every_pair, look_up_pairs
from .ufuncs import clip

__all__: list[str] = []


def two(function: Callable[..., Any]) -> Kernel:
    """A kernel that applies one numpy function to two inputs, and then the activation."""

    def run(step: Step) -> None:
        y = step.output()
        step.call(function, step.input(0), step.input(1), out=y)
        activation = step.attrs.get("activation", "none")
        if activation != "none":
            low, high = 0, 6 if activation == "relu6" else np.iinfo(y.dtype).max
            step.call(clip, y, np.array(low, y.dtype), np.array(high, y.dtype), y)

    return run


def squared_difference(x: Array, y: Array, out: Array) -> None:
    np.subtract(x, y, out)
    np.multiply(out, out, out)


def floor_div(x: Array, y: Array, out: Array) -> None:
    """The quotient is rounded to float32, and then down."""
    np.divide(x, y, out)
    np.floor(out, out)


def divide_towards_zero(x: Array, y: Array, out: Array) -> None:
    """From floor division: one more where the exact quotient is negative and no whole number."""
    np.floor_divide(x, y, out)
    rest = np.remainder(x, y)
    np.add(out, (rest != 0) & ((x < 0) != (y < 0)), out, casting="unsafe")


for op, function, dtypes in (
    ("Pow", np.power, ("float32",)),
    ("Atan2", np.arctan2, ("float32",)),
    ("FloorDiv", floor_div, ("float32",)),
    ("FloorMod", np.remainder, ("float32", "int32", "int64")),
    ("FloorDiv", np.floor_divide, ("int32", "int64")),
    ("SquaredDifference", squared_difference, ("float32", "int32")),
    ("Add", np.add, ("int32", "int64")),
    ("Sub", np.subtract, ("int32", "int64")),
    ("Mul", np.multiply, ("int32", "int64")),
    ("Div", divide_towards_zero, ("int32",)),
    ("Maximum", np.maximum, ("int32", "int64")),
    ("Minimum", np.minimum, ("int32", "int64")),
):
    kernel(op, *dtypes)(two(function))


@kernel("Pow", "int32")
def power_integers(step: Step) -> None:
    """Raises InputError for a negative exponent, as LiteRT does: the result is no integer."""
    x, exponents, y = step.input(0), step.input(1), step.output()

    def power() -> None:
        if exponents.size and int(exponents.min()) < 0:
            raise InputError(f"layer {step.name!r}: an integer cannot have a negative power")
        np.power(x, exponents, y)

    step.call(power)


@kernel("SquaredDifference", "int8")
def squared_difference_int8(step: Step) -> None:
    first, second = (step.input_quant(i).scale[0] for i in (0, 1))
    twice = 2.0 * max(first, second)
    to_first, to_second, to_output = (
        fixed_point.multiplier_and_shift(factor)
        for factor in (
            first / twice,
            second / twice,
            twice * twice / (2.0**14 * step.output_quant.scale[0]),
        )
    )
    x, y = every_pair(step)
    difference = fixed_point.scale(x << 7, *to_first) - fixed_point.scale(y << 7, *to_second)
    squares = fixed_point.scale(difference * difference, *to_output)
    low, high = arithmetic.centered_range(step.output_quant, step.output_dtype)
    look_up_pairs(step, np.clip(squares, low, high))


@kernel("Div", "int8", "uint8")
def divide_integers(step: Step) -> None:
    first, second = (step.input_quant(i).scales[0] for i in (0, 1))
    ratio = first / np.float32(second * step.output_quant.scales[0])
    multiplier, shift = fixed_point.multiplier_and_shift(float(ratio))
    x, y = every_pair(step)
    divisors = np.abs(y)
    numerators = x * np.sign(y)
    inverses, bits = unit_reciprocal(np.maximum(divisors, 1))
    room = sign_bits(numerators)
    quotients = fixed_point.high_product(
        fixed_point.high_product(numerators << room, inverses), multiplier
    )
    right = bits + room - shift
    rounded = fixed_point.divide(quotients << np.maximum(-right, 0), np.clip(right, 0, 62))
    low, high = arithmetic.centered_range(step.output_quant, step.output_dtype)
    results = np.where(right > 31, x == 0, rounded)
    results = np.where(divisors == 0, np.sign(x) * (high - low), results)
    look_up_pairs(step, np.clip(results, low, high))


@kernel("FloorDiv", "int8", "int16")
def floor_div_stored(step: Step) -> None:
    _on_stored(step, np.floor_divide)


@kernel("FloorMod", "int8", "int16")
def floor_mod_stored(step: Step) -> None:
    _on_stored(step, np.remainder)


def _on_stored(step: Step, function: Callable[..., Any]) -> None:
    """On q, in int64, where -128 / -1 is 128 before it is clipped."""
    first, second = (step.input_quant(i).zero_point[0] for i in (0, 1))
    zero = step.output_quant.zero_point[0]
    low, high = LIMITS[step.output_dtype]
    x, y, out = step.input(0), step.input(1), step.output()

    def run() -> None:
        with np.errstate(divide="ignore"):
            q = function(x.astype(np.int64) + first, y.astype(np.int64) + second)
        np.copyto(out, np.clip(q, low, high) - zero, "unsafe")

    step.call(run)
