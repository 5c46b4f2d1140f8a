"""Layers that are one operation in training and several on the device, computed as the latter.

SiLU is a product with a sigmoid there, a layer normalization some nine operators, and each result
between them has a scale. Here such a call is computed operator by operator, by the graph that the
converter makes of it, so that all of them are rounded and learned.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from edgekit.ir import Graph, Node, spec
from edgekit.ir.ops import attributes
from edgekit.train.primitive import Record
from edgekit.train.tensor import PRIMITIVES
from edgekit.train.trace.runs import WeightPlace

__all__ = ["Piece", "compute", "piece_of"]

Operator = Callable[[Sequence[Any], Mapping[str, Any]], Any]


def _plain(name: str) -> Operator:
    return lambda inputs, attrs: PRIMITIVES[name](*inputs)


def _reduced(name: str) -> Operator:
    return lambda inputs, attrs: PRIMITIVES[name](
        inputs[0], axis=tuple(attrs["axes"]), keepdims=bool(attrs["keepdims"])
    )


def _reshaped(inputs: Sequence[Any], attrs: Mapping[str, Any]) -> Any:
    return PRIMITIVES["reshape"](inputs[0], shape=tuple(attrs["shape"]))


OPERATORS: dict[str, Operator] = {
    "Add": _plain("add"),
    "Div": _plain("divide"),
    "Exp": _plain("exp"),
    "Log": _plain("log"),
    "Maximum": _plain("maximum"),
    "Mean": _reduced("mean"),
    "Minimum": _plain("minimum"),
    "Mul": _plain("multiply"),
    "ReduceMax": _reduced("max"),
    "Relu": _plain("relu"),
    "Relu6": _plain("relu6"),
    "Reshape": _reshaped,
    "Rsqrt": lambda inputs, attrs: 1.0 / PRIMITIVES["sqrt"](inputs[0]),
    "Sigmoid": _plain("sigmoid"),
    "SquaredDifference": lambda inputs, attrs: PRIMITIVES["square"](inputs[0] - inputs[1]),
    "Sub": _plain("subtract"),
    "Sum": _reduced("sum"),
    "Tanh": _plain("tanh"),
}
"""How the operators that appear inside of one call are computed with derivatives."""


class Piece(NamedTuple):
    """The nodes of a call in order.

    sources: by value, which input of the call it is. weights: by constant, which input it is and
    in what shape. constants: numbers of the graph's own.
    """

    nodes: tuple[Node, ...]
    sources: Mapping[str, int]
    weights: Mapping[str, tuple[int, tuple[int, ...]]]
    constants: Mapping[str, np.ndarray]


def piece_of(
    value: str,
    graph: Graph,
    record: Record,
    given: Mapping[str, int],
    places: Sequence[WeightPlace],
    owned: Callable[[str], bool],
) -> Piece | None:
    """The nodes between the inputs of a call (`given`, by value) and the value that it computes.

    `owned` says which values other calls compute. None where one node does it, or where an
    operator or a constant is met that cannot be computed here.
    """
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
    nodes = tuple(node for node in graph.nodes if node.outputs[0] in needed)
    if sum(not spec(node.op).tied for node in nodes) < 2:
        return None
    if any(node.op not in OPERATORS for node in nodes):
        return None
    read = {i for node in nodes for i in node.inputs if i is not None}
    constants = {i: graph.value(i).array() for i in read if graph.value(i).is_constant}
    weights = {}
    for place in places:
        if place.constant in constants:
            shape = constants.pop(place.constant).shape
            if not _only_reshapes(record, place):
                return None
            weights[place.constant] = (place.position, shape)
    return Piece(nodes, {n: given[n] for n in read if n in given}, weights, constants)


def _only_reshapes(record: Record, place: WeightPlace) -> bool:
    shape = np.shape(record.arrays[place.position])
    numbers = np.arange(int(np.prod(shape))).reshape(shape)
    return np.array_equal(np.ravel(place.layout(numbers)), numbers.ravel())


def compute(
    piece: Piece,
    inputs: Sequence[Any],
    read: Callable[[Node, str, Any], Any],
    written: Callable[[Node, Any], Any],
) -> Any:
    """The result of a piece. `read` and `written` round what goes into and comes out of a node."""
    values: dict[str, Any] = {name: inputs[at] for name, at in piece.sources.items()}
    values.update(piece.constants)
    for name, (position, shape) in piece.weights.items():
        weight = inputs[position]
        given = weight if tuple(np.shape(weight)) == shape else _as_shape(weight, shape)
        values[name] = given
    result = None
    for node in piece.nodes:
        attrs = attributes(node)
        given = [read(node, name, values[name]) for name in node.inputs if name is not None]
        result = OPERATORS[node.op](given, attrs)
        if attrs.get("activation", "none") != "none":
            result = PRIMITIVES[attrs["activation"]](result)
        result = values[node.outputs[0]] = written(node, result)
    return result


def _as_shape(weight: Any, shape: tuple[int, ...]) -> Any:
    return PRIMITIVES["reshape"](weight, shape=shape)
