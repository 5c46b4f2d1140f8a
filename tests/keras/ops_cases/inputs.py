"""Arrays that the cases share."""

from __future__ import annotations

import zlib

import numpy as np


class Draws:
    """Random arrays of one family, whatever others draw."""

    def __init__(self, family: str) -> None:
        self.source = np.random.default_rng(zlib.crc32(family.encode()))

    def normal(self, *shape: int) -> np.ndarray:
        """Normal numbers."""
        return self.source.normal(size=shape).astype(np.float32)

    def share(self, *shape: int) -> np.ndarray:
        """Numbers between 0 and 1, away from both."""
        return self.source.uniform(0.1, 0.9, shape).astype(np.float32)

    def whole(self, *shape: int, low: int = 0, high: int = 9) -> np.ndarray:
        """Integers."""
        return self.source.integers(low, high, shape).astype(np.int32)


_DRAWS = Draws("shared")
normal, share, whole = _DRAWS.normal, _DRAWS.share, _DRAWS.whole

X, Y = normal(3, 4), normal(3, 4)
P, Q = share(3, 4), share(3, 4)
V, W = normal(2, 3, 4), normal(2, 3, 4)
ROW, OTHER = normal(5), normal(3)
SQUARE = normal(2, 3, 3)
N, M = whole(3, 4), whole(3, 4, low=1)
SMALL = whole(3, 4).astype(np.int8)
TRUE = normal(3, 4) > 0
GAPS = np.where(normal(3, 4) > 0.4, np.float32(np.nan), X)
GAPS[1] = [1.5, np.nan, -0.5, 2.0]
ENDS = np.array([0.0, -0.0, np.inf, -np.inf, np.nan, 2.5, -1.5], np.float32)
IMAGES = normal(2, 6, 5, 4)
SEQUENCES = normal(2, 7, 3)
VOLUMES = normal(1, 4, 5, 4, 2)
