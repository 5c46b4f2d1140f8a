"""The columns of a convolution: its windows laid out as the rows of a matrix, part by part."""

from __future__ import annotations

from collections.abc import Iterator

from edgekit.train.backend import Array, array_module
from edgekit.train.primitive import recorders

from .windows import Geometry, chunks, empty_padded, inside, view

__all__ = ["Columns", "Kept", "columns_of", "keeps_columns"]

FEW_CHANNELS = 4
"""With fewer input channels columns are copied in short pieces, the slow part of a layer."""
KEPT_FLOATS = 1 << 20
"""How much of such columns is kept for the backward pass."""

Columns = tuple[slice, slice, Array]
Kept = tuple[slice, list[Columns]]  # of one share of the batch


def keeps_columns(x: Array, g: Geometry) -> bool:
    """Whether to keep columns for the backward pass: a tape listens, and they cost much to make."""
    size = g.kernel[0] * g.kernel[1] * x.shape[3]
    floats = x.shape[0] * g.out_height * g.out_width * size
    few = array_module(x).__name__ == "numpy" and x.shape[3] < FEW_CHANNELS
    return few and floats <= KEPT_FLOATS and bool(recorders())


def columns_of(x: Array, g: Geometry, kept: list[Columns] | None = None) -> Iterator[Columns]:
    """(samples, block of output rows, columns): each window of the part as one row of a matrix.

    With few channels the rows of the matrix are short pieces to copy, so its transpose is filled
    instead, one kernel element after another; BLAS takes either.
    """
    module = array_module(x)
    size = g.kernel[0] * g.kernel[1] * x.shape[3]
    parts = list(chunks(x, x.shape[0], g.out_height, g.out_width * size))
    scratch = room = None
    for samples, blocks in parts:
        count = samples.stop - samples.start
        if g.padding == (0, 0, 0, 0):
            source = x[samples]
        else:
            room = empty_padded(x, count, g) if room is None else room[:count]
            inside(room, g)[...] = x[samples]
            source = room
        windows = view(source, g)
        for block in blocks:
            part = windows[:, block]
            rows = part.shape[0] * part.shape[1] * part.shape[2]
            if scratch is None or kept is not None:
                scratch = module.empty(rows * size, x.dtype)
            found = samples, block, _fill(scratch[: rows * size], part, x.shape[3])
            if kept is not None:
                kept.append(found)
            yield found


def _fill(scratch: Array, windows: Array, channels: int) -> Array:
    """The windows (n, rows, OW, KH, KW, C) copied into `scratch`: a matrix (n*rows*OW, KH*KW*C)."""
    n, height, width, kh, kw, c = windows.shape
    if channels >= FEW_CHANNELS:
        columns = scratch.reshape(windows.shape)
        columns[...] = windows
        return columns.reshape(n * height * width, kh * kw * c)
    columns = scratch.reshape(kh, kw, c, n, height, width)
    columns[...] = windows.transpose(3, 4, 5, 0, 1, 2)
    return columns.reshape(kh * kw * c, n * height * width).T
