"""TransposeConv2D: every input pixel adds a weighted window to the output."""

from __future__ import annotations

import numpy as np

from ..step import Array, Step
from .accumulator import Accumulator, centered_weight
from .registry import kernel

__all__: list[str] = []


@kernel("TransposeConv2D", "float32", "int8", "uint8", "int16")
def transpose_convolution(step: Step) -> None:
    """One product makes all windows, and each cell of the windows is one strided sum.

    Int8: the sums are brought to the output as those of any convolution, see `arithmetic`.
    """
    weight = centered_weight(step)  # [out, height, width, in]
    outputs, height, width, channels = weight.shape
    accumulator = Accumulator(step, weight.reshape(outputs, -1).T)
    turned = step.prepared("windows", lambda: _windows_last(accumulator.matrix, weight.shape))
    x, y = accumulator.exact_input(), step.output()
    batch, rows, columns = x.shape[:3]
    cells = step.scratch((batch * rows * columns, height * width * outputs), accumulator.dtype)
    sums = step.scratch(y.shape, accumulator.dtype)
    step.call(np.dot, x.reshape(-1, channels), turned, cells)
    windows = cells.reshape(batch, rows, columns, height, width, outputs)
    _add_windows(step, windows, sums)
    accumulator.finish(sums, y)


def _add_windows(step: Step, windows: Array, sums: Array) -> None:
    """windows: [n, rows, columns, window height, window width, outputs]."""
    down, right = step.attrs["strides"]
    top, left = step.attrs["pads"]
    _, rows, columns, height, width, _ = windows.shape
    if (height, width) == (down, right) and (top, left) == (0, 0):
        apart = _tiles(sums, windows.shape)
        if apart is not None:  # windows that only touch each other
            step.call(np.copyto, apart, windows.transpose(0, 1, 3, 2, 4, 5))
            return
    step.call(sums.fill, 0.0)
    for i in range(height):
        source_rows, target_rows = _reached(rows, sums.shape[1], i - top, down)
        for j in range(width):
            source_columns, target_columns = _reached(columns, sums.shape[2], j - left, right)
            target = sums[:, target_rows, target_columns]
            source = windows[:, source_rows, source_columns, i, j]
            step.call(np.add, target, source, target)


def _tiles(sums: Array, shape: tuple[int, ...]) -> Array | None:
    """The sums as [n, rows, window height, columns, window width, outputs], if they are tiled."""
    batch, rows, columns, height, width, outputs = shape
    if sums.shape[1:3] != (rows * height, columns * width):
        return None
    return sums.reshape(batch, rows, height, columns, width, outputs)


def _reached(count: int, size: int, first: int, stride: int) -> tuple[slice, slice]:
    """Which of `count` cells, `stride` apart from `first` on, lie within `size`; and where."""
    start = max(0, -(first // stride))
    stop = max(start, min(count, (size - 1 - first) // stride + 1))
    begin = first + start * stride
    return slice(start, stop), slice(begin, begin + (stop - start) * stride, stride)


def _windows_last(matrix: Array, shape: tuple[int, ...]) -> Array:
    """[height * width * in, out] as [in, height * width * out]."""
    outputs, height, width, channels = shape
    split = matrix.reshape(height * width, channels, outputs)
    return np.ascontiguousarray(split.transpose(1, 0, 2).reshape(channels, -1))
