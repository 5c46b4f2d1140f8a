"""The tensors of a TFLite file as LiteRT's interpreter numbers and describes them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from .file import Signature, Tensor
from .model import TfliteModel
from .tensors import tensor_array
from .verify import read_file

__all__ = ["FileTensors"]

Array = np.ndarray[Any, np.dtype[Any]]
Details = dict[str, Any]
Ends = tuple[Mapping[str, int], Mapping[str, int]]

TYPES: dict[str, type[Any]] = {
    "string": np.bytes_,
    "resource": np.object_,
    "variant": np.object_,
    "int4": np.int8,
    "uint4": np.uint8,
    "int2": np.int8,
    "bfloat16": np.uint16,
    "float8_e4m3fn": np.uint8,
    "float8_e5m2": np.uint8,
}
"""What numpy has no type for, as the type that can hold it."""


class FileTensors:
    """The tensors of the subgraph that was read. A `TensorTable` of the interpreter.

    What the file says of its inputs and outputs is kept. The rest, which is most of it, few ask
    for: then it is read again.
    """

    def __init__(self, model: TfliteModel) -> None:
        subgraph, values = model.subgraph, model.graph.values
        self.inputs, self.outputs = subgraph.inputs, subgraph.outputs
        self._content, self._subgraph = model.file.content, subgraph.index
        ends = (*subgraph.inputs, *subgraph.outputs)
        self._tensors = {index: subgraph.tensors[index] for index in ends}
        self.names = tuple(name if name in values else "" for name in model.names)
        self.signatures: Mapping[str, Ends] = {s.key: _ends(s) for s in model.file.signatures}
        self.own = model.signature.key if model.signature is not None else None

    def details(self, index: int) -> Details:
        tensor = self._tensor(index)
        scales = tensor.scales.astype(np.float32)
        zero_points = tensor.zero_points.astype(np.int32)
        single = len(scales) == 1 and len(zero_points) == 1
        return {
            "name": tensor.name,
            "index": index,
            "shape": np.array(tensor.shape, np.int32),
            "shape_signature": np.array(tensor.signature, np.int32),
            "dtype": _type(tensor.dtype),
            "quantization": (float(scales[0]), int(zero_points[0])) if single else (0.0, 0),
            "quantization_parameters": {
                "scales": scales,
                "zero_points": zero_points,
                "quantized_dimension": tensor.quantized_dimension,
            },
            "sparsity_parameters": {},
        }

    def data(self, index: int) -> Array | None:
        tensor = self._tensor(index)
        return tensor_array(tensor) if tensor.is_constant else None

    def _tensor(self, index: int) -> Tensor:
        if index not in self._tensors:
            subgraph = read_file(self._content).subgraphs[self._subgraph]
            self._tensors = dict(enumerate(subgraph.tensors))
        return self._tensors[index]


def _type(dtype: str) -> type[Any]:
    found: type[Any] = TYPES.get(dtype) or np.dtype(dtype).type
    return found


def _ends(signature: Signature) -> Ends:
    """In the order of their names, as LiteRT lists them."""
    return dict(sorted(signature.inputs)), dict(sorted(signature.outputs))
