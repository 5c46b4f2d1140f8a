"""TFLite files made from nothing: any operators, any tensors, any nonsense."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from edgekit.schema.encoder import encode
from edgekit.schema.tflite_layout import SCHEMA, BuiltinOperator, TensorType

Fields = dict[str, Any]

CUSTOM = BuiltinOperator.CUSTOM


def tensor(
    name: str = "t",
    shape: Sequence[int] = (1, 2),
    type: int = TensorType.FLOAT32,
    buffer: int = 0,
    **fields: Any,
) -> Fields:
    return {"name": name, "shape": list(shape), "type": int(type), "buffer": buffer, **fields}


def operator(code: int, inputs: Sequence[int], outputs: Sequence[int], **fields: Any) -> Fields:
    return {"opcode_index": code, "inputs": list(inputs), "outputs": list(outputs), **fields}


def operator_code(number: int, name: str = "", version: int = 1) -> Fields:
    small = min(int(number), 127)
    custom = {"custom_code": name} if name else {}
    return {
        "builtin_code": int(number),
        "deprecated_builtin_code": small,
        "version": version,
        **custom,
    }


def tflite_file(
    codes: Sequence[Fields],
    tensors: Sequence[Fields],
    operators: Sequence[Fields],
    inputs: Sequence[int],
    outputs: Sequence[int],
    buffers: Sequence[bytes] = (b"",),
    **fields: Any,
) -> bytes:
    """A file of one subgraph; `fields` of the root go beside or over it."""
    graph = {
        "tensors": list(tensors),
        "inputs": list(inputs),
        "outputs": list(outputs),
        "operators": list(operators),
        "name": "main",
    }
    root = {
        "version": 3,
        "operator_codes": list(codes),
        "subgraphs": [graph],
        "buffers": [{"data": np.frombuffer(data, np.uint8)} if data else {} for data in buffers],
    }
    return encode(SCHEMA, {**root, **fields})


def chain(
    codes: Sequence[Fields],
    count: int,
    names: Sequence[str] = (),
    order: Sequence[int] = (),
    **options: Any,
) -> bytes:
    """Operators in a row, each on the output of the one before; `order` are their codes."""
    names = names or [f"t{i}" for i in range(count + 1)]
    order = order or [0] * count
    return tflite_file(
        codes,
        [tensor(name) for name in names],
        [operator(code, [i], [i + 1], **options) for i, code in enumerate(order)],
        [0],
        [count],
    )
