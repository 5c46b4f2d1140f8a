"""Activations that cut at -1 or 0 and at 1, which the graph says with Maximum and Minimum."""

from __future__ import annotations

import math

import numpy as np

from edgekit.errors import UnsupportedOperator
from edgekit.ir import Value
from edgekit.ir.graph import Array
from edgekit.ir.quant import LIMITS

from .file import Operator
from .reader import Reader, Rule

__all__ = ["READERS", "bound"]


def clamp(low: float, high: float) -> Rule:
    """The operator that does nothing else; it keeps the scale."""

    def rule(op: Operator, reader: Reader) -> None:
        value = reader.value(op, 0)
        if value.quant is not None and value.quant != reader.output_quant(op):
            raise UnsupportedOperator(f"it changes the scale {value.quant}; that is not known")
        reader.emit_clamped(op, value.name, low, high)

    return rule


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


READERS: dict[str, Rule] = {
    "RELU_N1_TO_1": clamp(-1.0, 1.0),
    "RELU_0_TO_1": clamp(0.0, 1.0),
}
