"""What the memories of a graph promise."""

from __future__ import annotations

from .graph import Graph

__all__ = ["state_problems"]


def state_problems(graph: Graph, known: set[str]) -> list[str]:
    """A memory is a value of its own, alike to the constant it starts from and what it becomes."""
    found = []
    seen = set(known)
    for state in graph.states:
        missing = {state.value, state.initial, state.next} - graph.values.keys()
        if missing:
            found.append(f"memory {state.value!r} names {sorted(missing)}, which are no values")
            continue
        value, first, last = map(graph.value, (state.value, state.initial, state.next))
        if state.value in seen or value.is_constant or not first.is_constant:
            found.append(f"memory {state.value!r} must be a value of its own with a constant start")
        seen.add(state.value)
        kinds = {(v.shape, v.dtype, v.quant) for v in (value, first, last)}
        if len(kinds) > 1 or None in value.shape:
            found.append(f"memory {value} starts as {first} and becomes {last}: they must be alike")
    open_inputs = [i for i in graph.inputs if i in graph.values and None in graph.value(i).shape]
    if graph.states and open_inputs:
        names = ", ".join(map(repr, open_inputs))
        found.append(f"a graph with memories has a fixed batch; inputs {names} leave it open")
    return found
