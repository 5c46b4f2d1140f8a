"""Loops whose number of steps is known, written out step by step."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from edgekit.frozen import replace

from ..dead import drop_dead_nodes
from ..graph import DTYPES, Graph, Node, Value
from ..ops import attributes
from .constants import EVALUATE

__all__ = ["MOST_NODES", "unroll_loops"]

MOST_NODES = 2**12
"""A graph is not unrolled beyond so many nodes: each is read, checked and run by itself."""


def unroll_loops(graph: Graph) -> Graph:
    """While  ->  the nodes of its body, once for each step, where counting needs no input.

    The condition is computed from constants, step by step. A loop that it cannot be computed for,
    or that would make the graph longer than MOST_NODES, stays as it is. Constants of the body are
    shared by all steps; a node of step n is called "name/n".
    """
    if not any(node.op == "While" for node in graph.nodes):
        return graph
    return _Unrolling(graph).finish()


class _Unrolling:
    """`values` and `nodes` are the new graph's; `meaning` is what a loop's outputs became."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.values = dict(graph.values)
        self.nodes: list[Node] = []
        self.meaning: dict[str, str] = {}
        self.shared: dict[tuple[str, str], str] = {}

    def finish(self) -> Graph:
        self._take(self.graph.nodes)
        for name in dict.fromkeys(self.graph.exits):
            if name in self.meaning:  # the caller's own name
                source = self.values[self.meaning[name]]
                shape = tuple(-1 if d is None else d for d in source.shape)
                attrs = {"shape": shape}
                self.nodes.append(Node("Reshape", (source.name,), (name,), attrs, name))
        unrolled = replace(self.graph, nodes=tuple(self.nodes), values=self.values)
        if not any(node.op in ("While", "If") for node in self.nodes):
            unrolled = replace(unrolled, subgraphs={})
        return drop_dead_nodes(unrolled)

    def _take(self, nodes: Sequence[Node]) -> None:
        """Add nodes whose values are known here; loops among them are unrolled."""
        for node in nodes:
            inputs = tuple(None if i is None else self.meaning.get(i, i) for i in node.inputs)
            node = replace(node, inputs=inputs)
            if node.op == "While":
                self._take_loop(node)
            elif not self._compute(node):
                self.nodes.append(node)

    def _take_loop(self, node: Node) -> None:
        attrs = attributes(node)
        condition, body = (self.graph.subgraphs[attrs[key]] for key in ("condition", "body"))
        before = len(self.nodes), dict(self.values), dict(self.meaning), dict(self.shared)
        given, step = [str(name) for name in node.inputs], 0
        while True:
            start = len(self.nodes)
            (goes_on,) = self._inline(condition, attrs["condition"], given, f"{step}/condition")
            answer = self.values[goes_on]
            if not answer.is_constant or max(len(self.nodes), step) > MOST_NODES:
                kept, self.values, self.meaning, self.shared = before
                del self.nodes[kept:]
                self.nodes.append(node)
                return
            del self.nodes[start:]
            if not answer.array().item():
                break
            given = self._inline(body, attrs["body"], given, str(step))
            step += 1
        self.meaning.update(zip(node.outputs, given, strict=True))

    def _inline(self, part: Graph, key: str, given: Sequence[str], step: str) -> list[str]:
        """Add a subgraph's nodes with new names for all it computes; the names of its outputs."""
        names = dict(zip(part.inputs, given, strict=True))
        for value in part.constants():
            names[value.name] = self._constant(key, value)
        copies = []
        for node in part.nodes:
            for output in node.outputs:
                names[output] = self._unique(f"{output}/{step}")
                self.values[names[output]] = replace(part.value(output), name=names[output])
            inputs = tuple(None if i is None else names[i] for i in node.inputs)
            outputs = tuple(names[output] for output in node.outputs)
            copies.append(
                Node(node.op, inputs, outputs, node.attrs, f"{node.name or node.op}/{step}")
            )
        self._take(copies)
        return [self.meaning.get(names[name], names[name]) for name in part.outputs]

    def _constant(self, key: str, value: Value) -> str:
        if (key, value.name) not in self.shared:
            name = self._unique(value.name)
            self.values[name] = replace(value, name=name)
            self.shared[key, value.name] = name
        return self.shared[key, value.name]

    def _compute(self, node: Node) -> bool:
        """Give the result of a node that reads integer or bool constants alone."""
        inputs = [self.values[name] for name in node.inputs if name is not None]
        known = all(v.is_constant and v.dtype in ("int32", "int64", "bool") for v in inputs)
        if node.op not in EVALUATE or not known:
            return False
        attrs, output = attributes(node), self.values[node.outputs[0]]
        cuts = node.op == "Div"  # of integers, which may be by 0
        if cuts or attrs.get("activation", "none") != "none" or output.dtype == "float32":
            return False
        with np.errstate(over="ignore"):
            data = EVALUATE[node.op]([v.array() for v in inputs], attrs)
        self.values[output.name] = replace(
            output, data=np.asarray(data, DTYPES[output.dtype], order="C")
        )
        return True

    def _unique(self, name: str) -> str:
        candidate, count = name, 0
        while candidate in self.values:
            count += 1
            candidate = f"{name}_{count}"
        return candidate
