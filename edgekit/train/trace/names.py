"""Values of a traced graph under the names of the user's layers."""

from __future__ import annotations

from typing import Any

from edgekit.frozen import replace
from edgekit.ir import Graph

__all__ = ["named_after_layers"]


def named_after_layers(graph: Graph, results: list[tuple[Any, str]]) -> Graph:
    """The graph with the last value of each layer under the layer's own name."""
    taken = set(graph.values)
    renamed: dict[str, str] = {}
    for value, layer in results:
        if not isinstance(value, str) or value in renamed or graph.values[value].is_constant:
            continue
        if value not in graph.inputs and layer not in taken:
            taken.add(layer)
            renamed[value] = layer

    def new(name: str) -> str:
        return renamed.get(name, name)

    nodes = [
        replace(
            node,
            inputs=tuple(None if i is None else new(i) for i in node.inputs),
            outputs=tuple(map(new, node.outputs)),
        )
        for node in graph.nodes
    ]
    values = {new(name): replace(v, name=new(name)) for name, v in graph.values.items()}
    outputs = tuple(map(new, graph.outputs))
    return replace(graph, nodes=tuple(nodes), values=values, outputs=outputs)
