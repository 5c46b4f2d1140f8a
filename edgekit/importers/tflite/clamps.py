"""Activations that cut at -1 or 0 and at 1, and the roundings that training for int8 leaves behind:
both end in Maximum and Minimum.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np

from edgekit.errors import ModelFormatError, UnsupportedOperator
from edgekit.ir import QuantParams, Value
from edgekit.ir.graph import Array, AttrValue
from edgekit.ir.quant import LIMITS

from .file import Operator
from .reader import Reader, Rule

__all__ = ["READERS", "bound", "is_for_xnnpack"]


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


HALF = np.nextafter(np.float32(0.5), np.float32(0.0))
"""Added to a number from 0 on that is cut then: only true halves reach the next integer."""


def is_for_xnnpack(
    kind: str, attrs: Mapping[str, AttrValue], inputs: Sequence[Value], quant: QuantParams | None
) -> bool:
    """Whether LiteRT's default runtime gives a node of 8 bits, with this output, to XNNPACK."""
    if quant is None or inputs[0].dtype not in ("int8", "uint8"):
        return False
    scales = [value.quant.scales[0] for value in inputs if value.quant is not None]
    if kind in ("Add", "Sub"):
        return all(2.0**-10 <= scale / quant.scales[0] < 2.0**8 for scale in scales)
    if kind == "Mul":
        return bool(2.0**-16 <= np.prod(scales) / quant.scales[0] < 2.0**8)
    if kind == "MaxPool2D":
        return attrs["pool"] != (1, 1) or attrs["strides"] == (1, 1)
    return kind != "AveragePool2D"


def fake_quant(op: Operator, reader: Reader) -> None:
    """Real numbers at the steps of a quantized range: its ends are moved so that 0 is a step."""
    options, x = op.options("FakeQuantOptions"), reader.value(op, 0)
    bits = int(options["num_bits"])
    ends = np.array([options["min"], options["max"]], np.float32)
    if x.dtype != "float32":
        raise UnsupportedOperator(f"float32 is rounded, received {x.dtype}")
    if options["narrow_range"]:
        raise UnsupportedOperator("a narrow range is for weights; no runtime rounds to it")
    if not 2 <= bits <= 16 or not np.isfinite(ends).all() or not ends[0] < ends[1]:
        raise ModelFormatError(f"{bits} bits from {ends[0]} to {ends[1]} are no steps")
    last = np.float32(2**bits - 1)
    scale = (ends[1] - ends[0]) / last
    zero = np.floor(min(max(-ends[0] / scale, np.float32(0.0)), last) + np.float32(0.5))
    low, high = -zero * scale, (last - zero) * scale
    if not np.isfinite([low, high, np.float32(1.0) / scale]).all():
        raise ModelFormatError(f"{bits} bits from {ends[0]} to {ends[1]} are no steps")

    def with_number(kind: str, name: str, number: np.float32) -> str:
        return reader.add(op, kind, name, reader.new_constant(op, np.array(number), "number"))

    cut = with_number("Minimum", with_number("Maximum", x.name, low), high)
    steps = with_number("Mul", with_number("Sub", cut, low), np.float32(1.0) / scale)
    whole = reader.add(op, "Floor", with_number("Add", steps, HALF))
    reader.emit(
        op, "Add", with_number("Mul", whole, scale), reader.new_constant(op, np.array(low), "low")
    )


READERS: dict[str, Rule] = {
    "RELU_N1_TO_1": clamp(-1.0, 1.0),
    "RELU_0_TO_1": clamp(0.0, 1.0),
    "FAKE_QUANT": fake_quant,
}
