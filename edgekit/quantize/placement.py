"""Which nodes become int8 and which stay in float, each of the latter with its reason."""

from __future__ import annotations

import difflib

from edgekit.errors import QuantizationError, UnsupportedOperator
from edgekit.ir import Graph, Node, spec

from .recipe import Recipe

__all__ = ["check_keep_float", "float_nodes"]


def float_nodes(graph: Graph, recipe: Recipe) -> dict[str, str]:
    """The reason why a node stays in float, by the name of its output; no entry: it becomes int8.

    Raises QuantizationError where the graph is quantized already, UnsupportedOperator for a weight
    that is computed (no kernel takes one), for memories and for nodes with several outputs.
    """
    quantized = [value.name for value in graph.values.values() if value.quant is not None]
    if quantized:
        raise QuantizationError(
            f"graph {graph.name!r} is quantized already (value {quantized[0]!r} has a scale); "
            "convert the float model that it was made from"
        )
    _check_supported(graph)
    reasons = {node.outputs[0]: _reason(graph, node, recipe) for node in graph.nodes}
    return {output: reason for output, reason in reasons.items() if reason}


def _check_supported(graph: Graph) -> None:
    """Memories and nodes of several outputs are refused, not converted wrongly."""
    if graph.states:
        names = ", ".join(repr(state.value) for state in graph.states)
        raise UnsupportedOperator(
            f"graph {graph.name!r} keeps memories between calls ({names}); "
            "such graphs run in float but cannot be quantized"
        )
    several = [f"{node.name!r} ({node.op})" for node in graph.nodes if len(node.outputs) != 1]
    if several:
        raise UnsupportedOperator(
            f"layers with several outputs cannot be quantized: {', '.join(several)}"
        )


def _reason(graph: Graph, node: Node, recipe: Recipe) -> str:
    if node.name in recipe.keep_float:
        return "kept in float on request"
    operator = spec(node.op)
    if operator.float_only:
        return f"{node.op} has no int8 form: {operator.float_only}"
    if operator.prefer_float:
        return f"{node.op} is better in float: {operator.prefer_float}"
    dtypes = {graph.value(name).dtype for name in (*node.inputs, *node.outputs) if name}
    if dtypes != {"float32"}:
        return f"it works with {', '.join(sorted(dtypes - {'float32'}))}"
    roles = dict(zip(operator.input_names, node.inputs, strict=False))
    for role in ("weight", "bias"):
        name = roles.get(role)
        if name is not None and not graph.value(name).is_constant:
            raise UnsupportedOperator(
                f"layer {node.name!r}: its {role} is computed; {node.op} needs a constant"
            )
    if all(graph.value(name).is_constant for name in operator.activation_inputs(node)):
        return "it computes with constants alone"
    return ""


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
