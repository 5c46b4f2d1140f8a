"""Which nodes and memories become int8 and which stay in float, the latter with their reasons."""

from __future__ import annotations

import difflib
from collections.abc import Mapping

import numpy as np

from edgekit.errors import QuantizationError, UnsupportedOperator
from edgekit.ir import Graph, Node, spec

from .columns import Columns, leading_layers
from .recipe import Recipe
from .recurrent import kept_in_float

__all__ = ["check_keep_float", "float_nodes", "is_quantized"]

_FAR_BELOW = -1000.0
_ADVICE = {
    "If": "which of them runs is known only at run time; compute both and choose with Select",
    "While": "the number of its steps is not known at conversion, or too large; give the sequence "
    "a fixed and shorter length, or run one step per call with memories",
}


def float_nodes(graph: Graph, recipe: Recipe, columns: Mapping[str, Columns]) -> dict[str, str]:
    """Why something stays in float, by the names of a node's outputs and of memories.

    What has no entry becomes int8. A memory follows the layers that read it: it stays in float
    where all of them do. `columns` are those of inputs and of what begins by treating them each for
    itself (`columns_of`). Raises QuantizationError where the graph is quantized already,
    UnsupportedOperator for a weight that is computed (no kernel takes one).
    """
    quantized = _scaled(graph)
    if quantized:
        raise QuantizationError(
            f"graph {graph.name!r} is quantized already (value {quantized[0]!r} has a scale); "
            "convert the float model that it was made from"
        )
    found = leading_layers(graph, columns, recipe)
    for node in graph.nodes:
        reason = _reason(graph, node, recipe)
        if reason:
            found.update(dict.fromkeys(node.outputs, reason))
    readers = graph.consumers()
    for state in graph.states:
        dtype = graph.value(state.value).dtype
        if dtype != "float32":
            found[state.value] = f"it holds {dtype}"
        elif readers[state.value] and all(n.outputs[0] in found for n in readers[state.value]):
            found[state.value] = "only layers in float read it"
    return found


def is_quantized(graph: Graph) -> bool:
    """Whether anything in a graph, or in what its control flow runs, has a scale."""
    return any(_scaled(part) for part in (graph, *graph.subgraphs.values()))


def _scaled(graph: Graph) -> list[str]:
    return [value.name for value in graph.values.values() if value.quant is not None]


def _reason(graph: Graph, node: Node, recipe: Recipe) -> str:
    if node.name in recipe.keep_float:
        return "kept in float on request"
    operator = spec(node.op)
    if operator.subgraphs:
        return f"the graphs that {node.op} runs stay in float: {_ADVICE[node.op]}"
    if operator.float_only:
        return f"{node.op} has no int8 form: {operator.float_only}"
    if node.op == "Lstm":
        return kept_in_float(graph, node)
    if node.op == "Softmax" and _is_masked(graph, node):
        return (
            "it is told by huge negative numbers what not to look at, which leave no steps for the "
            "others: an attention without masks becomes int8 throughout"
        )
    if operator.prefer_float:
        return f"{node.op} is better in float: {operator.prefer_float}"
    roles = dict(zip(operator.input_names, node.inputs, strict=False))
    places = [name for role, name in roles.items() if role in operator.input_dtypes]
    names = {name for name in (*node.inputs, *node.outputs) if name is not None}
    dtypes = {graph.value(name).dtype for name in names.difference(places)}
    if dtypes != {"float32"}:
        return f"it works with {', '.join(sorted(dtypes - {'float32'}))}"
    given = [graph.value(name) for name in node.inputs if name is not None]
    for value in given:
        if value.is_constant and value.dtype == "float32" and np.isinf(value.array()).any():
            return f"its constant {value.name!r} holds infinity, which no scale reaches"
    for role in ("weight", "bias"):
        name = roles.get(role)
        if name is not None and not graph.value(name).is_constant:
            raise UnsupportedOperator(
                f"layer {node.name!r}: its {role} is computed; {node.op} needs a constant"
            )
    if all(graph.value(name).is_constant for name in operator.activation_inputs(node)):
        return "it computes with constants alone"
    return ""


def _is_masked(graph: Graph, node: Node) -> bool:
    """Does a choice put numbers far below all others into the input of a Softmax?"""
    choice = graph.producers().get(str(node.inputs[0]))
    if choice is None or choice.op != "Select":
        return False
    given = [graph.value(name) for name in choice.inputs[:2] if name is not None]
    return any(v.is_constant and float(v.array().min()) < _FAR_BELOW for v in given)


def check_keep_float(source: Graph, prepared: Graph, recipe: Recipe) -> None:
    """Every name in `keep_float` must be a layer that can be kept: all wrong names at once.

    `source` is the graph as it came, `prepared` the one whose layers are folded and fused.
    """
    known = {node.name for node in prepared.nodes}
    wrong = []
    for name in recipe.keep_float:
        if name in known:
            continue
        if any(node.name == name for node in source.nodes):
            wrong.append(f"{name!r} is no layer of its own: it was folded into its neighbour")
            continue
        near = difflib.get_close_matches(name, known, n=1)
        wrong.append(f"{name!r} is not known" + (f"; did you mean {near[0]!r}?" if near else ""))
    if wrong:
        raise QuantizationError(
            f"keep_float names layers that cannot be kept: {', '.join(wrong)}. "
            f"Layers: {', '.join(dict.fromkeys(node.name for node in prepared.nodes))}"
        )
