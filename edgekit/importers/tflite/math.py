"""Reading functions, comparisons, logic and selection: operators that work element by element."""

from __future__ import annotations

from edgekit.errors import ShapeError, UnsupportedOperator

from .elements import plain
from .file import Operator
from .reader import Reader, Rule

__all__ = ["READERS"]


def cast(op: Operator, reader: Reader) -> None:
    """The dtypes of the tensors say everything; the options only repeat them."""
    reader.emit(op, "Cast", reader.input(op, 0), dtype=reader.output_tensor(op).dtype)


def add_n(op: Operator, reader: Reader) -> None:
    """From the first to the last; unlike ADD it takes equal shapes alone."""
    first = reader.value(op, 0)
    others = [reader.value(op, i) for i in range(1, len(op.inputs))]
    if first.dtype not in ("float32", "int32"):
        raise UnsupportedOperator(f"float32 and int32 are added, received {first.dtype}")
    if any((other.shape, other.dtype) != (first.shape, first.dtype) for other in others):
        raise ShapeError(f"all inputs must be like the first, {first}")
    if not others:
        reader.bind(op, first.name)
        return
    total = first.name
    for other in others[:-1]:
        total = reader.add(op, "Add", total, other.name)
    reader.emit(op, "Add", total, others[-1].name)


def l2_normalization(op: Operator, reader: Reader) -> None:
    fused = op.options("L2NormOptions")["fused_activation_function"]
    reader.emit(op, "L2Normalize", reader.input(op, 0), fused=fused)


def select(op: Operator, reader: Reader) -> None:
    """SELECT takes a condition of its operands' shape, or one for each of their rows."""
    condition, x, y = (reader.input(op, i) for i in range(3))
    shapes = [reader.builder.values[name].shape for name in (condition, x)]
    if len(shapes[0]) == 1 and len(shapes[1]) > 1:
        rows = -1 if shapes[0][0] is None else shapes[0][0]
        shape = (rows, *[1] * (len(shapes[1]) - 1))
        condition = reader.add(op, "Reshape", condition, shape=shape)
    elif len(shapes[0]) > len(shapes[1]):
        raise UnsupportedOperator(f"the condition {shapes[0]} has more dimensions than {shapes[1]}")
    reader.emit(op, "Select", x, y, condition)


def select_v2(op: Operator, reader: Reader) -> None:
    condition, x, y = (reader.input(op, i) for i in range(3))
    reader.emit(op, "Select", x, y, condition)


READERS: dict[str, Rule] = {
    "EXP": plain("Exp"),
    "LOG": plain("Log"),
    "SQRT": plain("Sqrt"),
    "RSQRT": plain("Rsqrt"),
    "SQUARE": plain("Square"),
    "NEG": plain("Neg"),
    "ABS": plain("Abs"),
    "SIN": plain("Sin"),
    "COS": plain("Cos"),
    "FLOOR": plain("Floor"),
    "CEIL": plain("Ceil"),
    "ROUND": plain("Round"),
    "SIGN": plain("Sign"),
    "LOGICAL_NOT": plain("LogicalNot"),
    "CAST": cast,
    "PRELU": plain("Prelu", 2),
    "LOG_SOFTMAX": plain("LogSoftmax"),
    "L2_NORMALIZATION": l2_normalization,
    "POW": plain("Pow", 2),
    "FLOOR_DIV": plain("FloorDiv", 2),
    "FLOOR_MOD": plain("FloorMod", 2),
    "SQUARED_DIFFERENCE": plain("SquaredDifference", 2),
    "ATAN2": plain("Atan2", 2),
    "EQUAL": plain("Equal", 2),
    "NOT_EQUAL": plain("NotEqual", 2),
    "LESS": plain("Less", 2),
    "LESS_EQUAL": plain("LessEqual", 2),
    "GREATER": plain("Greater", 2),
    "GREATER_EQUAL": plain("GreaterEqual", 2),
    "LOGICAL_AND": plain("LogicalAnd", 2),
    "LOGICAL_OR": plain("LogicalOr", 2),
    "SELECT": select,
    "SELECT_V2": select_v2,
    "ADD_N": add_n,
}
