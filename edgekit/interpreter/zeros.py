"""What stands for the real 0 in activations that do not hold it as 0.

Passes over activations are spared so, because a weighted layer that reads x + k needs no x:
`sum w (x + k) = sum w x + k sum w`, and the last term is a constant for each output channel.

* Inputs of 8 bits keep their zero point.
* Float maps leave out the bias b of the layer that makes them: relu(sums + b) is
  max(sums, -b) + b, and what lies in memory is max(sums, -b), where -b stands for 0.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from edgekit.ir import Graph, Node, attributes

if TYPE_CHECKING:
    from .arena import Floats

__all__ = ["Zero", "bias_without", "zeros"]

Zero = int | np.ndarray[Any, np.dtype[np.float32]]
"""One number, or one for each channel."""

FOLDING = ("Conv2D", "DepthwiseConv2D", "Dense")
"""Operators that can take their input's zero into the bias."""

LARGEST_BIAS = 16.0
"""Where a larger one is taken back by the next layer, the rounding that it leaves is felt."""


def zeros(graph: Graph) -> dict[str, Zero]:
    """The activations that need not hold the real 0 as 0, and what they hold."""
    found: dict[str, Zero] = {}
    readers = graph.consumers()
    for name in graph.inputs:
        quant = graph.value(name).quant
        stored = graph.value(name).dtype in ("int8", "uint8") and quant is not None
        if stored and _folds(readers[name], name) and name not in graph.exits:
            assert quant is not None
            found[name] = quant.zero_point[0]
    for node in graph.nodes:
        name = node.outputs[0]
        if graph.value(name).dtype != "float32":
            continue
        nodes = readers[name]
        # a pass over the few numbers of a vector costs less than the rounding that it would leave
        alone = nodes and node.op != "Dense" and _folds(nodes, name) and name not in graph.exits
        if not alone or not all(_is_float(graph, each) for each in (node, *nodes)):
            continue
        if not all(_has_few_terms(graph, reader) for reader in nodes):
            continue
        bias = _bias(graph, node, found.get(node.inputs[0] or "", 0))
        if bias.any() and np.abs(bias).max() <= LARGEST_BIAS:
            found[name] = -bias
    return {name: zero for name, zero in found.items() if isinstance(zero, np.ndarray) or zero}


def _folds(readers: list[Node], name: str) -> bool:
    return all(
        node.op in FOLDING and node.inputs[0] == name and name not in node.inputs[1:]
        for node in readers
    )


def _is_float(graph: Graph, node: Node) -> bool:
    """Whether a layer adds a float bias to products of float weights, once for all channels."""
    if node.op not in FOLDING or node.inputs[0] is None or node.inputs[1] is None:
        return False
    weight, attrs = graph.value(node.inputs[1]), attributes(node)
    constant = weight.is_constant and weight.dtype == "float32"
    if len(node.inputs) > 2 and node.inputs[2] is not None:
        constant = constant and graph.value(node.inputs[2]).is_constant
    return (
        constant
        and graph.value(node.inputs[0]).dtype == "float32"
        and attrs.get("groups", 1) == 1
        and attrs["activation"] in ("none", "relu")
    )


def _has_few_terms(graph: Graph, node: Node) -> bool:
    """Whether a pass over the input is much of a layer's work. In sums over whole windows it is
    not, and the more terms, the more rounding the constant part of them brings."""
    assert node.inputs[1] is not None
    shape = graph.value(node.inputs[1]).shape
    return node.op != "Conv2D" or shape[1:3] == (1, 1)


def _bias(graph: Graph, node: Node, zero: Zero) -> Floats:
    names = [*node.inputs, None]
    assert names[1] is not None
    bias = None if names[2] is None else graph.value(names[2]).array()
    return bias_without(node.op, graph.value(names[1]).array(), bias, zero)


def bias_without(op: str, weight: Floats, bias: Floats | None, zero: Zero) -> Floats:
    """The bias less what `zero`, where the input means 0, adds to the sums; weight: as stored."""
    inner = (0, 1, 2) if op == "DepthwiseConv2D" else tuple(range(1, weight.ndim - 1))
    sums = weight.sum(axis=inner, dtype=np.float64)  # [channels] or [outputs, channels]
    each = np.asarray(zero, np.float64).reshape(-1)
    if op == "DepthwiseConv2D":
        surplus = sums * np.repeat(each, len(sums) // len(each))
    else:
        surplus = sums @ np.repeat(each, sums.shape[1] // len(each))
    kept = np.zeros(len(surplus)) if bias is None else bias.astype(np.float64)
    return np.asarray(kept - surplus, np.float32)
