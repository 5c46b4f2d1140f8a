"""From a model to a graph: run it in inference mode and write down what it did.

One function serves Sequential, functional and subclassed models, because all of them are nothing
but calls of primitives. The model runs twice, on different data in batches of different sizes;
what differs between the two recordings is the batch, and may differ in nothing else. So a batch
size that was baked into a reshape, or a number that was computed from the data outside of
primitives, is found and not exported as a constant. Python's `if` and `for` are frozen as they
ran.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from edgekit.errors import ShapeError, UnsupportedOperator
from edgekit.ir import Graph, GraphBuilder
from edgekit.ir.passes import drop_dead_nodes

from .backend import to_numpy
from .primitive import Record
from .tensor import Variable
from .trace_names import named_after_layers
from .trace_rules import RULES
from .trace_runs import Places, Run, WeightPlace, input_shapes, run_recorded
from .trace_squeezes import Squeezes

__all__ = ["trace", "trace_places"]

BATCHES = (2, 3)
Shape = tuple[int | None, ...]


def trace(model: Any, example_shape: Any = None, name: str | None = None) -> Graph:
    """The graph of `model` in inference mode.

    `example_shape` is the input's shape without the batch, or a list of such shapes; it is needed
    only for a subclassed model that was not called yet. Weights are copied, in the graph's
    layouts, and everything that depends on weights alone is computed now. Raises
    UnsupportedOperator with all calls that have no place in a graph, each with its layer's name;
    InputError where the input's shape is not known; ShapeError where samples of a batch are mixed.
    """
    return trace_places(model, example_shape, name).graph


def trace_places(model: Any, example_shape: Any = None, name: str | None = None) -> Places:
    """As `trace`, with the places that the graph's values and constants have in the model."""
    model = getattr(model, "float_model", model)
    shapes = input_shapes(model, example_shape)
    first, second = (run_recorded(model, shapes, batch) for batch in BATCHES)
    writer = _Writer(name or str(getattr(model, "name", "model")), model, first, second)
    graph, renamed = writer.write()
    values = [writer.alive(record.output, renamed) for record in first.records]
    return Places(graph, first.records, values, writer.weights)


class _Writer:
    """Turns two recordings of one model into a graph."""

    def __init__(self, name: str, model: Any, first: Run, second: Run) -> None:
        self.builder = GraphBuilder(name)
        self.squeezes = Squeezes(self.builder)
        self.model = model
        self.first, self.second = first, second
        # tensors that depend on the input; None: no rule; several: times folded into the batch
        self.names: dict[int, Any] = {}
        self.constants: dict[Any, str] = {}
        self.origins: dict[int, Variable] = {}  # what was computed of weights alone: the weight
        self.problems: list[str] = []
        self.results: list[tuple[Any, str]] = []  # what each layer gives, and its name
        self.weights: list[WeightPlace] = []

    def write(self) -> tuple[Graph, dict[str, str]]:
        """The graph, and the new names of the values that were named after layers."""
        self._check_same_calls()
        self._enter_inputs()
        live = self._live_pairs()
        for position, (record, other) in enumerate(live):
            call = _Call(self, record, other, self._layer(record))
            self.names[id(record.output)] = self._written(call)
            if position + 1 == len(live) or live[position + 1][0].scope != record.scope:
                self.results.append((self.names[id(record.output)], call.layer))
        if self.problems:
            listed = "\n  ".join(dict.fromkeys(self.problems))
            raise UnsupportedOperator(f"this model cannot be written as a graph:\n  {listed}")
        graph = self.builder.finish([self._output(y) for y in self.first.outputs])
        if self.squeezes.sources:
            graph = drop_dead_nodes(graph)
        results = [(self.squeezes.alive(y, graph.values), layer) for y, layer in self.results]
        named = named_after_layers(graph, results)
        pairs = zip(graph.nodes, named.nodes, strict=True)
        return named, {
            old: new for a, b in pairs for old, new in zip(a.outputs, b.outputs, strict=True)
        }

    def alive(self, output: Any, renamed: dict[str, str]) -> str | None:
        """The value of the finished graph that holds what a record gave."""
        found = self.squeezes.alive(self.names.get(id(output)), renamed)
        return renamed.get(found) if isinstance(found, str) else None

    def _check_same_calls(self) -> None:
        one, two = ([r.primitive.name for r in run.records] for run in (self.first, self.second))
        if one != two:
            at = next((i for i, (a, b) in enumerate(zip(one, two, strict=False)) if a != b), None)
            record = self.first.records[at if at is not None else -1]
            raise UnsupportedOperator(
                f"the model does other things for other data or another batch size, first at "
                f"{record.place}: a graph has no branches"
            )

    def _enter_inputs(self) -> None:
        given = getattr(self.model, "input_names", None) or []
        for i, x in enumerate(self.first.inputs):
            name = given[i] if i < len(given) else "input" if i == 0 else f"input_{i}"
            self.names[id(x)] = self.builder.input(name, (None, *x.shape[1:]), x.dtype.name)

    def _live_pairs(self) -> list[tuple[Record, Record]]:
        """The records that lie between the inputs and the outputs, each with its twin of the other
        run. What is computed beside them (the penalty on an activity) has no place in a graph.
        """
        alive = set(self.names)
        pairs = []
        for record, other in zip(self.first.records, self.second.records, strict=True):
            if any(id(x) in alive for x in record.inputs):
                alive.add(id(record.output))
                pairs.append((record, other))
            else:
                self._note_origin(record)
        needed = {id(y) for y in self.first.outputs}
        for record, _ in reversed(pairs):
            if id(record.output) in needed:
                needed.update(map(id, record.inputs))
        return [(record, other) for record, other in pairs if id(record.output) in needed]

    def _note_origin(self, record: Record) -> None:
        """Remember from which weight a constant was computed, so that it can be named after it."""
        for x in record.inputs:
            origin = x if isinstance(x, Variable) else self.origins.get(id(x))
            if origin is not None:
                self.origins.setdefault(id(record.output), origin)

    def _layer(self, record: Record) -> str:
        """The path of the user's layer, without the name of the traced model itself."""
        own, _, rest = record.scope.partition("/")
        path = rest if own == getattr(self.model, "name", None) else record.scope
        return path or record.primitive.name

    def _written(self, call: _Call) -> str | tuple[str, ...] | None:
        record = call.record
        if any(id(x) in self.names and self.names[id(x)] is None for x in record.inputs):
            return None  # already a problem
        write = RULES.get(record.primitive.name)
        try:
            if write is None:
                raise UnsupportedOperator("it has no operator in inference")
            count = call.count_of_times()
            if count and record.primitive.name != "unfold_time":
                return tuple(write(call.at(t)) for t in range(count))
            return write(call)
        except UnsupportedOperator as error:
            self.problems.append(f"{record.primitive.name!r} in layer {call.layer!r}: {error}")
            return None

    def _output(self, y: Any) -> str:
        name = self.names.get(id(y))
        if isinstance(name, tuple):
            raise ShapeError("an output of the model has several rows for each sample")
        if name is None:
            raise UnsupportedOperator(
                "an output of the model does not come from its input through primitives; was it "
                "computed with .numpy() or another library?"
            )
        return name


class _Call:
    """One recorded call as the rules see it (`trace_call.Call`)."""

    def __init__(self, writer: _Writer, record: Record, other: Record, layer: str) -> None:
        self.writer = writer
        self.record = record
        self.other = other
        self.layer = layer
        self.attrs = dict(record.attrs)
        self.time = 0

    @property
    def shape(self) -> Shape:
        return self._joint(self.record.output.shape, self.other.output.shape)

    def _joint(self, one: Shape, two: Shape) -> Shape:
        """A shape in which the batch, and nothing but the batch, differed between the runs.

        Where times are folded into the batch it is the shape at each time.
        """
        if one == two:
            return one
        count = max(self.count_of_times(), 1)
        batches = BATCHES, tuple(count * batch for batch in BATCHES)
        if len(one) == len(two) and (one[0], two[0]) in batches and one[1:] == two[1:]:
            return (None, *one[1:])
        raise UnsupportedOperator(
            f"the shape {one} for a batch of {BATCHES[0]} is {two} for one of {BATCHES[1]}"
        )

    def given(self, position: int) -> bool:
        inputs = self.record.inputs
        return position < len(inputs) and inputs[position] is not None

    def shape_of(self, position: int) -> Shape:
        return self._joint(
            np.shape(self.record.arrays[position]), np.shape(self.other.arrays[position])
        )

    def constant(self, position: int) -> np.ndarray | None:
        if id(self.record.inputs[position]) in self.writer.names:
            return None
        one, two = (to_numpy(r.arrays[position]) for r in (self.record, self.other))
        if one.shape != two.shape or not np.array_equal(one, two, equal_nan=True):
            raise UnsupportedOperator(
                f"its input {position} was computed from the data or the batch size outside of "
                "primitives (with .numpy() or another library), or is random"
            )
        return one

    def at(self, time: int) -> _Call:
        """The call for one time of inputs whose times are apart."""
        self.time = time
        return self

    def count_of_times(self) -> int:
        """How many times the inputs have that were folded into the batch; 0 without."""
        found = (self.writer.names.get(id(x)) for x in self.record.inputs)
        return max((len(names) for names in found if isinstance(names, tuple)), default=0)

    def times(self, position: int) -> tuple[str, ...]:
        names = self.writer.names.get(id(self.record.inputs[position]))
        if not isinstance(names, tuple):
            raise UnsupportedOperator("it has one value for all times")
        return names

    def value(self, position: int) -> str:
        x = self.record.inputs[position]
        name = self.writer.names.get(id(x))
        name = name[self.time] if isinstance(name, tuple) else name
        return name if name is not None else self.weight(position, lambda array: array)

    def weight(self, position: int, layout: Callable[[np.ndarray], np.ndarray]) -> str:
        array = self.constant(position)
        if array is None:
            raise UnsupportedOperator(f"its input {position} must be a weight, not computed data")
        name = self._entered(position, np.ascontiguousarray(layout(array)))
        self.writer.weights.append(WeightPlace(name, self.record, position, layout))
        return name

    def _entered(self, position: int, laid: np.ndarray) -> str:
        """A constant input in the graph; a weight that is used twice is one constant."""
        x = self.record.inputs[position]
        key = (id(x), laid.shape) if isinstance(x, Variable) else None
        if key is None or key not in self.writer.constants:
            origin = x if isinstance(x, Variable) else self.writer.origins.get(id(x))
            named = "constant" if origin is None else origin.name.rpartition("/")[2]
            name = self._constant(laid, named)
            if key is None:
                return name
            self.writer.constants[key] = name
        return self.writer.constants[key]

    def number(self, value: Any) -> str:
        return self._constant(np.asarray(value, np.float32), "constant")

    def integers(self, values: Any) -> str:
        return self._constant(np.asarray(values, np.int32), "constant")

    def dtype_of(self, position: int) -> str:
        return str(self.record.arrays[position].dtype)

    def _constant(self, array: np.ndarray, name: str) -> str:
        data = array if array.dtype.kind != "f" else array.astype(np.float32)
        data = data.reshape(1) if data.ndim == 0 else data
        return self.writer.builder.constant(data.copy(), f"{self.layer}/{name}")

    def add(self, op: str, *inputs: str | None, **attrs: Any) -> str:
        clean = {key: _plain(value) for key, value in attrs.items()}
        output = f"{self.layer}/{op.lower()}"
        return self.writer.squeezes.add(op, inputs, self.layer, output, clean)

    def add_all(self, op: str, *inputs: str | None, **attrs: Any) -> tuple[str, ...]:
        clean = {key: _plain(value) for key, value in attrs.items()}
        return self.writer.builder.add_all(op, *inputs, name=self.layer, **clean)


def _plain(value: Any) -> Any:
    """Attributes as the graph has them: Python numbers, and tuples of them."""
    if isinstance(value, tuple | list):
        return tuple(_plain(v) for v in value)
    return value.item() if isinstance(value, np.generic) else value
