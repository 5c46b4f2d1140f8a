"""Values that must share one scale, found with a union-find over the operators that tie them."""

from __future__ import annotations

from collections.abc import Container

from edgekit.ir import Graph, spec

__all__ = ["tied_groups"]


def tied_groups(graph: Graph, float_outputs: Container[str] = ()) -> list[list[str]]:
    """The activations of a graph in groups; all values of a group share one scale.

    An operator that only moves elements (`OpSpec.tied`) joins its inputs and its outputs, a memory
    itself and what it becomes; of an Lstm the output is the hidden state. What is in
    `float_outputs` stays in float and joins nothing. Constants are in no group: they are stored
    once per reader, in the reader's scale. Groups and their members stand in the order in which
    the values come to exist.
    """
    order = [value.name for value in graph.activations()]
    leader = {name: name for name in order}

    def find(name: str) -> str:
        while leader[name] != name:
            leader[name] = leader[leader[name]]
            name = leader[name]
        return name

    for node in graph.nodes:
        operator, output = spec(node.op), node.outputs[0]
        if output in float_outputs:
            continue
        if node.op == "Lstm":
            leader[find(node.outputs[1])] = find(output)
        if not operator.tied:
            continue
        for name in (*operator.activation_inputs(node), *node.outputs[1:]):
            if name in leader:
                leader[find(name)] = find(output)
    for state in graph.states:
        if state.value not in float_outputs and state.next in leader:
            leader[find(state.next)] = find(state.value)
    groups: dict[str, list[str]] = {}
    for name in order:
        groups.setdefault(find(name), []).append(name)
    return list(groups.values())
