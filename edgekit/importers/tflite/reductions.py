"""Reading reductions over axes, and searches along them."""

from __future__ import annotations

import numpy as np

from edgekit.errors import ShapeError, UnsupportedOperator
from edgekit.ir.graph import Array
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


def where(op: Operator, reader: Reader) -> None:
    """The places of all that is not zero, one row for each."""
    found = _known_now(op, reader)
    if found.ndim == 0:
        raise ShapeError("a single number has no places")
    reader.know(op, np.argwhere(found).astype(np.int64))


def unique(op: Operator, reader: Reader) -> None:
    """Each number once, in the order in which they come, and which of them stands where."""
    found, indices = _known_now(op, reader), reader.output_tensor(op, 1)
    if found.ndim != 1 or indices.dtype not in ("int32", "int64"):
        raise ShapeError(f"a list gives int32 or int64, received {found.shape}, {indices.dtype}")
    _, first, inverse = np.unique(found, return_index=True, return_inverse=True)
    order = np.argsort(first, kind="stable")
    place = np.empty(len(order), np.intp)
    place[order] = np.arange(len(order))
    reader.know(op, found[first[order]])
    reader.know(op, place[inverse.reshape(-1)].astype(indices.dtype), 1)


def _known_now(op: Operator, reader: Reader) -> Array:
    found = reader.known(reader.tensor(op, 0).index)
    if found is None:
        raise UnsupportedOperator(
            "how many it gives depends on what the model is given, and shapes are fixed here; "
            "build the model with a mask, or with TOPK_V2 or NON_MAX_SUPPRESSION_V5, whose "
            "results have one size"
        )
    return found


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
    "WHERE": where,
    "UNIQUE": unique,
}
