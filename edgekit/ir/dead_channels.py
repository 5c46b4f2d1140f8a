"""The channels that make no difference, and the graph without them.

Channels that are zero for every input, or that nobody reads, need not be computed. Training with
batch normalization and relu often kills channels, and int8 rounding kills more. In a
person-detection network of the MLPerf Tiny suite they are half of all multiplications.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from edgekit.frozen import replace

from .dead import drop_dead_nodes
from .graph import Array, Graph, Node, Value
from .ops import attributes, spec
from .quant import QuantParams

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["narrowed"]

Mask = np.ndarray[Any, np.dtype[np.bool_]]
WEIGHING = ("Conv2D", "Dense")
KEEP_ZERO = ("MaxPool2D", "AveragePool2D", "Relu", "Relu6", "Mean", "Pad", "ResizeNearest")
"""Operators that work channel by channel and give zero for zero, in float and in int8."""


def narrowed(graph: Graph) -> Graph:
    """The graph without its dead channels, by the rules of `drop_dead_channels`."""
    zero = _zero_channels(graph)
    stay = _needed_channels(graph, zero)
    gone = {name for name, mask in stay.items() if not mask.all()}
    if not gone:
        return graph
    edit = _Edit(graph, stay)
    for node in graph.nodes:
        if not gone.isdisjoint((node.inputs[0], node.outputs[0])):
            edit.narrow(node)
    return drop_dead_nodes(edit.apply())


def _zero_channels(graph: Graph) -> dict[str, Mask]:
    """For each activation whose channels could go: which of them are zero whatever the input."""
    zero: dict[str, Mask] = {}
    for node in graph.nodes:
        name, source = node.outputs[0], str(node.inputs[0])
        if _weighs(graph, node):
            silent = _silent(graph, node)
            zero[name] = silent & _bias_gives_zero(graph, node, len(silent))
        elif source in zero and _passes_channels(graph, node):
            if node.op == "DepthwiseConv2D":
                silent = _silent(graph, node)
                incoming = _onward(graph, node, zero[source])
                zero[name] = (silent | incoming) & _bias_gives_zero(graph, node, len(silent))
            else:
                zero[name] = _onward(graph, node, zero[source])
    return zero


def _needed_channels(graph: Graph, zero: dict[str, Mask]) -> dict[str, Mask]:
    """For the same activations: which channels must stay. Readers are seen before producers."""
    stay = {name: np.full(len(mask), name in graph.exits) for name, mask in zero.items()}
    for node in reversed(graph.nodes):
        output = node.outputs[0]
        if output in stay and not stay[output].any():
            stay[output][0] = True
        for name in {i for i in node.inputs if i in stay}:
            if node.inputs.index(name) or node.inputs.count(name) > 1:
                stay[name][:] = True
            else:
                stay[name] |= _needed_by(graph, node, zero[name], stay)
    for node in graph.nodes:  # another reader may need what this node only passes on
        if node.outputs[0] in stay and not _weighs(graph, node):
            stay[node.outputs[0]] = _onward(graph, node, stay[str(node.inputs[0])])
    return stay


def _needed_by(graph: Graph, node: Node, zero: Mask, stay: dict[str, Mask]) -> Mask:
    """The channels of its input that `node` cannot do without."""
    if _weighs(graph, node):
        if graph.value(str(node.inputs[0])).dtype == "float32":
            return ~zero
        weights = _weights(graph, node)
        return ~zero & weights.reshape(-1, len(zero)).any(axis=0)
    output = stay.get(node.outputs[0])
    if output is None:
        return np.ones(len(zero), bool)
    if node.op == "Reshape":
        return np.asarray(output.reshape(-1, len(zero)).any(axis=0))
    return np.asarray(output.reshape(len(zero), -1).any(axis=1))


def _weighs(graph: Graph, node: Node) -> bool:
    """Whether each channel of the output is a sum over all channels of the input."""
    if node.op not in WEIGHING or attributes(node).get("groups", 1) != 1:
        return False
    return graph.value(str(node.inputs[1])).data is not None


def _weights(graph: Graph, node: Node) -> NDArray[np.bool_]:
    """Where the weights are not zero: [output channels, the rest]."""
    value, axis = graph.value(str(node.inputs[1])), spec(node.op).weight_axis
    assert axis is not None
    zero = 0 if value.quant is None else value.quant.zero_point[0]
    present = np.asarray(value.array() != zero)
    if axis:
        present = present.reshape(-1, present.shape[-1]).T  # the last one, of depthwise weights
    return present.reshape(len(present), -1)


def _silent(graph: Graph, node: Node) -> Mask:
    """The output channels whose weights are all zero."""
    return np.asarray(~_weights(graph, node).any(axis=1))


def _bias_gives_zero(graph: Graph, node: Node, channels: int) -> Mask:
    """Where the bias alone gives zero: it is zero, or negative and a relu follows."""
    if len(node.inputs) < 3 or node.inputs[2] is None:
        return np.ones(channels, bool)
    value = graph.value(node.inputs[2])
    if value.data is None:
        return np.zeros(channels, bool)
    silenced = value.data <= 0 if attributes(node)["activation"] != "none" else value.data == 0
    return np.asarray(silenced, bool)


def _passes_channels(graph: Graph, node: Node) -> bool:
    """Whether each channel of the output comes from one channel of the input."""
    if node.op == "DepthwiseConv2D":
        return graph.value(str(node.inputs[1])).data is not None
    attrs, before = attributes(node), graph.value(str(node.inputs[0])).shape
    if node.op == "Reshape":  # flattening repeats the channels, once per position
        after = graph.value(node.outputs[0]).shape
        return len(after) == 2 <= len(before) and after[0] == before[0] and after[1] is not None
    if node.op == "Mean":
        return all(axis % len(before) != len(before) - 1 for axis in attrs["axes"])
    if node.op == "Pad":
        return bool(attrs["pads"][-2:] == (0, 0) and attrs["value"] == 0.0)
    return node.op in KEEP_ZERO


def _onward(graph: Graph, node: Node, mask: Mask) -> Mask:
    """A mask of the input's channels as one of the output's, for a node that passes them."""
    channels = graph.value(node.outputs[0]).shape[-1]
    assert channels is not None
    repeats = channels // len(mask)
    return np.tile(mask, repeats) if node.op == "Reshape" else np.repeat(mask, repeats)


class _Edit:
    """What changes when channels go: nodes, and values under new names or new shapes."""

    def __init__(self, graph: Graph, stay: dict[str, Mask]) -> None:
        self.graph, self.stay = graph, stay
        self.readers = graph.consumers()
        self.nodes: dict[tuple[str, ...], Node] = {}
        self.values: dict[str, Value] = {}

    def narrow(self, node: Node) -> None:
        """Let a node read and write only the channels that stay."""
        source, name = str(node.inputs[0]), node.outputs[0]
        if source in self.stay and _weighs(self.graph, node):
            rank = self.graph.value(str(node.inputs[1])).array().ndim
            self._keep(node, "weight", rank - 1, self.stay[source])
        if name not in self.stay:
            return
        stay, value = self.stay[name], self.graph.value(name)
        axis = spec(node.op).weight_axis
        if axis is not None:
            self._keep(node, "weight", axis, stay)
            self._keep(node, "bias", 0, stay)
        left = int(stay.sum())
        self.values[name] = replace(value, shape=(*value.shape[:-1], left))
        if node.op == "Reshape":
            self.nodes[node.outputs] = replace(node, attrs={"shape": (-1, left)})

    def apply(self) -> Graph:
        nodes = [self.nodes.get(node.outputs, node) for node in self.graph.nodes]
        return self.graph.with_nodes(nodes, list(self.values.values()))

    def _keep(self, node: Node, role: str, axis: int, stay: Mask) -> None:
        """Let `node` read only some indices of its constant input `role`."""
        position = spec(node.op).position(role)
        current = self.nodes.get(node.outputs, node)
        if position >= len(node.inputs) or node.inputs[position] is None or stay.all():
            return
        name = str(current.inputs[position])
        old = self.values.get(name) or self.graph.value(name)
        kept = np.flatnonzero(stay)
        data: Array = np.ascontiguousarray(np.take(old.array(), kept, axis=axis))
        if name == node.inputs[position]:  # not yet narrowed for this node
            name = self._name(name)
        self.values[name] = Value(
            name, data.shape, old.dtype, data, _kept_quant(old.quant, axis, kept)
        )
        inputs = list(current.inputs)
        inputs[position] = name
        self.nodes[node.outputs] = replace(current, inputs=tuple(inputs))

    def _name(self, name: str) -> str:
        """A constant that one node reads keeps its name; a shared one is copied."""
        if len(self.readers[name]) == 1:
            return name
        taken = {*self.graph.values, *self.values}
        return next(n for i in range(1, len(taken) + 2) if (n := f"{name}_{i}") not in taken)


def _kept_quant(quant: QuantParams | None, axis: int, kept: NDArray[np.intp]) -> QuantParams | None:
    if quant is None or quant.axis != axis:
        return quant
    indices = kept.tolist()
    scales, zero_points = ([part[i] for i in indices] for part in (quant.scale, quant.zero_point))
    return QuantParams(scales, zero_points, axis)
