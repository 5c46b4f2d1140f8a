"""Give every integer node that looks its results up the table it needs."""

from __future__ import annotations

from edgekit.frozen import replace

from ..graph import Graph, Node, Value
from ..ops import spec
from ..tables import table_for

__all__ = ["store_tables"]


def store_tables(graph: Graph) -> Graph:
    """An integer node whose operator has a table, and that has none, gets it as a constant input.

    1. A node that has a table keeps it: it is part of the model.
    2. Tables follow `graph.metadata.arithmetic`.
    3. Nodes that need equal tables share one constant.
    """
    shared: dict[tuple[str, bytes], str] = {}
    added: dict[str, Value] = {}
    nodes = []
    for node in graph.nodes:
        if not _lacks_table(graph, node):
            nodes.append(node)
            continue
        x, y = graph.value(str(node.inputs[0])), graph.value(node.outputs[0])
        table = table_for(node, x, y, graph.metadata.arithmetic)
        key = (table.dtype.name, table.tobytes())
        if key not in shared:
            name = _free_name(f"{node.name}_table", {*graph.values, *added})
            shared[key] = name
            added[name] = Value(name, table.shape, table.dtype.name, table)
        inputs = [*node.inputs[: spec(node.op).position("table")], shared[key]]
        nodes.append(replace(node, inputs=tuple(inputs)))
    return graph.with_nodes(nodes, list(added.values())) if added else graph


def _lacks_table(graph: Graph, node: Node) -> bool:
    operator = spec(node.op)
    if (
        operator.table is None
        or operator.table_kind(graph.value(str(node.inputs[0])).dtype) is None
    ):
        return False
    return len(node.inputs) <= operator.position("table")


def _free_name(wanted: str, taken: set[str]) -> str:
    name, count = wanted, 0
    while name in taken:
        count += 1
        name = f"{wanted}_{count}"
    return name
