"""ResizeBilinear as the reference kernels compute it; the formulas stand in `resize.py`."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from edgekit.ir import fixed_point

from ..step import Array, Step

__all__ = ["Line", "integer_reference", "scale_between", "uint8_reference"]

HALF = np.float32(0.5)
BLOCK_ELEMENTS = 2**15


class Line(NamedTuple):
    """For each output along one dimension the two cells it lies between, and the weight of high."""

    low: Array
    high: Array
    weight: Array


def scale_between(step: Step, size: int, count: int) -> np.float32:
    if step.attrs["align_corners"] and count > 1:
        return np.float32(np.float32(size - 1) / np.float32(count - 1))
    return np.float32(np.float32(size) / np.float32(count))


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


def _by_rows(step: Step, rows: Line, mix: Callable[[Line, Array, Array], None]) -> None:
    """Let `mix` write some rows of the output at a time, so that it needs little memory."""
    x, y = step.input(0), step.output()
    most = max(1, BLOCK_ELEMENTS // (y.shape[2] * y.shape[3]))

    def mix_all() -> None:
        for sample in range(len(y)):
            for top in range(0, y.shape[1], most):
                part = slice(top, top + most)
                mix(Line(*(line[part] for line in rows)), x[sample], y[sample, part])

    step.call(mix_all)


def _four_cells(x: Array, rows: Line, columns: Line) -> list[Array]:
    """At each output the cells (low, low), (low, high), (high, low) and (high, high)."""
    pairs = [(row, column) for row in rows[:2] for column in columns[:2]]
    return [x[row[:, np.newaxis], column] for row, column in pairs]


def integer_reference(step: Step) -> None:
    """In int64, as the reference kernels do; written for clarity, not speed."""
    columns, zero = _integer_line(step, 2), step.input_quant(0).zero_point[0]
    right = columns.weight[:, np.newaxis]

    def mix(rows: Line, x: Array, y: Array) -> None:
        cells = _four_cells(x, rows, columns)
        a, b, c, d = (cell.astype(np.int64) + zero for cell in cells)
        down = rows.weight[:, np.newaxis, np.newaxis]
        upper = a * (1024 - right) + b * right
        lower = c * (1024 - right) + d * right
        total = upper * (1024 - down) + lower * down
        np.copyto(y, fixed_point.divide(total, 20) - zero, "unsafe")

    _by_rows(step, _integer_line(step, 1), mix)


def uint8_reference(step: Step) -> None:
    """In float32, one operation at a time, in the order in which the reference kernel adds."""
    lines = []
    for axis in (1, 2):
        size, count = step.input(0).shape[axis], step.output().shape[axis]
        places, scale = np.arange(count).astype(np.float32), scale_between(step, size, count)
        centers = step.attrs["half_pixel_centers"]
        places = (places + HALF) * scale - HALF if centers else places * scale
        low = np.maximum(np.floor(places), np.float32(0.0))
        high = np.minimum(np.ceil(places), np.float32(size - 1)).astype(np.intp)
        lines.append(Line(low.astype(np.intp), high, places - low))
    rows, columns = lines
    zero, one = np.float32(step.input_quant(0).zero_point[0]), np.float32(1.0)
    right = columns.weight[:, np.newaxis]
    left = one - right

    def mix(part: Line, x: Array, y: Array) -> None:
        a, b, c, d = (cell + zero for cell in _four_cells(x, part, columns))
        down = part.weight[:, np.newaxis, np.newaxis]
        up = one - down
        total = a * up * left + c * down * left + b * up * right + d * down * right
        np.subtract(np.trunc(total + HALF), zero, y)

    _by_rows(step, rows, mix)
