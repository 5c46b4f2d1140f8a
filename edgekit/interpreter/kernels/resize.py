"""ResizeNearest and ResizeBilinear, with the cells and weights of LiteRT's two runtimes.

With scale = f32(in / out), or f32((in - 1) / (out - 1)) with aligned corners (out > 1):

ResizeNearest: output i is input floor(i * scale), with half pixel centers floor((i + 0.5) * scale),
    with aligned corners the same rounded to the nearest; always within the input.

ResizeBilinear mixes cells `low` and `high` of each line with a weight w of `high`; T is a row of
mixed columns, and q a stored integer (for u = q - z all but the roundings of "fixedpoint" are the
same):
"float32" (XNNPACK): v = i * scale, with half pixel centers i * scale + (0.5 * scale - 0.5) within
    0 .. in - 1; low = floor(v), high = min(low + 1, in - 1), w = v - low.
    float32: T = a + (b - a) * w, y = T0 + (T1 - T0) * w.
    int8, uint8: W = rint(2048 * w), T = 2048 * a + (b - a) * W and
    q = (2048 * T0 + (T1 - T0) * W + 2^21) >> 22.
"fixedpoint", int8, int16 (both runtimes for int16): in units of 2^-10
    s = (1024 * in + out // 2) // out (aligned: (1024 * (in - 1) + (out - 1) // 2) // (out - 1)),
    v = i * s, with half pixel centers i * s + s // 2 - 512; low = max(v // 1024, 0),
    high = min(ceil(v / 1024), in - 1), W = v - 1024 * low, and the sum of the four cells is
    divided by 2^20, halves away from zero.
"fixedpoint", uint8: v in float32 as `(i + 0.5) * scale - 0.5` or `i * scale`, low and high as
    before, and q = trunc of the float32 sum, in this order: c00 * (1 - wy) * (1 - wx)
    + c10 * wy * (1 - wx) + c01 * (1 - wy) * wx + c11 * wy * wx + 0.5.
"""

from __future__ import annotations

import numpy as np

from ..step import Array, Step
from . import kernel
from .reshape import dense_input
from .resize_reference import Line, integer_reference, scale_between, uint8_reference

__all__: list[str] = []

REAL = ("float32", "int8", "uint8", "int16")
HALF = np.float32(0.5)
UNITS_BITS = 11
UNITS = 2**UNITS_BITS
"""The weight of a cell that an output is the whole of, where integers are mixed."""

BLOCK_ELEMENTS = 2**15
"""Rows are mixed in blocks of about this many elements, which stay in the cache."""
LONG_ROW, TILED_ROW = 2**12, 2**9
LARGEST_BETWEEN = 2**22  # elements


@kernel("ResizeNearest", *REAL)
def resize_nearest(step: Step) -> None:
    x, y = step.input(0), step.output()
    rows, columns = (_nearest(step, axis) for axis in (1, 2))
    down, across = (_factor(cells, x.shape[i + 1]) for i, cells in enumerate((rows, columns)))
    batch, height, width, channels = x.shape
    if down and across:  # whole factors: one copy, repeated as it is read
        cells = y.reshape(batch, height, down, width, across, channels)  # splitting never copies
        step.call(np.copyto, cells, x.reshape(batch, height, 1, width, 1, channels))
        return
    order = [(columns, 2), (rows, 1)]
    if len(rows) * width < height * len(columns):  # the smaller map lies in between
        order.reverse()
    (first, axis), (second, other) = order
    between = step.scratch([len(first) if i == axis else n for i, n in enumerate(x.shape)])
    step.call(x.take, first, axis, between, "clip")
    target = y if y.flags.c_contiguous else step.scratch(y.shape)
    step.call(between.take, second, other, target, "clip")
    if target is not y:
        step.call(np.copyto, y, target)


def _nearest(step: Step, axis: int) -> Array:
    size, count = step.input(0).shape[axis], step.output().shape[axis]
    centers = HALF if step.attrs["half_pixel_centers"] else np.float32(0.0)
    places = (np.arange(count).astype(np.float32) + centers) * scale_between(step, size, count)
    if step.attrs["align_corners"]:
        places = places.astype(np.float64) + 0.5
    cells: Array = np.clip(np.floor(places), 0, size - 1).astype(np.intp)
    return cells


def _factor(cells: Array, size: int) -> int:
    """How often every cell is repeated, if all are repeated alike; else 0."""
    factor = len(cells) // size
    return factor if np.array_equal(cells, np.arange(size).repeat(factor)) else 0


@kernel("ResizeBilinear", "float32")
def resize_bilinear(step: Step) -> None:
    rows, columns = (_line(step, axis) for axis in (1, 2))
    _mix_both(step, dense_input(step), rows, columns)


@kernel("ResizeBilinear", "int8", "uint8")
def resize_bilinear_int8(step: Step) -> None:
    if step.arithmetic == "fixedpoint":
        reference = uint8_reference if step.dtype(0) == "uint8" else integer_reference
        reference(step)
        return
    rows, columns = (_in_units(_line(step, axis)) for axis in (1, 2))
    exact = step.scratch(step.input(0).shape, np.int32)
    step.call(np.copyto, exact, step.input(0), "unsafe")
    _mix_both(step, exact, rows, columns)


@kernel("ResizeBilinear", "int16")
def resize_bilinear_int16(step: Step) -> None:
    integer_reference(step)


def _line(step: Step, axis: int) -> Line:
    """The "float32" arithmetic's cells."""
    size, count = step.input(0).shape[axis], step.output().shape[axis]
    scale = scale_between(step, size, count)
    places = np.arange(count).astype(np.float32) * scale
    if step.attrs["half_pixel_centers"]:
        places = places + (HALF * scale - HALF)
        places = np.clip(places, np.float32(0.0), np.float32(size - 1))
    low = places.astype(np.intp)
    weight = places - low.astype(np.float32)
    return Line(low, np.minimum(low + 1, size - 1), weight)


def _in_units(line: Line) -> Line:
    return line._replace(weight=np.rint(line.weight * np.float32(UNITS)).astype(np.int32))


def _mix_both(step: Step, x: Array, rows: Line, columns: Line) -> None:
    """Columns, then rows; or rows first where that leaves less to do.

    Sums of integers are exact, and so the same in either order. Real numbers keep LiteRT's order
    unless the map in between would be large.
    """
    y = step.output()
    target = y if y.flags.c_contiguous else step.scratch(y.shape)
    batch, height, width, channels = x.shape
    down, across = len(rows.low), len(columns.low)
    rows_first = down * width < height * across
    if x.dtype != np.int32:
        rows_first = rows_first and batch * height * across * channels > LARGEST_BETWEEN
    if rows_first:
        between = step.scratch((batch, down, width, channels), x.dtype)
        lines = between.reshape(batch, down, -1)
        _mix(step, x.reshape(batch, height, -1), rows, lines)
        pixels = target.reshape(-1, across, channels)
        _mix(step, between.reshape(-1, width, channels), columns, pixels)
    else:
        between = step.scratch((batch, height, across, channels), x.dtype)
        pixels = between.reshape(-1, across, channels)
        _mix(step, x.reshape(-1, width, channels), columns, pixels)
        _mix(step, between.reshape(batch, height, -1), rows, target.reshape(batch, down, -1))
    if target is not y:
        step.call(np.copyto, y, target)


def _mix(step: Step, x: Array, line: Line, out: Array) -> None:
    """`x[low] + (x[high] - x[low]) * weight` along the middle dimension; x is lost if integer.

    Integers are `UNITS * x[low] + (x[high] - x[low]) * weight`; into a float32 `out` they are
    brought back from UNITS of UNITS, halves up.
    """
    last = x.dtype != out.dtype
    slopes = step.scratch(x.shape, x.dtype)  # from each cell to the next
    step.call(np.subtract, x[:, 1:], x[:, :-1], slopes[:, :-1])
    step.call(slopes[:, -1].fill, 0)
    if x.dtype == np.int32:
        step.call(np.multiply, x, np.int32(UNITS), x)
    if last:
        step.call(np.add, x, np.int32(UNITS * UNITS // 2), x)
    find = _by_runs if x.shape[2] >= LONG_ROW else _by_blocks
    find(step, x, slopes, line, out, last)


def _by_runs(step: Step, x: Array, slopes: Array, line: Line, out: Array, last: bool) -> None:
    """Long rows: all outputs that lie between the same two cells at a time, where they lie."""
    samples, count, inner = out.shape
    ends = [*np.flatnonzero(np.diff(line.low)) + 1, count]
    longest = min(int(np.diff([0, *ends]).max()), max(1, BLOCK_ELEMENTS // inner))
    several = min(samples, max(1, BLOCK_ELEMENTS // (longest * inner)))
    buffer = step.scratch((several, longest, inner), x.dtype)
    for sample in range(0, samples, several):
        some = slice(sample, min(sample + several, samples))
        start = 0
        for end in ends:
            cell = slice(line.low[start], line.low[start] + 1)
            for first in range(start, end, longest):
                part = slice(first, min(first + longest, end))
                found = buffer[: some.stop - some.start, : part.stop - part.start]
                weight = line.weight[part, np.newaxis]
                step.call(np.multiply, slopes[some, cell], weight, found)
                _write(step, found, x[some, cell], out[some, part], last)
            start = end


def _by_blocks(step: Step, x: Array, slopes: Array, line: Line, out: Array, last: bool) -> None:
    """Short rows: the cells of many outputs are gathered, so that the calls are few."""
    samples, count, inner = out.shape
    weight = line.weight[:, np.newaxis].repeat(inner if inner < TILED_ROW else 1, axis=1)
    rows = max(1, min(count, BLOCK_ELEMENTS // inner))
    several = max(1, min(samples, BLOCK_ELEMENTS // (rows * inner))) if rows == count else 1
    buffers = [step.scratch((several, rows, inner), x.dtype) for _ in range(2)]
    for sample in range(0, samples, several):
        some = slice(sample, min(sample + several, samples))
        for first in range(0, count, rows):
            part = slice(first, min(first + rows, count))
            low = line.low[part]
            sums, base = (buffer[: some.stop - some.start, : len(low)] for buffer in buffers)
            step.call(slopes[some].take, low, 1, sums, "clip")
            step.call(np.multiply, sums, weight[part], sums)
            step.call(x[some].take, low, 1, base, "clip")
            _write(step, sums, base, out[some, part], last)


def _write(step: Step, sums: Array, base: Array, out: Array, last: bool) -> None:
    if not last:
        step.call(np.add, sums, base, out)
        return
    step.call(np.add, sums, base, sums)
    step.call(np.right_shift, sums, np.int32(2 * UNITS_BITS), sums)
    step.call(np.copyto, out, sums, "unsafe")
