"""MaxPool2D and AveragePool2D."""

from __future__ import annotations

import math

import numpy as np

from edgekit.ir.quant import LIMITS

from .. import arithmetic
from ..step import Array, Floats, Step
from . import kernel

__all__: list[str] = []

MOST_CELLS = 256
"""Windows up to this size have few enough different sums to try them all."""


@kernel("MaxPool2D", "float32", "int8", "uint8", "int16")
def max_pool(step: Step) -> None:
    """The largest cell of each window; padding never wins."""
    x, pads = step.input(0), step.attrs["pads"]
    if any(pads):
        x = surrounded(step, x, pads, -np.inf)
    fold_windows(step, np.maximum, x, step.output())


@kernel("AveragePool2D", "float32", "int8", "uint8", "int16")
def average_pool(step: Step) -> None:
    """The sum of the cells of each window that are not padding, divided by their number.

    Integers: `trunc((sum q + copysign(n // 2, sum q)) / n)`, halves away from zero, on the stored
    integers; one float32 division of integers below 2^24 and trunc are exact. Sums that may be
    larger are float64.
    """
    x, y = step.input(0), step.output()
    counts = valid_cells(step)
    narrow = not step.quantized or _largest_sum(step, counts) < arithmetic.EXACT_FLOAT32
    sums = y
    if not (narrow and y.flags.c_contiguous):
        sums = step.scratch(y.shape, np.float32 if narrow else np.float64)
    if x.shape[1:3] == step.attrs["pool"] and not any(step.attrs["pads"]):
        add_up(step, x, (1, 2), sums)
    else:
        fold_windows(step, np.add, step.padded_input(0, step.attrs["pads"]), sums)
    if not step.quantized:
        step.call(np.divide, sums, counts, y)
        return
    line = None if step.dtype(0) == "int16" else _line_of_means(step, counts)
    if line is not None:
        step.call(np.multiply, sums, line[0], sums)
        step.call(np.add, sums, line[1], sums)
        step.call(np.rint, sums, y)
        return
    zero = np.array(step.input_quant(0).zero_point[0], np.float32)
    halves = step.scratch(sums.shape, sums.dtype)
    step.call(np.add, sums, np.asarray(counts * zero, np.float32), sums)
    step.call(np.copysign, np.asarray(counts // 2, np.float32), sums, halves)
    step.call(np.add, sums, halves, sums)
    step.call(np.divide, sums, counts, sums)
    step.call(np.trunc, sums, sums)
    step.call(np.subtract, sums, zero, y)


def _largest_sum(step: Step, counts: Array) -> int:
    """The largest magnitude of a window's sum, of integers with or without their zero point."""
    low, high = LIMITS[step.dtype(0)]
    zero = abs(step.input_quant(0).zero_point[0])
    return int(counts.max()) * (max(-low, high) + zero)


def _line_of_means(step: Step, counts: Array) -> tuple[Array, Array] | None:
    """Float32 a and b with `rint(a * sum u + b)` the exact mean for every sum, or None.

    An odd number of cells makes no halves: every mean is `1 / (2 count)` away from one, which is
    more than float32 is off. With an even one the line is a little steeper, so that halves move
    away from the stored 0. Neither falls as the sum grows: it is enough to try the smallest and the
    largest sum of each mean.
    """
    count = int(counts.max())
    if counts.ndim or count > MOST_CELLS:
        return None
    zero = step.input_quant(0).zero_point[0]
    if count % 2:
        return np.array(1.0 / count, np.float32), np.array(0.0, np.float32)
    low, high = LIMITS[step.dtype(0)]
    lowest, highest = low * count, high * count
    sums, exact = [], []  # in Python's integers: numpy's would bring in code of their own for this
    for mean in range(low - 1, high + 1):  # also where the lowest begins
        # The last sum with a mean: a half, which an even count has, belongs to the one below zero.
        last = mean * count + (count // 2 if mean < 0 else (count - 1) // 2)
        for total in (min(max(last, lowest), highest), min(max(last + 1, lowest), highest)):
            size = (abs(total) + count // 2) // count
            exact.append((size if total > 0 else -size) - zero)
            sums.append(total - count * zero)
    reals = np.array(sums, np.float32)
    for steeper in (0.0, 2.0**-14, 2.0**-15):
        slope = np.float32((1.0 + steeper) / count)
        shift = np.float32(zero * (1.0 + steeper) - zero)
        if np.rint(reals * slope + shift).tolist() == exact:
            return np.array(slope), np.array(shift)
    return None


def fold_windows(step: Step, function: np.ufunc, x: Floats, y: Floats) -> None:
    """`y = function` over all cells of each window: first down the columns, then along the rows."""
    batch, height, width, channels = y.shape
    window_height, window_width = step.attrs["pool"]
    down, right = step.attrs["strides"]
    columns = (width - 1) * right + window_width
    rows = [x[:, i : i + (height - 1) * down + 1 : down, :columns] for i in range(window_height)]
    folded = rows[0]
    if window_height > 1:
        folded = step.scratch((batch, height, columns, channels), y.dtype)
        fold(step, function, rows, folded)
    cells = [folded[:, :, j : j + (width - 1) * right + 1 : right] for j in range(window_width)]
    fold(step, function, cells, y)


def fold(step: Step, function: np.ufunc, parts: list[Floats], result: Floats) -> None:
    """`result = function` over all parts."""
    if len(parts) == 1:
        step.call(np.copyto, result, parts[0])
        return
    step.call(function, parts[0], parts[1], out=result, dtype=result.dtype)
    for part in parts[2:]:
        step.call(function, result, part, out=result, dtype=result.dtype)


def add_up(step: Step, x: Floats, axes: tuple[int, ...], sums: Array) -> None:
    """The sums over `axes`; a whole map of one sample is one product with ones."""
    if (
        axes == (1, 2)
        and x.ndim == 4
        and len(x) == 1
        and x.flags.c_contiguous
        and sums.dtype == x.dtype
    ):
        pixels = x.reshape(-1, x.shape[3])
        ones = np.ones((1, len(pixels)), np.float32)
        step.call(np.dot, ones, pixels, sums.reshape(1, -1))
        return
    kept = tuple(1 if i in axes else d for i, d in enumerate(x.shape))
    step.call(np.add.reduce, x, axes, sums.dtype, sums.reshape(kept), True)


def surrounded(step: Step, x: Floats, pads: tuple[int, ...], border: float) -> Floats:
    """A copy of `x` within a border."""
    top, left, bottom, right = pads
    batch, height, width, channels = x.shape
    whole = step.scratch((batch, height + top + bottom, width + left + right, channels))
    step.call(whole.fill, np.float32(border))
    step.call(np.copyto, whole[:, top : top + height, left : left + width], x)
    return whole


def valid_cells(step: Step) -> Array:
    """How many cells of each window are not padding: [1, height, width, 1], or one number."""
    whole = np.float32(math.prod(step.attrs["pool"]))
    if not any(step.attrs["pads"]):
        return np.array(whole)
    _, height, width, _ = step.input(0).shape
    shape, (top, left, _, _) = step.output().shape, step.attrs["pads"]
    lines = []
    for axis, size, before in ((0, height, top), (1, width, left)):
        window, stride = step.attrs["pool"][axis], step.attrs["strides"][axis]
        starts = np.arange(shape[axis + 1]) * stride - before
        lines.append(np.minimum(starts + window, size) - np.maximum(starts, 0))
    counts = (lines[0][:, np.newaxis] * lines[1])[np.newaxis, ..., np.newaxis].astype(np.float32)
    return np.array(whole) if bool((counts == whole).all()) else counts
