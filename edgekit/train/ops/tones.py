"""Tones of pictures made equally frequent: of channels, or of tiles. Neither has a derivative."""

from __future__ import annotations

from typing import Any

import numpy as np

from edgekit.train.backend import array_module
from edgekit.train.primitive import primitive

__all__ = ["equalize_tiles", "equalize_tones"]


@primitive(differentiable=False)
def equalize_tones(x, *, bins: int):
    """Values 0 to 255 of `x` (..., channels) by their rank among `bins` tones of their channel.

    So that every tone is about as frequent. A channel of one tone stays as it is.
    """
    module = array_module(x)
    most = np.float32(bins - 1)
    made = []
    for channel in (x[..., i] for i in range(x.shape[-1])):
        counted = (channel * most / np.float32(255)).clip(0, most).astype(np.int32)
        sums = module.cumsum(module.bincount(counted.ravel(), minlength=bins))
        first = sums[module.argmax(sums > 0)]
        if int(sums[-1] - first) == 0:
            made.append(channel)
            continue
        table = module.round((sums - first) * 255 / (sums[-1] - first)).clip(0, 255)
        numbers = (channel / np.float32(255) * most).clip(0, most).astype(np.int32)
        made.append(table.astype(x.dtype)[numbers])
    return module.stack(made, axis=-1)


@primitive(differentiable=False)
def equalize_tiles(x, *, tiles: tuple[int, int], clip_limit: float):
    """Values 0 to 255 of pictures (n, h, w, c) by their rank in the tiles around them.

    Each of `tiles` (down, across) has a table of 256 tones; a pixel takes the tables of the four
    tiles whose middles are nearest, by how near they are. No tone counts more than `clip_limit`
    times the mean; what is above is shared by all. Source: Zuiderveld 1994.
    """
    module = array_module(x)
    _, height, width, _ = x.shape
    steps = [-(-size // count) for size, count in zip((height, width), tiles, strict=True)]
    rest = [n * s - size for n, s, size in zip(tiles, steps, (height, width), strict=True)]
    padded = module.pad(x, ((0, 0), (0, rest[0]), (0, rest[1]), (0, 0)), mode="symmetric")
    numbers = padded.astype(np.int32).clip(0, 255)
    tables = _tables(module, numbers, tiles, steps, clip_limit).astype(x.dtype)
    (top, below), (left, right) = (
        _neighbours(module, n, s, x.dtype) for n, s in zip(tiles, steps, strict=True)
    )
    total: Any = 0
    samples = module.arange(len(x))[:, None, None, None]
    channels = module.arange(x.shape[3])
    for row, down in (top, below):
        for column, across in (left, right):
            rows, columns = row[:, None, None], column[:, None]
            share = down[:, None, None] * across[:, None]
            total = total + tables[samples, rows, columns, channels, numbers] * share
    return total[:, :height, :width]


def _tables(module: Any, numbers: Any, tiles: Any, steps: Any, clip_limit: float) -> Any:
    """(n, tiles down, tiles across, channels, 256): what becomes of each tone in each tile."""
    count, channels, size = len(numbers), numbers.shape[3], steps[0] * steps[1]
    cut = numbers.reshape(count, tiles[0], steps[0], tiles[1], steps[1], channels)
    cut = cut.transpose(0, 1, 3, 5, 2, 4).reshape(-1, size)
    places = cut + 256 * module.arange(len(cut), dtype=np.int32)[:, None]
    counts = module.bincount(places.ravel(), minlength=256 * len(cut))
    counts = counts.reshape(-1, 256).astype(np.float32)
    if clip_limit > 0:
        kept = counts.clip(0, np.float32(clip_limit * size / 256))
        counts = kept + (counts - kept).sum(axis=-1, keepdims=True) / np.float32(256)
    sums = module.cumsum(counts, axis=-1)
    least = sums.min(axis=-1, keepdims=True)
    above = np.float32(size) - least
    above = module.where(above == 0, np.float32(1), above)
    made = ((sums - least) * np.float32(255) / above).clip(0, 255)
    return made.reshape(count, *tiles, channels, 256)


def _neighbours(module: Any, count: int, step: int, dtype: Any) -> Any:
    """Along one axis the tiles before and behind each pixel, each with its share."""
    at = (module.arange(count * step, dtype=dtype) + dtype.type(step / 2)) / dtype.type(step)
    before = module.floor(at)
    share = at - before
    first = (before - 1).clip(0, count - 1).astype(np.int32)
    second = before.clip(0, count - 1).astype(np.int32)
    return (first, dtype.type(1) - share), (second, share)
