"""The tensors of a TFLite file: as the graph holds them, and as LiteRT's interpreter tells them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from edgekit.errors import ModelFormatError, QuantizationError, UnsupportedOperator
from edgekit.ir import QuantParams, Value, per_tensor
from edgekit.ir.graph import DTYPES, Array
from edgekit.ir.quant import LIMITS
from edgekit.schema import SCALARS

from .file import Signature, Subgraph, Tensor
from .verify import read_file

if TYPE_CHECKING:
    from . import TfliteModel

__all__ = [
    "FileTensors",
    "graph_dtype",
    "must_rescale",
    "quantization",
    "real_number",
    "tensor_array",
]

WIDENED = {"float16": "float32", "float64": "float32", "int4": "int8"}
"""What constants of these types become. Float64 constants occur as operands of CAST alone."""
PLAIN_STEPS = ("int8", "uint8", "int16")
"""Activations of these dtypes have a scale in the graph: 1 where the file has none, as for images
that are cast to real numbers."""
QUANTIZED = ("int8", "uint8", "int16", "int32")
EXACT = ("uint16", "uint32", "uint64")
BITS = {"int8": 8, "uint8": 8, "int16": 16}


Details = dict[str, Any]
Ends = tuple[Mapping[str, int], Mapping[str, int]]
NamedOperator = tuple[str, Sequence[int], Sequence[int]]

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


def graph_dtype(tensor: Tensor) -> str:
    """The dtype of a tensor in the graph. Raises UnsupportedOperator if it has none there."""
    dtype = WIDENED.get(tensor.dtype, tensor.dtype) if tensor.is_constant else tensor.dtype
    if dtype not in DTYPES:
        raise UnsupportedOperator(
            f"tensor {tensor.name!r} is {tensor.dtype}; tensors can be {', '.join(DTYPES)}"
        )
    return dtype


def quantization(tensor: Tensor) -> QuantParams | None:
    """Scales and zero points; None where the tensor has none, or has no use for them.

    A vector has nothing but its only axis, whatever the file says: TensorFlow Lite Micro runs
    files whose biases name an axis of the weight.
    """
    quantized, dtype = tensor.record["quantization"], WIDENED.get(tensor.dtype, tensor.dtype)
    scales = tensor.scales
    if len(scales) == 0 and dtype in PLAIN_STEPS and not tensor.is_constant:
        return per_tensor(1.0)
    if len(scales) == 0 or dtype not in QUANTIZED:
        return None
    if quantized["details"] is not None:
        raise UnsupportedOperator(
            f"tensor {tensor.name!r} has {quantized['details'].table}, which is not known; "
            "quantize the model per tensor or per channel"
        )
    zero_points = tensor.zero_points
    if len(zero_points) == 0:
        zero_points = np.zeros(len(scales), np.int64)
    axis = None
    if len(scales) > 1:
        axis = 0 if len(tensor.shape) == 1 else tensor.quantized_dimension
        if not 0 <= axis < len(tensor.shape) or tensor.shape[axis] != len(scales):
            quantized.fail(
                "scale",
                f"{len(scales)} scales along axis {axis} do not fit tensor {tensor.name!r} "
                f"{list(tensor.shape)}",
            )
    try:
        quant = QuantParams(scales, zero_points, axis)
    except QuantizationError as error:
        raise ModelFormatError(f"tensor {tensor.name!r}: {error}") from error
    low, high = LIMITS[dtype]
    if min(quant.zero_point) < low or max(quant.zero_point) > high:
        quantized.fail(
            "zero_point",
            f"tensor {tensor.name!r}: zero points of {dtype} must lie in {low}..{high}",
        )
    return quant


def real_number(stored: Array, quant: QuantParams | None) -> float:
    """What the only element of an array stands for."""
    number = float(stored.reshape(-1)[0])
    if quant is None:
        return number
    return float(quant.scales[0] * np.float32(number - quant.zero_point[0]))


def must_rescale(value: Value, quant: QuantParams | None) -> bool:
    """Whether a value must be given other parameters without any stored integer changing.

    Operators that only move elements copy integers, whatever the file says of their scales. Scales
    that differ by less than half a step over the whole range are those of a careless writer, and
    requantizing from one to the other changes no integer. Raises UnsupportedOperator where the
    same integers would mean other numbers.
    """
    if quant is None or value.quant is None or value.quant == quant:
        return False
    own = value.quant
    alike = own.axis is None and quant.axis is None and own.zero_point == quant.zero_point
    half = 2.0 ** -(BITS.get(value.dtype, 32) + 1)
    if alike and abs(own.scale[0] / quant.scale[0] - 1.0) < half:
        return True
    raise UnsupportedOperator(
        f"{value.name!r} has the scale {own}, where the file says {quant}; the operator keeps the "
        "integers as they are, and they would mean other numbers"
    )


def tensor_array(tensor: Tensor) -> Array:
    """The data of a constant, read-only, in native byte order; a view where the types allow it."""
    if tensor.elements == 0:
        return np.zeros(tensor.shape, DTYPES.get(tensor.dtype, np.dtype(np.float32)))
    if tensor.dtype not in ("int4", *EXACT):
        graph_dtype(tensor)
    data = tensor.data
    if tensor.record["sparsity"] is not None:
        from .sparsity import dense_bytes  # few files have such weights

        data = dense_bytes(tensor)
    if tensor.dtype == "int4":
        return _frozen(_int4(data, tensor.elements).reshape(tensor.shape))
    if tensor.dtype == "bool":
        return _frozen((data != 0).reshape(tensor.shape))
    stored = SCALARS.get(tensor.dtype) or np.dtype(tensor.dtype).newbyteorder("<")
    array = np.frombuffer(data, stored).reshape(tensor.shape)
    wanted = WIDENED.get(tensor.dtype, tensor.dtype)
    if array.dtype != np.dtype(wanted) or not array.flags.aligned:
        array = _frozen(array.astype(wanted))
    return array


def _int4(data: Array, count: int) -> Array:
    """Two numbers of four bits in a byte, the first in its lower half."""
    signed = data.view(np.int8)
    pairs = np.empty((len(data), 2), np.int8)
    np.right_shift(np.left_shift(signed, 4), 4, pairs[:, 0])
    np.right_shift(signed, 4, pairs[:, 1])
    return pairs.reshape(-1)[:count]


def _frozen(array: Array) -> Array:
    array.flags.writeable = False
    return array


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
        return _details(self._tensor(index))

    def data(self, index: int) -> Array | None:
        tensor = self._tensor(index)
        return tensor_array(tensor) if tensor.is_constant else None

    def operators(self) -> list[NamedOperator]:
        subgraph = read_file(self._content).subgraphs[self._subgraph]
        return [(op.code, op.inputs, op.outputs) for op in subgraph.operators]

    def subgraphs(self) -> list[list[Details]]:
        return [[*map(_details, s.tensors)] for s in read_file(self._content).subgraphs]

    def check_apart(self, key: str) -> None:
        """Raise UnsupportedOperator where a signature and the one that was opened would have to
        share memories: each has its own here."""
        file = read_file(self._content)
        other = next(s.subgraph for s in file.signatures if s.key == key)
        if other == self._subgraph:
            return
        own, others = (_variables(file.subgraphs[number]) for number in (self._subgraph, other))
        shared = sorted(name for name in own.keys() & others if own[name] or others[name])
        if shared:
            raise UnsupportedOperator(
                f"the signatures {self.own!r} and {key!r} share the variables "
                f"{', '.join(map(repr, shared))}, which one of them changes, and edgekit gives "
                "each signature memories of its own; use one of them alone (signature=), or "
                "convert the model with one signature"
            )

    def _tensor(self, index: int) -> Tensor:
        if index not in self._tensors:
            subgraph = read_file(self._content).subgraphs[self._subgraph]
            self._tensors = dict(enumerate(subgraph.tensors))
        return self._tensors[index]


def _details(tensor: Tensor) -> Details:
    scales = tensor.scales.astype(np.float32)
    zero_points = tensor.zero_points.astype(np.int32)
    single = len(scales) == 1 and len(zero_points) == 1
    return {
        "name": tensor.name,
        "index": tensor.index,
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


def _variables(subgraph: Subgraph) -> dict[str, bool]:
    """The resource variables of a subgraph by name, and whether it assigns to any."""
    changes = any(op.code == "ASSIGN_VARIABLE" for op in subgraph.operators)
    handles = [op for op in subgraph.operators if op.code == "VAR_HANDLE"]
    return {op.options("VarHandleOptions")["shared_name"] or "": changes for op in handles}


def _type(dtype: str) -> type[Any]:
    found: type[Any] = TYPES.get(dtype) or np.dtype(dtype).type
    return found


def _ends(signature: Signature) -> Ends:
    """In the order of their names, as LiteRT lists them."""
    return dict(sorted(signature.inputs)), dict(sorted(signature.outputs))
