"""Sums over rows, channel by channel: how the work is laid out, and the plain sum."""

from __future__ import annotations

import functools
from typing import Any, NamedTuple

import numpy as np

from .kernel import STORAGE, Kernel, contiguous, empty, kernel, multiprocessors, type_name

__all__ = [
    "HAS_BETA",
    "HAS_GAMMA",
    "HAS_MOVING",
    "THREADS",
    "Layout",
    "channel_sums",
    "kernels",
    "layout",
    "scale_and_shift",
    "tickets",
]

_SOURCE = "channels.cu"
THREADS = 256  # COLUMN_THREADS in sources/columns.cuh
_ROWS_OF_A_THREAD = 8
_LANES = 32
_BLOCKS_PER_MULTIPROCESSOR = 4
_TICKETS = 4096
HAS_GAMMA, HAS_BETA, HAS_MOVING = 1, 2, 4
"""Bits that tell the kernels of normalizations which arrays there are."""


def kernels() -> list[Kernel]:
    """Every kernel of this module, for those who compile them all."""
    return [kernel(_SOURCE, f"channel_sums<{t}>") for t in STORAGE.values()]


class Layout(NamedTuple):
    """How (rows, channels) are divided among blocks; see sources/columns.cuh."""

    rows: int
    channels: int
    lanes: int  # channels of a block
    tiles: int  # blocks next to each other
    shares: int  # blocks below each other
    share: int  # rows of each

    @property
    def grid(self) -> tuple[int, int]:
        return self.tiles, self.shares

    @property
    def sizes(self) -> tuple[Any, ...]:
        """The last four arguments of the kernels."""
        share, rows = np.int64(self.share), np.int64(self.rows)
        return np.int32(self.lanes), share, rows, np.int32(self.channels)

    def parts(self, numbers: int) -> Any:
        """Room for what the blocks find: `numbers` floats for each share and channel."""
        count = numbers * self.shares * self.channels if self.shares > 1 else 1
        return empty(count, np.float32)


def layout(rows: int, channels: int) -> Layout:
    """The layout for sums over `rows`, on the current device."""
    return _layout(rows, channels, _BLOCKS_PER_MULTIPROCESSOR * multiprocessors())


@functools.lru_cache(maxsize=1024)
def _layout(rows: int, channels: int, blocks: int) -> Layout:
    lanes = min(_LANES, 1 << max(0, channels - 1).bit_length())
    tiles = -(-channels // lanes)
    least = THREADS // lanes * _ROWS_OF_A_THREAD
    shares = max(1, min(-(-rows // least), blocks // tiles))
    share = -(-rows // (shares * least)) * least
    return Layout(rows, channels, lanes, tiles, -(-rows // share), share)


@functools.cache
def _tickets(device: int, stream: int) -> Any:
    import cupy

    return cupy.zeros(_TICKETS, np.uint32)


def tickets(count: int) -> Any:
    """At least `count` zeros that kernels of the current stream count their blocks with.

    They leave zeros; kernels of one stream run one after another, so they may share them.
    """
    import cupy

    if count > _TICKETS:  # each kernel has zeros of its own
        return cupy.zeros(count, np.uint32)
    return _tickets(cupy.cuda.runtime.getDevice(), cupy.cuda.get_current_stream().ptr)


def scale_and_shift(x: Any, gamma: Any, beta: Any) -> tuple[Any, Any, int, np.dtype[Any]]:
    """(gamma, beta, which there are, dtype) of a normalization of `x`, as kernels take them: flat,
    both of the dtype of x or both float32, and some array in place of one that is None.
    """
    given = next((v for v in (gamma, beta) if v is not None), None)
    alike = given is not None and given.dtype == x.dtype
    dtype = x.dtype if alike else np.dtype(np.float32)
    found = [
        empty(1, dtype) if v is None else contiguous(v, dtype).reshape(-1) for v in (gamma, beta)
    ]
    has = HAS_GAMMA * (gamma is not None) | HAS_BETA * (beta is not None)
    return found[0], found[1], has, dtype


def channel_sums(x: Any) -> Any:
    """The sum of `x` (..., C) over all axes but the last, in float32 and a fixed order: (C,)."""
    x = contiguous(x)
    channels = x.shape[-1]
    sums = empty(channels, x.dtype)
    if not x.size:
        sums.fill(0)
        return sums
    how = layout(x.size // channels, channels)
    run = kernel(_SOURCE, f"channel_sums<{type_name(x.dtype)}>")
    run(how.grid, THREADS, x, how.parts(2), tickets(how.tiles), sums, *how.sizes)
    return sums
