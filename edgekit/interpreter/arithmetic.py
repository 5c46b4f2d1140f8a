"""The int8 contract: every formula by which integers stand for numbers, in one place.

Two arithmetics are named, and a model says which one it was made for. They differ only in how a
sum is brought to the output's scale:

* "float32": four float32 operations; what LiteRT's default runtime computes on x86.
* "fixedpoint": a 31-bit multiplier and two roundings; what LiteRT's reference kernels and
  TensorFlow Lite Micro compute (gemmlowp's SaturatingRoundingDoublingHighMul, then
  RoundingDivideByPOT).

Ranges and parameters are those of the TensorFlow Lite 8-bit quantization specification. All float
arithmetic is one IEEE operation at a time in the dtype that is written, never a fused
multiply-add; `rint` rounds halves to even. In these docstrings q is the stored integer,
z its zero point, u = q - z, and s a scale; f32(x) rounds x to float32.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from edgekit.errors import QuantizationError
from edgekit.ir import QuantParams
from edgekit.ir.quant import LIMITS

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

__all__ = [
    "EXACT_FLOAT32",
    "RescaleSums",
    "accumulator_bounds",
    "activation_range",
    "centered_range",
    "dequantize",
    "fixedpoint_scale",
    "mean_fixedpoint",
    "mean_float32",
    "mean_line",
    "quantize",
    "requantize_fixedpoint",
    "requantize_float32",
    "requantize_scales",
    "sum_fixedpoint",
    "sum_float32",
    "sum_int16",
    "sum_line",
]

Floats = np.ndarray[Any, np.dtype[np.float32]]
Integers = np.ndarray[Any, np.dtype[np.int64]]
RescaleSums = Callable[[Integers, int], Integers]

EXACT_FLOAT32 = 2**24
"""Integers of smaller magnitude are exact in float32, and so is their sum in any order."""


def quantize(x: ArrayLike, quant: QuantParams, dtype: str = "int8") -> NDArray[Any]:
    """`q = clip(rint(f32(x) * f32(1 / s)) + z)`: real numbers to stored integers.

    Raises QuantizationError for NaN; infinities saturate.
    """
    low, high = LIMITS[dtype]
    inverse = np.float32(1.0) / quant.scales
    zero = quant.zero_points.astype(np.float32)
    with np.errstate(over="ignore"):  # too large a number is infinite, and saturates below
        real = np.asarray(x, np.float32)
        scaled = np.rint(real * _along(inverse, quant, real.ndim)) + _along(zero, quant, real.ndim)
    if np.isnan(real).any():
        raise QuantizationError(f"{int(np.isnan(real).sum())} of {real.size} numbers are NaN")
    stored: NDArray[Any] = np.clip(scaled, np.float32(low), np.float32(high)).astype(dtype)
    return stored


def dequantize(q: NDArray[Any], quant: QuantParams) -> Floats:
    """`f32(q - z) * s`: stored integers to real numbers."""
    centered = q.astype(np.int64) - _along(quant.zero_points.astype(np.int64), quant, q.ndim)
    real: Floats = centered.astype(np.float32) * _along(quant.scales, quant, q.ndim)
    return real


def centered_range(quant: QuantParams, dtype: str) -> tuple[int, int]:
    """The smallest and largest `u = q - z` of a per-tensor value."""
    low, high = LIMITS[dtype]
    return low - quant.zero_point[0], high - quant.zero_point[0]


def activation_range(
    activation: str, quant: QuantParams, dtype: str = "int8", *, even: bool = False
) -> tuple[int, int]:
    """The smallest and largest u that an activation lets through, within the dtype's own limits.

    `round(f32(6 / s))`, halves away from zero; `even`: `rint(f32(f32(6 / s) + z)) - z`, which is
    what XNNPACK's sums do.
    """
    low, high = centered_range(quant, dtype)
    if activation in ("relu", "relu6"):
        low = max(low, 0)
    if activation == "relu6":
        steps = float(np.float32(6.0) / quant.scales[0])  # infinite for the smallest scales
        if even and steps < 2.0**31:
            zero = quant.zero_point[0]
            high = min(high, int(np.rint(np.float32(steps) + np.float32(zero))) - zero)
        else:
            high = min(high, math.floor(min(steps, 2.0**31) + 0.5))
    return low, high


def requantize_scales(x: QuantParams, weight: QuantParams, y: QuantParams) -> Floats:
    """`f32(f32(s_x * s_w[c]) / s_y)` per output channel, in this order."""
    scales: Floats = (x.scales * weight.scales) / y.scales
    return scales


def requantize_float32(sums: Integers, scales: Floats, low: int, high: int) -> Integers:
    """`u = clip(rint(f32(sum) * scale[c]))`; the channels are the last dimension."""
    scaled = np.rint(sums.astype(np.float32) * scales)
    u: Integers = np.clip(scaled, np.float32(low), np.float32(high)).astype(np.int64)
    return u


def fixedpoint_scale(x: QuantParams, weight: QuantParams, y: QuantParams) -> NDArray[np.float64]:
    """`s_x * s_w[c] / s_y` in float64, from which the reference kernels take the multiplier."""
    scales = x.scales.astype(np.float64) * weight.scales.astype(np.float64)
    return scales / y.scales.astype(np.float64)


def requantize_fixedpoint(sums: Integers, scales: NDArray[np.float64]) -> Integers:
    """`RoundingDivideByPOT(SaturatingRoundingDoublingHighMul(sum * 2^left, m), right)`.

    The first product rounds halves up, the second half away from zero; the channels are the last
    dimension. Not clipped.
    """
    from edgekit.ir import fixed_point  # of the arithmetic that few models name

    return fixed_point.scale(sums, *fixed_point.multipliers_and_shifts(scales))


def mean_float32(sums: Integers, x: QuantParams, y: QuantParams, count: int) -> Integers:
    """`q = rint(f32(sum q) * inv + z)`, not clipped, from the sums of `count` stored integers.

    `inv = f32(f32(1 / count) * f32(s_x / s_y))`; `z = f32(z_y - f32(count * z_x) * inv)`.
    """
    return _on_line(sums, *mean_line(x, y, count))


def mean_line(x: QuantParams, y: QuantParams, count: int) -> tuple[np.float32, np.float32]:
    """`inv` and `z` of `mean_float32`."""
    inverse = (np.float32(1.0) / np.float32(count)) * (x.scales / y.scales)[0]
    return inverse, np.float32(y.zero_point[0]) - np.float32(count * x.zero_point[0]) * inverse


def _on_line(sums: Integers, slope: np.float32, shift: np.float32) -> Integers:
    stored: Integers = np.rint(sums.astype(np.float32) * slope + shift).astype(np.int64)
    return stored


def mean_fixedpoint(sums: Integers, x: QuantParams, y: QuantParams, count: int) -> Integers:
    """The reference kernels' mean, not clipped, from the sums of `count` stored integers.

    The division by `count` goes into the multiplier: `(m << s) // count`, s = floor(log2(count)).
    """
    from edgekit.ir import fixed_point  # of the arithmetic that few models name

    multiplier, shift = fixed_point.multiplier_and_shift(float(x.scales[0]) / float(y.scales[0]))
    more = min(count.bit_length() - 1, 32, 31 + shift)
    multiplier, shift = (multiplier << more) // count, shift - more
    centered = sums - count * x.zero_point[0]
    return fixed_point.scale(centered, multiplier, shift) + y.zero_point[0]


def sum_float32(sums: Integers, x: QuantParams, y: QuantParams, count: int) -> Integers:
    """`q = rint(f32(sum q) * r + z)`, r = f32(s_x / s_y), not clipped, of `count` integers each.

    `z = f32(z_y - f32(f32(count * z_x) * r))`.
    """
    return _on_line(sums, *sum_line(x, y, count))


def sum_line(x: QuantParams, y: QuantParams, count: int) -> tuple[np.float32, np.float32]:
    """`r` and `z` of `sum_float32`."""
    ratio = (x.scales / y.scales)[0]
    return ratio, np.float32(y.zero_point[0]) - np.float32(count * x.zero_point[0]) * ratio


def sum_int16(sums: Integers, x: QuantParams, y: QuantParams, count: int) -> Integers:
    """`q = round(f32(sum q) * f32(s_x / s_y))`, halves away from zero; int16 is symmetric."""
    steps = (sums.astype(np.float32) * (x.scales / y.scales)[0]).astype(np.float64)
    stored: Integers = np.copysign(np.floor(np.abs(steps) + 0.5), steps).astype(np.int64)
    return stored


def sum_fixedpoint(sums: Integers, x: QuantParams, y: QuantParams, count: int) -> Integers:
    """`q = scale(sum q - count * z_x, s_x / s_y) + z_y`, rounded twice, not clipped."""
    from edgekit.ir import fixed_point  # of the arithmetic that few models name

    pair = fixed_point.multiplier_and_shift(x.scale[0] / y.scale[0])
    return fixed_point.scale(sums - count * x.zero_point[0], *pair) + y.zero_point[0]


def accumulator_bounds(weights: NDArray[Any], low: int, high: int) -> NDArray[np.float64]:
    """The largest magnitude that any partial sum of `w[k, c] * u[k]` can reach, per channel c.

    weights: [K, C] integers of 8 bits; every u lies in [low, high], and low <= 0 <= high.
    """
    terms, channels = weights.shape
    # what holds the sums of 8-bit weights exactly
    dtype: type[Any] = np.float32 if terms < 2**16 else np.float64
    ones, together = np.ones(terms, dtype), max(1, 2**15 // terms)
    sums, sizes = np.empty(channels), np.empty(channels)
    for start in range(0, channels, together):
        some: NDArray[Any] = weights[:, start : start + together].astype(dtype)
        sums[start : start + together] = ones @ some
        sizes[start : start + together] = ones @ np.abs(some, some)
    positive, negative = (sizes + sums) / 2, (sizes - sums) / 2
    bounds: NDArray[np.float64] = np.maximum(
        positive * high - negative * low, negative * high - positive * low
    )
    return bounds


def _along(numbers: NDArray[Any], quant: QuantParams, rank: int) -> NDArray[Any]:
    """Per-channel numbers, shaped to broadcast along their axis."""
    if quant.axis is None:
        return numbers
    shape = [1] * rank
    shape[quant.axis] = -1
    return numbers.reshape(shape)
