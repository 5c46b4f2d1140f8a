"""DepthwiseConv2D: multiply and add along flattened rows, in one einsum over a strided view."""

from __future__ import annotations

import numpy as np
from numpy.lib.stride_tricks import as_strided

from ..step import Array, Step
from .accumulator import Accumulator, blocks, centered_weight
from .convolution import convolve, windows
from .registry import kernel
from .ufuncs import einsum
from .variants import depthwise_variant

__all__: list[str] = []


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
    variant = step.choose(depthwise_variant(y.shape, window, step.attrs["strides"][1]))
    if variant.name == "rows":
        by_rows(step, accumulator, x, taps, x.strides[2] * step.attrs["dilations"][1])
    elif variant.name == "pixels":
        by_pixels(step, accumulator, x, taps)
    else:
        planes = column_planes(step, x, window[1])
        by_rows(step, accumulator, planes, taps, planes.strides[2])
    accumulator.finish_all()


def widened(step: Step, accumulator: Accumulator, x: Array) -> Array:
    """The input with each channel repeated `multiplier` times, in the dtype of the sums."""
    multiplier = accumulator.matrix.shape[1] // x.shape[3]
    if multiplier == 1 and x.dtype == accumulator.dtype:
        return x
    wide = step.scratch((*x.shape, multiplier), accumulator.dtype)
    step.call(np.copyto, wide, x[..., np.newaxis])
    return wide.reshape(*x.shape[:3], -1)


def by_rows(step: Step, accumulator: Accumulator, x: Array, taps: Array, step_right: int) -> None:
    """Rows of all columns and channels at once: `y[h, :] = sum over taps of x[h + i, j:] * w`.

    x: [n, rows, ...]. step_right: bytes from one tap to the one right of it.
    """
    y = step.output()
    batch, height, width, channels = y.shape
    length = width * channels
    sample, row = x.strides[:2]
    step_down = row * step.attrs["dilations"][0]
    view = as_strided(
        x,
        (batch, *taps.shape[:2], height, length),
        (sample, step_down, step_right, row * step.attrs["strides"][0], x.itemsize),
        writeable=False,
    )
    tiled = np.ascontiguousarray(np.tile(taps, (1, 1, width)))
    for samples, rows in blocks(batch, height, length):
        shape = (samples.stop - samples.start, rows.stop - rows.start, length)
        sums = accumulator.buffer("sums", shape)
        if len(sums) == 1:
            single = view[samples.start, :, :, rows]
            step.call(einsum, "ijhx,ijx->hx", single, tiled, out=sums[0])
        else:
            step.call(einsum, "bijhx,ijx->bhx", view[samples, :, :, rows], tiled, out=sums)
        accumulator.finish(sums, y[samples, rows])


def by_pixels(step: Step, accumulator: Accumulator, x: Array, taps: Array) -> None:
    """Where channels are many: the row is one pixel's channels."""
    y = step.output()
    view = windows(x, taps.shape[:2], step.attrs["strides"], step.attrs["dilations"], y.shape)
    sums = step.scratch(y.shape, accumulator.dtype)
    if len(y) == 1:
        step.call(einsum, "hwijc,ijc->hwc", view[0], taps, out=sums[0])
    else:
        step.call(einsum, "bhwijc,ijc->bhwc", view, taps, out=sums)
    accumulator.finish(sums, y)


def column_planes(step: Step, x: Array, window_width: int) -> Array:
    """For a stride along the columns: one dense plane per column of the window.

    [n, padded rows, window width, out width, channels]; plane j holds the columns that tap j
    meets. The planes of one row lie side by side.
    """
    width, channels = step.output().shape[2:]
    batch, height = x.shape[:2]
    stride, dilation = step.attrs["strides"][1], step.attrs["dilations"][1]
    sample, row, column, channel = x.strides
    view = as_strided(
        x,
        (batch, height, window_width, width, channels),
        (sample, row, column * dilation, column * stride, channel),
        writeable=False,
    )
    planes = step.scratch(view.shape, x.dtype)
    step.call(np.copyto, planes, view)
    return planes
