"""Where blocks of memory begin when they are many; `memory.py` places the few of most graphs."""

from __future__ import annotations

import bisect
import heapq
from collections.abc import Mapping

from .memory import Lives

__all__ = ["by_birth"]


def by_birth(lives: Lives, sizes: Mapping[str, int]) -> dict[str, int]:
    """Step by step, each block in the smallest gap that is free then: n log n for n blocks."""
    placed: dict[str, int] = {}
    gaps, top = _Gaps(), 0
    dying: list[tuple[int, str]] = []
    for name in sorted(lives, key=lambda name: (lives[name], name)):
        while dying and dying[0][0] < lives[name][0]:
            _, dead = heapq.heappop(dying)
            gaps.add(placed[dead], sizes[dead])
        start = gaps.take(sizes[name])
        if start is None:
            start, top = top, top + sizes[name]
        placed[name] = start
        heapq.heappush(dying, (lives[name][1], name))
    return placed


class _Gaps:
    """Free pieces of memory; neighbours are one."""

    def __init__(self) -> None:
        self.by_size: list[tuple[int, int]] = []  # size, start
        self.by_start: dict[int, int] = {}
        self.by_end: dict[int, int] = {}

    def add(self, start: int, size: int) -> None:
        before, after = self.by_end.get(start, 0), self.by_start.get(start + size, 0)
        if before:
            self._remove(start - before, before)
        if after:
            self._remove(start + size, after)
        start, size = start - before, before + size + after
        self.by_start[start] = self.by_end[start + size] = size
        bisect.insort(self.by_size, (size, start))

    def take(self, size: int) -> int | None:
        """The start of a piece of the smallest gap that is large enough; None if none is."""
        position = bisect.bisect_left(self.by_size, (size, 0))
        if position == len(self.by_size):
            return None
        room, start = self.by_size[position]
        self._remove(start, room)
        if room > size:
            self.add(start + size, room - size)
        return start

    def _remove(self, start: int, size: int) -> None:
        del self.by_start[start], self.by_end[start + size]
        del self.by_size[bisect.bisect_left(self.by_size, (size, start))]
