"""Layers that are one operation in training and several on the device, computed as the latter.

SiLU is a product with a sigmoid there, a layer normalization some nine operators, a GRU some ten
for each time, and each result between them has a scale. Here such a call is computed operator by
operator, by the graph that the converter makes of it, so that all of them are rounded and learned.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple, Protocol

import numpy as np

from edgekit.ir import Graph, Node, spec
from edgekit.ir.ops import attributes
from edgekit.train.ops.storage import widened
from edgekit.train.ops.unstack import unstack
from edgekit.train.primitive import Record
from edgekit.train.tensor import PRIMITIVES, Tensor
from edgekit.train.trace.runs import WeightPlace

from .operators import ELEMENTWISE, OPERATORS, dense

__all__ = ["MOVES", "RECURRENT", "Piece", "Rounding", "compute", "piece_of"]

Layout = Callable[[Any], Any]

MOVES = ("Reshape", "Slice")
"""Operators that hand on numbers as they are."""
RECURRENT = {"gru": 6, "lstm": 7, "simple_rnn": 6}
"""Primitives that run a whole sequence, and which input of theirs holds factors for the state."""
KERNEL = 2
"""Which input of theirs is multiplied with the state."""


class Piece(NamedTuple):
    """The nodes of a call in order.

    sources: by value, which input of the call it is. weights: by constant, which input it is and
    how it is laid out. constants: numbers of the graph's own. folded: nodes that the converter
    computes beforehand, since they read weights alone. gates: by constant with weights of a state,
    the first gate in it. dropped: which input holds factors for the state, one for each gate.
    """

    nodes: tuple[Node, ...]
    sources: Mapping[str, int]
    weights: Mapping[str, tuple[int, Layout]]
    constants: Mapping[str, np.ndarray]
    folded: tuple[Node, ...] = ()
    gates: Mapping[str, int] = {}
    dropped: int = 0


class Rounding(Protocol):
    """What rounds while a piece is computed."""

    def read(self, node: Node, value: str, x: Any) -> Any:
        """What goes into a node."""

    def written(self, node: Node, x: Any) -> Any:
        """What comes out of it."""

    def weight(self, node: Node, weight: Any, bias: Any) -> tuple[Any, Any]:
        """The weight (outputs, inputs) of a product, and its bias."""


def piece_of(
    value: str,
    graph: Graph,
    traced: Graph,
    record: Record,
    given: Mapping[str, int],
    places: Sequence[WeightPlace],
    owned: Callable[[str], bool],
) -> Piece | None:
    """The nodes between the inputs of a call (`given`, by value) and the value that it computes.

    `graph` is what the converter makes of `traced`; `owned` says which values other calls compute.
    None where one node does it, or where an operator or a constant is met that cannot be computed
    here.
    """
    is_recurrent = record.primitive.name in RECURRENT
    nodes = _between(value, graph, given, owned)
    known = OPERATORS if is_recurrent else ELEMENTWISE
    if nodes is None or any(node.op not in known for node in nodes):
        return None
    if not is_recurrent and sum(not spec(node.op).tied for node in nodes) < 2:
        return None
    read = {i for node in nodes for i in node.inputs if i is not None}
    folded = _folded(read, graph, traced)
    made = {node.outputs[0] for node in folded}
    read = read.union(i for node in folded for i in node.inputs if i is not None) - made
    constants = {
        name: holder.value(name).array()
        for name in read
        for holder in (graph if name in graph.values else traced,)
        if holder.value(name).is_constant
    }
    weights = {p.constant: p for p in places if p.constant in constants}
    state = [p for p in weights.values() if is_recurrent and p.position == KERNEL]
    return Piece(
        tuple(nodes),
        {n: given[n] for n in read if n in given},
        {name: (p.position, p.layout) for name, p in weights.items()},
        {name: array for name, array in constants.items() if name not in weights},
        folded,
        {p.constant: _first_gate(record, p) for p in state},
        RECURRENT.get(record.primitive.name, 0),
    )


def _between(
    value: str, graph: Graph, given: Mapping[str, int], owned: Callable[[str], bool]
) -> list[Node] | None:
    producers = graph.producers()
    needed, waiting = set(), [value]
    while waiting:
        name = waiting.pop()
        if name in needed or graph.value(name).is_constant or name in given:
            continue
        if name not in producers or (name != value and owned(name)):
            return None
        needed.add(name)
        waiting += [i for i in producers[name].inputs if i is not None]
    return [node for node in graph.nodes if node.outputs[0] in needed]


def _folded(read: Iterable[str], graph: Graph, traced: Graph) -> tuple[Node, ...]:
    """The traced nodes that compute constants of the graph, in order."""
    producers = traced.producers()
    waiting = [name for name in read if name in producers and graph.value(name).is_constant]
    found: set[str] = set()
    while waiting:
        name = waiting.pop()
        if name in producers and name not in found:
            found.add(name)
            waiting += [i for i in producers[name].inputs if i is not None]
    return tuple(node for node in traced.nodes if node.outputs[0] in found)


def _first_gate(record: Record, place: WeightPlace) -> int:
    """The gate of which a part of the state's weights holds the first output."""
    units, width = np.shape(record.arrays[place.position])
    columns = np.broadcast_to(np.arange(width), (units, width))
    return int(place.layout(columns)[0, 0]) // units


def compute(piece: Piece, inputs: Sequence[Any], rounding: Rounding) -> Any:
    """The result of a piece."""
    values: dict[str, Any] = {name: inputs[at] for name, at in piece.sources.items()}
    values.update(piece.constants)
    for name, (position, layout) in piece.weights.items():
        weight = inputs[position]
        weight = widened(weight) if isinstance(weight, Tensor) else weight
        values[name] = None if weight is None else layout(weight)
    for node in piece.folded:
        given = [values[name] for name in node.inputs if name is not None]
        values[node.outputs[0]] = OPERATORS[node.op](given, attributes(node))
    times: dict[int, Any] = {}
    result = None
    for node in piece.nodes:
        attrs = attributes(node)
        if node.op == "Dense":
            result = _product(piece, node, values, inputs, rounding)
        else:
            given = [rounding.read(node, n, values[n]) for n in node.inputs if n is not None]
            if node.op == "Slice" and len(given[0].shape) == 3 and attrs["sizes"][1] == 1:
                result = _one_time(given[0], times, attrs)
            else:
                result = OPERATORS[node.op](given, attrs)
        if attrs.get("activation", "none") != "none":
            result = PRIMITIVES[attrs["activation"]](result)
        result = values[node.outputs[0]] = rounding.written(node, result)
    return result


def _one_time(x: Any, known: dict[int, Any], attrs: Mapping[str, Any]) -> Any:
    """One of all times; indexing each by itself would make a gradient of all times for each."""
    _, steps = known.setdefault(id(x), (x, None))
    if steps is None:
        known[id(x)] = x, (steps := unstack(x))
    row = steps[attrs["starts"][1]]
    return row.reshape(row.shape[0], 1, row.shape[1])


def _product(
    piece: Piece, node: Node, values: Mapping[str, Any], inputs: Sequence[Any], rounding: Rounding
) -> Any:
    """A Dense within a recurrent layer, of its input or of its state."""
    source, name, bias_name = (*map(str, node.inputs), "None")[:3]
    x = rounding.read(node, source, values[source])
    weight, bias = values[name], values.get(bias_name)
    if weight is None:  # the input holds the products
        return x if bias is None else x + bias
    rounded, bias = rounding.weight(node, weight, bias)
    has_factors = name in piece.gates and piece.dropped < len(inputs)
    dropped = inputs[piece.dropped] if has_factors else None
    if dropped is None:
        return dense(x, rounded, bias)
    units = x.shape[1]
    parts = [
        dense(x * dropped[piece.gates[name] + k], rounded[k * units : (k + 1) * units], None)
        for k in range(rounded.shape[0] // units)
    ]
    products = PRIMITIVES["concat"](*parts, axis=-1) if len(parts) > 1 else parts[0]
    return products if bias is None else products + bias
