"""Batches cut into the shares of replicas."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from edgekit.train.data import packed, rows_of, unpack
from edgekit.train.structure import flatten, map_structure

__all__ = ["PerReplica", "rows_in", "split", "values_of"]


class PerReplica:
    """One value for each replica of this process."""

    def __init__(self, values: Any) -> None:
        self.values = tuple(values)

    def __iter__(self) -> Iterator[Any]:
        return iter(self.values)

    def __len__(self) -> int:
        return len(self.values)

    def __repr__(self) -> str:
        return "PerReplica(" + ", ".join(map(repr, self.values)) + ")"


def values_of(value: Any, count: int) -> list[Any]:
    """What each of `count` replicas gets of a structure: its value of every PerReplica in it."""

    def of(replica: int) -> Any:
        return map_structure(
            lambda one: one.values[replica] if isinstance(one, PerReplica) else one, value
        )

    return [of(replica) for replica in range(count)]


def rows_in(data: Any) -> int:
    """The number of samples in a batch."""
    return len(flatten(unpack(data)[0])[0])


def split(data: Any, count: int) -> list[tuple[float, Any]]:
    """A batch in `count` parts of neighbouring samples, each with its share of all samples.

    Their sizes differ by one at most, and the first is never empty. A part without samples has a
    share of 0 and holds the first sample all the same: every replica has something to compute.
    """
    x, y, weight = unpack(data)
    rows = rows_in(data)
    parts = []
    for i in range(count):
        start, stop = -(-rows * i // count), -(-rows * (i + 1) // count)
        chosen = slice(start, stop) if stop > start else slice(0, 1)
        cut = packed(rows_of(x, chosen), rows_of(y, chosen), rows_of(weight, chosen))
        parts.append(((stop - start) / rows, cut))
    return parts
