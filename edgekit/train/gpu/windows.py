"""What kernels over windows are told: sizes, and how many channels they take at a time."""

from __future__ import annotations

from typing import Any

import numpy as np

from edgekit.train.ops.windows import Geometry

__all__ = ["lanes_of", "numbers", "small"]


def small(*arrays: Any) -> bool:
    """Whether 32 bits count the elements of each."""
    return all(x.size < 1 << 31 for x in arrays)


def lanes_of(channels: int, *arrays: Any) -> int:
    """4 where all arrays can be read four channels at a time, else 1. None stands for no array."""
    even = all(a is None or a.data.ptr % (4 * a.dtype.itemsize) == 0 for a in arrays)
    return 4 if channels % 4 == 0 and even else 1


def numbers(g: Geometry) -> tuple[Any, ...]:
    """WINDOW_SIZES of sources/windows.cuh."""
    found = (
        g.height, g.width, g.out_height, g.out_width, *g.kernel, *g.strides, *g.dilations,
        *g.padding[:2],
    )  # fmt: skip
    return tuple(map(np.int32, found))
