"""Curves and softmax in int16, in integers, from the tables that the model file holds.

The same in both arithmetics but for one case of Sigmoid and Tanh. `ir/tables16.py` says what the
tables hold; m, shift of a scale and scale() are those of `ir.fixed_point`.

Sigmoid, Tanh: r = s_x * 2^12 * 3 in float64, doubled k times until it is above 2^14 - 0.5 (31
    times at most); d = (u * trunc(r) + half) >> k in 32 bits. Where log2(s_x) is less than 0.001
    from a power that the runtimes know (-12; for Tanh -11 too), d = 3 * (u << (12 + power)).
    Sigmoid: t = interpolated at |d| / 2^9, in Q9; (t + 2^9) >> 10 for d >= 0, else
    (2^25 - t + 2^9 - 1) >> 10. From entry 255 on, t = 32767 * 2^10.
    Tanh: t = interpolated at |d| / 2^8, in Q8; (t - 2^23 + 2^7) >> 8 for d >= 0, else
    (2^23 - t + 2^7 - 1) >> 8. From entry 255 on, t = 65535 * 2^8.
    "float32" with one of the known powers of two: gemmlowp's functions (`fixed_curves.py`).
Gelu, Exp, Log, Rsqrt: interpolated at q, see `interpolated`.
LeakyRelu: scale(u, f32(s_x / s_y)) from zero on, scale(u, f32(f32(s_x * alpha) / s_y)) below; in
    "fixedpoint" the sign of a negative alpha is put back after rounding.
Softmax: d = scale(u - max, f32(s_x * beta) / (10 / 65535)), p = powers at d + 32767, S = sum of p;
    n = leading zeros of S in 32 bits; r = shares at (((S << (n - 1)) + 2^13) >> 14) - 2^15 - 2^16;
    y = (p * r + half) >> (31 - n), 0 to 32767. Every place in a table is clipped to int16.
"""

from __future__ import annotations

import math

import numpy as np

from edgekit.errors import UnsupportedOperator
from edgekit.ir import fixed_point

from ..fixed_curves import sigmoid_table, tanh_table
from ..step import Array, Step
from . import kernel
from .lookup import look_up, stored_inputs

__all__: list[str] = []

LOWEST, HIGHEST = -(2**15), 2**15 - 1

NEAR_A_POWER = 1e-3
"""How far a scale's binary logarithm may lie from a whole number to count as a power of two."""


@kernel("Sigmoid", "int16")
def sigmoid_int16(step: Step) -> None:
    scale, table = step.input_quant(0).scale[0], entries(step)
    power = known_power(scale, (-12,))
    if step.arithmetic == "float32" and power is not None:
        look_up(step, sigmoid_table())
        return
    d = along_curve(stored_inputs(step), scale, power)
    size = np.abs(d)
    place = np.minimum(size >> 9, 255)
    steps = table[np.minimum(place + 1, 255)] - table[place]
    curve = (table[place] << 9) + (size & 511) * steps
    curve = np.where(place == 255, 32767 << 10, curve)
    look_up(step, np.where(d >= 0, curve + 2**9, 2**25 - curve + 2**9 - 1) >> 10)


@kernel("Tanh", "int16")
def tanh_int16(step: Step) -> None:
    scale, table = step.input_quant(0).scale[0], entries(step)
    power = known_power(scale, (-12, -11))
    if step.arithmetic == "float32" and power is not None:
        places = stored_inputs(step) << (power + 12)
        look_up(step, tanh_table(3)[np.clip(places, LOWEST, HIGHEST) - LOWEST])
        return
    d = along_curve(stored_inputs(step), scale, power)
    size = np.abs(d)
    place = np.minimum(size >> 8, 255)
    steps = table[np.minimum(place + 1, 255)] - table[place]
    curve = (table[place] << 8) + (size & 255) * steps
    curve = np.where(place == 255, 65535 << 8, curve)
    look_up(step, np.where(d >= 0, curve - 2**23 + 2**7, 2**23 - curve + 2**7 - 1) >> 8)


def entries(step: Step) -> Array:
    """The sigmoid from 2^15 to 2^16, as int64."""
    table: Array = step.constant(1).astype(np.int64) + 2**15
    return table


def known_power(scale: float, powers: tuple[int, ...]) -> int | None:
    """The one of `powers` of two that the runtimes take a scale for; None if it is none of them."""
    exponent = math.log2(scale)
    return next((p for p in powers if abs(exponent - p) < NEAR_A_POWER), None)


def along_curve(u: Array, scale: float, power: int | None) -> Array:
    """The inputs in the steps of the sigmoid's table: 2^12 * 3 of them are one."""
    if power is not None:
        return u * (3 << (12 + power))
    real, right = scale * 4096.0 * 3.0, 0
    while real <= 32767.0 / 2.0 and right <= 30:
        real, right = real * 2.0, right + 1
    sums = u * int(real) + ((1 << right) >> 1)
    moved: Array = sums.astype(np.int32).astype(np.int64) >> right  # as 32 bits do, it wraps
    return moved


@kernel("Gelu", "int16")
@kernel("Exp", "int16")
@kernel("Log", "int16")
@kernel("Rsqrt", "int16")
def curve_int16(step: Step) -> None:
    """Raises UnsupportedOperator for what a WideSoftmax gives: its zero point is not 0."""
    if step.input_quant(0).zero_point[0] or step.output_quant.zero_point[0]:
        op = step.node.op
        raise UnsupportedOperator(f"layer {step.name!r}: {op} of int16 needs zero points of 0")
    table = step.constant(1).astype(np.int64)
    look_up(step, np.clip(interpolated(table, stored_inputs(step)), LOWEST, HIGHEST))


@kernel("LeakyRelu", "int16")
def leaky_relu_int16(step: Step) -> None:
    u, x, y = stored_inputs(step), step.input_quant(0).scales[0], step.output_quant.scales[0]
    below = (x * np.float32(step.attrs["alpha"])) / y
    turned = step.arithmetic == "fixedpoint" and below < 0
    ratios = x / y, -below if turned else below
    parts = [fixed_point.scale(u, *fixed_point.multiplier_and_shift(float(r))) for r in ratios]
    parts[1] = -parts[1] if turned else parts[1]
    look_up(step, np.clip(np.where(u >= 0, *parts), LOWEST, HIGHEST))


def interpolated(table: Array, places: Array) -> Array:
    """A curve of 513 entries at int16 places: `t[i] + (((t[i + 1] - t[i]) * rest + 64) >> 7)`.

    Where a curve is too steep for int16, the difference wraps, and so does the result.
    """
    index = (places >> 7) + 256
    below = table[index]
    slope = (table[index + 1] - below).astype(np.int16).astype(np.int64)
    between: Array = below + ((slope * (places & 127) + 64) >> 7)
    return between.astype(np.int16).astype(np.int64)


@kernel("Softmax", "int16")
def softmax_int16(step: Step) -> None:
    axis = step.attrs["axis"] % step.input(0).ndim
    x, y = np.moveaxis(step.input(0), axis, -1), np.moveaxis(step.output(), axis, -1)
    powers, shares = (half.astype(np.int64) for half in np.split(step.constant(1), 2))
    beta = step.input_quant(0).scales[0] * np.float32(step.attrs["beta"])
    multiplier, shift = fixed_point.multiplier_and_shift(float(beta) / (10.0 / 65535.0))

    def divide() -> None:
        u = x.astype(np.int64)
        below = u - u.max(axis=-1, keepdims=True)
        down = fixed_point.scale(below, multiplier, shift)
        parts = interpolated(powers, np.clip(down + HIGHEST, LOWEST, HIGHEST))
        total = parts.sum(axis=-1, keepdims=True)
        bits = np.frexp(total.astype(np.float64))[1].astype(np.int64)  # total < 2^bits
        one_to_two = ((total << (31 - bits)) + 2**13) >> 14
        share = interpolated(shares, np.clip(one_to_two - 2**15 - 2**16, LOWEST, HIGHEST))
        right = bits - 1
        quotients = (parts * share + ((np.int64(1) << right) >> 1)) >> right
        np.copyto(y, np.clip(quotients, 0, HIGHEST), "unsafe")

    step.call(divide)
