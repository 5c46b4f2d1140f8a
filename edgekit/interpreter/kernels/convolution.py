"""Conv2D: a matrix product over patches; which way the patches are laid out depends on shapes."""

from __future__ import annotations

import math

import numpy as np
from numpy.lib.stride_tricks import as_strided

from ..step import Array, Step
from . import kernel
from .accumulator import Accumulator, centered_weight, multiply
from .ufuncs import copy_runs
from .variants import Variant, blocks, convolution_variant

__all__ = ["convolve", "windows"]


@kernel("Conv2D", "float32", "int8", "uint8", "int16")
def convolution(step: Step) -> None:
    weight = centered_weight(step)  # [out, height, width, in / groups]
    if step.attrs["groups"] > 1:
        grouped(step, weight)
    else:
        matrix = weight.reshape(len(weight), -1).T
        convolve(step, Accumulator(step, matrix), weight.shape[1:3])


def convolve(step: Step, accumulator: Accumulator, window: tuple[int, int]) -> None:
    """Lay the patches out as `variants.py` chooses, multiply, add.

    The accumulator's matrix is [window height * width * channels, outputs].
    """
    x, y = accumulator.padded_input(), step.output()
    strides, dilations = step.attrs["strides"], step.attrs.get("dilations", (1, 1))
    in_place = x.flags.c_contiguous and x.dtype == accumulator.dtype
    variant = step.choose(
        convolution_variant(x.shape, y.shape, window, strides, dilations, in_place)
    )
    if variant.name == "pixels":
        pointwise(step, accumulator, x)
    elif variant.name == "wide patches":
        by_wide_patches(step, accumulator, x, window, variant.columns)
    elif variant.name == "kernel rows":
        by_kernel_rows(step, accumulator, x, window)
    else:
        patches = windows(x, window, strides, dilations, y.shape)
        by_patches(step, accumulator, accumulator.matrix, patches)
    accumulator.finish_all()


def pointwise(step: Step, accumulator: Accumulator, x: Array) -> None:
    """A 1x1 convolution multiplies the pixels as they lie."""
    y = step.output()
    _, height, width, channels = x.shape
    outputs = y.shape[3]
    for samples, rows in blocks(len(x), height, width * max(channels, outputs)):
        pixels = x[samples, rows].reshape(-1, channels)
        sums = accumulator.sums((len(pixels), outputs), y[samples, rows])
        multiply(step, pixels, accumulator.matrix, sums)
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
        sums = accumulator.sums((count * width, outputs), y[:, rows])
        added = accumulator.buffer("added", (count * width, outputs))
        copy_runs(step, patches, overlapping[rows.start : rows.start + tall])
        for top in range(window[0]):
            lines = patches[top : top + count].reshape(-1, depth)
            multiply(step, lines, rows_of_kernel[top], added if top else sums)
            if top:
                step.call(np.add, sums, added, sums)
        accumulator.finish(sums, y[:, rows])


def by_wide_patches(
    step: Step, accumulator: Accumulator, x: Array, window: tuple[int, int], columns: int
) -> None:
    """One patch holds what several neighbouring outputs see; each output's column of the matrix
    has zeros where the others look."""
    _, height, width, outputs = step.output().shape
    down, right = step.attrs["strides"]
    channels = x.shape[3]
    broad = (columns - 1) * right + window[1]
    wide = np.zeros((window[0], broad, channels, columns, outputs), accumulator.dtype)
    for column in range(columns):
        start = column * right
        wide[:, start : start + window[1], :, column] = accumulator.matrix.reshape(
            *window, channels, outputs
        )
    shape = (len(x), height, width // columns, columns * outputs)
    patches = windows(x, (window[0], broad), (down, right * columns), (1, 1), shape)
    by_patches(step, accumulator, wide.reshape(-1, columns * outputs), patches)


def by_patches(step: Step, accumulator: Accumulator, matrix: Array, patches: Array) -> None:
    """Copy every patch into a row, then one product. patches: [n, h, w, kh, kw, c]."""
    y = step.output()
    depth, outputs = matrix.shape
    for samples, rows in blocks(len(y), y.shape[1], patches.shape[2] * max(depth, outputs)):
        part = patches[samples, rows]
        count = math.prod(part.shape[:3])
        copied = accumulator.buffer("patches", (count, depth))
        sums = accumulator.sums((count, outputs), y[samples, rows])
        copy_runs(step, copied.reshape(part.shape), part)
        multiply(step, copied, matrix, sums)
        accumulator.finish(sums, y[samples, rows])


def grouped(step: Step, weight: Array) -> None:
    """Each group multiplies its own patches: one stacked product."""
    groups: int = step.attrs["groups"]
    step.choose(Variant("groups", f"one stacked product for all {groups} groups"))
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
        sums = accumulator.sums((count, groups, outputs // groups), y[samples, rows])
        copy_runs(step, copied, part)
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
