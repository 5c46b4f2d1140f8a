"""The segments of a flat vector as kernels go through them, and where the gradients are."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

__all__ = ["GROUP", "STORAGES", "TILE", "Segments"]

# as in sources/updates.cu
TILE = 1024
GROUP = 256

_GRADIENTS = np.dtype([("of", np.uint64, (GROUP,)), ("storage", np.uint8, (GROUP,))])
STORAGES = {"float32": 0, "float16": 1, "bfloat16": 2}
"""How gradients may be stored, by the number that kernels know it by."""


class _Group(NamedTuple):
    """One launch: the tiles of up to GROUP segments."""

    tiles: int
    arguments: tuple[Any, ...]
    is_end: bool


class Segments:
    """One segment for each variable, cut into tiles of TILE elements; tables on the device.

    tables: first elements, first tiles, and the segment of each tile. decayed: whether weight decay
    is for the variable. The other arrays are what kernels hand to each other.
    """

    def __init__(self, flat: Any, decayed: Sequence[bool]) -> None:
        import cupy

        sizes = np.array([v.size for v in flat.variables], np.int64)
        self._first = np.r_[0, np.cumsum(-(-sizes // TILE))]
        count = int(self._first[-1])
        starts = np.r_[0, np.cumsum(sizes)]
        of_tile = np.repeat(np.arange(len(sizes)), np.diff(self._first))
        self.tables = tuple(
            cupy.asarray(table.astype(np.uint32)) for table in (starts, self._first, of_tile)
        )
        self.decays = cupy.asarray(np.array(decayed, np.uint8))
        self.sums = cupy.zeros(2 * max(count, 1), np.float32)
        self.strange = cupy.zeros(max(count, 1), np.int32)
        self.totals = cupy.zeros(len(sizes), np.float64)
        self.factors, self.ratios = (cupy.ones(len(sizes), np.float32) for _ in range(2))

    def groups(self, gradients: Sequence[Any]) -> list[_Group]:
        """The launches for the gradients of all segments, None where there is none."""
        found = []
        for begin in range(0, len(gradients), GROUP):
            end = min(begin + GROUP, len(gradients))
            places = np.zeros(1, _GRADIENTS)
            group = gradients[begin:end]
            places["of"][0, : end - begin] = [0 if g is None else g.data.ptr for g in group]
            places["storage"][0, : end - begin] = [
                0 if g is None else STORAGES[g.dtype.name] for g in group
            ]
            a, b = self._first[begin], self._first[end]
            arguments = (places, np.int32(begin), np.int32(a), np.int32(b), *self.tables)
            found.append(_Group(int(b - a), arguments, end == len(gradients)))
        return found
