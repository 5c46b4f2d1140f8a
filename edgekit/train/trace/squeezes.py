"""Axes of size 1 that layers over sequences put in and take out, kept out of the graph.

A layer over (batch, length, channels) computes on images of height 1, so between two such layers
the height would be taken out and put in again. Here what acts on each element or on each channel
moves in front of the taking out, which then meets the putting in, and both vanish: a convolution
stands beside its batch normalization and its activation, as it does over images.
"""

from __future__ import annotations

from typing import Any

from edgekit.ir import GraphBuilder

__all__ = ["Squeezes"]

_ELEMENTWISE = frozenset(
    {
        "BatchNorm",
        "Elu",
        "Exp",
        "Gelu",
        "HardSwish",
        "LeakyRelu",
        "Log",
        "Relu",
        "Relu6",
        "Sigmoid",
        "Softmax",
        "Sqrt",
        "Tanh",
    }
)
_OF_TWO = frozenset({"Add", "Div", "Maximum", "Minimum", "Mul", "Sub"})


class Squeezes:
    """Adds nodes to a graph, looking through reshapes that take out axes of size 1."""

    def __init__(self, builder: GraphBuilder) -> None:
        self.builder = builder
        self.sources: dict[str, str] = {}  # what such a reshape gives -> what it took

    def add(
        self, op: str, inputs: tuple[str | None, ...], layer: str, output: str, attrs: Any
    ) -> str:
        """A node, or the value that it would give if there is one already."""
        source = self.sources.get(inputs[0] or "")
        if source is not None and op == "Reshape":
            if attrs["shape"] == (-1, *self._shape(source)[1:]):
                return source
            inputs = (source,)
        elif source is not None and (moved := self._moved(op, inputs, attrs)) is not None:
            shape: Any = (-1, *self._shape(inputs[0])[1:])
            attrs = {**attrs, "axis": -1} if "axis" in attrs else attrs
            y = self.builder.add(op, *moved, name=layer, output=output, **attrs)
            taken_out = self.builder.add("Reshape", y, name=layer, output=output, shape=shape)
            self.sources[taken_out] = y
            return taken_out
        y = self.builder.add(op, *inputs, name=layer, output=output, **attrs)
        if op == "Reshape" and _takes_out_ones(self._shape(inputs[0]), self._shape(y)):
            self.sources[y] = str(inputs[0])
        return y

    def alive(self, value: Any, values: Any) -> Any:
        """`value`, or the same numbers before the reshape if that was left out."""
        while isinstance(value, str) and value not in values:
            value = self.sources.get(value)
        return value

    def _shape(self, value: str | None) -> tuple[int | None, ...]:
        return self.builder.values[value or ""].shape

    def _moved(
        self, op: str, inputs: tuple[str | None, ...], attrs: Any
    ) -> tuple[str | None, ...] | None:
        """The inputs of the node in front of the reshape, None where it cannot move there."""
        first, *others = inputs
        source, rank = self.sources[first or ""], len(self._shape(first))
        if op in _ELEMENTWISE and attrs.get("axis", -1) in (-1, rank - 1):
            return (source, *others)
        if op not in _OF_TWO or len(others) != 1:
            return None
        other = self.sources.get(others[0] or "")
        if other is not None and self._shape(other) == self._shape(source):
            return (source, other)
        if self.builder.values[others[0] or ""].is_constant and len(self._shape(others[0])) <= 1:
            return (source, others[0])
        return None


def _takes_out_ones(before: tuple[int | None, ...], after: tuple[int | None, ...]) -> bool:
    """Are the shapes the same but for sizes of 1 between batch and channels?"""
    if len(after) < 2 or len(before) <= len(after) or before[-1] != after[-1]:
        return False
    return [n for n in before[1:-1] if n != 1] == [n for n in after[1:-1] if n != 1]
