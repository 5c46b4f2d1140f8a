"""The static memory plan: where each activation lies in one arena."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from .graph import Graph

__all__ = ["MemoryPlan", "Slot", "check_plan", "plan_memory"]


@dataclass(frozen=True)
class Slot:
    """The place of one activation: where it starts, and the border kept around its rows.

    `offset` counts elements of one sample from the start of the arena; `margins` are the rows
    and columns (top, left, bottom, right) that stand around an NHWC activation so that a
    convolution with padding reads it in place.
    """

    offset: int
    size: int
    margins: tuple[int, int, int, int] = (0, 0, 0, 0)


@dataclass(frozen=True)
class MemoryPlan:
    """All slots, by value name, and the elements of one sample that hold them all.

    Batches multiply offsets and sizes. An element takes four bytes in this interpreter (integers
    in float32) and one in a runtime that stores int8.
    """

    size: int
    slots: Mapping[str, Slot]


def lifetimes(graph: Graph) -> dict[str, tuple[int, int]]:
    """The first and last step at which each activation must keep its contents.

    Inputs are there before the first step (-1); outputs stay until after the last.
    """
    born = dict.fromkeys(graph.inputs, -1)
    last = dict(born)
    for step, node in enumerate(graph.nodes):
        for name in node.inputs:
            if name is not None and name in born:
                last[name] = step
        for name in node.outputs:
            born[name] = last[name] = step
    last.update({name: len(graph.nodes) for name in graph.outputs if name in born})
    return {name: (born[name], last[name]) for name in born}


def plan_memory(graph: Graph) -> MemoryPlan:
    """Place large activations first, each at the lowest offset free during its whole life."""
    lives = lifetimes(graph)
    slots: dict[str, Slot] = {}
    order = sorted(lives, key=lambda name: (-graph.value(name).elements, lives[name], name))
    for name in order:
        size = graph.value(name).elements
        offset = 0
        busy = sorted(
            (slots[other].offset, slots[other].size)
            for other in slots
            if lives[other][0] <= lives[name][1] and lives[name][0] <= lives[other][1]
        )
        for start, length in busy:
            if offset + size <= start:
                break
            offset = max(offset, start + length)
        slots[name] = Slot(offset, size)
    total = max((slot.offset + slot.size for slot in slots.values()), default=0)
    return MemoryPlan(total, {name: slots[name] for name in lives})


def check_plan(graph: Graph, plan: MemoryPlan) -> list[str]:
    """What is wrong with a plan: missing or foreign names, sizes, ranges, live overlaps."""
    lives = lifetimes(graph)
    problems = [f"activation {name!r} has no slot" for name in lives if name not in plan.slots]
    problems += [f"slot {name!r} is no activation" for name in plan.slots if name not in lives]
    known = {name: slot for name, slot in plan.slots.items() if name in lives}
    for name, slot in known.items():
        if slot.offset < 0 or slot.size < graph.value(name).elements:
            problems.append(f"slot of {name!r}: offset {slot.offset}, size {slot.size} too small")
        elif slot.offset + slot.size > plan.size:
            problems.append(f"slot of {name!r} ends beyond the arena of {plan.size} elements")
    return problems + _overlaps(known, lives)


def _overlaps(slots: Mapping[str, Slot], lives: Mapping[str, tuple[int, int]]) -> list[str]:
    """Pairs that share elements while both live, found by walking through the steps."""
    problems = []
    events = sorted(slots, key=lambda name: lives[name][0])
    alive: list[str] = []
    for name in events:
        alive = [other for other in alive if lives[other][1] >= lives[name][0]]
        mine = slots[name]
        for other in alive:
            theirs = slots[other]
            if (
                mine.offset < theirs.offset + theirs.size
                and theirs.offset < mine.offset + mine.size
            ):
                problems.append(f"{name!r} and {other!r} share elements while both are needed")
        alive.append(name)
    return problems
