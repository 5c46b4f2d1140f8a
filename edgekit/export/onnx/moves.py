"""Rules of the operators that move, gather or average elements."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

import numpy as np

from edgekit.ir import Node, attributes
from edgekit.ir.graph import DTYPES

from .elements import axis_in
from .lowering import TO_FIRST, Layout, Lowering, Rule

__all__ = ["MOVE_RULES"]

Item = TypeVar("Item")


def reshape(node: Node, to: Lowering) -> None:
    """Flattening an image that is held channels first keeps it so if only Dense layers read it."""
    source, output = to.value(node.inputs[0]), to.value(node.outputs[0])
    shape = to.integers(attributes(node)["shape"], f"{node.name}/shape")
    layout: Layout = "last"
    if to.layout([source.name]) == "first" and _flattens(node, to):
        layout = "first"
        _, height, width, channels = source.shape
        assert height and width and channels
        to.flattened[output.name] = (height, width, channels)
    to.write(node, "Reshape", [to.read(source.name, layout), shape])


def _flattens(node: Node, to: Lowering) -> bool:
    """Whether [batch, height, width, channels] becomes rows that only Dense layers read."""
    source, output = to.value(node.inputs[0]).shape, to.value(node.outputs[0]).shape
    if len(output) != 2 or output[0] != source[0]:
        return False
    _, height, width, channels = source
    if channels == 1 or (height, width) == (1, 1):
        return True  # either order is the same
    readers = to.graph.consumers()[node.outputs[0]]
    dense = all(r.op == "Dense" and r.inputs[0] == node.outputs[0] for r in readers)
    return dense and node.outputs[0] not in to.graph.outputs


def transpose(node: Node, to: Lowering) -> None:
    x = to.read(node.inputs[0])
    to.write(node, "Transpose", [x], perm=attributes(node)["perm"])


def pad(node: Node, to: Lowering) -> None:
    """All befores, then all afters."""
    attrs, layout = attributes(node), to.layout(node.inputs)
    pads = [*zip(attrs["pads"][::2], attrs["pads"][1::2], strict=True)]
    pads = _in_layout(pads, layout)
    numbers = [before for before, _ in pads] + [after for _, after in pads]
    inputs = [
        to.read(node.inputs[0], layout),
        to.integers(numbers, f"{node.name}/pads"),
        _filling(node, to),
    ]
    to.write(node, "Pad", inputs, layout)


def _filling(node: Node, to: Lowering) -> str:
    """What pads: a real number, or one of the input's own dtype."""
    x, number = to.value(node.inputs[0]), attributes(node)["value"]
    if x.dtype == "float32" or x.quant is not None:
        return to.scalar(number, f"pad_{number}")
    return to.constant(np.array(number, DTYPES[x.dtype]), f"{node.name}/value")


def concat(node: Node, to: Lowering) -> None:
    layout = to.layout(node.inputs)
    rank = len(to.value(node.inputs[0]).shape)
    tensors = [to.read(i, layout) for i in node.inputs]
    to.write(node, "Concat", tensors, layout, axis=axis_in(layout, attributes(node)["axis"], rank))


def _in_layout(items: Sequence[Item], layout: Layout) -> list[Item]:
    return [items[i] for i in TO_FIRST] if layout == "first" else list(items)


MOVE_RULES: dict[str, Rule] = {
    "Reshape": reshape,
    "Transpose": transpose,
    "Pad": pad,
    "Concat": concat,
}
