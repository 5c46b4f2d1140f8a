"""Writes a lowered graph as a flatbuffer after `schemas/tflite.fbs`.

Small tables go through the generated object classes. Buffers do not: the generated code ignores
their alignment, so they are placed here, each on a multiple of 16 bytes.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import flatbuffers
import numpy as np

from edgekit.ir import QuantParams, Shape, Value
from edgekit.schema.generated import tflite

from .lowering import Lowering, Operator
from .runtime import minimum_runtime

__all__ = ["model_bytes"]

ALIGNMENT = 16
FORMAT_VERSION = 3
TYPES = {
    "float32": tflite.TensorType.FLOAT32,
    "int8": tflite.TensorType.INT8,
    "uint8": tflite.TensorType.UINT8,
    "int16": tflite.TensorType.INT16,
    "int32": tflite.TensorType.INT32,
    "int64": tflite.TensorType.INT64,
    "bool": tflite.TensorType.BOOL,
}
LARGEST_SMALL_CODE = 127
"""An operator's number in the old one-byte field, where it is too large for it."""


def model_bytes(model: Lowering) -> bytes:
    """The flatbuffer: identifier TFL3, one subgraph, one signature."""
    buffers = [b"", *(_stored(v) for v in model.tensors.values() if v.is_constant)]
    metadata = {"min_runtime_version": minimum_runtime(model.operators).encode().ljust(16, b"\0")}
    records = [
        tflite.MetadataT(name=name, buffer=len(buffers) + i) for i, name in enumerate(metadata)
    ]
    buffers += metadata.values()
    codes = list(dict.fromkeys((op.code, op.version) for op in model.operators))

    builder = flatbuffers.Builder(sum(len(b) + 32 for b in buffers) + 4096)
    buffer_vector = _vector(builder, [_buffer(builder, data) for data in buffers])
    subgraph_vector = _vector(builder, [_subgraph(model, codes).Pack(builder)])
    code_vector = _vector(builder, [_operator_code(*code).Pack(builder) for code in codes])
    record_vector = _vector(builder, [record.Pack(builder) for record in records])
    signature_vector = _vector(builder, [_signature(model).Pack(builder)])
    description = builder.CreateString("made by edgekit")
    tflite.ModelStart(builder)
    tflite.ModelAddVersion(builder, FORMAT_VERSION)
    tflite.ModelAddOperatorCodes(builder, code_vector)
    tflite.ModelAddSubgraphs(builder, subgraph_vector)
    tflite.ModelAddDescription(builder, description)
    tflite.ModelAddBuffers(builder, buffer_vector)
    tflite.ModelAddMetadata(builder, record_vector)
    tflite.ModelAddSignatureDefs(builder, signature_vector)
    builder.Finish(tflite.ModelEnd(builder), b"TFL3")
    return bytes(builder.Output())


def _subgraph(model: Lowering, codes: Sequence[tuple[str, int]]) -> tflite.SubGraphT:
    index = {name: i for i, name in enumerate(model.tensors)}
    tensors, buffer = [], 0
    for value in model.tensors.values():
        buffer += value.is_constant
        tensors.append(_tensor(value, buffer if value.is_constant else 0))
    return tflite.SubGraphT(
        name=model.graph.name,
        tensors=tensors,
        inputs=_int32(index[name] for name in model.graph.inputs),
        outputs=_int32(index[name] for name in model.graph.outputs),
        operators=[_operator(op, codes, index) for op in model.operators],
    )


def _tensor(value: Value, buffer: int) -> tflite.TensorT:
    """An unknown batch is 1 in the shape and -1 in the signature of the shape."""
    return tflite.TensorT(
        name=value.name,
        type=TYPES[value.dtype],
        shape=_int32(_dimensions(value.shape, 1)),
        shapeSignature=_int32(_dimensions(value.shape, -1)) if None in value.shape else None,
        buffer=buffer,
        quantization=_quantization(value.quant) if value.quant is not None else None,
    )


def _quantization(quant: QuantParams) -> tflite.QuantizationParametersT:
    return tflite.QuantizationParametersT(
        scale=quant.scales,
        zeroPoint=quant.zero_points.astype(np.int64),
        quantizedDimension=quant.axis or 0,
    )


def _operator(
    op: Operator, codes: Sequence[tuple[str, int]], index: dict[str, int]
) -> tflite.OperatorT:
    options = op.options
    name = type(options).__name__.removesuffix("T")
    kind = "NONE" if options is None else name
    return tflite.OperatorT(
        opcodeIndex=codes.index((op.code, op.version)),
        inputs=_int32(index[name] for name in op.inputs),
        outputs=_int32([index[op.output]]),
        builtinOptionsType=getattr(tflite.BuiltinOptions, kind),
        builtinOptions=options,
    )


def _operator_code(code: str, version: int) -> tflite.OperatorCodeT:
    number = getattr(tflite.BuiltinOperator, code)
    return tflite.OperatorCodeT(
        builtinCode=number,
        deprecatedBuiltinCode=min(number, LARGEST_SMALL_CODE),
        version=version,
    )


def _signature(model: Lowering) -> tflite.SignatureDefT:
    index = {name: i for i, name in enumerate(model.tensors)}

    def ends(names: Sequence[str]) -> list[tflite.TensorMapT]:
        return [tflite.TensorMapT(name=name, tensorIndex=index[name]) for name in names]

    graph = model.graph
    return tflite.SignatureDefT(
        inputs=ends(graph.inputs),
        outputs=ends(graph.outputs),
        signatureKey=graph.metadata.signature,
    )


def _stored(value: Value) -> bytes:
    """The bytes of a constant, little-endian in C order."""
    data = value.array()
    return np.ascontiguousarray(data, data.dtype.newbyteorder("<")).tobytes()


def _buffer(builder: flatbuffers.Builder, data: bytes) -> int:
    if data:
        builder.StartVector(1, len(data), ALIGNMENT)
        builder.head = builder.head - len(data)
        builder.Bytes[builder.head : builder.head + len(data)] = data
        vector = builder.EndVector()
    tflite.BufferStart(builder)
    if data:
        tflite.BufferAddData(builder, vector)
    return int(tflite.BufferEnd(builder))


def _vector(builder: flatbuffers.Builder, offsets: Sequence[int]) -> int:
    builder.StartVector(4, len(offsets), 4)
    for offset in reversed(offsets):
        builder.PrependUOffsetTRelative(offset)
    return int(builder.EndVector())


def _dimensions(shape: Shape, unknown: int) -> list[int]:
    return [unknown if d is None else d for d in shape]


def _int32(numbers: Iterable[int]) -> np.ndarray:
    return np.array(list(numbers), np.int32)
