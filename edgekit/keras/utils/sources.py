"""Where a symbolic tensor comes from."""

from __future__ import annotations

from typing import Any

__all__ = ["get_source_inputs"]


def get_source_inputs(tensor: Any) -> list[Any]:
    """The inputs of the graph that a symbolic tensor is computed from, each once."""
    if tensor.call is None or not tensor.call.inputs:
        return [tensor]
    found: list[Any] = []
    seen: set[int] = set()
    waiting = [tensor]
    while waiting:
        x = waiting.pop()
        if id(x) in seen:
            continue
        seen.add(id(x))
        if x.call is None or not x.call.inputs:
            found.append(x)
        else:
            waiting += reversed(x.call.inputs)
    return found
