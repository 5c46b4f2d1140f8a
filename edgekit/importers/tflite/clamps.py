"""Activations that cut at -1 or 0 and at 1, which the graph says with Maximum and Minimum."""

from __future__ import annotations

from edgekit.errors import UnsupportedOperator

from .file import Operator
from .reader import Reader, Rule

__all__ = ["READERS"]


def clamp(low: float, high: float) -> Rule:
    """The operator that does nothing else; it keeps the scale."""

    def rule(op: Operator, reader: Reader) -> None:
        value = reader.value(op, 0)
        if value.quant is not None and value.quant != reader.output_quant(op):
            raise UnsupportedOperator(f"it changes the scale {value.quant}; that is not known")
        reader.emit_clamped(op, value.name, low, high)

    return rule


READERS: dict[str, Rule] = {
    "RELU_N1_TO_1": clamp(-1.0, 1.0),
    "RELU_0_TO_1": clamp(0.0, 1.0),
}
