"""Batch normalization at inference is a multiplication and an addition per channel."""

from __future__ import annotations

from typing import Any

import numpy as np

from edgekit.frozen import replace

from ..graph import Array, Graph, Node, Value
from ..ops import attributes, spec

__all__ = ["fold_batch_norm"]

FOLDS = ("Conv2D", "DepthwiseConv2D", "Dense")
Vector = np.ndarray[Any, np.dtype[np.float64]]


def fold_batch_norm(graph: Graph) -> Graph:
    """Remove every BatchNorm.

    1. One that alone reads a Conv2D, DepthwiseConv2D or Dense without an activation moves into its
       weight and bias: `w' = w * a`, `b' = b * a + c`, with `a = gamma / sqrt(variance + epsilon)`
       and `c = beta - mean * a`, computed in float64 and rounded once.
    2. Any other becomes `Mul` by a, then `Add` of c.
    """
    for node in graph.nodes:
        if node.op == "BatchNorm":
            scale, shift = _affine(graph, node)
            graph = _fold(graph, node, scale, shift)
    return graph


def _affine(graph: Graph, node: Node) -> tuple[Vector, Vector]:
    """Scale and shift per channel, in float64."""
    gamma, beta, mean, variance = (
        graph.value(str(i)).array().astype(np.float64) for i in node.inputs[1:]
    )
    scale = gamma / np.sqrt(variance + attributes(node)["epsilon"])
    return scale, beta - mean * scale


def _fold(graph: Graph, node: Node, scale: Vector, shift: Vector) -> Graph:
    source = str(node.inputs[0])
    producer = graph.producers().get(source)
    foldable = (
        producer is not None
        and producer.op in FOLDS
        and attributes(producer)["activation"] == "none"
        and len(graph.consumers()[source]) == 1
        and source not in graph.exits
        and graph.value(str(producer.inputs[1])).is_constant
    )
    if producer is None or not foldable:
        return _as_mul_add(graph, node, scale, shift)
    weight, bias = _scaled(graph, producer, scale, shift)
    folded = replace(
        producer,
        inputs=(producer.inputs[0], weight.name, bias.name),
        outputs=node.outputs,
    )
    nodes = [folded if n is producer else n for n in graph.nodes if n is not node]
    return graph.with_nodes(nodes, [weight, bias])


def _scaled(graph: Graph, node: Node, scale: Vector, shift: Vector) -> tuple[Value, Value]:
    """The producer's weight and bias with the affine map inside, under names of their own."""
    axis = spec(node.op).weight_axis
    assert axis is not None
    weight = graph.value(str(node.inputs[1])).array().astype(np.float64)
    along = [1] * weight.ndim
    along[axis] = -1
    has_bias = len(node.inputs) > 2 and node.inputs[2] is not None
    bias = graph.value(str(node.inputs[2])).array().astype(np.float64) if has_bias else 0.0
    return (
        _constant(graph, f"{node.name}/weight", weight * scale.reshape(along)),
        _constant(graph, f"{node.name}/bias", bias * scale + shift),
    )


def _as_mul_add(graph: Graph, node: Node, scale: Vector, shift: Vector) -> Graph:
    factor = _constant(graph, f"{node.name}/scale", scale)
    term = _constant(graph, f"{node.name}/shift", shift)
    scaled = replace(graph.value(node.outputs[0]), name=unused(graph, f"{node.name}/scaled"))
    pair = [
        Node("Mul", (node.inputs[0], factor.name), (scaled.name,), {}, node.name),
        Node("Add", (scaled.name, term.name), node.outputs, {}, node.name),
    ]
    position = graph.nodes.index(node)
    nodes = [*graph.nodes[:position], *pair, *graph.nodes[position + 1 :]]
    return graph.with_nodes(nodes, [factor, term, scaled])


def _constant(graph: Graph, name: str, data: Array) -> Value:
    array = data.astype(np.float32)
    return Value(unused(graph, name), array.shape, "float32", array)


def unused(graph: Graph, name: str) -> str:
    """`name`, or the first of name_1, name_2 ... that no value has."""
    candidate, count = name, 0
    while candidate in graph.values:
        count += 1
        candidate = f"{name}_{count}"
    return candidate
