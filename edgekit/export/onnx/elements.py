"""Rules of the operators that work element by element: they take values in the layout at hand."""

from __future__ import annotations

import math

from edgekit.ir import Node, attributes
from edgekit.ir.shapes import axis_of

from .lowering import Layout, Lowering, Rule

__all__ = ["ELEMENT_RULES", "axis_in"]

FIRST_POSITION = {0: 0, 1: 2, 2: 3, 3: 1}
"""Where each axis of a channels-last image stands channels first."""


def axis_in(layout: Layout, axis: int, rank: int) -> int:
    """An axis of the graph's value, counted in the tensor that holds it in `layout`."""
    position = axis_of(axis, rank)
    return FIRST_POSITION[position] if layout == "first" else position


def binary(op: str) -> Rule:
    """Both operands in one layout. One that is not an image keeps both channels last."""

    def rule(node: Node, to: Lowering) -> None:
        operands = [to.value(i) for i in node.inputs]
        flowing = [v for v in operands if not v.is_constant]
        images = all(len(v.shape) == 4 for v in flowing)
        layout = to.layout([v.name for v in flowing]) if images else "last"
        to.write(node, op, [to.read(v.name, layout) for v in operands], layout)

    return rule


def unary(op: str, *names: str) -> Rule:
    """One operand; `names` are attributes that ONNX has under the same name."""

    def rule(node: Node, to: Lowering) -> None:
        layout = to.layout(node.inputs[:1])
        attrs = attributes(node)
        settings = {name: attrs[name] for name in names}
        to.write(node, op, [to.read(node.inputs[0], layout)], layout, **settings)

    return rule


def relu6(node: Node, to: Lowering) -> None:
    layout = to.layout(node.inputs)
    bounds = [to.scalar(0.0, "zero"), to.scalar(6.0, "six")]
    to.write(node, "Clip", [to.read(node.inputs[0], layout), *bounds], layout)


def softmax(node: Node, to: Lowering) -> None:
    attrs, layout = attributes(node), to.layout(node.inputs[:1])
    rank = len(to.value(node.inputs[0]).shape)
    x = to.read(node.inputs[0], layout)
    if attrs["beta"] != 1.0:
        x = to.between(node, "Mul", [x, to.scalar(attrs["beta"], f"beta_{attrs['beta']}")])
    to.write(node, "Softmax", [x], layout, axis=axis_in(layout, attrs["axis"], rank))


def gelu(node: Node, to: Lowering) -> None:
    """x * (1 + erf(x / sqrt(2))) / 2, or with tanh(sqrt(2/pi) * (x + 0.044715 x^3)) for erf."""
    layout = to.layout(node.inputs[:1])
    x = to.read(node.inputs[0], layout)
    if attributes(node)["approximate"]:
        square = to.between(node, "Mul", [x, x])
        cube = to.between(node, "Mul", [square, x])
        small = to.between(node, "Mul", [cube, to.scalar(0.044715, "gelu_cubic")])
        inner = to.between(node, "Add", [x, small])
        root = to.scalar(math.sqrt(2 / math.pi), "gelu_root")
        curve = to.between(node, "Tanh", [to.between(node, "Mul", [inner, root])])
    else:
        root = to.scalar(math.sqrt(0.5), "half_root")
        curve = to.between(node, "Erf", [to.between(node, "Mul", [x, root])])
    gate = to.between(node, "Add", [curve, to.scalar(1.0, "one")])
    half = to.between(node, "Mul", [x, to.scalar(0.5, "half")])
    to.write(node, "Mul", [half, gate], layout)


def quantize(node: Node, to: Lowering) -> None:
    """Rounds what is held in float32 anyway; a change of scale is a second rounding."""
    layout, output = to.layout(node.inputs), to.value(node.outputs[0])
    assert output.quant is not None
    x, name = to.read(node.inputs[0], layout), to.name_in(layout, output)
    to.hold(node, to.rounded(node, x, name, output.quant, output.dtype), layout)


def dequantize(node: Node, to: Lowering) -> None:
    """Int8 values are held as the real numbers they stand for already."""
    layout = to.layout(node.inputs)
    to.hold(node, to.read(node.inputs[0], layout), layout)


ELEMENT_RULES: dict[str, Rule] = {
    "Add": binary("Add"),
    "Sub": binary("Sub"),
    "Mul": binary("Mul"),
    "Div": binary("Div"),
    "Maximum": binary("Max"),
    "Minimum": binary("Min"),
    "Relu": unary("Relu"),
    "Relu6": relu6,
    "Sigmoid": unary("Sigmoid"),
    "Tanh": unary("Tanh"),
    "HardSwish": unary("HardSwish"),
    "LeakyRelu": unary("LeakyRelu", "alpha"),
    "Elu": unary("Elu", "alpha"),
    "Gelu": gelu,
    "Softmax": softmax,
    "Quantize": quantize,
    "Dequantize": dequantize,
    "Requantize": quantize,
}
