"""Where a model computes with int8 once it is converted, in terms of the calls it makes.

The model is traced, its graph goes through the converter's own passes, and what these leave as
values with scales is carried back to the calls of primitives that compute them. So there is no
second set of rules about what is folded, fused, tied or kept in float.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
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

from .pieces import Piece, piece_of
from .steps import Key, Norm, Plan, Step, Weight, canonical

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
        self.producers = prepared.producers()
        self.owners: dict[str, int] = {}  # value -> the first record that computes it
        for index, name in enumerate(places.values):
            if name is not None:
                self.owners.setdefault(name, index)
        self.names = {
            id(r.output): n for r, n in zip(places.records, places.values, strict=True) if n
        }
        self.steps: dict[int, Step] = {}

    def plan(self) -> Plan:
        inputs = {name: self._is_int8_input(name) for name in self.prepared.inputs}
        for name, node in self.producers.items():
            if name in self.owners:
                self._change(name, **self._computed(name, node))
        self._place_weights()
        self._place_norms()
        learned = [name for name, rounded in inputs.items() if rounded]
        learned += [step.value for step in self.steps.values() if step.value and step.observed]
        for piece in [step.piece for step in self.steps.values() if step.piece]:
            learned += [n.outputs[0] for n in piece.nodes[:-1] if self._is_inner_head(n)]
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
        keys = _keys(self.places.records)
        steps = {keys[index]: step for index, step in sorted(self.steps.items())}
        fixed = fixed_outputs(self.prepared, self.in_float)
        rounded = frozenset(self.producers).difference(self.in_float)
        return Plan(steps, inputs, learned, groups, fixed, rounded, unlearned)

    def _change(self, of: str, **changes: Any) -> None:
        index = self.owners[of]
        self.steps[index] = self.steps.get(index, Step())._replace(**changes)

    def _is_int8_input(self, name: str) -> bool:
        readers = self.prepared.consumers()[name]
        in_float = [node.outputs[0] in self.in_float for node in readers]
        return self.prepared.value(name).dtype == "float32" and not (in_float and all(in_float))

    def _computed(self, name: str, node: Node) -> dict[str, Any]:
        """What is done about the value of a call, and about the inputs of the call."""
        record = self.places.records[self.owners[name]]
        piece = self._piece(name, record)
        if name in self.in_float:
            return {"value": name, "observed": self._is_read_in_int8(name), "piece": piece}
        found = {"value": name, "observed": any(self._heads(name)), "quantized": True}
        if piece is not None:
            return {**found, "piece": piece}
        return {
            **found,
            "away": node.op == "AveragePool2D",
            "reads": self._float_reads(record),
            "constants": self._constants(record, node),
        }

    def _piece(self, name: str, record: Record) -> Piece | None:
        index = self.owners[name]
        given = {self.names[id(x)]: i for i, x in enumerate(record.inputs) if id(x) in self.names}
        places = [place for place in self.places.weights if place.record is record]
        if canonical(record.primitive.name) == "batch_norm":
            return None
        piece = piece_of(
            name, self.prepared, record, given, places,
            lambda other: self.owners.get(other, index) != index,
        )  # fmt: skip
        if piece is None or all(node.outputs[0] in self.in_float for node in piece.nodes):
            return None
        return piece

    def _is_inner_head(self, node: Node) -> bool:
        name = node.outputs[0]
        if name in self.in_float:
            return self._is_read_in_int8(name)
        return next(self._heads(name), None) == name

    def _is_read_in_int8(self, name: str) -> bool:
        """Whether what a layer in float computes is rounded for layers in int8."""
        readers = self.prepared.consumers()[name]
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

    def _float_reads(self, record: Record) -> dict[int, str]:
        named = {i: self.names.get(id(x)) for i, x in enumerate(record.inputs)}
        return {i: n for i, n in named.items() if n in self.in_float and n in self.producers}

    def _constants(self, record: Record, node: Node) -> tuple[int, ...]:
        """Inputs of several numbers that the graph holds as they are (one is always exact)."""
        if spec(node.op).weight_axis is not None or spec(node.op).tied:
            return ()
        return tuple(
            place.position
            for place in self.places.weights
            if place.record is record
            and place.constant in node.inputs
            and _is_floats(record.arrays[place.position])
        )

    def _place_weights(self) -> None:
        found: dict[str, list[tuple[Weight, list[Node], Node]]] = {}
        traced = self.places.graph.producers()
        for node in self.prepared.nodes:
            if spec(node.op).weight_axis is None or node.outputs[0] in self.in_float:
                continue
            origin, norms = _origin(node, traced)
            if origin is None or origin.outputs[0] not in self.owners:
                continue
            weight = self._weight(node, origin, norms)
            if weight is not None:
                found.setdefault(origin.outputs[0], []).append((weight, norms, node))
        for value, entries in found.items():
            weight, norms, node = entries[0]
            record = self.places.records[self.owners[value]]
            self._change(value, weight=weight, reads=self._float_reads(record))
            for norm, tensors in zip(norms, weight.norms, strict=True):
                self._change(norm.outputs[0], norm=tensors, folded=True, scaled=None)

    def _place_norms(self) -> None:
        """Normalizations that no weight takes in: a product and a sum."""
        traced = self.places.graph.producers()
        for node in self.prepared.nodes:
            origin = traced.get(node.outputs[0]) if node.op == "Add" else None
            while origin is not None and origin.op in ACTIVATIONS:
                origin = traced.get(str(origin.inputs[0]))
            if origin is not None and origin.op == "BatchNorm":
                norm = _norm(self.places.records[self.owners[origin.outputs[0]]])
                scaled = None if node.outputs[0] in self.in_float else str(node.inputs[0])
                self._change(origin.outputs[0], norm=norm, scaled=scaled)

    def _weight(self, node: Node, origin: Node, norms: Sequence[Node]) -> Weight | None:
        record = self.places.records[self.owners[origin.outputs[0]]]
        own = {p.constant: p for p in self.places.weights if p.record is record}
        place = own.get(str(origin.inputs[1]))
        if place is None:
            return None
        axis = spec(node.op).weight_axis or 0
        axes = _scale_axes(np.shape(record.arrays[place.position]), place.layout, axis)
        bias = own.get(str(origin.inputs[2])) if len(origin.inputs) > 2 else None
        tensors = [_norm(self.places.records[self.owners[n.outputs[0]]]) for n in norms]
        position = None if bias is None else bias.position
        return Weight(place.position, position, axes, str(node.inputs[0]), tuple(tensors))


def _keys(records: Sequence[Record]) -> list[Key]:
    counts: dict[tuple[str, str], int] = {}
    found = []
    for record in records:
        scope = record.scope.partition("/")[2]
        name = canonical(record.primitive.name)
        count = counts.get((scope, name), 0)
        counts[scope, name] = count + 1
        found.append((scope, name, count))
    return found


def _origin(node: Node, traced: Mapping[str, Node]) -> tuple[Node | None, list[Node]]:
    """The traced node that a prepared one stands for, and the normalizations folded into it."""
    norms: list[Node] = []
    origin = traced.get(node.outputs[0])
    while origin is not None and origin.op != node.op:
        if origin.op == "BatchNorm":
            norms.insert(0, origin)
        origin = traced.get(str(origin.inputs[0]))
    return origin, norms


def _norm(record: Record) -> Norm:
    gamma, beta, mean, variance = record.inputs[1:5]
    return Norm(gamma, beta, mean, variance, float(record.attrs.get("epsilon", 1e-3)))


def _scale_axes(
    shape: tuple[int, ...], layout: Callable[[np.ndarray], np.ndarray], axis: int
) -> tuple[int, ...]:
    """The axes of a weight that its layout in the graph makes the axis of its scales."""
    size = int(np.prod(shape))
    laid = layout(np.arange(1, size + 1).reshape(shape))
    channels = np.zeros(size + 1, np.int64)
    along = [1] * laid.ndim
    along[axis] = -1
    channels[laid] = np.broadcast_to(np.arange(laid.shape[axis]).reshape(along), laid.shape)
    channel = channels[1:].reshape(shape)
    return tuple(i for i in range(len(shape)) if np.ptp(channel, axis=i).any())


def _is_floats(array: Any) -> bool:
    return np.size(array) > 1 and array.dtype.kind == "f"
