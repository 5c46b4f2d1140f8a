"""Operators on two activations, element by element, with numpy's broadcasting.

The integer formulas; u = q - z_in of each input, every result is clipped to what the output's
dtype and activation let through, then z_out is added. f32(x) rounds x to float32. In int16 those of
"fixedpoint" hold in both arithmetics.

Add, Sub, "float32": r_i = f32(s_i / s_out), sh = 20 - floor(log2(max(r_1, r_2))),
    m_i = rint(r_i * 2^sh) (21 bits; m_2 negated by Sub),
    y = (u_1 * m_1 + u_2 * m_2 + 2^(sh - 1)) >> sh, in integers.
    Where either ratio lies outside [2^-10, 2^8), the formula of "fixedpoint" holds.
Add, Sub, "fixedpoint": t = 2 * max(s_1, s_2) in float64, b = 20 bits (int16: 15),
    y = scale(scale(u_1 * 2^b, s_1 / t) +- scale(u_2 * 2^b, s_2 / t), t / (2^b * s_out)),
    where scale(a, r) rounds a * r twice (`ir.fixed_point`). Add of two int16 inputs of one shape in
    "float32" rounds the inners once: (u * 2^15 * m + half) >> (31 - shift), halves up.
Mul, "float32": y = rint(f32(u_1 * u_2) * r), r = f32(f32(s_1 * s_2) / s_out); outside [2^-16, 2^8)
    the formula of "fixedpoint" holds.
Mul, "fixedpoint": y = scale(u_1 * u_2, r), with the same r.
Maximum, Minimum: inputs and output share one scale; the larger or smaller u.

They equal LiteRT's default runtime on x86-64 and its reference kernels, except where an input's
scale (of Mul, the product of scales) is 2^8 times the output's or more: there the default runtime
overflows, and this does not.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable

import numpy as np

from edgekit.ir import fixed_point

from .. import arithmetic
from ..step import Array, Floats, Step
from . import kernel
from .accumulator import clip_into, output_limits
from .ufuncs import clip

__all__ = ["operand"]

TILED_ELEMENTS = 2**15
"""A constant is repeated up to this size: short runs between broadcasts are slow."""

HOPELESS = 64
"""So many wrong pairs are halves, which no other factor mends."""

PAIRS_AT_ONCE = 32
"""Numbers of the first input that are paired with all of the second at a time: the arrays stay
small, and a process does not grow by what it needs while it plans."""

ACTIVATIONS = {"relu": (0.0, np.inf), "relu6": (0.0, 6.0)}


@kernel("Add", "float32")
def add_float(step: Step) -> None:
    if step.attrs["activation"] == "none":
        _binary(step, np.add)
        return
    low, high = (np.array(b, np.float32) for b in ACTIVATIONS[step.attrs["activation"]])
    sums = step.scratch(step.output().shape)
    step.call(np.add, operand(step, 0), operand(step, 1), sums)
    clip_into(step, sums, low, high, step.output())


@kernel("Sub", "float32")
def subtract_float(step: Step) -> None:
    _binary(step, np.subtract)


@kernel("Mul", "float32")
def multiply_float(step: Step) -> None:
    _binary(step, np.multiply)


@kernel("Div", "float32")
def divide_float(step: Step) -> None:
    """IEEE division: x / 0 is infinite, 0 / 0 is NaN, and neither warns."""
    x, y, out = step.input(0), operand(step, 1), step.output()

    def divide() -> None:
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            np.divide(x, y, out)

    step.call(divide)


@kernel("Maximum", "float32", "int8", "uint8", "int16")
def maximum(step: Step) -> None:
    _binary(step, np.maximum)


@kernel("Minimum", "float32", "int8", "uint8", "int16")
def minimum(step: Step) -> None:
    _binary(step, np.minimum)


@kernel("BatchNorm", "float32")
def batch_norm(step: Step) -> None:
    """`gamma * (x - mean) / sqrt(variance + epsilon) + beta`, as one product and one sum."""
    gamma, beta, mean, variance = (step.constant(i).astype(np.float64) for i in range(1, 5))
    factor = gamma / np.sqrt(variance + step.attrs["epsilon"])
    x, y = step.input(0), step.output()
    step.call(np.multiply, x, _expanded(factor.astype(np.float32), y.shape), y)
    step.call(np.add, y, _expanded((beta - mean * factor).astype(np.float32), y.shape), y)


@kernel("Add", "int8", "uint8", "int16")
def add_integers(step: Step) -> None:
    _sum(step, 1)


@kernel("Sub", "int8", "uint8", "int16")
def subtract_integers(step: Step) -> None:
    _sum(step, -1)


@kernel("Mul", "int8", "uint8", "int16")
def multiply_integers(step: Step) -> None:
    x, y, out = step.input(0), operand(step, 1), step.output()
    low, high = output_limits(step)
    scale = _product_scale(step)
    if _in_fixed_point(step) or not 2.0**-16 <= scale < 2.0**8:
        multiplier, shift = fixed_point.multiplier_and_shift(float(scale))

        def multiply() -> None:
            products = x.astype(np.int64) * y.astype(np.int64)
            scaled = fixed_point.scale(products, multiplier, shift)
            np.copyto(out, np.clip(scaled, low, high), casting="unsafe")

        step.call(multiply)
        return
    products = step.scratch(out.shape)
    step.call(np.multiply, x, y, products)
    flat = products.reshape(-1)
    step.call(np.multiply, flat, np.array(scale, np.float32), flat)
    step.call(np.rint, flat, flat)
    step.call(clip, products, low, high, out)


def _in_fixed_point(step: Step) -> bool:
    return step.arithmetic == "fixedpoint" or step.dtype(0) == "int16"


def _sum(step: Step, sign: int) -> None:
    ratios = [step.input_quant(i).scales[0] / step.output_quant.scales[0] for i in (0, 1)]
    within = all(2.0**-10 <= ratio < 2.0**8 for ratio in ratios)
    if _in_fixed_point(step) or not within:
        _sum_fixedpoint(step, sign)
        return
    shift = 21 - math.frexp(float(max(ratios)))[1]
    first, second = (int(np.rint(float(ratio) * 2.0**shift)) for ratio in ratios)
    multipliers = first, sign * second
    factors = _float_factors(step, multipliers, shift)
    if factors is None:
        _sum_integers(step, multipliers, shift)
    else:
        _sum_floats(step, factors)


def _sum_integers(step: Step, multipliers: tuple[int, int], shift: int) -> None:
    """The formula as it stands, in int32: |u * m| < 2^29, so no sum reaches 2^31."""
    out = step.output()
    low, high = output_limits(step, even=True)
    half = np.array(1 << (shift - 1), np.int32)
    sums = step.scratch(out.shape, np.int32)
    terms = []
    for position, multiplier in enumerate(multipliers):
        u = step.input(position)
        term = step.scratch(u.shape, np.int32)
        step.call(np.copyto, term, u, "unsafe")
        step.call(np.multiply, term, np.array(multiplier, np.int32), term)
        terms.append(term)
    step.call(np.add, terms[0], terms[1], sums)
    step.call(np.add, sums, half, sums)
    step.call(np.right_shift, sums, np.array(shift, np.int32), sums)
    rounded = step.scratch(out.shape)
    step.call(np.copyto, rounded, sums, "unsafe")
    step.call(clip, rounded, low, high, out)


def _sum_floats(step: Step, factors: tuple[np.float32, np.float32]) -> None:
    """`rint(f32(u_1 * f_1) + f32(u_2 * f_2))`, for factors that are known to be exact."""
    out = step.output()
    low, high = output_limits(step, even=True)
    sums = step.scratch(out.shape)
    terms: list[Floats] = []
    for position, factor in enumerate(factors):
        u = step.input(position)
        if step.is_constant(position):
            terms.append(_expanded(u * factor, out.shape))
            continue
        in_place = u.shape == out.shape and all(term is not sums for term in terms)
        term = sums if in_place else step.scratch(u.shape)
        if not u.flags.c_contiguous:  # a copy costs less than computing with short rows
            step.call(np.copyto, term, u)
            u = term
        step.call(np.multiply, u, np.array(factor, np.float32), term)
        terms.append(term)
    step.call(np.add, terms[0], terms[1], sums)
    flat = sums.reshape(-1)
    step.call(np.rint, flat, flat)
    clip_into(step, sums, low, high, out)


def _float_factors(
    step: Step, multipliers: tuple[int, int], shift: int
) -> tuple[np.float32, np.float32] | None:
    """Float32 factors that give the integer formula's result for every pair of inputs, or None.

    Two inputs of 8 bits have 65 536 pairs, so equality is checked on all of them. Rounding can go
    wrong only within a few float32 steps of a half; factors a few steps off are tried too. Ratios
    that make exact halves (1/2, 1/4) go wrong at each of these and have no such factors.
    """
    low, high = output_limits(step, even=True)
    limits = [arithmetic.centered_range(step.input_quant(i), step.dtype(i)) for i in (0, 1)]
    u = [np.arange(first, last + 1, dtype=np.float64) for first, last in limits]
    columns, rows = (each.astype(np.float32) for each in u)
    # In float64 the integer formula is exact too; a floor takes the place of the shift.
    exact = [each * (m * 2.0**-shift) for each, m in zip(u, multipliers, strict=True)]
    first_choices, second_choices = (_neighbours(m * 2.0**-shift) for m in multipliers)
    for first, second in itertools.product(first_choices, second_choices):
        second_terms, wrong = rows * second, 0
        for start in range(0, len(columns), PAIRS_AT_ONCE):
            part = slice(start, start + PAIRS_AT_ONCE)
            found = _clipped(np.rint, columns[part] * first, second_terms, low, high)
            wanted = _clipped(np.floor, exact[0][part] + 0.5, exact[1], low, high)
            wrong += int(np.count_nonzero(found != wanted))
            if wrong > HOPELESS:
                return None
        if not wrong:
            return first, second
    return None


def _clipped(rounded: np.ufunc, column: Array, row: Array, low: Floats, high: Floats) -> Array:
    """All sums of a number of `column` and one of `row`, rounded and clipped."""
    sums = column[:, np.newaxis] + row
    rounded(sums, sums)
    clip(sums, low, high, sums)
    return sums


def _neighbours(number: float) -> list[np.float32]:
    """The nearest float32, then those up to three steps away."""
    nearest = np.float32(number)
    step = np.spacing(nearest)
    return [np.float32(nearest + np.float32(i) * step) for i in (0, 1, -1, 2, -2, 3, -3)]


def _sum_fixedpoint(step: Step, sign: int) -> None:
    """In int64, as the reference kernels do; written for clarity, not speed."""
    x, y, out = step.input(0), step.input(1), step.output()
    low, high = output_limits(step)
    scales = [step.input_quant(i).scale[0] for i in (0, 1)]
    twice, bits = 2.0 * max(scales), 15 if step.dtype(0) == "int16" else 20
    to_first, to_second = (fixed_point.multiplier_and_shift(s / twice) for s in scales)
    to_output = fixed_point.multiplier_and_shift(twice / (2.0**bits * step.output_quant.scale[0]))

    once = step.node.op == "Add" and step.arithmetic == "float32" and step.dtype(0) == "int16"
    scale = _scale_once if once and x.shape == y.shape else fixed_point.scale

    def add() -> None:
        first = scale(x.astype(np.int64) << bits, *to_first)
        second = scale(y.astype(np.int64) << bits, *to_second)
        sums = fixed_point.scale(first + sign * second, *to_output)
        np.copyto(out, np.clip(sums, low, high), casting="unsafe")

    step.call(add)


def _scale_once(numbers: Array, multiplier: int, shift: int) -> Array:
    """`numbers * multiplier * 2^(shift - 31)`, rounded once, halves up."""
    scaled: Array = (numbers * multiplier + (1 << (30 - shift))) >> (31 - shift)
    return scaled


def _product_scale(step: Step) -> np.float32:
    """`f32(f32(s_1 * s_2) / s_out)`."""
    first, second = step.input_quant(0).scales[0], step.input_quant(1).scales[0]
    return np.float32(np.float32(first * second) / step.output_quant.scales[0])


def _binary(step: Step, function: Callable[..., Array]) -> None:
    step.call(function, operand(step, 0), operand(step, 1), out=step.output())


def operand(step: Step, position: int) -> Floats:
    """An input; a constant is repeated along as many of the output's last axes as is small."""
    x = step.input(position)
    return _expanded(x, step.output().shape) if step.is_constant(position) else x


def _expanded(constant: Floats, shape: tuple[int, ...]) -> Floats:
    if constant.size == 1:
        return constant
    first = next(i for i in range(len(shape) + 1) if math.prod(shape[i:]) <= TILED_ELEMENTS)
    before = ((1,) * len(shape) + constant.shape)[-len(shape) :][:first]
    return np.ascontiguousarray(np.broadcast_to(constant, (*before, *shape[first:])))
