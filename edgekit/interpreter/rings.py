"""Windows of streaming models: memories that are read and written where they lie.

A layer that looks back joins what it remembers with what is new, and keeps the end of that:

    whole = Concat(memory, new);  next memory = Slice(whole)

Here the memory is a part of `whole`, and so is what it becomes: neither operator copies the past,
and at the end of a call the window moves on within `whole`. Until then the memory stands as it was.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from edgekit.ir import Graph, MemoryPlan, Node, attributes
from edgekit.ir.memory import NO_MARGINS

__all__ = ["windows"]


def windows(graph: Graph, plan: MemoryPlan) -> dict[str, dict[str, int]]:
    """By joined value: the memory and the next memory in it, and the first element of each.

    Only where both are unbroken pieces, none has a border, and no other memory wants the place.
    """
    readers, producers = graph.consumers(), graph.producers()
    found: dict[str, dict[str, int]] = {}
    taken: set[str] = set()
    for state in graph.states:
        joins = [node for node in readers[state.value] if node.op == "Concat"]
        cut = producers.get(state.next)
        if len(joins) != 1 or cut is None or cut.op != "Slice":
            continue
        whole = joins[0].outputs[0]
        names = {state.value, state.next, whole}
        free = len(names) == 3 and not names & taken and cut.inputs[0] == whole
        if not free or any(plan.slots[name].margins != NO_MARGINS for name in names):
            continue
        first = _first(graph, whole, state.value, _joined_at(graph, joins[0], state.value))
        then = _first(graph, whole, state.next, _cut_at(cut))
        if first is not None and then is not None:
            taken |= names
            found[whole] = {state.value: first, state.next: then}
    return found


def _first(graph: Graph, whole: str, part: str, starts: Sequence[int] | None) -> int | None:
    """The first element of a part, if its elements follow each other without a gap."""
    sizes, parts = graph.value(whole).shape, graph.value(part).shape
    if starts is None or None in sizes or graph.value(whole).dtype != graph.value(part).dtype:
        return None
    known = [size or 1 for size in sizes]
    broad = next((i for i, size in enumerate(parts) if size != 1), len(parts))
    if parts[broad + 1 :] != sizes[broad + 1 :]:
        return None
    return sum(start * math.prod(known[i + 1 :]) for i, start in enumerate(starts))


def _joined_at(graph: Graph, join: Node, name: str) -> list[int] | None:
    """Where an input of a Concat begins in its output; None where it is there twice."""
    if join.inputs.count(name) != 1:
        return None
    rank = len(graph.value(name).shape)
    axis = attributes(join)["axis"] % rank
    before = join.inputs[: join.inputs.index(name)]
    sizes = [graph.value(other).shape[axis] for other in before if other is not None]
    if None in sizes:
        return None
    return [sum(size or 0 for size in sizes) if i == axis else 0 for i in range(rank)]


def _cut_at(cut: Node) -> list[int] | None:
    attrs = attributes(cut)
    if any(step != 1 for step in attrs["steps"]):
        return None
    return list(attrs["starts"])
