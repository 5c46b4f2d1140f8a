"""Check a TFLite file: every index, buffer and size is looked at before anything relies on it.

`schema.decoder` has seen to offsets and lengths. Here the numbers are checked that lead from one
table to another, and the sizes that shapes promise.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING

import numpy as np

from edgekit.schema.decoder import Record, decode
from edgekit.schema.tflite_layout import SCHEMA, BuiltinOperator, TensorType

from .file import Operator, Signature, Subgraph, Tensor, TfliteFile

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["BITS", "read_file"]

FORMAT_VERSION = 3
SHARED_BYTES = 2**18
"""Writers may let tables share an object; real files share next to nothing."""
MOST_OPERATORS = 2**16
MOST_ENDS = 2**12  # inputs and outputs of one operator
MOST_DIMENSIONS = 8
LARGEST_TENSOR = 2**31 - 1  # elements

BITS = {
    "float32": 32, "float16": 16, "int32": 32, "uint8": 8, "int64": 64, "bool": 8, "int16": 16,
    "int8": 8, "float64": 64, "uint64": 64, "uint32": 32, "uint16": 16, "int4": 4, "uint4": 4,
    "int2": 2, "bfloat16": 16, "complex64": 64, "complex128": 128, "float8_e4m3fn": 8,
    "float8_e5m2": 8,
}  # fmt: skip
"""The size of an element by dtype; "string", "resource" and "variant" have none."""

TYPE_NAMES = {number: name.lower() for number, name in TensorType.names().items()}
OPERATOR_NAMES = BuiltinOperator.names()


def read_file(content: memoryview) -> TfliteFile:
    """Decode and check a whole file. Raises ModelFormatError, with the field and the byte."""
    root = decode(content, SCHEMA, shared_bytes=SHARED_BYTES)
    if root["version"] != FORMAT_VERSION:
        root.fail("version", f"{root['version']}, only version {FORMAT_VERSION} is known")
    if not root["subgraphs"]:
        root.fail("subgraphs", "the file holds no graph")
    blobs = _Buffers(content, root)
    names = [_operator_name(code) for code in root["operator_codes"]]
    subgraphs = tuple(
        _subgraph(index, record, blobs, names) for index, record in enumerate(root["subgraphs"])
    )
    signatures = tuple(_signature(record, subgraphs) for record in root["signature_defs"])
    return TfliteFile(content, root, subgraphs, signatures)


class _Buffers:
    """The data behind buffer numbers; large files keep them behind the flatbuffer."""

    def __init__(self, content: memoryview, root: Record) -> None:
        self.content, self.records = content, root["buffers"]

    def __len__(self) -> int:
        return len(self.records)

    def data(self, number: int) -> NDArray[np.uint8]:
        record: Record = self.records[number]
        start, size = record["offset"], record["size"]
        found: NDArray[np.uint8] = record["data"]
        if start <= 1 or len(found):
            return found
        if size > len(self.content) or start > len(self.content) - size:
            record.fail("offset", f"{size} bytes from {start} on lie outside the file")
        return np.frombuffer(self.content, np.uint8, size, start)


def _operator_name(record: Record) -> tuple[str, bool, int]:
    """Name, whether it is a custom operator, and version. Old writers use the small field."""
    number = max(int(record["builtin_code"]), int(record["deprecated_builtin_code"]))
    if OPERATOR_NAMES.get(number) == "CUSTOM":
        return record["custom_code"] or "a custom operator without a name", True, record["version"]
    name = OPERATOR_NAMES.get(number, f"operator number {number}")
    return name, False, record["version"]


def _subgraph(
    index: int, record: Record, buffers: _Buffers, names: Sequence[tuple[str, bool, int]]
) -> Subgraph:
    tensors = tuple(_tensor(i, tensor, buffers) for i, tensor in enumerate(record["tensors"]))
    if len(record["operators"]) > MOST_OPERATORS:
        record.fail("operators", f"{len(record['operators'])}, allowed are {MOST_OPERATORS}")
    operators = tuple(
        _operator(i, operator, names, len(tensors))
        for i, operator in enumerate(record["operators"])
    )
    inputs = _indices(record, "inputs", len(tensors))
    outputs = _indices(record, "outputs", len(tensors))
    if len(set(inputs)) < len(inputs):
        record.fail("inputs", "a tensor is listed twice")
    size = len(buffers.content)
    return Subgraph(index, record["name"], tensors, inputs, outputs, operators, size)


def _tensor(index: int, record: Record, buffers: _Buffers) -> Tensor:
    dtype = TYPE_NAMES.get(record["type"])
    if dtype is None:
        record.fail("type", f"{record['type']} is no type of tensors that is known")
    shape: tuple[int, ...] = tuple(record["shape"].tolist())
    signature: tuple[int, ...] = tuple(record["shape_signature"].tolist())
    if len(shape) > MOST_DIMENSIONS or min(shape, default=0) < 0:
        # Some writers mark open dimensions here; they stand in `shape_signature`.
        record.fail("shape", f"{list(shape)}: expected up to {MOST_DIMENSIONS} sizes from 0 on")
    if math.prod(shape) > LARGEST_TENSOR:
        record.fail("shape", f"{list(shape)} has more than {LARGEST_TENSOR} elements")
    if signature != shape and (
        len(signature) != len(shape)
        or any(s not in (-1, d) for s, d in zip(signature, shape, strict=True))
    ):
        signature = shape
    if record["buffer"] >= len(buffers) and (record["buffer"] or len(buffers)):
        record.fail("buffer", f"{record['buffer']}, the file has {len(buffers)}")
    data = buffers.data(record["buffer"]) if len(buffers) else np.zeros(0, np.uint8)
    tensor = Tensor(
        index,
        record["name"],
        dtype,
        shape,
        signature,
        data,
        record["is_variable"],
        record,
    )
    _check_size(tensor)
    return tensor


def _check_size(tensor: Tensor) -> None:
    """A constant has as many bytes as its shape and dtype say; a sparse one has its own rule."""
    if not tensor.is_constant or tensor.record["sparsity"] is not None:
        return
    bits = BITS.get(tensor.dtype)
    expected = None if bits is None else -(-tensor.elements * bits // 8)
    if expected is not None and len(tensor.data) != expected:
        tensor.record.fail(
            "buffer",
            f"tensor {tensor.name!r} {tensor.dtype}{list(tensor.shape)} needs {expected} bytes, "
            f"its buffer has {len(tensor.data)}",
        )


def _operator(
    index: int, record: Record, names: Sequence[tuple[str, bool, int]], tensors: int
) -> Operator:
    if record["opcode_index"] >= len(names):
        record.fail("opcode_index", f"{record['opcode_index']}, the file has {len(names)} codes")
    code, is_custom, version = names[record["opcode_index"]]
    return Operator(
        index,
        code,
        is_custom,
        version,
        _indices(record, "inputs", tensors, lowest=-1),
        _indices(record, "outputs", tensors),
        _indices(record, "intermediates", tensors, lowest=-1),
        record,
    )


def _indices(record: Record, name: str, count: int, lowest: int = 0) -> tuple[int, ...]:
    """A vector of tensor indices, each of which exists."""
    found = record[name]
    if len(found) > MOST_ENDS:
        record.fail(name, f"{len(found)} tensors, allowed are {MOST_ENDS}")
    indices: list[int] = found.tolist()
    if indices and not lowest <= min(indices) <= max(indices) < count:
        record.fail(name, f"{indices[:20]}: there are {count} tensors")
    return tuple(indices)


def _signature(record: Record, subgraphs: Sequence[Subgraph]) -> Signature:
    if record["subgraph_index"] >= len(subgraphs):
        record.fail("subgraph_index", f"{record['subgraph_index']} of {len(subgraphs)}")
    graph = subgraphs[record["subgraph_index"]]

    def ends(field: str, known: Collection[int]) -> tuple[tuple[str, int], ...]:
        pairs = tuple((end["name"], int(end["tensor_index"])) for end in record[field])
        wrong = [name for name, index in pairs if index not in known]
        if wrong:
            record.fail(field, f"{wrong} are not {field} of the subgraph")
        return pairs

    inputs, outputs = ends("inputs", graph.given), ends("outputs", frozenset(graph.outputs))
    return Signature(record["signature_key"], graph.index, inputs, outputs)
