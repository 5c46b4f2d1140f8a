"""Whether a memory plan that came with a file keeps apart what must not meet."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from .graph import Graph
from .memory import NO_MARGINS, MemoryPlan, lifetimes, padded_elements, reshape_roots

__all__ = ["check_plan"]

Place = tuple[int, int, int, int, str]
"""First step, last step, start, end and name."""


def check_plan(graph: Graph, plan: MemoryPlan) -> list[str]:
    """What is wrong with a plan: missing or foreign names, sizes, ranges, live overlaps."""
    lives = lifetimes(graph)
    problems = [f"activation {name!r} has no slot" for name in lives if name not in plan.slots]
    problems += [f"slot {name!r} is no activation" for name in plan.slots if name not in lives]
    known = {name: slot for name, slot in plan.slots.items() if name in lives}
    for name, slot in known.items():
        value = graph.value(name)
        if min(slot.margins) < 0 or (slot.margins != NO_MARGINS and len(value.shape) != 4):
            problems.append(f"slot of {name!r} cannot have the margins {slot.margins}")
        elif slot.offset < 0 or slot.size < padded_elements(value, slot.margins):
            problems.append(f"slot of {name!r}: offset {slot.offset}, size {slot.size} too small")
        elif slot.offset + slot.size > plan.size:
            problems.append(f"slot of {name!r} ends beyond the arena of {plan.size} elements")
    if problems:
        return problems
    return _overlaps(graph, plan, lives)


def _overlaps(graph: Graph, plan: MemoryPlan, lives: Mapping[str, tuple[int, int]]) -> list[str]:
    """Pairs that share elements while both live, found by walking through the steps.

    A Reshape may leave its result exactly where its source lies. What lives at one step lies side
    by side, so each newcomer is compared with its two neighbours only: plans of hostile files are
    checked in no more than a moment.
    """
    problems = []
    alive: list[Place] = []  # in the order of their starts, none upon another
    places = _places(graph, plan, lives)
    dying = sorted(places, key=lambda place: place[1])
    gone = 0
    for place in sorted(places):
        born, _, start, end, name = place
        while dying[gone][1] < born:
            position = _first_from(alive, dying[gone][2])
            if alive[position : position + 1] == [dying[gone]]:
                del alive[position]
            gone += 1
        position = _first_from(alive, start)
        before = [other for other in alive[max(position - 1, 0) : position] if other[3] > start]
        after = [other for other in alive[position : position + 1] if other[2] < end]
        for *_, other in before + after:
            problems.append(f"{other!r} and {name!r} share elements while both are needed")
        if not before + after:
            alive.insert(position, place)
    return problems


def _first_from(alive: Sequence[Place], start: int) -> int:
    """The position of the first place that begins at `start` or behind it.

    `bisect` would find it too, and takes longer to import than most plans to check.
    """
    low, high = 0, len(alive)
    while low < high:
        middle = (low + high) // 2
        if alive[middle][2] < start:
            low = middle + 1
        else:
            high = middle
    return low


def _places(graph: Graph, plan: MemoryPlan, lives: Mapping[str, tuple[int, int]]) -> list[Place]:
    """Those of the slots; a source and its views are one."""
    slots = plan.slots
    roots = reshape_roots(graph, {name: slot.margins for name, slot in slots.items()})
    places: dict[tuple[str, int], Place] = {}
    for name in lives:  # sources before their views
        (born, last), slot = lives[name], slots[name]
        key = (roots[name], slot.offset)
        end = slot.offset + slot.size
        known = places.get(key, (born, last, slot.offset, end, name))
        places[key] = (
            min(known[0], born),
            max(known[1], last),
            slot.offset,
            max(known[3], end),
            known[4],
        )
    return list(places.values())
