"""Reading operators that put rows where indices say, and that add up the rows of segments."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from edgekit.errors import ModelFormatError, ShapeError, UnsupportedOperator
from edgekit.ir import Value
from edgekit.ir.graph import DTYPES

from .file import Operator
from .reader import Reader, Rule

__all__ = ["READERS"]

WIDE = ("float32", "int32", "int64")

LARGEST_EXACT = 2**24
"""Integers below this are float32 numbers, as attributes are kept."""


def scatter_nd(op: Operator, reader: Reader) -> None:
    """Indices first, then the rows, then the shape; rows of one place are added."""
    x, shape = reader.value(op, 1), _shape(reader.integers(op, 2))
    _scattered(op, reader, x, x.name, reader.input(op, 0), shape=shape)


def _scattered(
    op: Operator,
    reader: Reader,
    x: Value,
    rows: str,
    places: str,
    **attrs: Any,
) -> None:
    """Short integers and truth values are combined as they are stored."""
    if x.dtype in WIDE:
        reader.emit(op, "ScatterNd", rows, places, **attrs)
        return
    wide = reader.add(op, "Cast", rows, dtype="int32")
    between = reader.add(op, "ScatterNd", wide, places, **attrs)
    reader.emit(op, "Cast", between, dtype=x.dtype)


def _shape(shape: tuple[int, ...]) -> tuple[int, ...]:
    if min(shape, default=0) < 1:
        raise ShapeError(f"there is no shape {list(shape)}")
    return shape


def sparse_to_dense(op: Operator, reader: Reader) -> None:
    """Numbers at the places that indices name, and another number elsewhere."""
    indices, x, fill = reader.value(op, 0), reader.value(op, 2), reader.constant(op, 3)
    shape = _shape(reader.integers(op, 1))
    number = float(fill.reshape(-1)[0]) if fill.size == 1 else math.nan
    if not (
        fill.dtype == DTYPES[x.dtype] and (fill.dtype.kind == "f" or abs(number) < LARGEST_EXACT)
    ):
        raise UnsupportedOperator(f"one {x.dtype} stands elsewhere, received {fill.dtype}")
    rows = 1 if not indices.shape else indices.shape[0]
    depth = 1 if len(indices.shape) < 2 else indices.shape[1]
    if None in (rows, depth) or len(indices.shape) > 2 or x.shape not in ((), (rows,)):
        raise ShapeError(f"{list(x.shape)} does not go to the places {list(indices.shape)}")
    places = _reshaped(op, reader, indices, (rows or 1, depth or 1))
    values = x.name
    if x.shape == ():
        values = reader.add(op, "BroadcastTo", x.name, quant=x.quant, shape=(rows or 1,))
    _scattered(op, reader, x, values, places, shape=shape, combine="last", fill=number)


def _reshaped(op: Operator, reader: Reader, value: Value, shape: tuple[int, ...]) -> str:
    if value.shape == shape:
        return value.name
    return reader.add(op, "Reshape", value.name, quant=value.quant, shape=shape)


def segment_sum(op: Operator, reader: Reader) -> None:
    """Sums of rows that lie side by side; the numbers of segments rise one by one from 0."""
    x, numbers = _of_segments(op, reader), reader.constant(op, 1)
    steps = np.diff(numbers.reshape(-1), prepend=numbers.dtype.type(0))
    if numbers.size == 0 or numbers.flat[0] != 0 or not np.isin(steps, (0, 1)).all():
        raise ModelFormatError("the numbers of segments must rise one by one from 0")
    _combined(op, reader, x, "add", int(numbers.flat[-1]) + 1)


def unsorted(combine: str) -> Rule:
    """Rows by the number of their segment; those with a negative number are left out."""

    def rule(op: Operator, reader: Reader) -> None:
        _combined(op, reader, _of_segments(op, reader), combine, reader.integer(op, 2))

    return rule


def _of_segments(op: Operator, reader: Reader) -> Value:
    x = reader.value(op, 0)
    if x.dtype not in ("float32", "int32"):
        raise UnsupportedOperator(f"segments of float32 or int32 are known, received {x.dtype}")
    return x


def _combined(op: Operator, reader: Reader, x: Value, combine: str, count: int) -> None:
    """One place more takes the rows that are left out."""
    numbers = reader.value(op, 1)
    rank = len(numbers.shape)
    if rank == 0 or None in x.shape or x.shape[:rank] != numbers.shape or count < 1:
        raise ShapeError(f"{list(x.shape)} has no {count} segments by {list(numbers.shape)}")
    rest = [int(d or 0) for d in x.shape[rank:]]
    column = (*(int(d or 0) for d in numbers.shape), 1)
    if numbers.data is not None and numbers.data.min() >= 0:
        places = _reshaped(op, reader, numbers, column)
        shape = (count, *rest)
        reader.emit(op, "ScatterNd", x.name, places, shape=shape, combine=combine)
        return
    kind = DTYPES[numbers.dtype]
    zero, last = (reader.new_constant(op, np.array(n, kind), "end") for n in (0, count))
    inside = reader.add(op, "GreaterEqual", numbers.name, zero)
    places = reader.add(op, "Select", numbers.name, last, inside)
    places = reader.add(op, "Reshape", places, shape=column)
    every = reader.add(op, "ScatterNd", x.name, places, shape=(count + 1, *rest), combine=combine)
    reader.emit(op, "Slice", every, starts=(0,) * (1 + len(rest)), sizes=(count, *rest))


READERS: dict[str, Rule] = {
    "SCATTER_ND": scatter_nd,
    "SPARSE_TO_DENSE": sparse_to_dense,
    "SEGMENT_SUM": segment_sum,
    "UNSORTED_SEGMENT_SUM": unsorted("add"),
    "UNSORTED_SEGMENT_PROD": unsorted("multiply"),
    "UNSORTED_SEGMENT_MAX": unsorted("largest"),
    "UNSORTED_SEGMENT_MIN": unsorted("smallest"),
}
