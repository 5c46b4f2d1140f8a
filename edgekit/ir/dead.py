"""What makes no difference: nodes that no output needs, and channels."""

from __future__ import annotations

from edgekit.frozen import replace

from .graph import Graph, Node

__all__ = ["drop_dead_channels", "drop_dead_nodes"]


def drop_dead_nodes(graph: Graph) -> Graph:
    """Remove nodes that no output needs, then values that nothing mentions. Inputs stay."""
    needed = set(graph.exits)
    kept: list[Node] = []
    for node in reversed(graph.nodes):
        if needed.intersection(node.outputs):
            kept.append(node)
            needed.update(i for i in node.inputs if i is not None)
    needed.update(output for node in kept for output in node.outputs)
    needed.update(graph.entries)
    needed.update(state.initial for state in graph.states)
    values = {name: value for name, value in graph.values.items() if name in needed}
    if len(kept) == len(graph.nodes) and len(values) == len(graph.values):
        return graph
    return replace(graph, nodes=tuple(reversed(kept)), values=values)


def drop_dead_channels(graph: Graph) -> Graph:
    """Remove the channels of convolutions and dense layers that make no difference.

    1. A channel that is zero for every input: all its weights are zero, and its bias is zero too,
       or negative before a relu.
    2. A quantized channel that all readers multiply by zero. (A float one may be infinite.)

    What is removed adds exactly nothing, in either arithmetic, so all other values keep their
    bits. A channel stays where a reader needs it in its place (an Add, a Concat, an output of the
    graph), and of each value one stays.
    """
    graph = drop_dead_nodes(graph)
    if not any(_leaves_channels_out(graph, node) for node in graph.nodes):
        return graph  # each channel has weights and is read by some: nothing to look for
    from .dead_channels import narrowed

    return narrowed(graph)


def _leaves_channels_out(graph: Graph, node: Node) -> bool:
    """Whether a layer has only zeros for one of its output channels, or for one of its input's."""
    if node.op not in ("Conv2D", "Dense", "DepthwiseConv2D"):
        return False
    value = graph.value(str(node.inputs[1]))
    if value.data is None:
        return False
    zero = 0 if value.quant is None else value.quant.zero_point[0]
    present = value.data != zero if zero else value.data
    if not present.reshape(-1, value.data.shape[-1]).any(axis=0).all():
        return True
    by_output = present.reshape(len(present), -1)
    return node.op != "DepthwiseConv2D" and not by_output.any(axis=1).all()
