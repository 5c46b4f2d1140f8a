"""Weights of which only some blocks are stored, made whole.

A sparse tensor is a tree: one level for each dimension in `traversal_order`, then one for each
dimension of a block. A DENSE level has all its cells; a SPARSE_CSR level lists, for each cell of
the level above, the indices that are there. The values stand in the order of the leaves.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from edgekit.errors import UnsupportedOperator
from edgekit.schema.decoder import Record
from edgekit.schema.tflite_layout import DimensionType

from .file import Tensor
from .verify import BITS

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["dense_bytes"]

Ints = np.ndarray[Any, np.dtype[np.int64]]

LARGEST_DENSE = 2**26
"""Bytes that a sparse weight may take when it is whole: a small file names any size."""


def dense_bytes(tensor: Tensor) -> NDArray[np.uint8]:
    """The bytes of the whole tensor in C order. Raises ModelFormatError for a broken tree."""
    sparsity: Record = tensor.record["sparsity"]
    size = BITS.get(tensor.dtype, 0) // 8
    if not size or tensor.elements * size > LARGEST_DENSE:
        raise UnsupportedOperator(
            f"tensor {tensor.name!r} is sparse {tensor.dtype}{list(tensor.shape)}; sparse weights "
            f"have whole bytes per element and at most {LARGEST_DENSE} bytes"
        )
    order = [int(d) for d in sparsity["traversal_order"]]
    blocks = [int(d) for d in sparsity["block_map"]]
    sizes = _level_sizes(tensor, sparsity, order, blocks)
    if len(tensor.data) % size:
        tensor.record.fail("buffer", f"{len(tensor.data)} bytes of {tensor.dtype}")
    values = tensor.data.reshape(-1, size)
    paths = _leaves(sparsity, sizes, len(values))
    rank = len(tensor.shape)
    index = np.zeros(len(values), np.int64)
    strides = [math.prod(tensor.shape[d + 1 :]) for d in range(rank)]
    within = {d: sizes[rank + i] for i, d in enumerate(blocks)}
    for level, path in enumerate(paths):
        target = order[level] if level < rank else blocks[order[level] - rank]
        step = within.get(target, 1) if level < rank else 1
        index += path * (strides[target] * step)
    dense = np.zeros((tensor.elements, size), np.uint8)
    dense[index] = values
    return dense.reshape(-1)


def _level_sizes(
    tensor: Tensor, sparsity: Record, order: list[int], blocks: list[int]
) -> list[int]:
    """The cells of each level: dimensions first, counted in blocks, then within a block."""
    rank, levels = len(tensor.shape), len(order)
    records = sparsity["dim_metadata"]
    whole = levels == rank + len(blocks) == len(records) and sorted(order) == [*range(levels)]
    # Blocks come last, in their own order: no writer does it otherwise.
    whole = whole and order[rank:] == [*range(rank, levels)] and len(set(blocks)) == len(blocks)
    if not whole or any(not 0 <= d < rank for d in blocks):
        sparsity.fail("traversal_order", f"{order} with blocks {blocks} in {rank} dimensions")
    inner = [int(records[rank + i]["dense_size"]) for i in range(len(blocks))]
    within = dict(zip(blocks, inner, strict=True))
    sizes = []
    for level, dimension in enumerate(order[:rank]):
        block = within.get(dimension, 1)
        if block < 1 or tensor.shape[dimension] % block:
            sparsity.fail("block_map", f"blocks of {block} in {list(tensor.shape)}")
        sizes.append(tensor.shape[dimension] // block)
        record = records[level]
        dense = record["format"] == DimensionType.DENSE
        if dense and record["dense_size"] != sizes[-1]:
            record.fail("dense_size", f"{record['dense_size']}, expected {sizes[-1]}")
    if any(record["format"] != DimensionType.DENSE for record in records[rank:]):
        sparsity.fail("dim_metadata", "a block must be dense")
    return [*sizes, *inner]


def _leaves(sparsity: Record, sizes: list[int], count: int) -> list[Ints]:
    """For each level, the index of every leaf there; `count` leaves in all."""
    paths: list[Ints] = []
    cells = 1
    for level, record in enumerate(sparsity["dim_metadata"]):
        if record["format"] == DimensionType.DENSE:
            repeats: Any = sizes[level]
            own = np.arange(sizes[level], dtype=np.int64)
            if cells * sizes[level] > count:
                sparsity.fail("dim_metadata", f"more than {count} values, which is all there are")
            own = np.tile(own, cells)
        else:
            segments = _numbers(record, "array_segments")
            own = _numbers(record, "array_indices")
            repeats = np.diff(segments)
            right = len(segments) == cells + 1 and segments[0] == 0 and segments[-1] == len(own)
            if not right or (repeats < 0).any() or len(own) > count:
                record.fail("array_segments", f"they do not divide {len(own)} indices")
            if len(own) and not (own.min() >= 0 and own.max() < sizes[level]):
                record.fail("array_indices", f"an index is outside 0..{sizes[level] - 1}")
        paths = [np.repeat(path, repeats) for path in paths]
        paths.append(own)
        cells = len(own)
    if cells != count:
        sparsity.fail("dim_metadata", f"{cells} values, the buffer holds {count}")
    return paths


def _numbers(record: Record, name: str) -> Ints:
    vector = record[name]
    if vector is None:
        record.fail(name, "it is missing")
    numbers: Ints = vector["values"].astype(np.int64)
    return numbers
