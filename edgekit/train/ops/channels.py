"""Per-channel vectors on NHWC arrays, at the speed of long rows.

numpy broadcasts a vector of C channels over M rows with an inner loop of C elements, which is slow
for small C. Repeating the vector to a few thousand elements and viewing the array as (M/T, T*C)
keeps the inner loop long; a sum over rows is a product with ones, which BLAS does. Several steps on
one array run block by block, so that only the first of them waits for memory.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator

import numpy as np

from edgekit.train.backend import Array, array_module

__all__ = ["add_vector", "blocks", "channel_sums", "product_sums", "row_sums", "rows", "tile"]

TILE_ELEMENTS = 8192
BLOCK_ELEMENTS = 524_288
SMALL_ELEMENTS = 16_384
"""Below this the calls that make long rows cost more than they save."""


@functools.lru_cache(maxsize=1024)
def _tiles(count: int, channels: int) -> int:
    """The largest divisor of `count` rows with at most TILE_ELEMENTS elements in as many rows."""
    limit = max(1, TILE_ELEMENTS // channels)
    return next(t for t in range(min(limit, count), 0, -1) if count % t == 0)


def rows(x: Array) -> Array:
    """`x` of shape (..., C) viewed as (M/T, T*C): T rows in one."""
    channels = x.shape[-1]
    count = x.size // channels if channels else 0
    if not count:
        return x.reshape(0, channels)
    return x.reshape(-1, _tiles(count, channels) * channels)


def tile(vector: Array, wide: Array) -> Array:
    """`vector` (C,) repeated to the row length of `wide`, which `rows` made."""
    count = wide.shape[1] // vector.shape[0]
    return vector if count == 1 else vector.reshape(1, -1).repeat(count, axis=0).reshape(-1)


def add_vector(x: Array, vector: Array) -> None:
    """x += vector over the last axis of a contiguous `x`, in place."""
    if x.size <= SMALL_ELEMENTS:
        x += vector
        return
    wide = rows(x)
    wide += tile(vector, wide)


def channel_sums(x: Array) -> Array:
    """The sum of `x` (..., C) over all axes but the last: (C,).

    Summed in two steps, so that float32 loses with the root of the number of rows, not with the
    number.
    """
    if x.size <= SMALL_ELEMENTS or type(x) is not np.ndarray:
        return row_sums(x.reshape(-1, x.shape[-1]))
    return row_sums(row_sums(rows(x)).reshape(-1, x.shape[-1]))


def row_sums(wide: Array) -> Array:
    """The sum over the rows of `wide` (M, L): (L,)."""
    if type(wide) is not np.ndarray:
        return wide.sum(axis=0)
    return np.ones(len(wide), wide.dtype).dot(wide)


def blocks(wide: Array) -> Iterator[slice]:
    """Slices of the rows of `wide` that stay in the cache on a CPU; all at once on a GPU."""
    count, length = wide.shape
    step = max(1, BLOCK_ELEMENTS // max(1, length))
    if array_module(wide) is not np:
        step = max(1, count)
    for start in range(0, count, step):
        yield slice(start, start + step)


def product_sums(a: Array, b: Array) -> Array:
    """The sum over the rows of `a * b`, (M, L) each: (L,), without the product in memory."""
    if array_module(a) is np:
        return np.einsum("ij,ij->j", a, b)
    return (a * b).sum(axis=0)
