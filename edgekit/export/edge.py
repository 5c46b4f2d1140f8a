"""Write a graph as a `.edge` file: the same graph gives the same bytes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from edgekit.errors import ModelFormatError
from edgekit.ir import OPS, Graph, MemoryPlan, Metadata, Node, Value, plan_memory, validate
from edgekit.ir.graph import DTYPES, Array
from edgekit.schema.decoder import decode
from edgekit.schema.edge import (
    ARITHMETIC_VERSIONS,
    DIGEST_SIZE,
    FORMAT_VERSION,
    MINIMAL_READER_VERSION,
    buffer_sha256,
    structure_sha256,
)
from edgekit.schema.edgekit_layout import SCHEMA
from edgekit.schema.encoder import encode

__all__ = ["edge_bytes"]

Fields = dict[str, Any]
MEMBERS = {
    "int": "Int",
    "float": "Float",
    "str": "Text",
    "bool": "Flag",
    "ints": "Ints",
    "floats": "Floats",
}
"""The member of the schema's AttributeValue for each kind of attribute."""


def edge_bytes(graph: Graph) -> bytes:
    """The whole file: structure first, then the constants and test arrays, 64-byte aligned.

    Values that nothing refers to are left out; equal arrays are stored once. The memory plan is
    made here. Raises ShapeError for an invalid graph, ModelFormatError for one that exceeds
    the limits of the format.
    """
    validate(graph)
    data = bytearray(encode(SCHEMA, _Writer(graph, _Buffers()).model(plan_memory(graph))))
    try:
        root = decode(memoryview(data), SCHEMA)
    except ModelFormatError as error:
        raise ModelFormatError(f"graph {graph.name!r} does not fit the format: {error}") from error
    starts = [(record.position("data"), len(record["data"])) for record in root["buffers"]]
    digest_start = root.position("structure_sha256")
    del root  # its arrays are views of `data`
    buffers = [(start, start + length) for start, length in starts]
    digest = structure_sha256(memoryview(data), buffers, digest_start)
    data[digest_start : digest_start + DIGEST_SIZE] = digest
    return bytes(data)


class _Buffers:
    """The contents of constants and test arrays, each once."""

    def __init__(self) -> None:
        self.fields: list[Fields] = []
        self.index: dict[bytes, int] = {}

    def add(self, array: Array, dtype: str) -> int:
        """The index of the buffer with these contents, made if there is none yet."""
        stored = DTYPES[dtype].newbyteorder("<")
        contents = np.ascontiguousarray(array, dtype=stored).tobytes()
        digest = buffer_sha256(contents)
        if digest not in self.index:
            self.index[digest] = len(self.fields)
            self.fields.append({"data": bytes_field(contents), "sha256": bytes_field(digest)})
        return self.index[digest]


class _Writer:
    """The fields of every table, in the layout's names; buffers are collected on the way."""

    def __init__(self, graph: Graph, buffers: _Buffers) -> None:
        self.graph, self.buffers = graph, buffers
        used = {*graph.entries, *graph.exits, *(state.initial for state in graph.states)}
        for node in graph.nodes:
            used.update(name for name in (*node.inputs, *node.outputs) if name is not None)
        self.values = [value for name, value in graph.values.items() if name in used]
        self.index = {value.name: i for i, value in enumerate(self.values)}

    def model(self, plan: MemoryPlan) -> Fields:
        metadata = self.graph.metadata
        return {
            "format_version": FORMAT_VERSION,
            "minimal_reader_version": MINIMAL_READER_VERSION,
            "structure_sha256": bytes_field(bytes(DIGEST_SIZE)),
            "arithmetic": metadata.arithmetic,
            "arithmetic_version": ARITHMETIC_VERSIONS[metadata.arithmetic],
            "graph": self.network(self.graph.name),
            "memory_plan": self.plan(plan),
            "signature": metadata.signature,
            **self.metadata(metadata),
            "buffers": self.buffers.fields,
        }

    def network(self, name: str) -> Fields:
        subgraphs = self.graph.subgraphs.items()
        return {
            "name": name,
            "inputs": [self.index[name] for name in self.graph.inputs],
            "outputs": [self.index[name] for name in self.graph.outputs],
            "nodes": [self.node(node) for node in self.graph.nodes],
            "values": [self.value(value) for value in self.values],
            "states": [
                {
                    "value": self.index[state.value],
                    "initial": self.index[state.initial],
                    "next": self.index[state.next],
                }
                for state in self.graph.states
            ],
            "subgraphs": [_Writer(graph, self.buffers).network(name) for name, graph in subgraphs],
        }

    def node(self, node: Node) -> Fields:
        operator = OPS[node.op]
        return {
            "operator": node.op,
            "version": operator.version,
            "inputs": [-1 if name is None else self.index[name] for name in node.inputs],
            "outputs": [self.index[name] for name in node.outputs],
            "attributes": [
                {"name": key, "value": (MEMBERS[operator.attrs[key].kind], {"value": value})}
                for key, value in sorted(node.attrs.items())
            ],
            "name": node.name,
        }

    def value(self, value: Value) -> Fields:
        quant = value.quant
        return {
            "name": value.name,
            "shape": [-1 if d is None else d for d in value.shape],
            "dtype": value.dtype,
            "quant": quant
            and {
                "scale": quant.scale,
                "zero_point": quant.zero_point,
                "axis": -1 if quant.axis is None else quant.axis,
            },
            "buffer": -1 if value.data is None else self.buffers.add(value.data, value.dtype),
        }

    def plan(self, plan: MemoryPlan) -> Fields:
        slots = []
        for name, slot in plan.slots.items():
            top, left, bottom, right = slot.margins
            slots.append(
                {
                    "value": self.index[name],
                    "offset": slot.offset,
                    "size": slot.size,
                    "top": top,
                    "left": left,
                    "bottom": bottom,
                    "right": right,
                }
            )
        return {"size": plan.size, "slots": slots}

    def metadata(self, metadata: Metadata) -> Fields:
        accuracy, scaling = metadata.accuracy, metadata.preprocessing
        return {
            "labels": metadata.labels,
            "preprocessing": scaling and {"mean": scaling.mean, "std": scaling.std},
            "provenance": [
                {"key": key, "value": value} for key, value in sorted(metadata.provenance.items())
            ],
            "accuracy": accuracy
            and {
                "metric": accuracy.metric,
                "float_value": accuracy.float_value,
                "int8_value": accuracy.int8_value,
                "samples": accuracy.samples,
                "max_drop": accuracy.max_drop,
            },
            "test_vectors": [
                {
                    "inputs": self.tensors(vector.inputs),
                    "outputs": self.tensors(vector.outputs),
                    "checksums": [
                        {"value": self.index[name], "crc32": crc}
                        for name, crc in vector.checksums.items()
                    ],
                }
                for vector in metadata.test_vectors
            ],
        }

    def tensors(self, arrays: Mapping[str, Array]) -> list[Fields]:
        return [
            {
                "value": self.index[name],
                "shape": array.shape,
                "buffer": self.buffers.add(array, self.graph.value(name).dtype),
            }
            for name, array in arrays.items()
        ]


def bytes_field(data: bytes) -> np.ndarray[Any, np.dtype[np.uint8]]:
    """A vector of bytes as the encoder takes it."""
    return np.frombuffer(data, np.uint8)
