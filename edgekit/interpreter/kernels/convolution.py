"""Conv2D: a matrix product over patches; which way the patches are laid out depends on shapes."""

from __future__ import annotations

import math

import numpy as np
from numpy.lib.stride_tricks import as_strided

from ..arithmetic import EXACT_FLOAT32, accumulator_bounds, centered_range
from ..step import Array, Step
from . import kernel
from .accumulator import LARGEST_WEIGHT, Accumulator, centered_weight, multiply
from .ufuncs import copy_runs
from .variants import Variant, blocks, convolution_variant

__all__ = ["convolve", "joins_products", "windows"]


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

    The accumulator's matrix is [window height * width * channels, outputs]. Where patches are
    copied anyway, the bias is a row more of it, for a 1 behind each patch: then nobody adds it.
    """
    x, y = accumulator.padded_input(), step.output()
    strides, dilations = step.attrs["strides"], step.attrs.get("dilations", (1, 1))
    in_place = x.flags.c_contiguous and x.dtype == accumulator.dtype
    variant = step.choose(
        convolution_variant(x.shape, y.shape, window, strides, dilations, in_place)
    )
    if variant.name == "pixels":
        pointwise(step, accumulator, x)
        accumulator.finish_all()
        return
    matrix = accumulator.matrix
    if joins_products(step, accumulator):
        matrix, accumulator.bias = accumulator.with_bias, None
    if variant.name == "wide patches":
        by_wide_patches(step, accumulator, matrix, x, window, variant.columns)
    elif variant.name == "kernel rows":
        by_kernel_rows(step, accumulator, matrix, x, window)
    else:
        patches = windows(x, window, strides, dilations, y.shape)
        by_patches(step, accumulator, matrix, patches)
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


def by_kernel_rows(
    step: Step, accumulator: Accumulator, matrix: Array, x: Array, window: tuple[int, int]
) -> None:
    """Patches one kernel row high serve every row of the kernel: one product for each, added up.

    With few channels, copying whole patches would cost more than the products.
    """
    y = step.output()
    _, height, width, outputs = y.shape
    depth = window[1] * x.shape[3]
    rows_of_kernel = matrix[: window[0] * depth].reshape(window[0], depth, outputs)
    if len(matrix) > window[0] * depth:  # the bias, below the first of them
        last = np.zeros((window[0], 1, outputs), matrix.dtype)
        last[0] = matrix[-1]
        rows_of_kernel = np.concatenate([rows_of_kernel, last], 1)
    overlapping = windows(x, (1, window[1]), (1, 1), (1, 1), (1, x.shape[1], width, outputs))
    for _, rows in blocks(1, height, width * max(depth, outputs)):
        count = rows.stop - rows.start
        part = overlapping[:, rows.start : rows.stop + window[0] - 1]
        patches = copied_patches(step, accumulator, part, rows_of_kernel.shape[1])
        sums = accumulator.sums((count * width, outputs), y[:, rows])
        added = accumulator.buffer("added", (count * width, outputs))
        for top in range(window[0]):
            lines = patches[top * width : (top + count) * width]
            multiply(step, lines, rows_of_kernel[top], added if top else sums)
            if top:
                step.call(np.add, sums, added, sums)
        accumulator.finish(sums, y[:, rows])


def by_wide_patches(
    step: Step,
    accumulator: Accumulator,
    matrix: Array,
    x: Array,
    window: tuple[int, int],
    columns: int,
) -> None:
    """One patch holds what several neighbouring outputs see; each output's column of the matrix
    has zeros where the others look."""
    _, height, width, outputs = step.output().shape
    down, right = step.attrs["strides"]
    channels = x.shape[3]
    broad, depth = (columns - 1) * right + window[1], math.prod(window) * channels
    taps = matrix[:depth].reshape(*window, channels, outputs)
    wide = np.zeros((window[0], broad, channels, columns, outputs), matrix.dtype)
    for column in range(columns):
        start = column * right
        wide[:, start : start + window[1], :, column] = taps
    shape = (len(x), height, width // columns, columns * outputs)
    patches = windows(x, (window[0], broad), (down, right * columns), (1, 1), shape)
    bias = np.tile(matrix[depth:], columns)
    whole = np.concatenate([wide.reshape(-1, columns * outputs), bias])
    by_patches(step, accumulator, whole, patches)


def by_patches(step: Step, accumulator: Accumulator, matrix: Array, patches: Array) -> None:
    """Copy every patch into a row, then one product. patches: [n, h, w, kh, kw, c]."""
    y = step.output()
    depth, outputs = matrix.shape
    for samples, rows in blocks(len(y), y.shape[1], patches.shape[2] * max(depth, outputs)):
        copied = copied_patches(step, accumulator, patches[samples, rows], depth)
        sums = accumulator.sums((len(copied), outputs), y[samples, rows])
        multiply(step, copied, matrix, sums)
        accumulator.finish(sums, y[samples, rows])


def copied_patches(step: Step, accumulator: Accumulator, part: Array, depth: int) -> Array:
    """Add the calls that copy [n, h, w, kh, kw, c] into rows of `depth`: the last may be a 1."""
    rows, length = math.prod(part.shape[:3]), math.prod(part.shape[3:])
    patches = accumulator.buffer("patches", (rows, depth))
    if depth > length:
        step.call(patches[:, length].fill, 1.0)
    whole = patches.reshape(*part.shape[:3], depth)
    copy_runs(step, whole[..., :length].reshape(part.shape), part)
    return patches


def joins_products(step: Step, accumulator: Accumulator) -> bool:
    """Whether sums of the products and the bias are exact in any order, or need not be."""
    bias, zero = accumulator.bias, step.zero(0)
    if bias is None or accumulator.dynamic is not None or isinstance(step.output_zero, np.ndarray):
        return False  # it is added to scaled sums, or by the layer that reads these
    if not step.quantized:
        return True
    if step.arithmetic != "float32" or step.dtype(0) == "int16" or not isinstance(zero, int):
        return False  # it is added in int64
    low, high = (limit + zero for limit in centered_range(step.input_quant(0), step.dtype(0)))
    room = EXACT_FLOAT32 - np.abs(bias)
    if len(accumulator.matrix) * LARGEST_WEIGHT * max(-low, high) < room.min():
        return True  # whatever the weights are: most layers
    return bool((accumulator_bounds(accumulator.matrix, low, high) < room).all())


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
