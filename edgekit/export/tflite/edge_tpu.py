"""What of a graph the Edge TPU would not run, by the rules that Coral publishes.

The rules are those of the pages "TensorFlow models on the Edge TPU" (model requirements, supported
operations): all numbers in 8 bits, sizes and parameters known at compile time, three dimensions at
most, and a list of operators with their limits. The compiler maps the layers before the first one
that it cannot, and leaves the rest to the processor; what it maps in the end it alone knows.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

from edgekit.ir import Graph, Node, Value, attributes

__all__ = ["edge_tpu_problems"]

EIGHT_BITS = ("int8", "uint8")
WEIGHTED = ("Conv2D", "DepthwiseConv2D", "Dense", "TransposeConv2D")
MOST_CLASSES = 16_000
UNCONDITIONAL = (
    *("Add", "Sub", "Mul", "Maximum", "Minimum", "SquaredDifference", "Rsqrt"),
    *("Relu", "Relu6", "Sigmoid", "Tanh", "L2Normalize", "Quantize", "Requantize"),
    *("AveragePool2D", "MaxPool2D", "TransposeConv2D", "ResizeBilinear", "ResizeNearest"),
    *("Reshape", "Transpose", "SpaceToDepth", "Lstm"),
)

Rule = Callable[[Graph, Node, Mapping[str, Any]], str]
"""Why a node does not map, or an empty text."""


def edge_tpu_problems(graph: Graph) -> list[str]:
    """One line for each thing that keeps a graph, or a layer of it, from the Edge TPU.

    Empty where the whole graph follows the published rules.
    """
    found = [
        f"{kind} {name!r} is {graph.value(name).dtype}; int8 or uint8 is needed"
        for kind, names in (("input", graph.inputs), ("output", graph.outputs))
        for name in names
        if graph.value(name).dtype not in EIGHT_BITS
    ]
    opened = [name for name in graph.inputs if None in graph.value(name).shape]
    if opened:
        names = ", ".join(map(repr, opened))
        found.append(f"inputs {names} leave the batch open; sizes are constant: make it 1")
    found += [
        f"memory {state.value!r}: values kept between calls are not in its list"
        for state in graph.states
    ]
    for node in graph.nodes:
        problem = _layer_problem(graph, node)
        if problem:
            found.append(f"layer {node.name!r} ({node.op}): {problem}")
    return found


def _layer_problem(graph: Graph, node: Node) -> str:
    if node.op not in UNCONDITIONAL and node.op not in RULES:
        return "not in its list of operators"
    inputs = [graph.value(name) for name in node.inputs if name is not None]
    outputs = [graph.value(name) for name in node.outputs]
    for value in (*(v for v in inputs if not v.is_constant), *outputs):
        if value.dtype not in EIGHT_BITS:
            return f"{value.name!r} is {value.dtype}; it computes in 8 bits"
        if math.prod(d or 1 for d in value.shape[:-3]) != 1:
            return f"{value.name!r} has the shape {_text(value)}; only the last 3 may exceed 1"
    if node.op in WEIGHTED and not all(value.is_constant for value in inputs[1:]):
        return "its weight or bias is computed; it needs constants"
    rule = RULES.get(node.op)
    return rule(graph, node, attributes(node)) if rule is not None else ""


def _text(value: Value) -> str:
    return "x".join("?" if d is None else str(d) for d in value.shape)


def _convolution(graph: Graph, node: Node, attrs: Mapping[str, Any]) -> str:
    if attrs["dilations"][0] != attrs["dilations"][1]:
        return f"dilations {attrs['dilations']} differ in height and width"
    return "groups are not in its list" if attrs.get("groups", 1) != 1 else ""


def _dense(graph: Graph, node: Node, attrs: Mapping[str, Any]) -> str:
    y = graph.value(node.outputs[0])
    several = math.prod(d or 1 for d in y.shape[:-1]) != 1
    return f"its output {_text(y)} has more than one dimension" if several else ""


def _concat(graph: Graph, node: Node, attrs: Mapping[str, Any]) -> str:
    values = [graph.value(str(name)) for name in node.inputs]
    constants = [v for v in values if v.is_constant and v.quant is not None]
    zeros = all((v.array() == v.quant.zero_point[0]).all() for v in constants if v.quant)
    if constants and not (len(values) == 2 and zeros):
        return "a constant may be joined only as zeros, and to one other input"
    return ""


def _reduction(graph: Graph, node: Node, attrs: Mapping[str, Any]) -> str:
    x = graph.value(str(node.inputs[0]))
    axes = [axis % len(x.shape) for axis in attrs["axes"]]
    if 0 in axes:
        return "it goes over the batch"
    channels = x.shape[-1] or 1
    if node.op == "Mean" and len(x.shape) - 1 in axes and channels % 4:
        return f"a mean over channels needs a multiple of 4 of them, not {channels}"
    return ""


def _pad(graph: Graph, node: Node, attrs: Mapping[str, Any]) -> str:
    if any(attrs["pads"][:2]):
        return "it pads the batch"
    return "it pads with another number than 0" if attrs["value"] else ""


def _split(graph: Graph, node: Node, attrs: Mapping[str, Any]) -> str:
    rank = len(graph.value(str(node.inputs[0])).shape)
    return "it splits the batch" if attrs["axis"] % rank == 0 else ""


def _slice(graph: Graph, node: Node, attrs: Mapping[str, Any]) -> str:
    return "its steps are not 1" if any(step != 1 for step in attrs["steps"]) else ""


def _softmax(graph: Graph, node: Node, attrs: Mapping[str, Any]) -> str:
    x = graph.value(str(node.inputs[0]))
    if attrs["axis"] not in (-1, len(x.shape) - 1) or math.prod(d or 1 for d in x.shape[:-1]) != 1:
        return f"its input {_text(x)} has more than one dimension"
    classes = x.shape[-1] or 1
    return f"{classes:,} classes, {MOST_CLASSES:,} are allowed" if classes > MOST_CLASSES else ""


def _prelu(graph: Graph, node: Node, attrs: Mapping[str, Any]) -> str:
    alpha = graph.value(str(node.inputs[1]))
    several = math.prod(d or 1 for d in alpha.shape[:-1]) != 1
    return f"alpha {_text(alpha)} has more than one dimension" if several else ""


RULES: dict[str, Rule] = {
    "Conv2D": _convolution,
    "DepthwiseConv2D": _convolution,
    "Dense": _dense,
    "Concat": _concat,
    "Mean": _reduction,
    "Sum": _reduction,
    "ReduceMax": _reduction,
    "ReduceMin": _reduction,
    "Pad": _pad,
    "Split": _split,
    "Slice": _slice,
    "Softmax": _softmax,
    "Prelu": _prelu,
}
