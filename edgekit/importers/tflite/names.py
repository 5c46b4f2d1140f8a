"""Names for tensors: those of the file, made unique, and one where the file gives none."""

from __future__ import annotations

from .file import Subgraph

__all__ = ["unique_names"]

LONGEST = 960  # leaves room for what is put behind a name


def unique_names(graph: Subgraph) -> tuple[str, ...]:
    """A name for each tensor, by index. The first tensor of a name keeps it."""
    wanted = [tensor.name[:LONGEST] or f"tensor_{tensor.index}" for tensor in graph.tensors]
    taken, counts, found = set(wanted), dict.fromkeys(wanted, 0), []
    seen: set[str] = set()
    for name in wanted:
        unique = name
        while unique in seen or (unique != name and unique in taken):
            counts[name] += 1
            unique = f"{name}_{counts[name]}"
        seen.add(unique)
        found.append(unique)
    return tuple(found)
