"""Reading StableHLO's gather and scatter where indices go along the first dimensions, as they do
where rows are taken or put by their numbers.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from edgekit.errors import ModelFormatError, ShapeError, UnsupportedOperator
from edgekit.ir import Value
from edgekit.ir.graph import DTYPES
from edgekit.schema.decoder import Record

from .control import subgraph_of
from .file import Operator
from .reader import Reader, Rule

__all__ = ["READERS"]

WIDE = ("float32", "int32", "int64")
COMBINED = {
    "ADD": ("add", "Add"),
    "STABLEHLO_ADD": ("add", "Add"),
    "STABLEHLO_MULTIPLY": ("multiply", "Mul"),
    "STABLEHLO_MAXIMUM": ("largest", "Maximum"),
    "STABLEHLO_MINIMUM": ("smallest", "Minimum"),
}
"""What a scatter does with what comes and what is there, and the operator that joins the two."""


def gather(op: Operator, reader: Reader) -> None:
    """Rows by their numbers; numbers outside are moved inside."""
    options, x, indices = op.options("StablehloGatherOptions"), *_whole(op, reader)
    depth, rows = _along_first(options, x, indices, "collapsed_slice_dims", "start_index_map")
    rank = len(x.shape)
    windows = [1] * depth + [int(d or 0) for d in x.shape[depth:]]
    _expect(options, "offset_dims", range(rows, rows + rank - depth))
    _expect(options, "slice_sizes", windows)
    last = np.array([int(d or 0) - 1 for d in x.shape[:depth]], DTYPES[indices.dtype])
    low = reader.new_constant(op, np.zeros_like(last), "first")
    above = reader.add(op, "Maximum", indices.name, low)
    inside = reader.add(op, "Minimum", above, reader.new_constant(op, last, "last"))
    reader.emit(op, "GatherNd", x.name, inside)


def scatter(op: Operator, reader: Reader) -> None:
    """Rows to their numbers, joined with what is there; those outside are left out."""
    options, x, indices = op.options("StablehloScatterOptions"), *_whole(op, reader)
    updates = reader.value(op, 2)
    if len(op.inputs) != 3 or updates.dtype != x.dtype or updates.quant != x.quant:
        raise UnsupportedOperator(f"one array like {x} is scattered, received {updates}")
    dims = ("inserted_window_dims", "scatter_dims_to_operand_dims")
    depth, rows = _along_first(options, x, indices, *dims)
    _expect(options, "update_window_dims", range(rows, rows + len(x.shape) - depth))
    combine = _combined(reader, op, options["update_computation_subgraph_index"])
    there, come = (_wide(op, reader, value) for value in (x, updates))
    shape = _sizes(x)
    places = _inside(op, reader, indices, shape[:depth])

    def placed(name: str, sizes: list[int], how: str) -> str:
        """Rows at their places, without the one that takes what is outside."""
        every = [sizes[0] + 1, *sizes[1:]]
        found = reader.add(op, "ScatterNd", name, places, shape=tuple(every), combine=how)
        return reader.add(op, "Slice", found, starts=(0,) * len(sizes), sizes=tuple(sizes))

    if combine is None:
        kept = reader.new_constant(op, np.ones(_sizes(indices)[:-1], np.int32), "kept")
        hit = reader.add(op, "Cast", placed(kept, shape[:depth], "last"), dtype="bool")
        wide = (*shape[:depth], *[1] * (len(shape) - depth))
        hit = reader.add(op, "Reshape", hit, shape=wide)
        arguments: list[Any] = ["Select", placed(come, shape, "last"), there, hit]
    else:
        arguments = [combine[1], there, placed(come, shape, combine[0])]
    if x.dtype in WIDE:
        reader.emit(op, *arguments)
    else:
        reader.emit(op, "Cast", reader.add(op, *arguments), dtype=x.dtype)


def _whole(op: Operator, reader: Reader) -> tuple[Value, Value]:
    x, indices = reader.value(op, 0), reader.value(op, 1)
    if indices.dtype not in ("int32", "int64") or None in (*x.shape, *indices.shape):
        raise UnsupportedOperator(f"integers of known shape are places in {x}, not {indices}")
    return x, indices


def _sizes(value: Value) -> list[int]:
    return [int(d or 0) for d in value.shape]


def _along_first(options: Record, x: Value, indices: Value, *names: str) -> tuple[int, int]:
    """How many dimensions the indices go along, and how many they have beside that."""
    depth, rows = (_sizes(indices) or [0])[-1], len(indices.shape) - 1
    if not 1 <= depth <= len(x.shape) or rows < 0:
        raise ShapeError(f"{indices} are no places in {x}")
    _expect(options, "index_vector_dim", [rows])
    for name in names:
        _expect(options, name, range(depth))
    return depth, rows


def _expect(options: Record, name: str, wanted: Any) -> None:
    found = np.atleast_1d(options[name]).tolist()
    if found != list(wanted):
        raise UnsupportedOperator(
            f"{name} {found} is not known, only {list(wanted)}; convert the model with TFLite's "
            "own GATHER_ND or SCATTER_ND"
        )


def _combined(reader: Reader, op: Operator, index: int) -> tuple[str, str] | None:
    """What becomes of two elements; None where the new one stays."""
    graph = subgraph_of(op, reader, index, "builtin_options_2")
    if len(graph.inputs) != 2 or len(graph.outputs) != 1:
        raise ModelFormatError(f"subgraph {index} must make one number of two")
    if not graph.operators and graph.outputs[0] == graph.inputs[1]:
        return None
    codes = [operator.code for operator in graph.operators]
    heard = {i for operator in graph.operators for i in operator.inputs}
    if len(codes) != 1 or codes[0] not in COMBINED or heard != set(graph.inputs):
        raise UnsupportedOperator(f"elements that are joined by {codes} are not known")
    return COMBINED[codes[0]]


def _wide(op: Operator, reader: Reader, value: Value) -> str:
    """Short integers and truth values are joined as they are stored."""
    return value.name if value.dtype in WIDE else reader.add(op, "Cast", value.name, dtype="int32")


def _inside(op: Operator, reader: Reader, indices: Value, shape: list[int]) -> str:
    """The places; those outside have become the one behind the last of the first dimension."""
    dtype = DTYPES[indices.dtype]
    sizes = reader.new_constant(op, np.array(shape, dtype), "sizes")
    zero = reader.new_constant(op, np.zeros((), dtype), "zero")
    behind = np.zeros(len(shape), dtype)
    behind[0] = shape[0]
    low = reader.add(op, "GreaterEqual", indices.name, zero)
    high = reader.add(op, "Less", indices.name, sizes)
    every = reader.add(op, "LogicalAnd", low, high)
    inside = reader.add(op, "ReduceAll", every, axes=(-1,), keepdims=True)
    other = reader.new_constant(op, behind, "behind")
    return reader.add(op, "Select", indices.name, other, inside)


READERS: dict[str, Rule] = {"STABLEHLO_GATHER": gather, "STABLEHLO_SCATTER": scatter}
