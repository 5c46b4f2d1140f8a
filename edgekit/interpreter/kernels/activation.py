"""Activation functions: numpy formulas in float32, tables in int8 and uint8.

Sigmoid, Tanh, HardSwish, LeakyRelu, Elu and Gelu read the table that the model carries
(`ir/tables.py` says how it is made; `sixteen_bits.py` has those of int16). Relu and Relu6, in both
arithmetics: y = clip(z_out + scale(q - z_in, f32(s_in / s_out)), z_out, z_out + round(6 / s_out)),
where scale rounds twice (`ir.fixed_point`). At equal scales that is a plain clip.
"""

from __future__ import annotations

import math

import numpy as np

from edgekit.ir import fixed_point

from .. import arithmetic
from ..step import Floats, Step
from . import kernel
from .lookup import look_up, stored_inputs
from .ufuncs import clip

__all__: list[str] = []

ZERO = np.array(0.0, np.float32)
ONE = np.array(1.0, np.float32)
HALF = np.array(0.5, np.float32)
SIX = np.array(6.0, np.float32)
TEN = np.array(10.0, np.float32)
INFINITY = np.array(np.inf, np.float32)

ERF_FACTORS = (0.254829592, -0.284496736, 1.421413741, -1.453152027, 1.061405429)
ERF_POLE = 0.3275911
"""erf(x) = 1 - (a1 t + ... + a5 t^5) exp(-x^2), t = 1 / (1 + p x), x >= 0: within 1.5e-7.

Abramowitz and Stegun, Handbook of Mathematical Functions, 7.1.26.
"""


@kernel("Relu", "float32")
def relu(step: Step) -> None:
    step.call(clip, step.input(0), ZERO, INFINITY, step.output())


@kernel("Relu6", "float32")
def relu6(step: Step) -> None:
    step.call(clip, step.input(0), ZERO, SIX, step.output())


@kernel("Relu", "int8", "uint8", "int16")
def relu_integers(step: Step) -> None:
    _clipped(step, "relu")


@kernel("Relu6", "int8", "uint8", "int16")
def relu6_integers(step: Step) -> None:
    _clipped(step, "relu6")


def _clipped(step: Step, activation: str) -> None:
    low, high = arithmetic.activation_range(activation, step.output_quant, step.output_dtype)
    ratio = float(step.input_quant(0).scales[0] / step.output_quant.scales[0])
    if ratio == 1.0:
        bounds = [np.array(bound, np.float32) for bound in (low, high)]
        step.call(clip, step.input(0), *bounds, step.output())
        return
    scaled = fixed_point.scale(stored_inputs(step), *fixed_point.multiplier_and_shift(ratio))
    look_up(step, np.clip(scaled, low, high))


@kernel("Sigmoid", "float32")
def sigmoid(step: Step) -> None:
    """`1 / (1 + exp(-x))`; where exp becomes infinite, 0."""
    x, y = step.input(0), step.output()
    step.call(np.negative, x, y)
    step.call(np.exp, y, y)
    step.call(np.add, y, ONE, y)
    step.call(np.divide, ONE, y, y)


@kernel("Tanh", "float32")
def tanh(step: Step) -> None:
    step.call(np.tanh, step.input(0), step.output())


@kernel("HardSwish", "float32")
def hard_swish(step: Step) -> None:
    """`x * clip(x + 3, 0, 6) / 6`."""
    x, y = step.input(0), step.output()
    gate = step.scratch(x.shape)
    step.call(np.add, x, np.array(3.0, np.float32), gate)
    step.call(clip, gate, ZERO, SIX, gate)
    step.call(np.multiply, gate, np.array(1.0 / 6.0, np.float32), gate)
    step.call(np.multiply, x, gate, y)


@kernel("LeakyRelu", "float32")
def leaky_relu(step: Step) -> None:
    """The larger of x and alpha * x; the smaller where alpha is above 1."""
    alpha = np.array(step.attrs["alpha"], np.float32)
    x, y = step.input(0), step.output()
    step.call(np.multiply, x, alpha, y)
    larger_or_smaller = np.minimum if alpha > 1 else np.maximum
    step.call(larger_or_smaller, x, y, out=y)


@kernel("Elu", "float32")
def elu(step: Step) -> None:
    """`max(x, 0) + alpha * (exp(min(x, 0)) - 1)`."""
    x, y = step.input(0), step.output()
    positive = step.scratch(x.shape)
    step.call(clip, x, ZERO, INFINITY, positive)
    step.call(clip, x, -INFINITY, ZERO, y)
    step.call(np.expm1, y, y)
    step.call(np.multiply, y, np.array(step.attrs["alpha"], np.float32), y)
    step.call(np.add, y, positive, y)


@kernel("Gelu", "float32")
def gelu(step: Step) -> None:
    """`0.5 * x * (1 + erf(x / sqrt(2)))`, or with `approximate`
    `0.5 * x * (1 + tanh(sqrt(2 / pi) * (x + 0.044715 * x^3)))`.
    """
    x, y = step.input(0), step.output()
    curve = step.scratch(x.shape)
    if step.attrs["approximate"]:
        near = step.scratch(x.shape)
        step.call(clip, x, -TEN, TEN, near)  # beyond, tanh is 1 in float32
        step.call(np.multiply, near, near, curve)
        step.call(np.multiply, curve, np.array(0.044715, np.float32), curve)
        step.call(np.add, curve, ONE, curve)
        step.call(np.multiply, curve, near, curve)
        step.call(np.multiply, curve, np.array(math.sqrt(2 / math.pi), np.float32), curve)
        step.call(np.tanh, curve, curve)
    else:
        _erf(step, x, curve)
    step.call(np.add, curve, ONE, curve)
    step.call(np.multiply, curve, HALF, curve)
    step.call(np.multiply, x, curve, y)


def _erf(step: Step, x: Floats, result: Floats) -> None:
    """Add the calls for `result = erf(x / sqrt(2))`."""
    size, t, square = (step.scratch(x.shape) for _ in range(3))
    step.call(np.multiply, x, np.array(math.sqrt(0.5), np.float32), size)
    step.call(np.absolute, size, size)
    step.call(np.multiply, size, np.array(ERF_POLE, np.float32), t)
    step.call(np.add, t, ONE, t)
    step.call(np.divide, ONE, t, t)
    step.call(np.multiply, t, np.array(ERF_FACTORS[-1], np.float32), result)
    for factor in ERF_FACTORS[-2::-1]:
        step.call(np.add, result, np.array(factor, np.float32), result)
        step.call(np.multiply, result, t, result)
    step.call(clip, size, ZERO, np.array(9.0, np.float32), size)  # exp(-81) is 0 to float32
    step.call(np.multiply, size, size, square)
    step.call(np.negative, square, square)
    step.call(np.exp, square, square)
    step.call(np.multiply, result, square, result)
    step.call(np.subtract, ONE, result, result)
    step.call(np.copysign, result, x, result)


@kernel("Sigmoid", "int8", "uint8")
@kernel("Tanh", "int8", "uint8")
@kernel("HardSwish", "int8", "uint8")
@kernel("LeakyRelu", "int8", "uint8")
@kernel("Elu", "int8")
@kernel("Gelu", "int8", "uint8")
def table(step: Step) -> None:
    """The results that the model file carries, one for each stored input."""
    look_up(step, step.constant(1).astype(np.int64) - step.output_quant.zero_point[0])
