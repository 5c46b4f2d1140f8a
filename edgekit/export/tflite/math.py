"""Rules of functions, comparisons, logic and selection: operators that work element by element."""

from __future__ import annotations

from edgekit.errors import UnsupportedOperator
from edgekit.ir import Node
from edgekit.ir.graph import DTYPES
from edgekit.schema.tflite_layout import TensorType

from .lowering import Lowering, Options, Rule, versioned

__all__ = ["MATH_RULES"]

TENSOR_TYPES = {dtype: TensorType.by_name()[dtype.upper()] for dtype in DTYPES}


def plain(code: str, table: str | None = None, count: int = 1, **versions: int) -> Rule:
    """An operator whose inputs are all that it needs.

    table: its options, all at their defaults. versions: by dtype, where it is not 1; int8 is 2.
    """

    def rule(node: Node, to: Lowering) -> None:
        inputs = [to.input(node, i).name for i in range(count)]
        x = to.input(node, 0)
        version = versions.get(x.dtype, versioned(x))
        options: Options | None = None if table is None else (table, {})
        to.emit(code, inputs, node.outputs[0], options, version)

    return rule


def cast(node: Node, to: Lowering) -> None:
    x, output = to.input(node, 0), to.output(node)
    types = {
        "in_data_type": TENSOR_TYPES[x.dtype],
        "out_data_type": TENSOR_TYPES[output.dtype],
    }
    to.emit("CAST", (x.name,), output.name, ("CastOptions", types))


def atan2(node: Node, to: Lowering) -> None:
    """The only operator of two inputs that broadcasts neither."""
    x, y = to.input(node, 0), to.input(node, 1)
    if x.shape != y.shape:
        raise UnsupportedOperator(f"LiteRT's ATAN2 takes equal shapes, not {x.shape} and {y.shape}")
    to.emit("ATAN2", (x.name, y.name), node.outputs[0], ("ATan2Options", {}))


def select(node: Node, to: Lowering) -> None:
    """The condition comes first in TFLite; SELECT_V2 broadcasts all three."""
    x, y, condition = (to.input(node, i).name for i in range(3))
    to.emit("SELECT_V2", (condition, x, y), node.outputs[0], ("SelectV2Options", {}))


MATH_RULES: dict[str, Rule] = {
    "Exp": plain("EXP", "ExpOptions", int16=2),
    "Log": plain("LOG", int16=2),
    "Sqrt": plain("SQRT", int16=2),
    "Rsqrt": plain("RSQRT", int16=3),
    "Square": plain("SQUARE", "SquareOptions"),
    "Neg": plain("NEG", "NegOptions", int8=1),
    "Abs": plain("ABS", "AbsOptions", int16=3, int32=5),
    "Sin": plain("SIN"),
    "Cos": plain("COS", "CosOptions"),
    "Floor": plain("FLOOR"),
    "Ceil": plain("CEIL"),
    "Round": plain("ROUND"),
    "Sign": plain("SIGN", "SignOptions", int32=2),
    "LogicalNot": plain("LOGICAL_NOT", "LogicalNotOptions"),
    "Cast": cast,
    "Bitcast": plain("BITCAST"),
    "BitwiseXor": plain("BITWISE_XOR", "BitwiseXorOptions", 2),
    "Prelu": plain("PRELU", None, 2, int8=1),
    "LogSoftmax": plain("LOG_SOFTMAX", "LogSoftmaxOptions"),
    "L2Normalize": plain("L2_NORMALIZATION", "L2NormOptions"),
    "Pow": plain("POW", "PowOptions", 2),
    "FloorDiv": plain("FLOOR_DIV", "FloorDivOptions", 2, float32=2, int8=3, int16=3),
    "FloorMod": plain("FLOOR_MOD", "FloorModOptions", 2, int16=2),
    "SquaredDifference": plain("SQUARED_DIFFERENCE", "SquaredDifferenceOptions", 2),
    "Atan2": atan2,
    "Equal": plain("EQUAL", "EqualOptions", 2),
    "NotEqual": plain("NOT_EQUAL", "NotEqualOptions", 2),
    "Less": plain("LESS", "LessOptions", 2),
    "LessEqual": plain("LESS_EQUAL", "LessEqualOptions", 2),
    "Greater": plain("GREATER", "GreaterOptions", 2),
    "GreaterEqual": plain("GREATER_EQUAL", "GreaterEqualOptions", 2),
    "LogicalAnd": plain("LOGICAL_AND", "LogicalAndOptions", 2),
    "LogicalOr": plain("LOGICAL_OR", "LogicalOrOptions", 2),
    "Select": select,
}
