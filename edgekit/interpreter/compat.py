"""The methods of tflite_runtime's Interpreter, so that a script runs by changing one import.

    from edgekit.interpreter import Interpreter      # was: from tflite_runtime.interpreter import
    interpreter = Interpreter(model_path="model.tflite")

Indices are those of the `.tflite` file; in any other model they count the values of the graph. Only
inputs, outputs and constants can be read by `get_tensor`, since other activations share memory;
`experimental_preserve_all_tensors=True` keeps them all.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from edgekit.errors import InputError, ShapeError, lookup
from edgekit.ir import Graph

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from .signatures import SignatureRunner
    from .tensor_table import Details, TensorTable

__all__ = ["TfliteMethods"]

Array = np.ndarray[Any, np.dtype[Any]]


class TfliteMethods:
    """set_tensor, invoke, get_tensor and their kin, over `run`."""

    graph: Graph
    _tensors: TensorTable
    _can_reshape: bool
    _keep_all: bool
    _batch: int
    _wanted: dict[str, tuple[int, ...]]  # shapes asked for since the last allocate_tensors
    _given: dict[str, Array]
    _results: dict[str, Array]
    _kept: dict[str, list[Array]]

    if TYPE_CHECKING:

        def run(
            self,
            *inputs: ArrayLike | Mapping[str, ArrayLike],
            observe: Callable[[str, Array], None] | None = None,
        ) -> dict[str, Array]: ...

        def _reopen(self, shapes: Mapping[str, Sequence[int]]) -> None: ...

        def _with_signature(self, key: str) -> TfliteMethods: ...

    def allocate_tensors(self) -> None:
        """Make the shapes hold that `resize_tensor_input` asked for."""
        if not self._wanted:
            return
        shapes = {name: self._shape(name) for name in self.graph.inputs}
        batches = {s[0] for n, s in shapes.items() if self.graph.value(n).shape[:1] == (None,)}
        if all(_fits(self.graph.value(n).shape, s) for n, s in shapes.items()) and len(batches) < 2:
            self._batch = batches.pop() if batches else 1
        elif self._can_reshape:
            self._reopen(shapes)
        else:
            raise ShapeError(f"inputs of the shapes {shapes} do not fit each other")
        self._wanted = {}
        self._results, self._kept = {}, {}
        self._given = {n: a for n, a in self._given.items() if a.shape == self._shape(n)}

    def get_input_details(self) -> list[Details]:
        """For each input: name, index, shape, shape_signature, dtype and quantization."""
        return [self._details(index) for index in self._tensors.inputs]

    def get_output_details(self) -> list[Details]:
        """The same for each output."""
        return [self._details(index) for index in self._tensors.outputs]

    def get_tensor_details(self) -> list[Details]:
        """The same for every tensor, in the order of their indices."""
        return [self._details(index) for index in range(len(self._tensors.names))]

    def resize_tensor_input(
        self, input_index: int, tensor_size: Sequence[int], strict: bool = False
    ) -> None:
        """Choose the shape of an input; it holds from the next `allocate_tensors` on.

        A `.tflite` model takes any shape that its operators can take, with `strict` only new sizes
        for dimensions that are -1 in `shape_signature`. In any other model only an open batch can
        be chosen.
        """
        name = self._input_name(input_index)
        wanted, value = tuple(int(d) for d in tensor_size), self.graph.value(name)
        known = value.shape
        if self._can_reshape and not strict:
            known = (None,) * len(value.shape)
        elif self._can_reshape:
            signature = self._tensors.details(input_index)["shape_signature"].tolist()
            known = tuple(None if d == -1 else d for d in signature)
        if not _fits(known, wanted):
            raise ShapeError(
                f"input {name!r} has the shape {value.shape}, it cannot become {wanted}"
            )
        self._wanted[name] = wanted

    def set_tensor(self, tensor_index: int, value: ArrayLike) -> None:
        """Give an input, of exactly its shape and dtype; it is copied."""
        self._give(self._input_name(tensor_index), np.array(value))

    def tensor(self, tensor_index: int) -> Callable[[], Array]:
        """A function that gives the array of an input, to be written into, or of an output."""
        name = self._name(tensor_index)
        if name not in self.graph.inputs:
            return lambda: self._readable(tensor_index)
        details = self._details(tensor_index)

        def given() -> Array:
            if name not in self._given:
                self._given[name] = np.zeros(self._shape(name), details["dtype"])
            return self._given[name]

        return given

    def invoke(self) -> None:
        """Run the model on what `set_tensor` gave."""
        self.allocate_tensors()
        missing = [name for name in self.graph.inputs if name not in self._given]
        if missing:
            raise InputError(f"call set_tensor for {missing} before invoke")
        if not self._keep_all:
            self._results = self.run(self._given)
            return
        kept: dict[str, list[Array]] = {}
        self._results = self.run(
            self._given, observe=lambda name, array: kept.setdefault(name, []).append(array)
        )
        self._kept = kept

    def get_tensor(self, tensor_index: int, subgraph_index: int = 0) -> Array:
        """A copy of an output of the last `invoke`, of an input or of a constant."""
        return np.array(self._readable(tensor_index))

    def get_signature_list(self) -> dict[str, dict[str, list[str]]]:
        """Input and output names by signature."""
        return {
            key: {"inputs": list(inputs), "outputs": list(outputs)}
            for key, (inputs, outputs) in self._tensors.signatures.items()
        }

    def get_signature_runner(self, signature_key: str | None = None) -> SignatureRunner:
        """A function of the inputs by name that gives the outputs by name.

        Another signature than the one that was opened gets a model of its own, with memories of
        its own.
        """
        known = self._tensors.signatures
        if signature_key is None and len(known) != 1:
            raise InputError(f"name a signature; the model has {', '.join(known) or 'none'}")
        key = signature_key if signature_key is not None else next(iter(known))
        lookup(known, key, "signature", InputError)
        from .signatures import SignatureRunner  # most scripts go by index

        return SignatureRunner(self if key == self._tensors.own else self._with_signature(key), key)

    def _reset_tensors(self, tensors: TensorTable, can_reshape: bool) -> None:
        self._tensors, self._can_reshape = tensors, can_reshape
        self._batch = 1
        self._wanted = {}
        self._given = {}
        self._results, self._kept = {}, {}

    def _give(self, name: str, array: Array) -> None:
        index = self._tensors.inputs[self.graph.inputs.index(name)]
        dtype, expected = self._tensors.details(index)["dtype"], self._shape(name)
        if array.dtype != dtype:
            raise InputError(
                f"input {name!r} expects {dtype.__name__}, received {array.dtype}; "
                "quantize it by its details first, or use run(), which does"
            )
        if array.shape != expected:
            raise ShapeError(f"input {name!r} expects {expected}, received {array.shape}")
        self._given[name] = array

    def _readable(self, index: int) -> Array:
        name = self._name(index)
        found = self._results.get(name, self._given.get(name))
        if found is None and name in self._kept:
            parts = self._kept[name]
            found = parts[0] if len(parts) == 1 else np.concatenate(parts)
        if found is None:
            found = self._tensors.data(index)
        if found is None and name in self.graph.values:
            found = self.graph.value(name).data
        if found is None:
            why = "its memory is shared; experimental_preserve_all_tensors=True keeps it"
            why = "invoke was not called" if name in self.graph.outputs else why
            label = self._tensors.details(index)["name"]
            raise InputError(f"tensor {label!r} cannot be read: {why}")
        return found

    def _name(self, index: int) -> str:
        if not 0 <= index < len(self._tensors.names):
            count = len(self._tensors.names)
            raise InputError(f"tensor {index} does not exist; there are {count}")
        return self._tensors.names[index]

    def _input_name(self, index: int) -> str:
        name = self._name(index)
        if name not in self.graph.inputs:
            raise InputError(f"tensor {index} ({name!r}) is no input of the model")
        return name

    def _shape(self, name: str) -> tuple[int, ...]:
        """The shape of a value with the batch filled in, or the one that was asked for."""
        shape = self.graph.value(name).shape
        return self._wanted.get(name) or tuple(self._batch if d is None else d for d in shape)

    def _details(self, index: int) -> Details:
        details, name = self._tensors.details(index), self._tensors.names[index]
        if name in self.graph.values:
            details["shape"] = np.array(self._shape(name), np.int32)
            if -1 not in details["shape_signature"]:
                details["shape_signature"] = details["shape"]
        return details


def _fits(shape: Sequence[int | None], wanted: Sequence[int]) -> bool:
    """Whether `wanted` is a shape with the open dimensions filled in."""
    return len(wanted) == len(shape) and all(
        (d is None and w > 0) or d == w for d, w in zip(shape, wanted, strict=True)
    )
