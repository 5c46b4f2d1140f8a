"""From real numbers to integers, back, and from one scale to another.

q is a stored integer, z a zero point, u = q - z; every result is clipped to the dtype's limits,
infinities and NaN included (NaN becomes the largest).

Quantize, "float32": q = rint(x * f32(1 / s)) + z. "fixedpoint": q = round(f32(x / s)) + z, where
    rint rounds halves to even and round away from zero.
Dequantize: x = f32(u) * s.
Requantize, r = s_in / s_out:
    "float32", from a dtype to the same one with f32(r) in [2^-8, 2^7]: eight bits of multiplier,
        m = rint(-256 * f32(r)), q = ((z_out << 8) + 128 - u * m') >> 8 with m' = m.
    "float32" otherwise: p = high(u * 2^left, m) (31 bits, halves up), then shifted right with
        halves up too, q = ((p + 2^(right - 1)) >> right) + z_out. LiteRT takes 16 elements at a
        time; the last n % 16 of a sample of n are computed as in "fixedpoint".
    "fixedpoint", and wherever int16 takes part: as before, but the shift rounds halves away from
        zero (`ir.fixed_point`).
    With rounding "joined", in both: t = f32(s_in * f32(1 / s_out)),
        q = round(f32(q_in * t) + f32(-z_in * t)) + z_out.
    At r = 1 all others keep u; between int8 and uint8 that adds or takes 128.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from edgekit.ir import fixed_point

from .. import arithmetic
from ..step import Array, Step
from . import kernel
from .integer_calls import rescaling, saturation
from .lookup import look_up, stored_inputs
from .ufuncs import clip

__all__: list[str] = []

LANES = 16
"""Elements that LiteRT's kernel brings to another scale at a time."""


@kernel("Quantize", "float32")
def quantize(step: Step) -> None:
    x, y, scale = step.input(0), step.output(), step.output_quant.scales[0]
    low, high = _limits(step)
    if step.arithmetic == "fixedpoint":

        def divide() -> None:
            with np.errstate(over="ignore"):
                exact = (x / scale).astype(np.float64)
            steps = np.copysign(np.floor(np.abs(exact) + 0.5), exact)
            np.copyto(y, np.maximum(np.fmin(steps, high), low), "same_kind")

        step.call(divide)
        return
    steps = step.scratch(x.shape)
    with np.errstate(over="ignore"):
        inverse = np.array(np.float32(1.0) / scale, np.float32)
    step.call(_multiply_saturating, x, inverse, steps)
    step.call(np.rint, steps, steps)
    step.call(np.fmin, steps, high, steps)
    step.call(clip, steps, low, high, y)


def _multiply_saturating(x: Array, factor: Array, out: Array) -> None:
    """Products beyond float32 become infinite without a warning."""
    with np.errstate(over="ignore"):
        np.multiply(x, factor, out)


@kernel("Dequantize", "int8", "uint8", "int16")
def dequantize(step: Step) -> None:
    scale = np.array(step.input_quant(0).scale[0], np.float32)
    step.call(np.multiply, step.input(0), scale, step.output())


@kernel("Requantize", "int8", "uint8", "int16")
def requantize(step: Step) -> None:
    x, y = step.input(0), step.output()
    if step.output_dtype == "int32":
        _to_int32(step)
        return
    low, high = _limits(step)
    if step.attrs["rounding"] == "joined":
        look_up(step, np.clip(_joined(step), low, high))
        return
    ratio = step.input_quant(0).scales[0] / step.output_quant.scales[0]
    if ratio == 1.0:
        step.call(clip, x, low, high, y)
        return
    short = step.arithmetic == "float32" and step.dtype(0) == step.output_dtype != "int16"
    short = short and 2.0**-8 <= ratio <= 2.0**7
    if not short:
        _by_31_bits(step, low, high)
        return
    # The formula divided by 256: u * m has at most 23 bits, so all of it is exact in float32.
    multiplier = np.rint(np.float32(256.0) * ratio) * np.float32(2.0**-8)
    steps = step.scratch(x.shape)
    step.call(np.multiply, x, np.array(multiplier, np.float32), steps)
    step.call(np.add, steps, np.array(0.5, np.float32), steps)
    step.call(np.floor, steps, steps)
    step.call(clip, steps, low, high, y)


def _joined(step: Step) -> Array:
    """u of the output for every stored input."""
    quant = step.input_quant(0)
    factor = quant.scales[0] * (np.float32(1.0) / step.output_quant.scales[0])
    stored = (stored_inputs(step) + quant.zero_point[0]).astype(np.float32)
    steps = (stored * factor + np.float32(-quant.zero_point[0]) * factor).astype(np.float64)
    rounded: Array = np.copysign(np.floor(np.abs(steps) + 0.5), steps)
    return rounded


def _to_int32(step: Step) -> None:
    """As "fixedpoint" in both arithmetics; the result lies in the arena as it is stored."""
    x, y = step.input(0), step.output()
    ratio = step.input_quant(0).scale[0] / step.output_quant.scale[0]
    wide = np.zeros(x.shape, np.int64)
    step.call(np.copyto, wide, x, "unsafe")
    step.calls.extend(rescaling(wide, *fixed_point.multiplier_and_shift(ratio)))
    step.call(np.add, wide, np.int64(step.output_quant.zero_point[0]), wide)
    step.calls.append(saturation(wide, (-(2**31), 2**31 - 1)))
    step.call(np.copyto, y, wide, "same_kind")


def _by_31_bits(step: Step, low: Array, high: Array) -> None:
    ratio = step.input_quant(0).scale[0] / step.output_quant.scale[0]
    multiplier, shift = fixed_point.multiplier_and_shift(ratio)
    u = stored_inputs(step)
    away = np.clip(fixed_point.scale(u, multiplier, shift), low, high)
    if step.arithmetic == "fixedpoint" or "int16" in (step.dtype(0), step.output_dtype):
        look_up(step, away)
        return
    product = fixed_point.high_product(u << max(shift, 0), multiplier)
    right = max(-shift, 0)
    up = np.clip((product + ((1 << right) >> 1)) >> right, low, high)
    look_up(step, up)
    if (up != away).any():
        _look_up_last(step, away)


def _look_up_last(step: Step, results: Array) -> None:
    """The same for the elements of each sample that do not fill 16."""
    x, y = step.input(0), step.output()
    sample = y.shape[1:] if step.has_open_batch else y.shape
    count = math.prod(sample)
    last = np.arange(count - count % LANES, count)
    if not len(last):
        return
    table, first = np.ascontiguousarray(results, np.float32), stored_inputs(step)[0]
    places: tuple[Any, ...] = (..., *np.unravel_index(last, sample)) if sample else (...,)

    def look_up_last() -> None:
        y[places] = table[(x[places] - first).astype(np.intp)]

    step.call(look_up_last)


def _limits(step: Step) -> tuple[Array, Array]:
    low, high = arithmetic.centered_range(step.output_quant, step.output_dtype)
    return np.array(low, np.float32), np.array(high, np.float32)
