"""Reading tables whose rows are looked up by keys, or added up by lists of numbers."""

from __future__ import annotations

import numpy as np

from edgekit.errors import ShapeError, UnsupportedOperator
from edgekit.ir.graph import DTYPES
from edgekit.schema.tflite_layout import CombinerType

from .file import Operator
from .reader import Reader, Rule

__all__ = ["READERS"]

LARGEST_TABLE = 2**14
"""Keys that are compared with each number that is looked up."""


def hashtable_lookup(op: Operator, reader: Reader) -> None:
    """Rows of the keys that are there, zeros for others, and which are there."""
    looked, keys, rows = reader.value(op, 0), reader.constant(op, 1), reader.value(op, 2)
    if looked.dtype != "int32" or keys.dtype != np.int32 or rows.dtype not in ("float32", "int32"):
        raise UnsupportedOperator("int32 keys of rows of float32 or int32 are known")
    if (
        len(looked.shape) != 1
        or keys.ndim != 1
        or rows.shape[:1] != keys.shape
        or not 0 < len(keys) <= LARGEST_TABLE
        or (np.diff(keys.astype(np.int64)) <= 0).any()
    ):
        raise ShapeError(f"{list(keys.shape)} keys that rise, of rows {list(rows.shape)}")
    count = -1 if looked.shape[0] is None else looked.shape[0]
    column = reader.add(op, "Reshape", looked.name, shape=(count, 1))
    equal = reader.add(op, "Equal", column, reader.input(op, 1))
    found = reader.add(op, "ReduceAny", equal, axes=(1,))
    numbers = reader.new_constant(op, np.arange(len(keys), dtype=np.int32), "numbers")
    ones = reader.add(op, "Cast", equal, dtype="int32")
    places = reader.add(op, "Sum", reader.add(op, "Mul", ones, numbers), axes=(1,))
    shape = (count, *[1] * (len(rows.shape) - 1))
    there = reader.add(op, "Reshape", found, shape=shape)
    zero = reader.new_constant(op, np.zeros((), DTYPES[rows.dtype]), "zero")
    taken = reader.add(op, "Gather", rows.name, places, axis=0)
    reader.emit_one(op, 0, "Select", taken, zero, there)
    reader.emit_one(op, 1, "Cast", found, dtype="uint8")


def embedding_lookup_sparse(op: Operator, reader: Reader) -> None:
    """Weighted sums of rows of a table, one for each list of numbers: as they are, divided by the
    sum of the weights, or by the root of the sum of their squares."""
    numbers, places, weights, table = (reader.value(op, i) for i in (0, 1, 3, 4))
    lists = reader.integers(op, 2)[:-1]
    combiner = op.options("EmbeddingLookupSparseOptions")["combiner"]
    if combiner not in CombinerType.names():
        op.record.fail("builtin_options", f"combiner {combiner} is not known")
    count, rank = (numbers.shape or (None,))[0], len(lists)
    if not (
        numbers.shape == weights.shape == (count,)
        and places.shape == (count, rank + 1)
        and table.shape[1:]
        and count
        and min(lists, default=0) > 0
    ):
        raise ShapeError(
            f"{numbers}, {places}, {weights} do not fit {list(lists)} lists of {table}"
        )
    if (table.dtype, weights.dtype) != ("float32", "float32"):
        raise UnsupportedOperator(f"rows of float32 are known, received {table}")
    wide = [int(d or 0) for d in table.shape[1:]]
    rows = reader.add(op, "Gather", table.name, numbers.name, axis=0)
    ones = [1] * len(wide)
    factors = reader.add(op, "Reshape", weights.name, shape=(count, *ones))
    weighted = reader.add(op, "Mul", rows, factors)
    into = reader.add(op, "Slice", places.name, starts=(0, 0), sizes=(count, rank))
    if combiner == CombinerType.SUM:
        reader.emit(op, "ScatterNd", weighted, into, shape=(*lists, *wide))
        return
    sums = reader.add(op, "ScatterNd", weighted, into, shape=(*lists, *wide))
    factor = reader.add(op, "Reshape", _factors(op, reader, into, lists), shape=(*lists, *ones))
    reader.emit(op, "Mul", sums, factor)


def _factors(op: Operator, reader: Reader, into: str, lists: tuple[int, ...]) -> str:
    """What the sum of each list is multiplied by; 1 for empty ones."""
    weights = reader.value(op, 3)
    one = reader.new_constant(op, np.ones((), np.float32), "one")
    if op.options("EmbeddingLookupSparseOptions")["combiner"] == CombinerType.MEAN:
        size = reader.add(op, "ScatterNd", weights.name, into, shape=lists)
    else:
        squares = reader.add(op, "Square", weights.name)
        size = reader.add(op, "Sqrt", reader.add(op, "ScatterNd", squares, into, shape=lists))
    each = reader.new_constant(op, np.ones([d or 0 for d in weights.shape], np.float32), "each")
    lengths = reader.add(op, "ScatterNd", each, into, shape=lists)
    some = reader.add(op, "GreaterEqual", lengths, one)
    return reader.add(op, "Div", one, reader.add(op, "Select", size, one, some))


READERS: dict[str, Rule] = {
    "HASHTABLE_LOOKUP": hashtable_lookup,
    "EMBEDDING_LOOKUP_SPARSE": embedding_lookup_sparse,
}
