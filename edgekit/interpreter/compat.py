"""The methods of tflite_runtime's Interpreter, so that a script runs by changing one import.

    from edgekit.interpreter import Interpreter      # was: from tflite_runtime.interpreter import
    interpreter = Interpreter(model_path="model.edge")

Indices count the values of the graph. Only inputs, outputs and constants can be read by
`get_tensor`: other activations share memory; `run(..., observe=...)` shows them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from edgekit.errors import InputError, ShapeError, lookup
from edgekit.ir import Graph, QuantParams, Value
from edgekit.ir.graph import DTYPES

__all__ = ["SignatureRunner", "TfliteMethods"]

Array = NDArray[Any]
Details = dict[str, Any]


class TfliteMethods:
    """set_tensor, invoke, get_tensor and their kin, over `run`."""

    graph: Graph
    _names: tuple[str, ...]
    _batch: int
    _given: dict[str, Array]
    _results: dict[str, Array]

    if TYPE_CHECKING:

        def run(self, *inputs: ArrayLike | Mapping[str, ArrayLike]) -> dict[str, Array]: ...

    def allocate_tensors(self) -> None:
        """Nothing to do: memory is there from the start."""

    def get_input_details(self) -> list[Details]:
        """For each input: name, index, shape, shape_signature, dtype and quantization."""
        return [self._details(name) for name in self.graph.inputs]

    def get_output_details(self) -> list[Details]:
        """The same for each output."""
        return [self._details(name) for name in self.graph.outputs]

    def get_tensor_details(self) -> list[Details]:
        """The same for every value of the graph, in the order of their indices."""
        return [self._details(name) for name in self._names]

    def resize_tensor_input(
        self, input_index: int, tensor_size: Sequence[int], strict: bool = False
    ) -> None:
        """Choose the batch size of an input; no other dimension can change."""
        name = self._input_name(input_index)
        wanted, shape = tuple(int(d) for d in tensor_size), self.graph.value(name).shape
        fits = len(wanted) == len(shape) and all(
            (d is None and w > 0) or d == w for d, w in zip(shape, wanted, strict=True)
        )
        if not fits:
            raise ShapeError(f"input {name!r} has the shape {shape}, it cannot become {wanted}")
        if shape[:1] == (None,):
            self._batch = wanted[0]
        self._given.pop(name, None)

    def set_tensor(self, tensor_index: int, value: ArrayLike) -> None:
        """Give an input, of exactly its shape and dtype; it is copied."""
        name = self._input_name(tensor_index)
        array, details = np.array(value), self._details(name)
        if array.dtype != details["dtype"]:
            raise InputError(
                f"input {name!r} expects {details['dtype'].__name__}, received {array.dtype}; "
                "quantize it by its details first, or use run(), which does"
            )
        if array.shape != tuple(details["shape"]):
            expected = tuple(int(d) for d in details["shape"])
            raise ShapeError(f"input {name!r} expects {expected}, received {array.shape}")
        self._given[name] = array

    def invoke(self) -> None:
        """Run the model on what `set_tensor` gave."""
        missing = [name for name in self.graph.inputs if name not in self._given]
        if missing:
            raise InputError(f"call set_tensor for {missing} before invoke")
        self._results = self.run(self._given)

    def get_tensor(self, tensor_index: int, subgraph_index: int = 0) -> Array:
        """A copy of an output of the last `invoke`, of an input or of a constant."""
        name = self._name(tensor_index)
        value = self.graph.value(name)
        found = self._results.get(name, self._given.get(name, value.data))
        if found is None:
            why = "invoke was not called" if name in self.graph.outputs else "its memory is shared"
            raise InputError(f"tensor {name!r} cannot be read: {why}")
        return np.array(found)

    def get_signature_list(self) -> dict[str, dict[str, list[str]]]:
        """Input and output names by signature."""
        ends = {"inputs": list(self.graph.inputs), "outputs": list(self.graph.outputs)}
        return {self.graph.metadata.signature: ends}

    def get_signature_runner(self, signature_key: str | None = None) -> SignatureRunner:
        """A function of the inputs by name that gives the outputs by name."""
        known = {self.graph.metadata.signature: self}
        if signature_key is not None:
            lookup(known, signature_key, "signature", InputError)
        return SignatureRunner(self)

    def _reset_tensors(self) -> None:
        self._names = tuple(self.graph.values)
        self._batch = 1
        self._given = {}
        self._results = {}

    def _name(self, index: int) -> str:
        if not 0 <= index < len(self._names):
            raise InputError(f"tensor {index} does not exist; there are {len(self._names)}")
        return self._names[index]

    def _input_name(self, index: int) -> str:
        name = self._name(index)
        if name not in self.graph.inputs:
            raise InputError(f"tensor {index} ({name!r}) is no input of the model")
        return name

    def _details(self, name: str) -> Details:
        value = self.graph.value(name)
        shape = [self._batch if d is None else d for d in value.shape]
        signature = [-1 if d is None else d for d in value.shape]
        return {
            "name": name,
            "index": self._names.index(name),
            "shape": np.array(shape, np.int32),
            "shape_signature": np.array(signature, np.int32),
            "dtype": DTYPES[value.dtype].type,
            **_quantization(value),
            "sparsity_parameters": {},
        }


class SignatureRunner:
    """`runner(x=array)` gives a dict of outputs."""

    def __init__(self, model: TfliteMethods) -> None:
        self._model = model

    def __call__(self, **inputs: ArrayLike) -> dict[str, Array]:
        return self._model.run(inputs)

    def get_input_details(self) -> dict[str, Details]:
        return {details["name"]: details for details in self._model.get_input_details()}

    def get_output_details(self) -> dict[str, Details]:
        return {details["name"]: details for details in self._model.get_output_details()}


def _quantization(value: Value) -> Details:
    quant: QuantParams | None = value.quant
    if quant is None:
        empty = {"scales": np.zeros(0, np.float32), "zero_points": np.zeros(0, np.int32)}
        return {
            "quantization": (0.0, 0),
            "quantization_parameters": {**empty, "quantized_dimension": 0},
        }
    single = (quant.scale[0], quant.zero_point[0]) if quant.axis is None else (0.0, 0)
    return {
        "quantization": single,
        "quantization_parameters": {
            "scales": quant.scales,
            "zero_points": quant.zero_points,
            "quantized_dimension": quant.axis or 0,
        },
    }
