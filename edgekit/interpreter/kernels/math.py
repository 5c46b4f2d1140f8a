"""Functions of one input, element by element, that are no activations.

The int8 formulas; u = q - z_in, and every result is clipped. Both arithmetics give the same.

Exp, Log, Sqrt: the table that the model carries (`ir/math_tables.py`).
Abs: u_out = scale(|u|, f32(s_in / s_out)), rounded twice (`ir/fixed_point.py`); at equal scales
    |u|.
Sqrt, int16: u_out = trunc(sqrt(f32(s_in) * u) / f32(s_out)), each operation in float32.
Rsqrt: (m, e) = 1 / sqrt(u) in 31 bits (`ir/fixed_functions.py`), d = scale(1, m, e + 20),
    u_out = scale(d, 2^-20 / (sqrt(s_in) * s_out)), the factor in float64. 0 and below give the
    largest; LiteRT refuses what is below 0.
Neg: q_out = -q, in eight bits: -128 stays -128. The scales are not asked.
"""

from __future__ import annotations

import math

import numpy as np

from edgekit.ir import fixed_point
from edgekit.ir.fixed_functions import inverse_sqrts
from edgekit.ir.quant import LIMITS

from .. import arithmetic
from ..step import Array, Step
from . import Kernel, kernel
from .lookup import look_up, stored_inputs

__all__: list[str] = []

ONE = np.array(1.0, np.float32)
EXTRA_BITS = 20
"""Bits that the inverse of a square root keeps behind the point until it is scaled."""


def each(function: np.ufunc) -> Kernel:
    """A kernel that applies one numpy function."""

    def run(step: Step) -> None:
        step.call(function, step.input(0), step.output())

    return run


for op, function, dtypes in (
    ("Exp", np.exp, ("float32",)),
    ("Log", np.log, ("float32",)),
    ("Sqrt", np.sqrt, ("float32",)),
    ("Square", np.square, ("float32",)),
    ("Sin", np.sin, ("float32",)),
    ("Cos", np.cos, ("float32",)),
    ("Floor", np.floor, ("float32",)),
    ("Ceil", np.ceil, ("float32",)),
    ("Round", np.rint, ("float32",)),
    ("Sign", np.sign, ("float32", "int32")),
    ("Neg", np.negative, ("float32", "int32", "int64")),
    ("Abs", np.absolute, ("float32", "int32")),
    ("LogicalNot", np.logical_not, ("bool",)),
):
    kernel(op, *dtypes)(each(function))


@kernel("Rsqrt", "float32")
def rsqrt(step: Step) -> None:
    """`1 / sqrt(x)`: infinite at 0, NaN below."""
    y = step.output()
    step.call(np.sqrt, step.input(0), y)
    step.call(np.divide, ONE, y, y)


@kernel("Exp", "int8")
@kernel("Log", "int8")
@kernel("Sqrt", "int8")
def table(step: Step) -> None:
    look_up(step, step.constant(1).astype(np.int64) - step.output_quant.zero_point[0])


@kernel("Sqrt", "int16")
def sqrt_int16(step: Step) -> None:
    roots = np.sqrt(step.input_quant(0).scales[0] * np.maximum(stored_inputs(step), 0).astype("f4"))
    look_up(step, np.minimum(np.trunc(roots / step.output_quant.scales[0]), LIMITS["int16"][1]))


@kernel("Rsqrt", "int8")
def rsqrt_int8(step: Step) -> None:
    low, high = arithmetic.centered_range(step.output_quant, step.output_dtype)
    factor = 1.0 / (math.sqrt(step.input_quant(0).scale[0]) * step.output_quant.scale[0])
    multiplier, shift = fixed_point.multiplier_and_shift(factor)
    u = stored_inputs(step)
    inverses, places = inverse_sqrts(u)
    roots = fixed_point.scale(np.ones_like(u), inverses, places + EXTRA_BITS)
    results = fixed_point.scale(roots, multiplier, shift - EXTRA_BITS)
    look_up(step, np.clip(np.where(u > 0, results, high), low, high))


@kernel("Abs", "int8", "int16")
def abs_integers(step: Step) -> None:
    ratio = float(step.input_quant(0).scales[0] / step.output_quant.scales[0])
    low, high = arithmetic.centered_range(step.output_quant, step.output_dtype)
    pair = fixed_point.multiplier_and_shift(ratio)

    def magnitudes(u: Array) -> Array:
        size = np.abs(u)
        return np.clip(size if ratio == 1.0 else fixed_point.scale(size, *pair), low, high)

    if step.dtype(0) == "int8":
        look_up(step, magnitudes(stored_inputs(step)))
        return
    x, y = step.input(0), step.output()
    step.call(lambda: np.copyto(y, magnitudes(x.astype(np.int64)), "unsafe"))


@kernel("Neg", "int8", "int16")
def neg_integers(step: Step) -> None:
    """-u - z_in - z_out is -q without the output's zero point; the lowest q stays as it is."""
    x, y = step.input(0), step.output()
    low, high = LIMITS[step.dtype(0)]
    z_in, z_out = step.input_quant(0).zero_point[0], step.output_quant.zero_point[0]
    step.call(np.negative, x, y)
    step.call(np.subtract, y, np.array(z_in + z_out, np.float32), y)
    too_large, lowest = np.array(high - z_out, np.float32), np.array(low - z_out, np.float32)
    step.call(lambda: np.copyto(y, lowest, where=y > too_large))
