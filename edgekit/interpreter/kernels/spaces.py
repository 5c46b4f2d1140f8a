"""Blocks of pixels to channels or to samples, and back: one transposed copy each."""

from __future__ import annotations

import math

import numpy as np

from ..step import Step
from . import kernel
from .reshape import EVERY

__all__: list[str] = []


@kernel("SpaceToDepth", *EVERY)
def space_to_depth(step: Step) -> None:
    """Pixel (i, j) of a block becomes channels i * block + j, times the channels there were."""
    x, y, block = step.input(0), step.output(), step.attrs["block"]
    batch, height, width, channels = x.shape
    blocks = x.reshape(batch, height // block, block, width // block, block, channels)
    cells = y.reshape(*y.shape[:3], block, block, channels)  # splitting never copies
    step.call(np.copyto, cells, blocks.transpose(0, 1, 3, 2, 4, 5))


@kernel("DepthToSpace", *EVERY)
def depth_to_space(step: Step) -> None:
    x, y, block = step.input(0), step.output(), step.attrs["block"]
    batch, height, width, channels = y.shape
    blocks = y.reshape(batch, height // block, block, width // block, block, channels)
    cells = x.reshape(*x.shape[:3], block, block, channels)
    step.call(np.copyto, blocks.transpose(0, 1, 3, 2, 4, 5), cells)


@kernel("SpaceToBatch", *EVERY)
def space_to_batch(step: Step) -> None:
    """Pixel (i, j) of every block, padded with zero, makes the samples i * width + j."""
    x, y = step.input(0), step.output()
    blocks, pads = step.attrs["blocks"], step.attrs["pads"]
    rank = len(blocks)
    whole = [size + pads[2 * i] + pads[2 * i + 1] for i, size in enumerate(x.shape[1 : rank + 1])]
    if any(pads):
        padded = step.scratch((len(x), *whole, *x.shape[rank + 1 :]), x.dtype)
        inside = tuple(slice(pads[2 * i], pads[2 * i] + x.shape[i + 1]) for i in range(rank))
        step.call(padded.fill, x.dtype.type(0))
        step.call(np.copyto, padded[(slice(None), *inside)], x)
        x = padded
    pairs = [n for i, block in enumerate(blocks) for n in (whole[i] // block, block)]
    split = x.reshape(len(x), *pairs, *x.shape[rank + 1 :])
    grouped = y.reshape(*blocks, len(x), *y.shape[1:])
    step.call(np.copyto, grouped, split.transpose(_blocks_first(rank, split.ndim)))


@kernel("BatchToSpace", *EVERY)
def batch_to_space(step: Step) -> None:
    x, y = step.input(0), step.output()
    blocks, crops = step.attrs["blocks"], step.attrs["crops"]
    rank, samples = len(blocks), len(x) // math.prod(step.attrs["blocks"])
    pairs = [n for i, block in enumerate(blocks) for n in (x.shape[i + 1], block)]
    sizes = [size * block for size, block in zip(x.shape[1:], blocks, strict=False)]
    target = y
    if any(crops) or not y.flags.c_contiguous:
        target = step.scratch((samples, *sizes, *x.shape[rank + 1 :]), x.dtype)
    split = target.reshape(samples, *pairs, *x.shape[rank + 1 :])
    grouped = x.reshape(*blocks, samples, *x.shape[1:])
    step.call(np.copyto, split.transpose(_blocks_first(rank, split.ndim)), grouped)
    if target is not y:
        kept = tuple(slice(crops[2 * i], crops[2 * i] + y.shape[i + 1]) for i in range(rank))
        step.call(np.copyto, y, target[(slice(None), *kept)])


def _blocks_first(rank: int, dimensions: int) -> tuple[int, ...]:
    """From [samples, size, block, size, block, ...] to [block, block, samples, size, size, ...]."""
    inside = range(2 * rank + 1, dimensions)
    return (*range(2, 2 * rank + 1, 2), 0, *range(1, 2 * rank + 1, 2), *inside)
