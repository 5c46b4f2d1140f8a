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

from typing import NamedTuple

import numpy as np

from .. import arithmetic
from ..step import Array, Floats, Step
from .registry import kernel

__all__: list[str] = []

REAL = ("float32", "int8", "uint8", "int16")
HALF = np.float32(0.5)
BLOCK_ELEMENTS = 2**15
"""Rows are mixed in blocks of about this many elements, which stay in the cache."""


class Line(NamedTuple):
    """For each output along one dimension the two cells it lies between, and the weight of high."""

    low: Array
    high: Array
    weight: Array


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
    wide = step.scratch((batch, height, y.shape[2], channels))
    step.call(np.take, x, columns, 2, wide, "clip")
    target = y if y.flags.c_contiguous else step.scratch(y.shape)
    step.call(np.take, wide, rows, 1, target, "clip")
    if target is not y:
        step.call(np.copyto, y, target)


def _nearest(step: Step, axis: int) -> Array:
    size, count = step.input(0).shape[axis], step.output().shape[axis]
    centers = HALF if step.attrs["half_pixel_centers"] else np.float32(0.0)
    places = (np.arange(count).astype(np.float32) + centers) * _scale(step, size, count)
    if step.attrs["align_corners"]:
        places = places.astype(np.float64) + 0.5
    cells: Array = np.clip(np.floor(places), 0, size - 1).astype(np.intp)
    return cells


def _factor(cells: Array, size: int) -> int:
    """How often every cell is repeated, if all are repeated alike; else 0."""
    factor = len(cells) // size
    return factor if np.array_equal(cells, np.arange(size).repeat(factor)) else 0


def _scale(step: Step, size: int, count: int) -> np.float32:
    if step.attrs["align_corners"] and count > 1:
        return np.float32(np.float32(size - 1) / np.float32(count - 1))
    return np.float32(np.float32(size) / np.float32(count))


@kernel("ResizeBilinear", "float32")
def resize_bilinear(step: Step) -> None:
    rows, columns = (_line(step, axis) for axis in (1, 2))
    x, y = step.input(0), step.output()
    _blocks(step, _mix_columns(step, x, columns, np.float32(1.0)), rows, np.float32(1.0), y)


@kernel("ResizeBilinear", "int8", "uint8")
def resize_bilinear_int8(step: Step) -> None:
    if step.arithmetic == "fixedpoint":
        reference = _uint8_reference if step.dtype(0) == "uint8" else _integer_reference
        reference(step)
        return
    rows, columns = (_in_units(_line(step, axis), 2048) for axis in (1, 2))
    x, y = step.input(0), step.output()
    _blocks(step, _mix_columns(step, x, columns, np.int32(2048)), rows, np.int32(2048), y)


@kernel("ResizeBilinear", "int16")
def resize_bilinear_int16(step: Step) -> None:
    _integer_reference(step)


def _line(step: Step, axis: int) -> Line:
    """The "float32" arithmetic's cells."""
    size, count = step.input(0).shape[axis], step.output().shape[axis]
    scale = _scale(step, size, count)
    places = np.arange(count).astype(np.float32) * scale
    if step.attrs["half_pixel_centers"]:
        places = places + (HALF * scale - HALF)
        places = np.clip(places, np.float32(0.0), np.float32(size - 1))
    low = places.astype(np.intp)
    weight = places - low.astype(np.float32)
    return Line(low, np.minimum(low + 1, size - 1), weight)


def _in_units(line: Line, units: int) -> Line:
    return line._replace(weight=np.rint(line.weight * np.float32(units)).astype(np.int32))


def _mix_columns(step: Step, x: Array, line: Line, one: np.generic) -> Array:
    """Each row of the input at the width of the output: `one * a + (b - a) * weight`."""
    batch, height, _, channels = x.shape
    shape = (batch, height, len(line.low), channels)
    weight = line.weight[:, np.newaxis].repeat(channels, axis=1)
    mixed, other = step.scratch(shape, one.dtype), step.scratch(shape, one.dtype)
    if one.dtype != x.dtype:
        exact = step.scratch(x.shape, one.dtype)
        step.call(np.copyto, exact, x, "unsafe")
        x = exact
    step.call(np.take, x, line.low, 2, mixed, "clip")
    step.call(np.take, x, line.high, 2, other, "clip")
    step.call(np.subtract, other, mixed, other)
    step.call(np.multiply, other, weight, other)
    if one != 1:
        step.call(np.multiply, mixed, one, mixed)
    step.call(np.add, mixed, other, mixed)
    return mixed


def _blocks(step: Step, mixed: Array, line: Line, one: np.generic, y: Floats) -> None:
    """Rows between rows: `one * t0 + (t1 - t0) * weight`, in blocks that stay in the cache."""
    batch, height, width, channels = mixed.shape
    rows = mixed.reshape(batch, height, width * channels)
    slopes = step.scratch(rows.shape, rows.dtype)  # from each row to the next
    step.call(np.subtract, rows[:, 1:], rows[:, :-1], slopes[:, :-1])
    step.call(slopes[:, -1].fill, 0)
    if one != 1:
        step.call(np.multiply, rows, one, rows)
        step.call(np.add, rows, np.int32(2**21), rows)
    weight = line.weight[:, np.newaxis]
    count = max(1, BLOCK_ELEMENTS // (width * channels))
    shape = (min(count, len(line.low)), width * channels)
    first, second = (step.scratch(shape, rows.dtype) for _ in range(2))
    for sample in range(batch):
        for top in range(0, len(line.low), count):
            part = slice(top, min(top + count, len(line.low)))
            low = line.low[part]
            sums, base = first[: len(low)], second[: len(low)]
            step.call(np.take, slopes[sample], low, 0, sums, "clip")
            step.call(np.multiply, sums, weight[part], sums)
            step.call(np.take, rows[sample], low, 0, base, "clip")
            target = y[sample, part]
            if one == 1:
                step.call(np.add, base.reshape(target.shape), sums.reshape(target.shape), target)
                continue
            step.call(np.add, sums, base, sums)
            step.call(np.right_shift, sums, np.int32(22), sums)
            step.call(np.copyto, target, sums.reshape(target.shape), "unsafe")


def _integer_line(step: Step, axis: int) -> Line:
    """The cells of the reference kernels, in units of 2^-10."""
    size, count = step.input(0).shape[axis], step.output().shape[axis]
    scale = (1024 * size + count // 2) // count
    if step.attrs["align_corners"] and count > 1:
        scale = (1024 * (size - 1) + (count - 1) // 2) // (count - 1)
    places = np.arange(count, dtype=np.int64) * scale
    if step.attrs["half_pixel_centers"]:
        places = places + (scale // 2 - 512)
    low = np.maximum(places // 1024, 0)
    high = np.clip(-(-places // 1024), 0, size - 1)
    return Line(np.minimum(low, size - 1), high, places - 1024 * low)


def _four_cells(x: Array, rows: Line, columns: Line) -> tuple[Array, Array, Array, Array]:
    """At each output the cells (low, low), (low, high), (high, low) and (high, high)."""
    upper, lower = x[:, rows.low], x[:, rows.high]
    return (
        upper[:, :, columns.low],
        upper[:, :, columns.high],
        lower[:, :, columns.low],
        lower[:, :, columns.high],
    )


def _integer_reference(step: Step) -> None:
    """In int64, as the reference kernels do; written for clarity, not speed."""
    rows, columns = (_integer_line(step, axis) for axis in (1, 2))
    x, y, zero = step.input(0), step.output(), step.input_quant(0).zero_point[0]
    down, right = rows.weight[:, np.newaxis, np.newaxis], columns.weight[:, np.newaxis]

    def mix() -> None:
        a, b, c, d = _four_cells(x.astype(np.int64) + zero, rows, columns)
        upper = a * (1024 - right) + b * right
        lower = c * (1024 - right) + d * right
        total = upper * (1024 - down) + lower * down
        np.copyto(y, arithmetic.rounding_half_away(total, 20) - zero, "unsafe")

    step.call(mix)


def _uint8_reference(step: Step) -> None:
    """In float32, one operation at a time, in the order in which the reference kernel adds."""
    lines = []
    for axis in (1, 2):
        size, count = step.input(0).shape[axis], step.output().shape[axis]
        places, scale = np.arange(count).astype(np.float32), _scale(step, size, count)
        centers = step.attrs["half_pixel_centers"]
        places = (places + HALF) * scale - HALF if centers else places * scale
        low = np.maximum(np.floor(places), np.float32(0.0))
        high = np.minimum(np.ceil(places), np.float32(size - 1)).astype(np.intp)
        lines.append(Line(low.astype(np.intp), high, places - low))
    rows, columns = lines
    x, y, zero = step.input(0), step.output(), np.float32(step.input_quant(0).zero_point[0])
    down, right = rows.weight[:, np.newaxis, np.newaxis], columns.weight[:, np.newaxis]
    up, left = np.float32(1.0) - down, np.float32(1.0) - right

    def mix() -> None:
        a, b, c, d = _four_cells(x + zero, rows, columns)
        total = a * up * left + c * down * left + b * up * right + d * down * right
        np.subtract(np.trunc(total + HALF), zero, y)

    step.call(mix)
