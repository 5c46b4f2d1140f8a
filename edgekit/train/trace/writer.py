"""Two recordings of one model written as a graph."""

from __future__ import annotations

from typing import Any

from edgekit.errors import ShapeError, UnsupportedOperator
from edgekit.ir import Graph, GraphBuilder
from edgekit.ir.passes import drop_dead_nodes
from edgekit.train.primitive import Record
from edgekit.train.tensor import Variable

from .names import named_after_layers
from .recorded import BATCHES, RecordedCall
from .rules import RULES
from .runs import Places, Run, WeightPlace, counted_as, input_shapes, run_recorded
from .squeezes import Squeezes

__all__ = ["Writer", "trace", "trace_places"]


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
    writer = Writer(name or str(getattr(model, "name", "model")), model, first, second)
    graph, renamed = writer.write()
    values = [writer.alive(record.output, renamed) for record in first.records]
    return Places(graph, first.inputs, first.records, values, writer.weights)


class Writer:
    """Turns two recordings of one model into a graph."""

    def __init__(self, name: str, model: Any, first: Run, second: Run) -> None:
        self.builder = GraphBuilder(name)
        self.squeezes = Squeezes(self.builder)
        self.model = model
        self.first, self.second = first, second
        # tensors that depend on the input; None: no rule; several: times folded into the batch
        self.names: dict[int, Any] = {}
        self.counted: dict[int, str] = {}  # float inputs that only count: the integers they become
        self.constants: dict[Any, str] = {}
        self.origins: dict[int, Variable] = {}  # what was computed of weights alone: the weight
        self.problems: list[str] = []
        self.results: list[tuple[Any, str]] = []  # what each layer gives, and its name
        self.weights: list[WeightPlace] = []

    def write(self) -> tuple[Graph, dict[str, str]]:
        """The graph, and the new names of the values that were named after layers."""
        self._check_same_calls()
        live = self._live_pairs()
        self._enter_inputs([record for record, _ in live])
        for position, (record, other) in enumerate(live):
            call = RecordedCall(self, record, other, self._layer(record))
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

    def alive(self, output: Any, renamed: dict[str, str]) -> Any:
        """The value of the finished graph that holds what a record gave; several where times are
        folded into the batch.
        """
        names = self.names.get(id(output))
        if isinstance(names, tuple):
            return tuple(self._alive(name, renamed) for name in names)
        return self._alive(names, renamed)

    def _alive(self, name: Any, renamed: dict[str, str]) -> str | None:
        found = self.squeezes.alive(name, renamed)
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

    def _enter_inputs(self, live: list[Record]) -> None:
        given = getattr(self.model, "input_names", None) or []
        for i, x in enumerate(self.first.inputs):
            name = given[i] if i < len(given) else "input" if i == 0 else f"input_{i}"
            counted = counted_as(x, live)
            if counted is not None:
                self.counted[id(x)] = counted
            dtype = counted or x.dtype.name
            self.names[id(x)] = self.builder.input(name, (None, *x.shape[1:]), dtype)

    def _live_pairs(self) -> list[tuple[Record, Record]]:
        """The records that lie between the inputs and the outputs, each with its twin of the other
        run. What is computed beside them (the penalty on an activity) has no place in a graph.
        """
        alive = {id(x) for x in self.first.inputs}
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

    def _written(self, call: RecordedCall) -> str | tuple[str, ...] | None:
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
