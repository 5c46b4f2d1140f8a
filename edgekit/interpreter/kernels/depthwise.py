"""DepthwiseConv2D: multiply and add along flattened rows, in one einsum over a strided view."""

from __future__ import annotations

import numpy as np
from numpy.lib.stride_tricks import as_strided

from ..step import Array, Step
from . import kernel
from .accumulator import Accumulator, centered_weight
from .convolution import convolve, joins_products, windows
from .ufuncs import copy_runs, einsum
from .variants import blocks, depthwise_variant

__all__: list[str] = []

LONGEST_ROW = 2**12
"""Elements. Taps are repeated up to here: longer rows are a few percent faster, for the memory of
nine of them."""

FEW_COPIES = 4
"""Of each channel, from which more are made at once."""

SHORTEST_PART = 2**10
"""Parts of rows that are shorter than this cost more than they spare."""


@kernel("DepthwiseConv2D", "float32", "int8", "uint8", "int16")
def depthwise(step: Step) -> None:
    weight = centered_weight(step)[0]  # [height, width, channels * multiplier]
    window = weight.shape[:2]
    accumulator = Accumulator(step, weight.reshape(-1, weight.shape[2]))
    x = step.input(0)
    if x.shape[3] == 1:  # one channel in: the same sums as an ordinary convolution
        convolve(step, accumulator, window)
        return
    x = widened(step, accumulator, accumulator.padded_input())
    y = step.output()
    taps = accumulator.matrix.reshape(weight.shape)
    variant = step.choose(depthwise_variant(y.shape, step.attrs["strides"][1]))
    if variant.name == "products":
        by_products(step, accumulator, x, taps)
    elif variant.name == "rows":
        by_rows(step, accumulator, x, taps)
    elif variant.name == "pixels":
        by_pixels(step, accumulator, x, taps)
    else:
        by_column_planes(step, accumulator, x, taps)
    accumulator.finish_all()


def widened(step: Step, accumulator: Accumulator, x: Array) -> Array:
    """The input with each channel repeated `multiplier` times, in the dtype of the sums."""
    multiplier = accumulator.matrix.shape[1] // x.shape[3]
    if multiplier == 1 and x.dtype == accumulator.dtype:
        return x
    wide = step.scratch((*x.shape, multiplier), accumulator.dtype)
    if multiplier > FEW_COPIES:
        step.call(np.copyto, wide, x[..., np.newaxis])
    else:  # numpy's innermost loop would be over these
        for copy in range(multiplier):
            step.call(np.copyto, wide[..., copy], x)
    return wide.reshape(*x.shape[:3], -1)


def repeated(taps: Array, width: int) -> Array:
    """The taps along a row of `width` columns, or along an even part of a very long row."""
    channels = taps.shape[2]
    together = max(1, LONGEST_ROW // channels)
    columns = next(n for n in range(width, 0, -1) if width % n == 0 and n <= together)
    if columns * channels < SHORTEST_PART:
        columns = width
    tiled = np.empty((*taps.shape[:2], columns, channels), taps.dtype)
    tiled[:] = taps[:, :, np.newaxis]
    return tiled.reshape(*taps.shape[:2], -1)


def by_products(step: Step, accumulator: Accumulator, x: Array, taps: Array) -> None:
    """For a single pixel, as streaming models have it: `y = ones [1, K + 1] products [K + 1, c]`.

    The last row is the bias, where it can be added up with the products.
    """
    y, terms = step.output(), taps.shape[0] * taps.shape[1]
    view = windows(x, taps.shape[:2], (1, 1), step.attrs["dilations"], y.shape)[0, 0, 0]
    products = np.zeros((terms + 1, taps.shape[2]), accumulator.dtype)
    if joins_products(step, accumulator):
        products[terms], accumulator.bias = accumulator.with_bias[-1], None
    sums = accumulator.sums((1, taps.shape[2]), y)
    step.call(np.multiply, view, taps, products[:terms].reshape(taps.shape))
    step.call(np.dot, np.ones((1, terms + 1), accumulator.dtype), products, sums)
    accumulator.finish(sums, y)


def by_rows(step: Step, accumulator: Accumulator, x: Array, taps: Array) -> None:
    """Rows of all columns and channels at once: `y[h, :] = sum over taps of x[h + i, j:] * w`."""
    y = step.output()
    batch, height, width, channels = y.shape
    length = width * channels
    sample, row, column, _ = x.strides
    down, right = step.attrs["dilations"]
    view = as_strided(
        x,
        (batch, *taps.shape[:2], height, length),
        (sample, row * down, column * right, row * step.attrs["strides"][0], x.itemsize),
        writeable=False,
    )
    tiled = repeated(taps, width)
    for samples, rows in blocks(batch, height, length):
        multiply_rows(step, accumulator, view[samples, :, :, rows], tiled, y[samples, rows])


def by_column_planes(step: Step, accumulator: Accumulator, x: Array, taps: Array) -> None:
    """For a stride along the columns: one dense plane per column of the window, then by rows.

    Plane j holds the columns that tap j meets. The planes of one row lie side by side:
    [n, rows, window width, out width * channels].
    """
    y = step.output()
    batch, height, width, channels = y.shape
    length, kernel_width = width * channels, taps.shape[1]
    (down, right), (stride_down, stride_right) = step.attrs["dilations"], step.attrs["strides"]
    sample, row, column, channel = x.strides
    tiled = repeated(taps, width)
    for samples, rows in blocks(batch, height, length * kernel_width):
        count, tall = samples.stop - samples.start, rows.stop - rows.start
        lines = (tall - 1) * stride_down + (taps.shape[0] - 1) * down + 1
        columns = as_strided(
            x[samples, rows.start * stride_down :],
            (count, lines, kernel_width, width, channels),
            (sample, row, column * right, column * stride_right, channel),
            writeable=False,
        )
        planes = accumulator.buffer("planes", columns.shape)
        copy_runs(step, planes, columns)
        plane_sample, plane_row, plane = planes.strides[:3]
        view = as_strided(
            planes,
            (count, *taps.shape[:2], tall, length),
            (plane_sample, plane_row * down, plane, plane_row * stride_down, planes.itemsize),
            writeable=False,
        )
        multiply_rows(step, accumulator, view, tiled, y[samples, rows])


def multiply_rows(
    step: Step, accumulator: Accumulator, view: Array, tiled: Array, y: Array
) -> None:
    """view: [n, window height, window width, rows, row]; tiled: the taps along a row."""
    sums = accumulator.sums((len(view), *view.shape[3:]), y)
    subscripts, found = "bijhx,ijx->bhx", sums
    if tiled.shape[2] < view.shape[4]:  # rows in parts of equal length
        subscripts, part = "bijhpx,ijx->bhpx", tiled.shape[2]
        shape, strides = view.shape, view.strides
        view = as_strided(
            view,
            (*shape[:4], shape[4] // part, part),
            (*strides[:4], part * view.itemsize, view.itemsize),
            writeable=False,
        )
        found = sums.reshape(*sums.shape[:2], -1, part)
    if len(sums) == 1:
        step.call(einsum, subscripts.replace("b", ""), view[0], tiled, out=found[0])
    else:
        step.call(einsum, subscripts, view, tiled, out=found)
    accumulator.finish(sums, y)


def by_pixels(step: Step, accumulator: Accumulator, x: Array, taps: Array) -> None:
    """Where channels are many: the row is one pixel's channels."""
    y = step.output()
    view = windows(x, taps.shape[:2], step.attrs["strides"], step.attrs["dilations"], y.shape)
    sums = accumulator.sums(y.shape, y)
    if len(y) == 1:
        step.call(einsum, "hwijc,ijc->hwc", view[0], taps, out=sums[0])
    else:
        step.call(einsum, "bhwijc,ijc->bhwc", view, taps, out=sums)
    accumulator.finish(sums, y)
