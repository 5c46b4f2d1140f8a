"""How weighted sums come to the output's scale: by dtype, operator, bias and arithmetic.

s = s_x * s_w[c] / s_y in float64; m and shift are its 31-bit multiplier (`ir.fixed_point`). Where a
* stands, the product is rounded first: s = f32(s_x * s_w) / s_y.

| activations | bias        | operator | "float32" | "fixedpoint" |
|-------------|-------------|----------|-----------|--------------|
| int8        | int32, none | Dense    | float32   | float64      |
|             |             | others   | float32   | twice        |
| uint8       | int32, none | Dense    | float32   | float64      |
|             |             | others   | float32   | twice *      |
| int16       | int64       | Dense    | float64   | float64      |
|             | int64, none | others   | short     | short        |
|             | int32, none | Dense    | upward, * with one scale for all channels | float64 |
|             | int32       | Conv2D   | upward, with groups twice | twice |
|             | int32       | others   | twice     | twice        |

A product of two activations (BatchMatMul), which has one scale and no bias:

| activations | rounding | "float32"                                        | "fixedpoint" |
|-------------|----------|--------------------------------------------------|--------------|
| int8        | own      | float32; twice where the second zero point is not 0 | twice     |
|             | dense    | upward                                           | float64      |
| int16       | both     | short                                            | short        |

float32: four float32 operations (`Accumulator`).
float64: round(sum * s), halves away from zero.
twice: high(sum * 2^left, m), halves up, then 2^right away, halves away from zero.
upward: as twice, but the second rounding takes halves up too.
short: m16 = (m + 2^15) >> 16, 32767 at most; (sum * m16 + half) >> (15 - shift), halves up; the
    result wraps at 32 bits.

Sums are exact; with an int32 bias those of int16 wrap at 32 bits, as the runtimes' do.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from edgekit.ir import fixed_point

from .. import arithmetic
from ..step import Array, Step

__all__ = ["Rescale", "product_rescaler", "rescaler", "short_rescaler"]

Rescale = Callable[[Array], Array]


def rescaler(step: Step, channels: int) -> Rescale:
    """From int64 sums, bias included, to u, for every line of the table but "float32"."""
    dtype, reference = step.dtype(0), step.arithmetic == "fixedpoint"
    bias = step.dtype(2) if step.has_input(2) else "none"
    dense, scales = step.node.op == "Dense", np.broadcast_to(_scales(step), channels)
    if dtype == "int16" and not dense and bias != "int32":
        return short_rescaler(scales)
    if dense and (reference or bias == "int64"):
        rescale = _in_float64(scales)
    elif dtype == "int16" and not reference and (dense or _is_plain(step)):
        rescale = _upward(scales)
    else:
        rescale = _twice(scales)
    return _wrapping(rescale) if dtype == "int16" and bias == "int32" else rescale


def product_rescaler(step: Step) -> Rescale:
    """The same for products of two activations: s = f32(s_1 * s_2) / s_y, but in "float64"."""
    scale = _from_product(step)
    if step.dtype(0) == "int16":
        return short_rescaler(scale)
    if step.attrs["rounding"] == "own":
        return _twice(scale)
    if step.arithmetic == "float32":
        return _upward(scale)
    quants = step.input_quant(0), step.input_quant(1), step.output_quant
    return _in_float64(arithmetic.fixedpoint_scale(*quants))


def _from_product(step: Step) -> Array:
    product = step.input_quant(0).scales * step.input_quant(1).scales
    scales: Array = product.astype(np.float64) / step.output_quant.scales.astype(np.float64)
    return scales


def _scales(step: Step) -> Array:
    x, weight, y = step.input_quant(0), step.input_quant(1), step.output_quant
    dense, bias = step.node.op == "Dense", step.dtype(2) if step.has_input(2) else "none"
    narrow = dense and bias != "int64" and not weight.per_channel and step.arithmetic == "float32"
    if narrow or (step.dtype(0) == "uint8" and not dense):
        return _from_product(step)
    return arithmetic.fixedpoint_scale(x, weight, y)


def _is_plain(step: Step) -> bool:
    return step.node.op == "Conv2D" and step.attrs["groups"] == 1


def _in_float64(scales: Array) -> Rescale:
    def rescale(sums: Array) -> Array:
        scaled = sums.astype(np.float64) * scales
        rounded: Array = np.copysign(np.floor(np.abs(scaled) + 0.5), scaled)
        return rounded

    return rescale


def _twice(scales: Array) -> Rescale:
    multipliers, shifts = fixed_point.multipliers_and_shifts(scales)

    def rescale(sums: Array) -> Array:
        return fixed_point.scale(sums, multipliers, shifts)

    return rescale


def _upward(scales: Array) -> Rescale:
    multipliers, shifts = fixed_point.multipliers_and_shifts(scales)
    left, right = np.maximum(shifts, 0), np.maximum(-shifts, 0)
    half = (np.int64(1) << right) >> 1

    def rescale(sums: Array) -> Array:
        high: Array = (fixed_point.high_product(sums << left, multipliers) + half) >> right
        return high

    return rescale


def short_rescaler(scales: Array) -> Rescale:
    """By 16 bits of multiplier: sums of int16 products may have more than 32 bits."""
    multipliers, shifts = fixed_point.multipliers_and_shifts(scales)

    def rescale(sums: Array) -> Array:
        return fixed_point.short_scale(sums, multipliers, shifts)

    return rescale


def _wrapping(rescale: Rescale) -> Rescale:
    return lambda sums: rescale(sums.astype(np.int32).astype(np.int64))
