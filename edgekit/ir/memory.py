"""The static memory plan: where each activation lies in one arena, and whether a plan is sound.

Offsets and sizes count elements of one sample; a batch multiplies both. An element takes four
bytes in this interpreter (integers in float32) and one in a runtime that stores int8. An int64
takes two.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from edgekit.frozen import Frozen

from .graph import Graph, Value
from .ops import attributes

__all__ = ["MemoryPlan", "Slot", "check_plan", "plan_memory", "shared_names"]

ALIGNMENT = 16  # elements: 64 bytes of float32, one cache line
READS_PADDED = ("Conv2D", "DepthwiseConv2D", "AveragePool2D")
Margins = tuple[int, int, int, int]
NO_MARGINS: Margins = (0, 0, 0, 0)


Place = tuple[int, int, int, int, str]
"""First step, last step, start, end and name."""

Lives = Mapping[str, tuple[int, int]]
"""By name the first and the last step at which a block is needed."""

MOST_COMPARED = 2000
"""Blocks that are compared in pairs; more are placed faster and a little wider."""


class Slot(Frozen):
    """The place of one activation: where it starts, and the border kept around its rows.

    `margins` are the rows and columns (top, left, bottom, right) of zeros that stand around an
    NHWC activation so that a convolution with padding reads it in place.
    """

    offset: int
    size: int
    margins: Margins = NO_MARGINS


class MemoryPlan(Frozen):
    """All slots, by value name, and the elements of one sample that hold them all."""

    size: int
    slots: Mapping[str, Slot]


def lifetimes(graph: Graph) -> dict[str, tuple[int, int]]:
    """The first and last step at which each activation must keep its contents.

    Inputs and memories are there before the first step (-1); outputs, and what memories become,
    stay until after the last. So do the memories themselves: they keep their contents from call
    to call.
    """
    born = dict.fromkeys(graph.entries, -1)
    last = dict(born)
    for step, node in enumerate(graph.nodes):
        for name in node.inputs:
            if name is not None and name in born:
                last[name] = step
        for name in node.outputs:
            born[name] = last[name] = step
    lasting = (*graph.exits, *(state.value for state in graph.states))
    last.update({name: len(graph.nodes) for name in lasting if name in born})
    return {name: (born[name], last[name]) for name in born}


def wanted_margins(graph: Graph) -> dict[str, Margins]:
    """The border of each activation: the largest padding that a reader of it asks for."""
    margins = dict.fromkeys((v.name for v in graph.activations()), NO_MARGINS)
    for node in graph.nodes:
        name = node.inputs[0]
        if node.op in READS_PADDED and name in margins and len(graph.value(name).shape) == 4:
            top, left, bottom, right = attributes(node)["pads"]
            old = margins[name]
            margins[name] = (
                max(old[0], top),
                max(old[1], left),
                max(old[2], bottom),
                max(old[3], right),
            )
    return margins


def padded_elements(value: Value, margins: Margins) -> int:
    """Elements of the arena that one sample of `value` takes with its border."""
    wide = 2 if value.dtype == "int64" else 1
    if margins == NO_MARGINS:
        return value.elements * wide
    batch, height, width, channels = (1 if d is None else d for d in value.shape)
    top, left, bottom, right = margins
    return batch * (height + top + bottom) * (width + left + right) * channels * wide


def reshape_roots(graph: Graph, margins: Mapping[str, Margins]) -> dict[str, str]:
    """For each activation the one whose elements it only views: Reshape moves nothing.

    An activation with a border, or reshaped into one, has elements of its own.
    """
    roots = {value.name: value.name for value in graph.activations()}
    for node in graph.nodes:
        source, result = node.inputs[0], node.outputs[0]
        if node.op != "Reshape" or source not in roots:
            continue
        if margins[source] == margins[result] == NO_MARGINS:
            roots[result] = roots[source]
    return roots


def plan_memory(graph: Graph) -> MemoryPlan:
    """Activations that are not needed at the same time lie in the same place."""
    margins = wanted_margins(graph)
    roots = reshape_roots(graph, margins)
    lives: dict[str, tuple[int, int]] = {}
    for name, (born, last) in lifetimes(graph).items():
        known = lives.get(roots[name], (born, last))
        lives[roots[name]] = (min(known[0], born), max(known[1], last))
    sizes = {name: _aligned(padded_elements(graph.value(name), margins[name])) for name in lives}
    starts = offsets(lives, sizes)
    placed = {name: Slot(start, sizes[name], margins[name]) for name, start in starts.items()}
    total = max((slot.offset + slot.size for slot in placed.values()), default=0)
    return MemoryPlan(total, {name: placed[roots[name]] for name in roots})


def offsets(lives: Lives, sizes: Mapping[str, int]) -> dict[str, int]:
    """Where each block begins. The same lives and sizes give the same places."""
    if len(lives) <= MOST_COMPARED:
        return largest_first(lives, sizes)
    from .placement import by_birth  # few graphs are so large

    return by_birth(lives, sizes)


def largest_first(lives: Lives, sizes: Mapping[str, int]) -> dict[str, int]:
    """Large blocks first, each at the lowest place that is free during its whole life."""
    placed: dict[str, int] = {}
    for name in sorted(lives, key=lambda name: (-sizes[name], lives[name], name)):
        offset = 0
        busy = sorted(
            (placed[other], sizes[other])
            for other in placed
            if lives[other][0] <= lives[name][1] and lives[name][0] <= lives[other][1]
        )
        for start, length in busy:
            if offset + sizes[name] <= start:
                break
            offset = max(offset, start + length)
        placed[name] = offset
    return placed


def shared_names(plan: MemoryPlan) -> set[str]:
    """The activations whose elements another activation uses too, at whatever time."""
    order = sorted(plan.slots, key=lambda name: plan.slots[name].offset)
    shared: set[str] = set()
    furthest, furthest_name = 0, ""  # of the slots so far, the one that ends last
    for name in order:
        slot = plan.slots[name]
        if slot.offset < furthest:
            shared |= {name, furthest_name}
        if slot.offset + slot.size > furthest:
            furthest, furthest_name = slot.offset + slot.size, name
    return shared


def _aligned(elements: int) -> int:
    return -(-elements // ALIGNMENT) * ALIGNMENT


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
