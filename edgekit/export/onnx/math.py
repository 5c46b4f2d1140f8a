"""Rules of functions, comparisons, logic and selection: operators that work element by element."""

from __future__ import annotations

from edgekit.errors import UnsupportedOperator
from edgekit.ir import Node

from .elements import binary, unary
from .lowering import Layout, Lowering, Rule

__all__ = ["MATH_RULES"]


def in_layout(node: Node, to: Lowering) -> tuple[Layout, list[str]]:
    """All inputs in one layout: channels first only where all that are computed are images."""
    operands = [to.value(i) for i in node.inputs]
    flowing = [value for value in operands if not value.is_constant]
    images = all(len(value.shape) == 4 for value in flowing)
    layout = to.layout([value.name for value in flowing]) if images else "last"
    return layout, [to.read(value.name, layout) for value in operands]


def tabled(op: str) -> Rule:
    """An operator of one input whose int8 form has a table, which ONNX has no use for."""

    def rule(node: Node, to: Lowering) -> None:
        layout = to.layout(node.inputs[:1])
        to.write(node, op, [to.read(node.inputs[0], layout)], layout)

    return rule


def square(node: Node, to: Lowering) -> None:
    layout, (x,) = in_layout(node, to)
    to.write(node, "Mul", [x, x], layout)


def rsqrt(node: Node, to: Lowering) -> None:
    layout, (x,) = in_layout(node, to)
    to.write(node, "Reciprocal", [to.between(node, "Sqrt", [x])], layout)


def squared_difference(node: Node, to: Lowering) -> None:
    layout, operands = in_layout(node, to)
    difference = to.between(node, "Sub", operands)
    to.write(node, "Mul", [difference, difference], layout)


def cast(node: Node, to: Lowering) -> None:
    """Between dtypes that have no scale; stored integers do not exist in the ONNX file."""
    _refuse_stored(node, to)
    layout, (x,) = in_layout(node, to)
    to.write(node, "Cast", [x], layout, to=to.types[to.value(node.outputs[0]).dtype])


def neg(node: Node, to: Lowering) -> None:
    _refuse_stored(node, to)
    layout, (x,) = in_layout(node, to)
    to.write(node, "Neg", [x], layout)


def log_softmax(node: Node, to: Lowering) -> None:
    to.write(node, "LogSoftmax", [to.read(node.inputs[0])], axis=-1)


def l2_normalize(node: Node, to: Lowering) -> None:
    to.write(node, "LpNormalization", [to.read(node.inputs[0])], axis=-1, p=2)


def floor_div(node: Node, to: Lowering) -> None:
    """Integers: what is left after the remainder is taken away divides exactly."""
    _refuse_stored(node, to)
    layout, (x, y) = in_layout(node, to)
    if to.value(node.inputs[0]).dtype == "float32":
        to.write(node, "Floor", [to.between(node, "Div", [x, y])], layout)
        return
    rest = to.between(node, "Mod", [x, y])
    to.write(node, "Div", [to.between(node, "Sub", [x, rest]), y], layout)


def floor_mod(node: Node, to: Lowering) -> None:
    """Floats: the remainder has the sign of x; where y has the other one, y is added."""
    _refuse_stored(node, to)
    layout, (x, y) = in_layout(node, to)
    if to.value(node.inputs[0]).dtype != "float32":
        to.write(node, "Mod", [x, y], layout)
        return
    rest = to.between(node, "Mod", [x, y], fmod=1)
    zero = to.scalar(0.0, "zero")
    apart = to.between(node, "Less", [to.between(node, "Mul", [rest, y]), zero])
    to.write(node, "Where", [apart, to.between(node, "Add", [rest, y]), rest], layout)


def not_equal(node: Node, to: Lowering) -> None:
    layout, operands = in_layout(node, to)
    to.write(node, "Not", [to.between(node, "Equal", operands)], layout)


def select(node: Node, to: Lowering) -> None:
    layout, (x, y, condition) = in_layout(node, to)
    to.write(node, "Where", [condition, x, y], layout)


def atan2(node: Node, to: Lowering) -> None:
    raise UnsupportedOperator("ONNX has the arctangent of one number only; use Atan of a quotient")


def _refuse_stored(node: Node, to: Lowering) -> None:
    quantized = [n for n in (*node.inputs, *node.outputs) if to.value(n).quant is not None]
    if quantized:
        raise UnsupportedOperator(
            f"works with the stored integers of {quantized}, which an ONNX file holds as the real "
            "numbers they stand for"
        )


MATH_RULES: dict[str, Rule] = {
    "Exp": tabled("Exp"),
    "Log": tabled("Log"),
    "Sqrt": tabled("Sqrt"),
    "Rsqrt": rsqrt,
    "Square": square,
    "Neg": neg,
    "Abs": unary("Abs"),
    "Sin": unary("Sin"),
    "Cos": unary("Cos"),
    "Floor": unary("Floor"),
    "Ceil": unary("Ceil"),
    "Round": unary("Round"),
    "Sign": unary("Sign"),
    "LogicalNot": unary("Not"),
    "Cast": cast,
    "Prelu": binary("PRelu"),
    "LogSoftmax": log_softmax,
    "L2Normalize": l2_normalize,
    "Pow": binary("Pow"),
    "FloorDiv": floor_div,
    "FloorMod": floor_mod,
    "SquaredDifference": squared_difference,
    "Atan2": atan2,
    "Equal": binary("Equal"),
    "NotEqual": not_equal,
    "Less": binary("Less"),
    "LessEqual": binary("LessOrEqual"),
    "Greater": binary("Greater"),
    "GreaterEqual": binary("GreaterOrEqual"),
    "LogicalAnd": binary("And"),
    "LogicalOr": binary("Or"),
    "Select": select,
}
