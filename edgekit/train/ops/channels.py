"""Per-channel vectors on NHWC arrays, at the speed of long rows.

numpy broadcasts a vector of C channels over M rows with an inner loop of C elements, which is slow
for small C. Repeating the vector to a few thousand elements and viewing the array as (M/T, T*C) keeps the
inner loop long; a sum over rows is a product with ones, which BLAS does.
"""

from __future__ import annotations

import functools

import numpy as np

from edgekit.train.backend import Array, array_module

__all__ = ["add_vector", "channel_sums", "product_sums", "rows", "tile"]

TILE_ELEMENTS = 4096


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
    return vector if count == 1 else array_module(vector).tile(vector, count)


def add_vector(x: Array, vector: Array) -> None:
    """x += vector over the last axis of a contiguous `x`, in place."""
    wide = rows(x)
    wide += tile(vector, wide)


def channel_sums(x: Array) -> Array:
    """The sum of `x` (..., C) over all axes but the last: (C,)."""
    matrix = x.reshape(-1, x.shape[-1])
    ones = array_module(x).ones(matrix.shape[0], x.dtype)
    return ones @ matrix


def product_sums(a: Array, b: Array) -> Array:
    """The sum of `a * b` (..., C) over all axes but the last: (C,), without the product in memory."""
    wide_a, wide_b = rows(a), rows(b)
    module = array_module(a)
    if module is np:
        sums = np.einsum("ij,ij->j", wide_a, wide_b)
    else:
        sums = (wide_a * wide_b).sum(axis=0)
    return sums.reshape(-1, a.shape[-1]).sum(axis=0)
