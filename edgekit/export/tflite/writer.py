"""Writes a lowered graph as a flatbuffer along `schemas/tflite.fbs`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from edgekit.ir import QuantParams, Shape, Value
from edgekit.schema import tflite_layout as tflite
from edgekit.schema.encoder import encode

from .lowering import COMPLEX, RESOURCE, Lowering, Operator
from .runtime import minimum_runtime

__all__ = ["model_bytes"]

FORMAT_VERSION = 3
TYPES = {
    "float32": tflite.TensorType.FLOAT32,
    "int8": tflite.TensorType.INT8,
    "uint8": tflite.TensorType.UINT8,
    "int16": tflite.TensorType.INT16,
    "int32": tflite.TensorType.INT32,
    "int64": tflite.TensorType.INT64,
    "bool": tflite.TensorType.BOOL,
    COMPLEX: tflite.TensorType.COMPLEX64,
    RESOURCE: tflite.TensorType.RESOURCE,
}
LARGEST_SMALL_CODE = 127
"""What stands in the one-byte field of old readers where an operator's number is too large."""

Table = dict[str, Any]


def model_bytes(model: Lowering, metadata: Mapping[str, bytes]) -> bytes:
    """The flatbuffer: the graph and its subgraphs, one signature, and `metadata` by name.

    Buffer 0 is empty: every tensor that is not a constant names it.
    """
    graphs = [model, *model.subgraphs]
    operators = [op for graph in graphs for op in graph.operators]
    records = {**metadata, "min_runtime_version": _runtime_text(operators)}
    constants: list[bytes] = []
    codes = list(dict.fromkeys((op.code, op.version) for op in operators))
    subgraphs = [_subgraph(graph, codes, constants) for graph in graphs]
    first_record = 1 + len(constants)
    return encode(
        tflite.SCHEMA,
        {
            "version": FORMAT_VERSION,
            "operator_codes": [_operator_code(*code) for code in codes],
            "subgraphs": subgraphs,
            "description": "made by edgekit",
            "buffers": [{}, *({"data": _bytes(data)} for data in (*constants, *records.values()))],
            "metadata": [
                {"name": name, "buffer": first_record + i} for i, name in enumerate(records)
            ],
            "signature_defs": [_signature(model)],
        },
    )


def _subgraph(model: Lowering, codes: Sequence[tuple[str, int]], constants: list[bytes]) -> Table:
    """One graph; its constants are added to those of the file."""
    index = {name: i for i, name in enumerate(model.tensors)}
    tensors = []
    for name, value in model.tensors.items():
        if value.is_constant:
            constants.append(_stored(value))
        buffer = len(constants) if value.is_constant else 0
        tensors.append(_tensor(value, buffer, name in model.variables))
    return {
        "name": model.graph.name,
        "tensors": tensors,
        "inputs": [index[name] for name in model.graph.inputs],
        "outputs": [index[name] for name in model.graph.outputs],
        "operators": [_operator(op, codes, index) for op in model.operators],
    }


def _tensor(value: Value, buffer: int, is_variable: bool) -> Table:
    """An unknown batch is 1 in the shape and -1 in the signature of the shape."""
    return {
        "name": value.name,
        "type": TYPES[value.dtype],
        "shape": _dimensions(value.shape, 1),
        "shape_signature": _dimensions(value.shape, -1) if None in value.shape else None,
        "buffer": buffer,
        "quantization": _quantization(value.quant) if value.quant is not None else None,
        "is_variable": is_variable,
    }


def _quantization(quant: QuantParams) -> Table:
    return {
        "scale": quant.scales,
        "zero_point": quant.zero_points,
        "quantized_dimension": quant.axis or 0,
    }


def _operator(op: Operator, codes: Sequence[tuple[str, int]], index: Mapping[str, int]) -> Table:
    custom = isinstance(op.options, bytes)
    return {
        "opcode_index": codes.index((op.code, op.version)),
        "inputs": [-1 if name is None else index[name] for name in op.inputs],
        "outputs": [index[name] for name in op.outputs],
        "intermediates": [index[name] for name in op.intermediates] or None,
        "builtin_options": None if custom else op.options,
        "custom_options": _bytes(op.options) if isinstance(op.options, bytes) else None,
    }


def _operator_code(code: str, version: int) -> Table:
    numbers = tflite.BuiltinOperator.by_name()
    known = code in numbers
    number = numbers.get(code, tflite.BuiltinOperator.CUSTOM)
    return {
        "builtin_code": number,
        "custom_code": None if known else code,
        "deprecated_builtin_code": min(number, LARGEST_SMALL_CODE),
        "version": version,
    }


def _signature(model: Lowering) -> Table:
    index = {name: i for i, name in enumerate(model.tensors)}

    def ends(names: Sequence[str]) -> list[Table]:
        return [{"name": name, "tensor_index": index[name]} for name in names]

    graph = model.graph
    return {
        "inputs": ends(graph.inputs),
        "outputs": ends(graph.outputs),
        "signature_key": graph.metadata.signature,
    }


def _runtime_text(operators: Sequence[Operator]) -> bytes:
    """A text of 16 bytes: TFLite's tools overwrite it in place."""
    return minimum_runtime(operators).encode().ljust(16, b"\0")


def _stored(value: Value) -> bytes:
    """The bytes of a constant, little-endian in C order."""
    data = value.array()
    return data.astype(data.dtype.newbyteorder("<"), order="C").tobytes()


def _bytes(data: bytes) -> np.ndarray:
    return np.frombuffer(data, np.uint8)


def _dimensions(shape: Shape, unknown: int) -> list[int]:
    return [unknown if d is None else d for d in shape]
