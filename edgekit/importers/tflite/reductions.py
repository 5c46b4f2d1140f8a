"""Reading reductions over axes, and searches along them."""

from __future__ import annotations

from edgekit.errors import UnsupportedOperator
from edgekit.ir.shapes import axis_of

from .elements import input_shape
from .file import Operator
from .reader import Reader, Rule

__all__ = ["READERS"]


def reduction(kind: str) -> Rule:
    """Over the axes of the second input: a list, which may name one twice, or a single number."""

    def rule(op: Operator, reader: Reader) -> None:
        keepdims = bool(op.options("ReducerOptions")["keep_dims"])
        rank = len(input_shape(op, reader))
        axes = tuple(dict.fromkeys(axis_of(axis, rank) for axis in reader.integers(op, 1)))
        reader.emit(op, kind, reader.input(op, 0), axes=axes, keepdims=keepdims)

    return rule


def position(kind: str) -> Rule:
    def rule(op: Operator, reader: Reader) -> None:
        dtype = reader.output_tensor(op).dtype
        if dtype not in ("int32", "int64"):
            raise UnsupportedOperator(f"positions are int32 or int64, not {dtype}")
        reader.emit(op, kind, reader.input(op, 0), axis=reader.integer(op, 1), dtype=dtype)

    return rule


def cumulative_sum(op: Operator, reader: Reader) -> None:
    options = op.options("CumsumOptions")
    reader.emit(
        op,
        "CumSum",
        reader.input(op, 0),
        axis=reader.integer(op, 1),
        exclusive=bool(options["exclusive"]),
        reverse=bool(options["reverse"]),
    )


def top_k(op: Operator, reader: Reader) -> None:
    reader.emit(op, "TopK", reader.input(op, 0), k=reader.integer(op, 1))


def one_hot(op: Operator, reader: Reader) -> None:
    """TFLite has the indices first, then the depth, then what stands where, and elsewhere."""
    axis = int(op.options("OneHotOptions")["axis"])
    names = [reader.input(op, i) for i in (2, 3, 0)]
    reader.emit(op, "OneHot", *names, depth=reader.integer(op, 1), axis=axis)


READERS: dict[str, Rule] = {
    "MEAN": reduction("Mean"),
    "SUM": reduction("Sum"),
    "REDUCE_MAX": reduction("ReduceMax"),
    "REDUCE_MIN": reduction("ReduceMin"),
    "REDUCE_PROD": reduction("ReduceProd"),
    "REDUCE_ANY": reduction("ReduceAny"),
    "REDUCE_ALL": reduction("ReduceAll"),
    "ARG_MAX": position("ArgMax"),
    "ARG_MIN": position("ArgMin"),
    "CUMSUM": cumulative_sum,
    "TOPK_V2": top_k,
    "ONE_HOT": one_hot,
}
