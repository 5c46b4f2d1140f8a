"""Svdf: a dense layer over time, as a product of features and of weights over a memory.

    f = F x, one number per filter, goes to the end of each filter's memory, whose first one drops
    out; y = activation(sum over rank and memory of T * memory + b)
Integers (both arithmetics compute this alike): f = saturate(M(F u_x, s_F * s_x / s_state)) in the
state's dtype, and y = int8(M(sum(T * u) + b, s_state * s_T / s_y)), where M rounds twice
(`ir.fixed_point`) and the scales are float32, multiplied and divided from left to right. With an
int16 state this is TFLite's; the form with an int8 state and its zero point is known to TensorFlow
Lite Micro alone. Their activation is none or relu: TFLite leaves it to the output's range.
"""

from __future__ import annotations

from functools import partial

import numpy as np

from edgekit.ir import fixed_point

from ..arithmetic import activation_range, centered_range
from ..step import Array, Floats, Step
from . import kernel
from .hybrid import quantize_rows
from .integer_calls import rescaling, saturation
from .lstm import CURVES
from .ufuncs import einsum

__all__: list[str] = []

MOST_TERMS = 2**24 // (128 * 255)
"""So many products of an int8 weight and an int8 memory have an exact sum in float32."""
X, FEATURE, TIME, BIAS, STATE = range(5)


def _memory(step: Step) -> tuple[Array, Array]:
    """The memory before and after this step, as [batch, filters, times]; calls that move it."""
    filters, times = step.constant(TIME).shape
    before, after = (a.reshape(-1, filters, times) for a in (step.input(STATE), step.output(1)))
    return before, after


@kernel("Svdf", "float32")
def svdf(step: Step) -> None:
    x, y, weight = step.input(X), step.output(), step.constant(FEATURE)
    before, after = _memory(step)
    found = step.scratch((len(x), len(weight)))
    if weight.dtype == np.int8:
        _hybrid_features(step, x, found)
    else:
        matrix = step.prepared("feature", lambda: np.ascontiguousarray(weight.T))
        step.call(np.dot, x, matrix, found)
    step.call(np.copyto, after[:, :, :-1], before[:, :, 1:])
    step.call(np.copyto, after[:, :, -1], found)
    _sum_over_time(step, after, _time_weights(step), y)
    if step.has_input(BIAS):
        bias = np.ascontiguousarray(np.broadcast_to(step.constant(BIAS), y.shape))
        step.call(np.add, y, bias, y)
    step.calls.extend(CURVES[step.attrs["activation"]](y, y))


def _time_weights(step: Step) -> Array:
    """As float32; int8 ones are scaled first, for the memory is float."""
    weight = step.constant(TIME)
    if weight.dtype == np.float32:
        return weight
    return weight.astype(np.float32) * np.float32(step.input_quant(TIME).scale[0])


def _hybrid_features(step: Step, x: Floats, found: Floats) -> None:
    """int8 weights: see `hybrid.py`."""
    weight = step.constant(FEATURE)
    matrix = step.prepared("feature", lambda: np.ascontiguousarray(weight.T, np.float64))
    integers, scales = np.zeros(x.shape, np.float64), np.zeros((len(x), 1), np.float32)
    products = np.zeros(found.shape, np.float64)
    scale = np.float32(step.input_quant(FEATURE).scale[0])
    quantize = quantize_rows(
        x, integers, scales, "asymmetric" if step.attrs["asymmetric"] else "symmetric"
    )
    step.call(quantize)
    step.call(np.dot, integers, matrix, products)
    step.call(np.multiply, scales, scale, scales)
    step.call(np.multiply, products, scales, found, casting="same_kind")


def _sum_over_time(step: Step, memory: Array, weight: Array, sums: Array) -> None:
    """`sums[b, unit]`, over the filters of a unit and their memories."""
    rank = step.attrs["rank"]
    batch, filters, times = memory.shape
    shape = (filters // rank, rank * times)
    wide = np.ascontiguousarray(weight.reshape(shape), sums.dtype)
    seen = memory.reshape(batch, *shape)
    step.call(einsum, "but,ut->bu", seen, wide, out=sums)


@kernel("Svdf", "int8")
def svdf_integer(step: Step) -> None:
    x, y, weight = step.input(X), step.output(), step.constant(FEATURE)
    before, after = _memory(step)
    scale_of = [np.float32(step.input_quant(i).scale[0]) for i in (X, FEATURE, TIME)]
    state_scale = np.float32(step.input_quant(STATE).scale[0])
    matrix = step.prepared("feature", lambda: np.ascontiguousarray(weight.T, np.float64))
    wide, products = np.zeros(x.shape, np.float64), np.zeros((len(x), len(weight)), np.float64)
    found = np.zeros(products.shape, np.int64)
    step.call(np.copyto, wide, x)
    step.call(np.dot, wide, matrix, products)
    step.call(np.copyto, found, products, "unsafe")
    ratio = float(scale_of[X] * scale_of[FEATURE] / state_scale)
    step.calls.extend(rescaling(found, *fixed_point.multiplier_and_shift(ratio)))
    kind = step.dtype(STATE)
    step.calls.append(saturation(found, centered_range(step.input_quant(STATE), kind)))
    step.call(np.copyto, after[:, :, :-1], before[:, :, 1:])
    step.call(np.copyto, after[:, :, -1], found, "same_kind")
    ratio = float(state_scale * scale_of[TIME] / np.float32(step.output_quant.scale[0]))
    _finish(step, after, ratio, y)


def _finish(step: Step, memory: Array, ratio: float, y: Floats) -> None:
    sums, whole = np.zeros(y.shape, np.float64), np.zeros(y.shape, np.int64)
    narrow = step.dtype(STATE) == "int8" and step.attrs["rank"] * memory.shape[2] <= MOST_TERMS
    exact = memory if narrow else np.zeros(memory.shape, np.float64)
    if not narrow:
        step.call(np.copyto, exact, memory)
    products = np.zeros(y.shape, exact.dtype)
    _sum_over_time(step, exact, step.constant(TIME), products)
    bias = step.constant(BIAS) if step.has_input(BIAS) else np.zeros(y.shape[1])
    wide_bias = np.ascontiguousarray(np.broadcast_to(bias.astype(np.float64), y.shape))
    step.call(np.add, products, wide_bias, sums)
    step.call(np.copyto, whole, sums, "unsafe")
    step.calls.extend(rescaling(whole, *fixed_point.multiplier_and_shift(ratio)))
    step.calls.append(saturation(whole, activation_range("none", step.output_quant)))
    step.calls.append(partial(np.copyto, y, whole, "same_kind"))
