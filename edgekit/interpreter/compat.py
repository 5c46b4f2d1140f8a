"""The methods of tflite_runtime's Interpreter, so that a script runs by changing one import.

    from edgekit.interpreter import Interpreter      # was: from tflite_runtime.interpreter import
    interpreter = Interpreter(model_path="model.tflite")

Indices are those of the `.tflite` file; in any other model they count the values of the graph. Only
inputs, outputs and constants can be read by `get_tensor`, since other activations share memory;
`experimental_preserve_all_tensors=True` keeps them all.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NoReturn

import numpy as np

from edgekit.errors import InputError, ModelFormatError, ShapeError, lookup
from edgekit.ir import Graph
from edgekit.ir.graph import DTYPES

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
    _waits: str  # why it cannot run before other shapes are chosen, if so
    _batch: int
    _wanted: dict[str, tuple[int, ...]]  # shapes asked for since the last allocate_tensors
    _given: dict[str, Array]
    _results: dict[str, Array]
    _viewed: set[str]  # outputs whose arrays somebody may keep
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
            if self._waits:
                raise ShapeError(self._waits)
            return
        shapes = {name: self._shape(name) for name in self.graph.inputs}
        batches = {s[0] for n, s in shapes.items() if self.graph.value(n).shape[:1] == (None,)}
        if all(_fits(self.graph.value(n).shape, s) for n, s in shapes.items()) and len(batches) < 2:
            self._batch = batches.pop() if batches else 1
        elif self._can_reshape:
            try:
                self._reopen(shapes)
            except ModelFormatError as error:
                raise ShapeError(
                    f"the model does not take inputs of the shapes {shapes}; choose others with "
                    f"resize_tensor_input: {error}"
                ) from error
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

    def get_tensor_details(self, subgraph_index: int = 0) -> list[Details]:
        """The same for every tensor of a subgraph, in the order of their indices."""
        if subgraph_index == 0:
            return [self._details(index) for index in range(len(self._tensors.names))]
        found = self._tensors.subgraphs()
        if not 0 <= subgraph_index < len(found):
            raise InputError(f"subgraph {subgraph_index} does not exist; there are {len(found)}")
        return found[subgraph_index]

    def num_subgraphs(self) -> int:
        """How many subgraphs the file has; 1 in any other model."""
        return len(self._tensors.subgraphs())

    def _get_ops_details(self) -> list[Details]:
        """For each operator: index, op_name, inputs and outputs by their indices, their dtypes."""
        dtypes = [self._tensors.details(i)["dtype"] for i in range(len(self._tensors.names))]
        return [
            {
                "index": number,
                "op_name": name,
                "inputs": np.array(inputs, np.int32),
                "outputs": np.array(outputs, np.int32),
                "operand_types": [dtypes[i] for i in inputs if i != -1],
                "result_types": [dtypes[i] for i in outputs if i != -1],
            }
            for number, (name, inputs, outputs) in enumerate(self._tensors.operators())
        ]

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
        self._give(self._input_name(tensor_index), np.asarray(value))

    def tensor(self, tensor_index: int) -> Callable[[], Array]:
        """A function that gives the array of an input, to be written into, or of an output.

        Whoever keeps the array sees in it what is given and computed later, until another shape is
        chosen.
        """
        name = self._name(tensor_index)
        if name in self.graph.outputs:
            self._viewed.add(name)
        return lambda: self._readable(tensor_index)

    def invoke(self) -> None:
        """Run the model on what `set_tensor` gave; an input that was never given is zeros."""
        self.allocate_tensors()
        if len(self._given) < len(self.graph.inputs):
            for name in self.graph.inputs:
                self._input(name)
        if not self._keep_all:
            results = self.run(self._given)
        else:
            kept: dict[str, list[Array]] = {}
            results = self.run(
                self._given, observe=lambda name, array: kept.setdefault(name, []).append(array)
            )
            self._kept = kept
        for name in self._viewed & self._results.keys() if self._viewed else ():
            np.copyto(self._results[name], results[name])
            results[name] = self._results[name]
        self._results = results

    def get_tensor(self, tensor_index: int, subgraph_index: int = 0) -> Array:
        """A copy of an output of the last `invoke`, of an input or of a constant."""
        if subgraph_index != 0:
            raise InputError(
                f"tensors of subgraph {subgraph_index} cannot be read, those of the main subgraph "
                "alone can"
            )
        return np.array(self._readable(tensor_index))

    def get_signature_list(self) -> dict[str, dict[str, list[str]]]:
        """Input and output names by signature."""
        full = self._get_full_signature_list().items()
        return {key: {end: list(names) for end, names in ends.items()} for key, ends in full}

    def _get_full_signature_list(self) -> dict[str, dict[str, dict[str, int]]]:
        """The same with the index of each name, for scripts of Coral."""
        return {
            key: {"inputs": dict(inputs), "outputs": dict(outputs)}
            for key, (inputs, outputs) in self._tensors.signatures.items()
        }

    def get_signature_runner(self, signature_key: str | None = None) -> SignatureRunner:
        """A function of the inputs by name that gives the outputs by name.

        Another signature than the one that was opened gets a model of its own; where it would
        have to share memories, UnsupportedOperator is raised.
        """
        known = self._tensors.signatures
        if signature_key is None and len(known) != 1:
            raise InputError(f"name a signature; the model has {', '.join(known) or 'none'}")
        key = signature_key if signature_key is not None else next(iter(known))
        if not known:
            raise InputError(f"the model has no signature, so none named {key!r}; go by index")
        lookup(known, key, "signature", InputError)
        from .signatures import SignatureRunner  # most scripts go by index

        if key == self._tensors.own:
            return SignatureRunner(self, key)
        self._tensors.check_apart(key)
        return SignatureRunner(self._with_signature(key), key)

    def __reduce__(self) -> NoReturn:
        raise TypeError("an Interpreter cannot be copied: open the model in each process")

    def _reset_tensors(self, tensors: TensorTable, can_reshape: bool, waits: str) -> None:
        self._tensors, self._can_reshape, self._waits = tensors, can_reshape, waits
        self._batch = 1
        self._wanted = {}
        self._given = {}
        self._results, self._kept = {}, {}
        self._viewed = set()

    def _give(self, name: str, array: Array) -> None:
        given = self._input(name)
        if array.dtype != given.dtype:
            raise InputError(
                f"input {name!r} expects {given.dtype.name}, received {array.dtype}; "
                "quantize it by its details first, or use run(), which does"
            )
        if array.shape != given.shape:
            raise ShapeError(f"input {name!r} expects {given.shape}, received {array.shape}")
        np.copyto(given, array)

    def _input(self, name: str) -> Array:
        """What was given for an input, to be written into; zeros at first."""
        found = self._given.get(name)
        if found is None or found.shape != self._shape(name):
            dtype = DTYPES[self.graph.value(name).dtype]
            found = self._given[name] = np.zeros(self._shape(name), dtype)
        return found

    def _readable(self, index: int) -> Array:
        index = operator.index(index)
        name = self._name(index)
        if name in self.graph.inputs:
            return self._input(name)
        found = self._results.get(name)
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
