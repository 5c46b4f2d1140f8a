"""Stored integers at another scale, where a file says so, and real numbers at a given one."""

from __future__ import annotations

import math

import numpy as np

from edgekit.errors import UnsupportedOperator
from edgekit.ir import QuantParams, Value
from edgekit.ir.graph import Array
from edgekit.ir.quant import LIMITS

__all__ = ["bound", "must_rescale"]

BITS = {"int8": 8, "uint8": 8, "int16": 16}


def must_rescale(value: Value, quant: QuantParams | None) -> bool:
    """Whether a value must be given other parameters without any stored integer changing.

    Operators that only move elements copy integers, whatever the file says of their scales. Scales
    that differ by less than half a step over the whole range are those of a careless writer, and
    requantizing from one to the other changes no integer. Raises UnsupportedOperator where the
    same integers would mean other numbers.
    """
    if quant is None or value.quant is None or value.quant == quant:
        return False
    own = value.quant
    alike = own.axis is None and quant.axis is None and own.zero_point == quant.zero_point
    half = 2.0 ** -(BITS.get(value.dtype, 32) + 1)
    if alike and abs(own.scale[0] / quant.scale[0] - 1.0) < half:
        return True
    raise UnsupportedOperator(
        f"{value.name!r} has the scale {own}, where the file says {quant}; the operator keeps the "
        "integers as they are, and they would mean other numbers"
    )


def bound(value: Value, real: float, *, even: bool = False) -> Array:
    """A real number as `value` stores it: `z + round(f32(real / s))`, saturated.

    `even`: `rint(f32(f32(real / s) + z))`, as XNNPACK does.
    """
    if value.quant is None:
        return np.array(real, value.dtype)
    steps = float(np.float32(real) / np.float32(value.quant.scale[0]))
    low, high = LIMITS[value.dtype]
    zero = value.quant.zero_point[0]
    stored = zero + int(math.copysign(math.floor(abs(steps) + 0.5), steps))
    if even:
        stored = int(np.rint(np.float32(steps) + np.float32(zero)))
    return np.array(min(max(stored, low), high), value.dtype)
