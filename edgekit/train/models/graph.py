"""The graph of layer calls between the inputs and the outputs of a functional model."""

from __future__ import annotations

from typing import Any

from edgekit.errors import InputError
from edgekit.train.backend import current_device
from edgekit.train.layers.core import InputLayer
from edgekit.train.layers.layer import Layer
from edgekit.train.models.regions import joined_plan
from edgekit.train.structure import flatten, is_nested, map_structure, pack
from edgekit.train.symbolic import Call, SymbolicTensor

__all__ = ["LayerGraph"]


class LayerGraph:
    """Calls in an order in which they can run, and the layers in Keras' order.

    Keras numbers the weights of equal layers in a file (`conv2d`, `conv2d_1`) by the order of its
    `layers`: by the greatest distance from an output, then by the first visit of a depth-first walk
    from the outputs. A file is only readable on the other side if both sides order alike.
    """

    def __init__(self, inputs: Any, outputs: Any) -> None:
        self.inputs, self.outputs = inputs, outputs
        self.flat_inputs, self.flat_outputs = flatten(inputs), flatten(outputs)
        for x in self.flat_inputs + self.flat_outputs:
            if not isinstance(x, SymbolicTensor):
                raise InputError(
                    "Model(inputs, outputs) is made of what Input() and layers return. "
                    f"Received: {type(x).__name__}"
                )
        self.calls: list[Call] = []
        self._first_visit: dict[Any, int] = {}
        finished: set[int] = set()
        for output in self.flat_outputs:
            self._visit(output, finished)
        self.operations = self._in_keras_order()
        self.layers = [layer for layer in self.operations if isinstance(layer, Layer)]
        self._check_names()
        self._plan = [step for call in self.calls if (step := self._step(call)) is not None]
        self._joined = joined_plan(self._plan, self.flat_outputs)

    @property
    def input_names(self) -> list[str]:
        return [x.call.layer.name for x in self.flat_inputs if x.call is not None]

    @property
    def output_names(self) -> list[str]:
        """The keys of a dict of outputs, else the names of the layers that make them."""
        if isinstance(self.outputs, dict):
            return sorted(self.outputs)
        return [x.call.layer.name for x in self.flat_outputs if x.call is not None]

    def _visit(self, start: SymbolicTensor, finished: set[int]) -> None:
        """Append every call that `start` needs, inputs first. Written without recursion, so that
        a network may be deeper than Python's stack."""
        stack: list[tuple[SymbolicTensor, bool]] = [(start, False)]
        given = {id(x) for x in self.flat_inputs}
        while stack:
            tensor, entered = stack.pop()
            call = tensor.call
            if call is None:
                raise InputError(f"{tensor!r} was not made by Input() or by a layer.")
            if entered:
                if id(call) not in finished:
                    finished.add(id(call))
                    self.calls.append(call)
                continue
            is_source = isinstance(call.layer, InputLayer)
            if id(call) in finished or (id(tensor) in given and not is_source):
                continue
            if is_source and id(tensor) not in given:
                raise InputError(
                    f"Graph disconnected: the output needs {tensor.name!r}, which is not among the "
                    f"model's inputs {[x.name for x in self.flat_inputs]}."
                )
            self._first_visit.setdefault(call.layer, len(self._first_visit))
            stack.append((tensor, True))
            if not is_source:
                stack.extend((x, False) for x in reversed(call.inputs))

    def _in_keras_order(self) -> list[Any]:
        known = {id(call) for call in self.calls}
        call_depths: dict[int, int] = {}
        depths: dict[Any, int] = {}
        for call in reversed(self.calls):
            depth = max(call_depths.get(id(call), 0), depths.get(call.layer, 0))
            call_depths[id(call)] = depths[call.layer] = depth
            for x in call.inputs:
                if id(x.call) in known:
                    call_depths[id(x.call)] = max(depth + 1, call_depths.get(id(x.call), 0))
        for x in self.flat_inputs:
            source = None if x.call is None else x.call.layer
            if isinstance(source, InputLayer) and source not in depths:
                depths[source] = 0
                self._first_visit[source] = -1
                self.calls.insert(0, x.call)
        return sorted(depths, key=lambda layer: (-depths[layer], self._first_visit[layer]))

    def _check_names(self) -> None:
        names = [layer.name for layer in self.operations]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise InputError(
                f"the layer name {', '.join(map(repr, twice))} is used more than once in the "
                "model; names must be unique: pass name=... to one of them"
            )

    def _step(self, call: Call) -> tuple[Any, Any, Any, Any] | None:
        """(layer, key of its only input or None, call, key of its only output or None)."""
        if any(call is x.call and isinstance(call.layer, InputLayer) for x in self.flat_inputs):
            return None
        single = len(call.args) == 1 and isinstance(call.args[0], SymbolicTensor)
        output = call.outputs
        return (
            call.layer,
            id(call.args[0]) if single and not call.kwargs else None,
            call,
            id(output) if isinstance(output, SymbolicTensor) else None,
        )

    def run(self, inputs: Any) -> Any:
        """The outputs, in their structure, for `inputs` in the structure of the inputs."""
        if len(self.flat_inputs) == 1 and not is_nested(inputs):
            values = {id(self.flat_inputs[0]): inputs}
        else:
            arranged = self.arrange(inputs)
            values = {id(x): value for x, value in zip(self.flat_inputs, arranged, strict=True)}

        def value_of(x: Any) -> Any:
            return values[id(x)] if isinstance(x, SymbolicTensor) else x

        plan = self._joined
        if current_device() != "cpu":
            from edgekit.train.gpu.peephole import joined_plan

            plan = joined_plan(self)
        for layer, only_input, call, only_output in plan:
            if only_input is not None:
                result = layer(values[only_input])
            else:
                kwargs = map_structure(value_of, call.kwargs)
                result = layer(*map_structure(value_of, call.args), **kwargs)
            if only_output is not None:
                values[only_output] = result
            else:
                for x, value in zip(flatten(call.outputs), flatten(result), strict=True):
                    values[id(x)] = value
        if isinstance(self.outputs, SymbolicTensor):
            return values[id(self.outputs)]
        return pack(self.outputs, [values[id(x)] for x in self.flat_outputs])

    def arrange(self, inputs: Any) -> list[Any]:
        """The given inputs as a list in the order of the model's inputs."""
        if isinstance(inputs, dict):
            names = sorted(self.inputs) if isinstance(self.inputs, dict) else self.input_names
            missing = [name for name in names if name not in inputs]
            if missing:
                raise InputError(
                    f"missing data for input {', '.join(map(repr, missing))}. "
                    f"Received the keys: {sorted(inputs)}"
                )
            return [inputs[name] for name in names]
        leaves = flatten(inputs) if is_nested(inputs) else [inputs]
        if len(leaves) != len(self.flat_inputs):
            raise InputError(
                f"the model has {len(self.flat_inputs)} input(s) {self.input_names}. "
                f"Received: {len(leaves)}"
            )
        return leaves

    def in_rank(self, inputs: Any) -> Any:
        """The inputs with a last axis of size 1 that they lack, or without one too many."""
        if len(self.flat_inputs) == 1:
            return _in_rank(inputs, self.flat_inputs[0])
        if isinstance(inputs, list) and len(inputs) == len(self.flat_inputs):
            return [_in_rank(x, s) for x, s in zip(inputs, self.flat_inputs, strict=True)]
        return inputs

    def output_shapes(self, input_shapes: list[Any]) -> Any:
        """The shapes of the outputs, in their structure, for other input shapes."""
        shapes = dict(zip(map(id, self.flat_inputs), input_shapes, strict=True))

        def with_shape(x: Any) -> Any:
            return SymbolicTensor(shapes[id(x)], x.dtype) if isinstance(x, SymbolicTensor) else x

        for layer, _, call, _ in self._plan:
            args = map_structure(with_shape, call.args)
            kwargs = map_structure(with_shape, call.kwargs)
            if isinstance(layer, Layer):
                result = layer.output_spec(args[0], args[1:], kwargs)
            else:
                result = layer(*args, **kwargs)
            for x, made in zip(flatten(call.outputs), flatten(result), strict=True):
                shapes[id(x)] = made.shape
        return map_structure(lambda x: shapes[id(x)], self.outputs)


def _in_rank(x: Any, source: SymbolicTensor) -> Any:
    rank = getattr(x, "ndim", None)
    if rank is None or rank == len(source.shape) or isinstance(x, SymbolicTensor):
        return x
    if rank == len(source.shape) - 1 and source.shape[-1] == 1:
        return x[..., None]
    if rank == len(source.shape) + 1 and x.shape[-1] == 1:
        return x[..., 0]
    return x
