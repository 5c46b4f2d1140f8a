"""Activations and paddings that the operator beside them can do itself."""

from __future__ import annotations

from edgekit.frozen import replace

from ..graph import Graph, Node
from ..ops import attributes, spec

__all__ = ["fuse_activations", "fuse_padding"]

ACTIVATIONS = {"Relu": "relu", "Relu6": "relu6"}


def fuse_activations(graph: Graph) -> Graph:
    """Relu or Relu6 that alone reads a node without activation  ->  that node's attribute.

    The fused node keeps its layer's name and computes the activation's output value.
    """
    for node in graph.nodes:
        if node.op not in ACTIVATIONS:
            continue
        source = str(node.inputs[0])
        producer = graph.producers().get(source)
        if (
            producer is None
            or "activation" not in spec(producer.op).attrs
            or attributes(producer)["activation"] != "none"
            or len(graph.consumers()[source]) != 1
            or source in graph.exits
        ):
            continue
        attrs = {**producer.attrs, "activation": ACTIVATIONS[node.op]}
        fused = replace(producer, attrs=attrs, outputs=node.outputs)
        nodes = [fused if n is producer else n for n in graph.nodes if n is not node]
        graph = graph.with_nodes(nodes)
    return graph


def fuse_padding(graph: Graph) -> Graph:
    """A Pad of rows and columns with zeros, read by convolutions alone  ->  their `pads`."""
    for node in graph.nodes:
        pads = _image_padding(node)
        if pads is None or node.outputs[0] in graph.exits:
            continue
        readers = graph.consumers()[node.outputs[0]]
        if not readers or any(reader.op not in ("Conv2D", "DepthwiseConv2D") for reader in readers):
            continue
        padded = {reader.outputs: _padded(reader, str(node.inputs[0]), pads) for reader in readers}
        nodes = [padded.get(n.outputs, n) for n in graph.nodes if n is not node]
        graph = graph.with_nodes(nodes)
    return graph


def _image_padding(node: Node) -> tuple[int, ...] | None:
    """(top, left, bottom, right) of a Pad that adds zeros to height and width only."""
    if node.op != "Pad" or len(attributes(node)["pads"]) != 8 or attributes(node)["value"] != 0.0:
        return None
    batch_before, batch_after, top, bottom, left, right, before, after = attributes(node)["pads"]
    if batch_before or batch_after or before or after:
        return None
    return (top, left, bottom, right)


def _padded(reader: Node, source: str, pads: tuple[int, ...]) -> Node:
    own = attributes(reader)["pads"]
    total = tuple(a + b for a, b in zip(own, pads, strict=True))
    return replace(
        reader,
        inputs=(source, *reader.inputs[1:]),
        attrs={**reader.attrs, "pads": total},
    )
