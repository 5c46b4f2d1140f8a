"""Channels that are zero for every input need not be computed, nor read.

Training with batch normalization and relu often kills channels, and int8 rounding kills more.
In a person-detection network of the MLPerf Tiny suite they are half of all multiplications.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from ..graph import Graph, Node, Value
from ..ops import attributes, spec
from ..quant import QuantParams
from .constants import drop_dead_nodes

__all__ = ["drop_dead_channels"]

Mask = NDArray[np.bool_]
PRODUCERS = ("Conv2D", "Dense", "DepthwiseConv2D")
KEEP_ZERO = ("MaxPool2D", "AveragePool2D", "Relu", "Relu6", "Mean", "Pad", "ResizeNearest")
"""Operators that work channel by channel and give zero for zero, in float and in int8."""


def drop_dead_channels(graph: Graph) -> Graph:
    """Remove the output channels of convolutions and dense layers that are always zero.

    A channel is dead when all its weights are zero and its bias is zero too, or negative before a
    relu. What is removed is exactly zero (in int8: exactly the zero point, in either arithmetic),
    so all other values keep their bits. A channel stays where a reader needs it in its place (an
    Add, a Concat, an output of the graph).
    """
    for node in graph.nodes:
        if node.op in ("Conv2D", "Dense"):
            current = graph.producers()[node.outputs[0]]
            dead = _dead(graph, current)
            if dead.any() and not dead.all():
                graph = _without(graph, current, dead)
    return drop_dead_nodes(graph)


def _dead(graph: Graph, node: Node) -> Mask:
    """Which output channels are zero whatever the input."""
    axis = spec(node.op).weight_axis
    weight = graph.value(str(node.inputs[1]))
    if weight.data is None or axis is None or attributes(node).get("groups", 1) != 1:
        return np.zeros(1, bool)
    others = tuple(i for i in range(weight.data.ndim) if i != axis)
    zero = 0 if weight.quant is None else weight.quant.zero_point[0]  # of uint8 weights only
    silent: Mask = np.logical_not(np.any(weight.data != zero, axis=others))
    return silent & _bias_gives_zero(graph, node, len(silent))


def _bias_gives_zero(graph: Graph, node: Node, channels: int) -> Mask:
    """Where the bias alone gives zero: it is zero, or negative and a relu follows."""
    if len(node.inputs) < 3 or node.inputs[2] is None:
        return np.ones(channels, bool)
    value = graph.value(node.inputs[2])
    if value.data is None:
        return np.zeros(channels, bool)
    silenced = value.data <= 0 if attributes(node)["activation"] != "none" else value.data == 0
    return np.asarray(silenced, bool)


@dataclass
class _Edit:
    """What changes when channels go: nodes, and values under new names or new shapes."""

    graph: Graph
    nodes: dict[tuple[str, ...], Node] = field(default_factory=dict)
    values: list[Value] = field(default_factory=list)

    def keep(self, node: Node, role: str, axis: int, kept: NDArray[np.intp]) -> None:
        """Let `node` read only the `kept` indices of its constant input `role`."""
        position = spec(node.op).position(role)
        if position >= len(node.inputs) or node.inputs[position] is None:
            return
        old = self.graph.value(str(node.inputs[position]))
        data = np.ascontiguousarray(np.take(old.array(), kept, axis=axis))
        name = self._name(old.name)
        quant = _kept_quant(old.quant, axis, kept)
        self.values.append(Value(name, data.shape, old.dtype, data, quant))
        current = self.nodes.get(node.outputs, node)
        inputs = list(current.inputs)
        inputs[position] = name
        self.nodes[node.outputs] = replace(current, inputs=tuple(inputs))

    def narrow(self, name: str, channels: int) -> None:
        value = self.graph.value(name)
        self.values.append(replace(value, shape=(*value.shape[:-1], channels)))

    def apply(self) -> Graph:
        nodes = [self.nodes.get(node.outputs, node) for node in self.graph.nodes]
        return self.graph.with_nodes(nodes, self.values)

    def _name(self, name: str) -> str:
        """A constant that one node reads keeps its name; a shared one is copied."""
        if len(self.graph.consumers()[name]) == 1:
            return name
        taken = {*self.graph.values, *(value.name for value in self.values)}
        return next(n for i in range(1, len(taken) + 2) if (n := f"{name}_{i}") not in taken)


def _kept_quant(quant: QuantParams | None, axis: int, kept: NDArray[np.intp]) -> QuantParams | None:
    if quant is None or quant.axis != axis:
        return quant
    return QuantParams(
        tuple(quant.scale[i] for i in kept), tuple(quant.zero_point[i] for i in kept), axis
    )


def _without(graph: Graph, node: Node, dead: Mask) -> Graph:
    """The graph without the dead channels of `node`, or the graph itself if a reader needs them."""
    edit = _Edit(graph)
    _produce_less(edit, node, np.flatnonzero(~dead))
    waiting = [(node.outputs[0], dead)]
    while waiting:
        name, gone = waiting.pop()
        if name in graph.exits:
            return graph
        for reader in graph.consumers()[name]:
            passed = _read_less(edit, reader, name, gone)
            if passed is None:
                return graph
            waiting.extend(passed)
    return edit.apply()


def _produce_less(edit: _Edit, node: Node, kept: NDArray[np.intp]) -> None:
    axis = spec(node.op).weight_axis
    assert axis is not None
    edit.keep(node, "weight", axis, kept)
    edit.keep(node, "bias", 0, kept)
    edit.narrow(node.outputs[0], len(kept))


def _read_less(
    edit: _Edit, reader: Node, name: str, gone: Mask
) -> Iterable[tuple[str, Mask]] | None:
    """Let `reader` read `name` without the gone channels.

    Gives the values that lose channels in turn, or None where the reader needs them all.
    """
    graph, kept = edit.graph, np.flatnonzero(~gone)
    if reader.op in ("Conv2D", "Dense") and attributes(reader).get("groups", 1) == 1:
        axis = graph.value(str(reader.inputs[1])).array().ndim - 1
        edit.keep(reader, "weight", axis, kept)
        return []
    output = reader.outputs[0]
    if reader.op == "DepthwiseConv2D":
        multiplier = graph.value(str(reader.inputs[1])).array().shape[3] // len(gone)
        narrower = np.repeat(gone, multiplier)
        if not _bias_gives_zero(graph, reader, len(narrower))[narrower].all():
            return None
        _produce_less(edit, reader, np.flatnonzero(~narrower))
        return [(output, narrower)]
    if reader.op in KEEP_ZERO and _keeps_channels(graph, reader):
        edit.narrow(output, len(kept))
        return [(output, gone)]
    if reader.op == "Reshape":
        return _flatten_less(edit, reader, name, gone)
    return None


def _keeps_channels(graph: Graph, node: Node) -> bool:
    """Whether the last dimension passes through untouched."""
    rank = len(graph.value(str(node.inputs[0])).shape)
    attrs = attributes(node)
    if node.op == "Mean":
        return all(axis % rank != rank - 1 for axis in attrs["axes"])
    if node.op == "Pad":
        return bool(attrs["pads"][-2:] == (0, 0) and attrs["value"] == 0.0)
    return True


def _flatten_less(
    edit: _Edit, reader: Node, name: str, gone: Mask
) -> Iterable[tuple[str, Mask]] | None:
    """Flattening repeats the channels once per position; any other reshape needs them all."""
    before, after = edit.graph.value(name).shape, edit.graph.value(reader.outputs[0]).shape
    if len(after) != 2 or len(before) < 2 or after[0] != before[0] or after[1] is None:
        return None
    repeated = np.tile(gone, after[1] // len(gone))
    left = int((~repeated).sum())
    current = edit.nodes.get(reader.outputs, reader)
    edit.nodes[reader.outputs] = replace(current, attrs={"shape": (-1, left)})
    edit.narrow(reader.outputs[0], left)
    return [(reader.outputs[0], repeated)]
