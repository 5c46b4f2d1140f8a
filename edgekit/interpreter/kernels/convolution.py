"""Conv2D: a matrix product over patches; which way the patches are laid out depends on shapes."""

from __future__ import annotations

import math

import numpy as np
from numpy.lib.stride_tricks import as_strided

from ..step import Array, Step
from .accumulator import Accumulator, blocks, centered_weight
from .registry import kernel

__all__ = ["convolve", "windows"]

NARROW_CHANNELS = 32  # up to here one product per kernel row beats full patches


@kernel("Conv2D", "float32", "int8", "uint8", "int16")
def convolution(step: Step) -> None:
    weight = centered_weight(step)  # [out, height, width, in / groups]
    if step.attrs["groups"] > 1:
        grouped(step, weight)
    else:
        matrix = weight.reshape(len(weight), -1).T
        convolve(step, Accumulator(step, matrix), weight.shape[1:3])


def convolve(step: Step, accumulator: Accumulator, window: tuple[int, int]) -> None:
    """Choose by shape: the input itself, rows of patches, or whole patches.

    The accumulator's matrix is [window height * width * channels, outputs].
    """
    x = accumulator.padded_input()
    strides, dilations = step.attrs["strides"], step.attrs.get("dilations", (1, 1))
    plain = strides == (1, 1) and dilations == (1, 1)
    same_dtype = x.dtype == accumulator.dtype
    if plain and window == (1, 1) and x.flags.c_contiguous and same_dtype:
        pointwise(step, accumulator, x)
    elif plain and window[0] > 1 and len(x) == 1 and x.shape[3] <= NARROW_CHANNELS:
        by_kernel_rows(step, accumulator, x, window)
    else:
        by_patches(step, accumulator, windows(x, window, strides, dilations, step.output().shape))
    accumulator.finish_all()


def pointwise(step: Step, accumulator: Accumulator, x: Array) -> None:
    """A 1x1 convolution multiplies the pixels as they lie."""
    y = step.output()
    _, height, width, channels = x.shape
    outputs = y.shape[3]
    for samples, rows in blocks(len(x), height, width * max(channels, outputs)):
        pixels = x[samples, rows].reshape(-1, channels)
        sums = accumulator.buffer("sums", (len(pixels), outputs))
        step.call(np.dot, pixels, accumulator.matrix, sums)
        accumulator.finish(sums, y[samples, rows])


def by_kernel_rows(step: Step, accumulator: Accumulator, x: Array, window: tuple[int, int]) -> None:
    """Patches one kernel row high serve every row of the kernel: one product for each, added up.

    With few channels, copying whole patches would cost more than the products.
    """
    y = step.output()
    _, height, width, outputs = y.shape
    channels = x.shape[3]
    depth = window[1] * channels
    rows_of_kernel = accumulator.matrix.reshape(window[0], depth, outputs)
    # Overlapping patches along a row: [rows, width, window width * channels].
    overlapping = as_strided(
        x[0], (x.shape[1], width, depth), (x.strides[1], x.strides[2], x.strides[3])
    )
    for _, rows in blocks(1, height, width * max(depth, outputs)):
        count = rows.stop - rows.start
        tall = count + window[0] - 1
        patches = accumulator.buffer("patches", (tall, width, depth))
        sums = accumulator.buffer("sums", (count * width, outputs))
        added = accumulator.buffer("added", (count * width, outputs))
        step.call(np.copyto, patches, overlapping[rows.start : rows.start + tall])
        for top in range(window[0]):
            lines = patches[top : top + count].reshape(-1, depth)
            step.call(np.dot, lines, rows_of_kernel[top], added if top else sums)
            if top:
                step.call(np.add, sums, added, sums)
        accumulator.finish(sums, y[:, rows])


def by_patches(step: Step, accumulator: Accumulator, patches: Array) -> None:
    """Copy every patch into a row, then one product. patches: [n, h, w, kh, kw, c]."""
    y = step.output()
    depth = math.prod(patches.shape[3:])
    outputs = y.shape[3]
    for samples, rows in blocks(len(y), y.shape[1], y.shape[2] * max(depth, outputs)):
        part = patches[samples, rows]
        count = math.prod(part.shape[:3])
        copied = accumulator.buffer("patches", (count, depth))
        sums = accumulator.buffer("sums", (count, outputs))
        step.call(np.copyto, copied.reshape(part.shape), part)
        step.call(np.dot, copied, accumulator.matrix, sums)
        accumulator.finish(sums, y[samples, rows])


def grouped(step: Step, weight: Array) -> None:
    """Each group multiplies its own patches: one stacked product."""
    groups: int = step.attrs["groups"]
    outputs, kernel_height, kernel_width, channels = weight.shape
    accumulator = Accumulator(step, weight.reshape(outputs, -1).T)
    depth = kernel_height * kernel_width * channels
    matrices = np.ascontiguousarray(
        accumulator.matrix.reshape(depth, groups, outputs // groups).transpose(1, 0, 2)
    )
    x, y = accumulator.padded_input(), step.output()
    window = (kernel_height, kernel_width)
    patches = windows(x, window, step.attrs["strides"], step.attrs["dilations"], y.shape)
    split = patches.reshape(*patches.shape[:5], groups, channels).transpose(5, 0, 1, 2, 3, 4, 6)
    for samples, rows in blocks(len(y), y.shape[1], y.shape[2] * groups * depth):
        part = split[:, samples, rows]
        count = math.prod(part.shape[1:4])
        copied = accumulator.buffer("patches", part.shape)
        products = accumulator.buffer("products", (groups, count, outputs // groups))
        sums = accumulator.buffer("sums", (count, groups, outputs // groups))
        step.call(np.copyto, copied, part)
        step.call(np.matmul, copied.reshape(groups, count, depth), matrices, products)
        step.call(np.copyto, sums, products.transpose(1, 0, 2))
        accumulator.finish(sums, y[samples, rows])
    accumulator.finish_all()


def windows(
    x: Array,
    window: tuple[int, int],
    strides: tuple[int, int],
    dilations: tuple[int, int],
    shape: tuple[int, ...],
) -> Array:
    """A view of a padded map as [n, out height, out width, window height, window width, c]."""
    sample, row, column, channel = x.strides
    return as_strided(
        x,
        (len(x), shape[1], shape[2], *window, x.shape[3]),
        (
            sample,
            row * strides[0],
            column * strides[1],
            row * dilations[0],
            column * dilations[1],
            channel,
        ),
        writeable=False,
    )
