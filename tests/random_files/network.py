"""A network as tensors and operators, and the file that holds it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgekit.importers.tflite.ops import newest_version
from edgekit.schema import tflite_layout as tflite
from edgekit.schema.encoder import encode
from tests.tflite_operator import quant_record

Array = NDArray[Any]
Quant = tuple[Any, Any, int]  # scales, zero points, axis
Options = tuple[str, Mapping[str, Any]]

CODES, TYPES = tflite.BuiltinOperator.by_name(), tflite.TensorType.by_name()

OLDER = {
    **dict.fromkeys(("ARG_MAX", "ARG_MIN", "GELU", "TILE"), 2),
    **dict.fromkeys(("ABS", "SOFTMAX"), 3),
    "STRIDED_SLICE": 4,
    "ADD": 5,
    "DEPTHWISE_CONV_2D": 6,
    "MUL": 7,
    "TRANSPOSE": 8,
    **dict.fromkeys(("COS", "DEPTH_TO_SPACE", "SIN", "SQUEEZE"), 1),
}
"""The newest versions that LiteRT's reference kernels have, where its others have newer ones."""


@dataclass
class Tensor:
    """A constant if it has `data`; `shape` is None until LiteRT has said it."""

    shape: tuple[int, ...] | None
    dtype: str
    data: Array | None = None
    quant: Quant | None = None

    @property
    def known_shape(self) -> tuple[int, ...]:
        assert self.shape is not None
        return self.shape

    @property
    def scale(self) -> float:
        assert self.quant is not None
        return float(np.atleast_1d(self.quant[0])[0])


@dataclass(frozen=True)
class Operator:
    """Inputs and outputs are numbers of tensors; -1 is an input left out."""

    code: str
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    options: Options | None = None


@dataclass
class Network:
    """feeds: for each tensor that is no constant and computed by nobody, its array in each call."""

    tensors: list[Tensor] = field(default_factory=list)
    operators: list[Operator] = field(default_factory=list)
    feeds: dict[int, list[Array]] = field(default_factory=dict)

    @property
    def inputs(self) -> list[int]:
        """What is read, no constant and not computed."""
        read = {i for op in self.operators for i in op.inputs if i >= 0}
        written = {i for op in self.operators for i in op.outputs}
        return [i for i in sorted(read - written) if self.tensors[i].data is None]

    @property
    def outputs(self) -> list[int]:
        """What is computed and not read."""
        read = {i for op in self.operators for i in op.inputs}
        return [i for op in self.operators for i in op.outputs if i not in read]

    def arrays(self, call: int) -> list[Array]:
        return [np.array(self.feeds[i][call], order="C") for i in self.inputs]

    def encode(self) -> bytes:
        used = sorted({i for op in self.operators for i in (*op.inputs, *op.outputs) if i >= 0})
        place = {-1: -1, **{number: index for index, number in enumerate(used)}}
        buffers: list[dict[str, Any]] = [{}]
        records = [_record(number, self.tensors[number], buffers) for number in used]
        codes = sorted({op.code for op in self.operators})
        operators = [
            {
                "opcode_index": codes.index(op.code),
                "inputs": [place[i] for i in op.inputs],
                "outputs": [place[i] for i in op.outputs],
                "builtin_options": op.options,
            }
            for op in self.operators
        ]
        subgraph = {
            "name": "main",
            "tensors": records,
            "inputs": [place[i] for i in self.inputs],
            "outputs": [place[i] for i in self.outputs],
            "operators": operators,
        }
        model = {"version": 3, "subgraphs": [subgraph], "buffers": buffers}
        return encode(tflite.SCHEMA, {**model, "operator_codes": [_code(c) for c in codes]})

    def __str__(self) -> str:
        return "\n".join(line for op in self.operators for line in _lines(op, self.tensors))


def _code(name: str) -> dict[str, int]:
    number = CODES[name]
    version = OLDER.get(name, newest_version(name))
    return {
        "builtin_code": number,
        "deprecated_builtin_code": min(number, 127),
        "version": version,
    }


def _record(number: int, tensor: Tensor, buffers: list[dict[str, Any]]) -> dict[str, Any]:
    buffer = 0
    if tensor.data is not None:
        buffer = len(buffers)
        buffers.append({"data": np.frombuffer(tensor.data.tobytes(), np.uint8)})
    return {
        "name": f"t{number}",
        "type": TYPES[tensor.dtype.upper()],
        "shape": list(tensor.shape or ()),
        "buffer": buffer,
        "quantization": quant_record(tensor.quant),
    }


def _lines(op: Operator, tensors: Sequence[Tensor]) -> list[str]:
    lines = [f"{op.code} {dict(op.options[1]) if op.options else ''}"]
    for what, numbers in (("reads", op.inputs), ("gives", op.outputs)):
        for number in numbers:
            if number < 0:
                continue
            t = tensors[number]
            scale = "" if t.quant is None else f" {t.scale:.9g}@{np.atleast_1d(t.quant[1])[0]}"
            data = "" if t.data is None else f" = {t.data.reshape(-1)[:6].tolist()}"
            lines.append(f"  {what} t{number} {t.dtype}{list(t.shape or ())}{scale}{data}")
    return lines
