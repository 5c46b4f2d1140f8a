"""Where a model computes with int8 once it is converted, in terms of the calls it makes.

The model is traced, its graph goes through the converter's own passes, and what these leave as
values with scales is carried back to the calls of primitives that compute them. So there is no
second set of rules about what is folded, fused, tied or kept in float.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np

from edgekit.ir import Graph, Node, spec
from edgekit.ir.ops import attributes
from edgekit.ir.passes import drop_dead_nodes
from edgekit.ir.passes.activations import ACTIVATIONS
from edgekit.ir.passes.preparation import fold_and_fuse
from edgekit.quantize.columns import implied_columns
from edgekit.quantize.parameters import fixed_outputs
from edgekit.quantize.placement import check_keep_float, float_nodes
from edgekit.quantize.recipe import Recipe
from edgekit.quantize.tied import tied_groups
from edgekit.train.primitive import Record, scope_state
from edgekit.train.tape import stop_recording
from edgekit.train.trace import trace_places
from edgekit.train.trace.runs import Places

from .origins import is_floats, keys, norm_of, origin_of, scale_axes
from .pieces import MOVES, RECURRENT, Piece, piece_of
from .recurrent import kernel_axes
from .steps import Lstm, Place, Plan, Step, Weight, canonical, together

__all__ = ["make_plan"]


def make_plan(model: Any, recipe: Recipe) -> Plan:
    """The plan of a float model. Raises what `trace` and the converter raise."""
    with _apart():
        places = trace_places(model)
    prepared = drop_dead_nodes(fold_and_fuse(places.graph))
    check_keep_float(places.graph, prepared, recipe)
    in_float = float_nodes(prepared, recipe, implied_columns(prepared))
    return _Planner(places, prepared, in_float).plan()


@contextmanager
def _apart() -> Iterator[None]:
    """Outside of the layer and of the tapes that may be at work."""
    scope, scope_state.scope = scope_state.scope, ""
    try:
        with stop_recording():
            yield
    finally:
        scope_state.scope = scope


class _Planner:
    """Carries the values of a prepared graph back to the calls that were recorded."""

    def __init__(self, places: Places, prepared: Graph, in_float: Mapping[str, str]) -> None:
        self.places, self.prepared, self.in_float = places, prepared, in_float
        self.producers, self.readers = prepared.producers(), prepared.consumers()
        self.traced = places.graph.producers()
        # value -> the first record that computes it, and at which time if it is one of several
        self.owners: dict[str, Place] = {}
        self.names: dict[int, Any] = {}  # by tensor; a tuple where times are folded into the batch
        for index, (record, names) in enumerate(zip(places.records, places.values, strict=True)):
            if isinstance(names, tuple):
                for time, name in enumerate(names):
                    self.owners.setdefault(name, Place(index, time))
                self.names[id(record.output)] = tuple(map(self._alive, names))
            elif names is not None:
                self.owners.setdefault(names, Place(index, None))
                self.names[id(record.output)] = self._alive(names)
        self.names.update(zip(map(id, places.inputs), places.graph.inputs, strict=True))
        self.steps: dict[Place, Step] = {}

    def plan(self) -> Plan:
        inputs = {name: self._is_int8_input(name) for name in self.prepared.inputs}
        for name, node in self.producers.items():
            if name in self.owners and not self._is_moved(node):
                self._change(name, **self._computed(name, node))
        self._place_weights()
        self._place_norms()
        learned = [name for name, rounded in inputs.items() if rounded]
        learned += [step.value for step in self.steps.values() if step.value and step.observed]
        for piece in [step.piece for step in self.steps.values() if step.piece]:
            learned += [n.outputs[0] for n in piece.nodes[:-1] if self._is_inner_head(n)]
        for lstm in [step.lstm for step in self.steps.values() if step.lstm]:
            learned += [lstm.y, lstm.cell]
        learned += [step.scaled for step in self.steps.values() if step.scaled]
        groups = {
            name: group for group in tied_groups(self.prepared, self.in_float) for name in group
        }
        reachable = {name for value in learned for name in groups[value]}
        unlearned = {
            name: node.name
            for name, node in self.producers.items()
            if name not in reachable and name not in self.in_float
        }
        calls = keys(self.places.records)
        steps = {calls[index]: step for index, step in self._by_record().items()}
        fixed = fixed_outputs(self.prepared, self.in_float)
        rounded = frozenset(self.producers).difference(self.in_float)
        planned = {(scope, name) for scope, name, _ in steps}
        counts = Counter((scope, name) for scope, name, _ in calls if (scope, name) in planned)
        recurrent = {scope: step for (scope, name, _), step in steps.items() if name in RECURRENT}
        kernels = {s: axes for s, r in recurrent.items() if (axes := kernel_axes(r)) is not None}
        return Plan(steps, counts, kernels, inputs, learned, groups, fixed, rounded, unlearned)

    def _alive(self, name: str) -> str:
        """The value, or the one that it repeats where the converter drops it for that."""
        while name not in self.prepared.values and (node := self.traced.get(name)) is not None:
            source = str(node.inputs[0])
            shapes = [self.places.graph.value(one).shape for one in (source, name)]
            if not spec(node.op).tied or shapes[0] != shapes[1]:
                break
            name = source
        return name

    def _change(self, of: str, **changes: Any) -> None:
        place = self.owners[of]
        self.steps[place] = self.steps.get(place, Step())._replace(**changes)

    def _by_record(self) -> dict[int, Step]:
        """The steps in order; those of several times of one record as one."""
        found: dict[int, Step] = {}
        for place in sorted(self.steps, key=lambda place: (place.record, place.time or 0)):
            if place.time is None:
                found[place.record] = self.steps[place]
            elif place.record not in found:
                count = len(self.places.values[place.record] or ())
                times = [self.steps.get(Place(place.record, t), Step()) for t in range(count)]
                inputs = enumerate(self.places.records[place.record].inputs)
                folded = [i for i, x in inputs if isinstance(self.names.get(id(x)), tuple)]
                found[place.record] = together(times, folded)
        return found

    def _named(self, x: Any, time: int | None) -> Any:
        """The value of a tensor; of its times that which is asked for, if one is."""
        name = self.names.get(id(x))
        return name if time is None or not isinstance(name, tuple) else name[time]

    def _is_int8_input(self, name: str) -> bool:
        readers = self.readers[name]
        in_float = [node.outputs[0] in self.in_float for node in readers]
        return self.prepared.value(name).dtype == "float32" and not (in_float and all(in_float))

    def _is_moved(self, node: Node) -> bool:
        """Whether it hands on the numbers of another call, which are on their steps already."""
        source = str(node.inputs[0])
        return node.op in MOVES and source in self.owners and source not in self.in_float

    def _computed(self, name: str, node: Node) -> dict[str, Any]:
        """What is done about the value of a call, and about the inputs of the call."""
        piece = self._piece(name)
        if name in self.in_float:
            return {"value": name, "observed": self._is_read_in_int8(name), "piece": piece}
        lstm = self._lstm(name)
        if lstm is not None:
            return {"value": name, "lstm": lstm, "reads": self._float_reads(name)}
        found = {"value": name, "observed": any(self._heads(name)), "quantized": True}
        if piece is not None:
            return {**found, "piece": piece}
        return {
            **found,
            "away": node.op == "AveragePool2D",
            "factors": tuple(map(str, node.inputs)) if node.op == "BatchMatMul" else (),
            "reads": self._float_reads(name),
            "constants": self._constants(name, node),
        }

    def _record(self, name: str) -> Record:
        return self.places.records[self.owners[name].record]

    def _inputs(self, name: str) -> dict[int, Any]:
        """The values that the call reads which computes one."""
        time = self.owners[name].time
        return {i: self._named(x, time) for i, x in enumerate(self._record(name).inputs)}

    def _piece(self, name: str) -> Piece | None:
        record, place = self._record(name), self.owners[name]
        given = {value: i for i, value in self._inputs(name).items() if value is not None}
        places = [p for p in self.places.weights if p.record is record]
        if canonical(record.primitive.name) == "batch_norm":
            return None
        piece = piece_of(
            name, self.prepared, self.places.graph, record, given, places,
            lambda other: self.owners.get(other, place) != place,
        )  # fmt: skip
        if piece is None or all(node.outputs[0] in self.in_float for node in piece.nodes):
            return None
        return piece

    def _lstm(self, name: str) -> Lstm | None:
        """The integer Lstm that a value comes from, by moves alone."""
        node = self.producers[name]
        while node.op in MOVES and node.inputs[0] in self.producers:
            source = str(node.inputs[0])
            if self.owners.get(source, self.owners[name]) != self.owners[name]:
                break
            node = self.producers[source]
        if node.op != "Lstm" or node.outputs[0] in self.in_float:
            return None
        return Lstm(str(node.inputs[0]), node.outputs[0], node.outputs[2])

    def _is_inner_head(self, node: Node) -> bool:
        name = node.outputs[0]
        if name in self.in_float:
            return self._is_read_in_int8(name)
        return next(self._heads(name), None) == name

    def _is_read_in_int8(self, name: str) -> bool:
        """Whether what a layer in float computes is rounded for layers in int8."""
        readers = self.readers[name]
        is_number = self.prepared.value(name).dtype == "float32"
        return is_number and any(reader.outputs[0] not in self.in_float for reader in readers)

    def _heads(self, name: str) -> Iterator[str]:
        """The values that are not mere moves of what other calls compute, up to the next calls."""
        node = self.producers[name]
        moved = spec(node.op).activation_inputs(node)
        constant = any(self.prepared.value(str(i)).is_constant for i in moved)
        if not spec(node.op).tied or constant or attributes(node).get("value"):
            yield name
            return
        for source in moved:
            if source in self.producers and source not in self.owners:
                yield from self._heads(source)

    def _float_reads(self, name: str) -> dict[int, Any]:
        def is_float(value: Any) -> bool:
            first = value[0] if isinstance(value, tuple) else value
            return first in self.in_float and first in self.producers

        return {i: value for i, value in self._inputs(name).items() if is_float(value)}

    def _constants(self, name: str, node: Node) -> tuple[int, ...]:
        """Inputs of several numbers that the graph holds as they are (one is always exact)."""
        if spec(node.op).weight_axis is not None or spec(node.op).tied:
            return ()
        record = self._record(name)
        return tuple(
            place.position
            for place in self.places.weights
            if place.record is record
            and place.constant in node.inputs
            and is_floats(record.arrays[place.position])
        )

    def _place_weights(self) -> None:
        found: dict[str, list[tuple[Weight, list[Node], Node]]] = {}
        for node in self.prepared.nodes:
            if spec(node.op).weight_axis is None or node.outputs[0] in self.in_float:
                continue
            origin, norms = origin_of(node, self.traced)
            if origin is None or origin.outputs[0] not in self.owners:
                continue
            weight = self._weight(node, origin, norms)
            if weight is not None:
                found.setdefault(origin.outputs[0], []).append((weight, norms, node))
        for value, entries in found.items():
            weight, norms, node = entries[0]
            self._change(value, weight=weight, reads=self._float_reads(value))
            for norm, tensors in zip(norms, weight.norms, strict=True):
                self._change(norm.outputs[0], norm=tensors, folded=True, scaled=None)

    def _place_norms(self) -> None:
        """Normalizations that no weight takes in: a product and a sum."""
        for node in self.prepared.nodes:
            origin = self.traced.get(node.outputs[0]) if node.op == "Add" else None
            while origin is not None and origin.op in ACTIVATIONS:
                origin = self.traced.get(str(origin.inputs[0]))
            if origin is not None and origin.op == "BatchNorm":
                norm = norm_of(self._record(origin.outputs[0]))
                scaled = None if node.outputs[0] in self.in_float else str(node.inputs[0])
                self._change(origin.outputs[0], norm=norm, scaled=scaled)

    def _weight(self, node: Node, origin: Node, norms: Sequence[Node]) -> Weight | None:
        record = self._record(origin.outputs[0])
        own = {p.constant: p for p in self.places.weights if p.record is record}
        place = own.get(str(origin.inputs[1]))
        if place is None:
            return None
        axis = spec(node.op).weight_axis or 0
        axes = scale_axes(np.shape(record.arrays[place.position]), place.layout, axis)
        bias = own.get(str(origin.inputs[2])) if len(origin.inputs) > 2 else None
        tensors = [norm_of(self._record(n.outputs[0])) for n in norms]
        position = None if bias is None else bias.position
        return Weight(place.position, position, axes, str(node.inputs[0]), tuple(tensors))
