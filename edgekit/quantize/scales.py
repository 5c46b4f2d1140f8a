"""The choice of scales and zero points, and the integers that constants become.

All formulas are those of TensorFlow Lite's converter (8-bit quantization specification, and its
handling of ranges that are nearly zero and of biases that do not fit), in float32 arithmetic
written out operation by operation, so that equal ranges give equal bits everywhere. `f32(x)`
rounds to float32, `round` rounds half away from zero.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgekit.errors import QuantizationError
from edgekit.ir import QuantParams, per_channel, per_tensor

__all__ = [
    "activation_params",
    "quantize_bias",
    "quantize_constant",
    "quantize_weight",
    "representable",
    "weight_params",
]

Array = NDArray[Any]
Floats = NDArray[np.float32]

NEARLY_ZERO = 1e-6
"""Ranges narrower than this are widened: their scale would be too small to compute with."""
BIAS_LIMIT = 2**30
"""The largest stored bias; the other half of int32 is left to the sum of products."""
WEIGHT_LIMIT = 127


def activation_params(low: float, high: float) -> QuantParams:
    """Scale and zero point of an int8 activation that holds numbers from `low` to `high`.

    The range is widened to include 0, which becomes a whole number exactly:
    `scale = f32(f32(high - low) / 255)`, `zero_point = round(f32(-128 - f32(low / scale)))`.
    Raises QuantizationError where float32 cannot hold `high - low`.
    """
    lowest = min(np.float32(low), np.float32(0))
    highest = max(np.float32(high), np.float32(0))
    with np.errstate(over="ignore"):
        width = np.float32(highest - lowest)
    if not np.isfinite(width):
        raise QuantizationError(f"the range {low:g} to {high:g} is too wide for float32")
    if float(width) < NEARLY_ZERO:
        lowest = np.float32(float(lowest) - NEARLY_ZERO)
        highest = np.float32(float(highest) + NEARLY_ZERO)
        width = np.float32(highest - lowest)
    scale = np.float32(width / np.float32(255))
    zero_point = np.float32(np.float32(-128) - np.float32(lowest / scale))
    return per_tensor(scale, int(np.clip(round_half_away(zero_point), -128, 127)))


def weight_params(
    weight: Floats, axis: int, bias: Floats | None, input_scale: float
) -> tuple[QuantParams, list[int]]:
    """Symmetric scales of a weight, one per index of `axis`: `f32(max |w| / 127)`.

    Where the bias would not fit, that is where `|bias| / (input_scale * scale)` passes 2^30, the
    scale is raised until it does; the second result lists those channels.
    """
    others = tuple(i for i in range(weight.ndim) if i != axis)
    largest = np.abs(weight).max(axis=others).astype(np.float32)
    largest = np.maximum(largest, np.float32(NEARLY_ZERO / 2))
    scales = np.asarray(largest / np.float32(WEIGHT_LIMIT), np.float32)
    raised: list[int] = []
    if bias is not None:
        needed = np.abs(bias).astype(np.float64) / (float(input_scale) * BIAS_LIMIT)
        raised = [int(i) for i in np.flatnonzero(needed > scales)]
        scales[raised] = needed[raised].astype(np.float32)
    return per_channel(scales, axis), raised


def quantize_weight(weight: Floats, params: QuantParams) -> NDArray[np.int8]:
    """`clip(round(f32(w / scale)), -127, 127)`."""
    shape = [1] * weight.ndim
    if params.axis is not None:
        shape[params.axis] = -1
    steps = np.asarray(weight / params.scales.reshape(shape), np.float32)
    whole = np.clip(round_half_away(steps), -WEIGHT_LIMIT, WEIGHT_LIMIT)
    return np.asarray(whole, np.int8)


def quantize_bias(
    bias: Floats, input_scale: float, weight: QuantParams
) -> tuple[NDArray[np.int32], list[int]]:
    """`round(bias / f32(input_scale * scale))` within +-2^30, and the channels that were clamped.

    The quotient is taken in float64: float32 has too few digits for an int32.
    """
    scales = np.asarray(np.float32(input_scale) * weight.scales, np.float32).astype(np.float64)
    steps = round_half_away(bias.astype(np.float64) / scales)
    # One part in a million is the rounding of a raised scale, not a loss.
    clamped = [int(i) for i in np.flatnonzero(np.abs(steps) > BIAS_LIMIT * 1.000001)]
    return np.clip(steps, -BIAS_LIMIT, BIAS_LIMIT).astype(np.int32), clamped


def quantize_constant(data: Floats, params: QuantParams) -> NDArray[np.int8]:
    """A constant in the scale of an activation: `clip(round(f32(x / scale)) + zero_point)`."""
    steps = round_half_away(np.asarray(data / params.scales, np.float32))
    whole = np.clip(steps + np.float32(params.zero_point[0]), -128, 127)
    return np.asarray(whole, np.int8)


def representable(params: QuantParams) -> tuple[float, float]:
    """The smallest and the largest real number of an int8 activation."""
    scale, zero_point = params.scale[0], params.zero_point[0]
    return scale * (-128 - zero_point), scale * (127 - zero_point)


def round_half_away(x: Any) -> Any:
    """Round to whole numbers, halves away from zero; exact in the dtype of `x`."""
    whole = np.trunc(x)
    return whole + np.copysign((np.abs(x - whole) >= 0.5).astype(x.dtype), x)
