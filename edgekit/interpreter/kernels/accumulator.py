"""From weighted sums to activations: bias, scale, rounding and activation, for all who multiply.

A float32 array of integers is exact while sums stay below 2^24. `accumulator_dtype` checks that
from the real weights; where it fails, products are summed in float64, exact to 2^53.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from .. import arithmetic
from ..step import Array, Floats, Step
from .ufuncs import clip

__all__ = ["Weights", "finish", "weights_of"]

TILED_ELEMENTS = 2**15
"""Per-channel vectors are repeated to at most this length: longer rows make faster loops."""


@dataclass(frozen=True)
class Weights:
    """Prepared weights: `matrix` is [K, channels] in the dtype that sums exactly."""

    matrix: Array
    bias: Array | None

    @property
    def dtype(self) -> Any:
        return self.matrix.dtype


def weights_of(step: Step, matrix: Array) -> Weights:
    """The weights of a node, `matrix` being its stored weight reordered as [K, channels]."""
    bias = step.constant(2) if step.has_input(2) else None
    if bias is not None and not bias.any():
        bias = None
    dtype = accumulator_dtype(step, matrix, bias) if step.quantized else np.float32
    return Weights(np.ascontiguousarray(matrix, dtype), bias)


def accumulator_dtype(step: Step, matrix: Array, bias: Array | None) -> Any:
    """float32 if every sum that matters is exact in it, else float64.

    A sum beyond 2^24 does not matter where the bias alone saturates the output: dead channels of
    trained networks have such biases.
    """
    low, high = arithmetic.centered_range(step.input_quant(0), step.dtype(0))
    bounds = arithmetic.accumulator_bounds(matrix, low, high)
    offset = np.zeros_like(bounds) if bias is None else np.abs(bias.astype(np.float64))
    exact = bounds + offset < arithmetic.EXACT_FLOAT32
    if step.arithmetic == "fixedpoint":  # adds the bias as an integer
        exact = bounds < arithmetic.EXACT_FLOAT32
    scales = arithmetic.fixedpoint_scale(
        step.input_quant(0), step.input_quant(1), step.output_quant
    )
    saturated = (bounds < arithmetic.EXACT_FLOAT32) & ((offset - bounds) * scales > 512)
    return np.float32 if bool(np.all(exact | saturated)) else np.float64


def finish(step: Step, sums: Array, weights: Weights) -> None:
    """Add the calls from `sums` (contiguous, the output's elements in order) to the output."""
    if not step.quantized:
        _finish_float(step, sums, weights)
    elif step.arithmetic == "fixedpoint":
        _finish_fixedpoint(step, sums, weights)
    else:
        _finish_float32(step, sums, weights)


def _finish_float(step: Step, sums: Floats, weights: Weights) -> None:
    y = step.output()
    bounds = {"none": None, "relu": (0.0, np.inf), "relu6": (0.0, 6.0)}[step.attrs["activation"]]
    if weights.bias is not None:
        rows, bias = tiled(sums, y.shape, weights.bias)
        step.call(np.add, rows, bias, rows)
    if bounds is not None:
        low, high = (np.array(b, np.float32) for b in bounds)
        step.call(clip, sums.reshape(y.shape), low, high, y)
    elif not np.may_share_memory(sums, y):
        step.call(np.copyto, y, sums.reshape(y.shape))


def _finish_float32(step: Step, sums: Array, weights: Weights) -> None:
    """Four passes: bias, scale, rint, clip into the output."""
    y = step.output()
    scales = arithmetic.requantize_scales(
        step.input_quant(0), step.input_quant(1), step.output_quant
    )
    bias = None if weights.bias is None else weights.bias.astype(sums.dtype)
    if sums.dtype == np.float64:
        if bias is not None:
            wide, bias = tiled(sums, y.shape, bias)
            step.call(np.add, wide, bias, wide)
            bias = None
        single = step.scratch(sums.shape)
        step.call(np.copyto, single, sums, "same_kind")
        sums = single
    if bias is not None:
        rows, bias = tiled(sums, y.shape, bias)
        step.call(np.add, rows, bias, rows)
    rows, factors = tiled(sums, y.shape, np.broadcast_to(scales, y.shape[-1:]))
    step.call(np.multiply, rows, factors, rows)
    flat = sums.reshape(-1)
    step.call(np.rint, flat, flat)
    step.call(clip, sums.reshape(y.shape), *output_limits(step), y)


def _finish_fixedpoint(step: Step, sums: Array, weights: Weights) -> None:
    """In int64, as the reference kernels do; written for clarity, not speed."""
    y = step.output()
    scales = arithmetic.fixedpoint_scale(
        step.input_quant(0), step.input_quant(1), step.output_quant
    )
    scales = np.broadcast_to(scales, y.shape[-1:])
    bias = np.int64(0) if weights.bias is None else weights.bias.astype(np.int64)
    low, high = output_limits(step)
    dense = step.node.op == "Dense"

    def requantize() -> None:
        total = sums.reshape(y.shape).astype(np.int64) + bias
        if dense:
            scaled = total.astype(np.float64) * scales
            integers = np.copysign(np.floor(np.abs(scaled) + 0.5), scaled)
        else:
            integers = arithmetic.requantize_fixedpoint(total, scales).astype(np.float64)
        np.copyto(y, np.clip(integers, low, high), casting="same_kind")

    step.call(requantize)


def output_limits(step: Step) -> tuple[Floats, Floats]:
    """The smallest and largest u of the output, with the node's activation, as 0-d arrays."""
    activation = step.attrs.get("activation", "none")
    low, high = arithmetic.activation_range(activation, step.output_quant, step.output_dtype)
    return np.array(low, np.float32), np.array(high, np.float32)


def tiled(sums: Array, shape: tuple[int, ...], vector: Array) -> tuple[Array, Array]:
    """`sums` as rows, and `vector` (one number per channel) repeated to the length of a row."""
    channels, length = shape[-1], sums.size
    if length > TILED_ELEMENTS:
        inner = math.prod(shape[2:]) if len(shape) == 4 else channels
        length = inner if inner <= TILED_ELEMENTS else channels
    repeated = np.tile(np.ascontiguousarray(vector, sums.dtype), length // channels)
    return sums.reshape(-1) if length == sums.size else sums.reshape(-1, length), repeated
