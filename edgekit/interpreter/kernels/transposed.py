"""TransposeConv2D: every input pixel adds a weighted window to the output.

With stride s, output r (the pads before it counted) is place p = r % s of block b = r // s, and the
window of input a reaches it with its cell r - a * s. So a block is a sum over the few inputs b,
b - 1 ... that reach it: a convolution with s * s times the outputs, whose places are then set
apart. Or each input's whole window is computed, and the windows are added up where they overlap.
Which is faster depends on how many channels there are. Integers: the sums are exact either way and
are brought to the output as those of any convolution (`rescaling.py`).
"""

from __future__ import annotations

import numpy as np
from numpy.lib.stride_tricks import as_strided

from .. import arithmetic
from ..step import Array, Step
from . import kernel
from .accumulator import Accumulator, centered_weight
from .variants import blocks

__all__: list[str] = []

ADDITION = 60
"""How many products in a matrix product take as long as one number added in its place."""


@kernel("TransposeConv2D", "float32", "int8", "uint8", "int16")
def transpose_convolution(step: Step) -> None:
    weight = centered_weight(step)  # [out, height, width, in]
    accumulator = Accumulator(step, _heaviest(step, weight))
    if _by_blocks_is_faster(weight.shape, step.attrs["strides"]):
        _by_blocks(step, accumulator, weight)
    else:
        _by_windows(step, accumulator, weight)


def _heaviest(step: Step, weight: Array) -> Array:
    """Of each output channel the weights that meet in one place, as [K, out].

    Where several places differ, those whose sums may become largest: by them the accumulator
    judges which dtype holds the sums.
    """
    down, right = step.attrs["strides"]
    parts = [weight[:, i::down, j::right] for i in range(down) for j in range(right)]
    matrices = [part.reshape(len(weight), -1).T for part in parts if part.size]
    if not step.quantized or len(matrices) == 1:
        return matrices[0]
    low, high = arithmetic.centered_range(step.input_quant(0), step.dtype(0))
    bounds = [arithmetic.accumulator_bounds(matrix, low, high) for matrix in matrices]
    heaviest = np.zeros((max(map(len, matrices)), len(weight)), weight.dtype)
    for channel, place in enumerate(np.argmax(bounds, axis=0)):
        column = matrices[place][:, channel]
        heaviest[: len(column), channel] = column
    return heaviest


def _by_blocks_is_faster(shape: tuple[int, ...], strides: tuple[int, int]) -> bool:
    outputs, height, width, channels = shape
    reach = -(-height // strides[0]) * -(-width // strides[1])
    places = strides[0] * strides[1]
    windows = height * width * outputs * (channels + ADDITION)
    copies = reach * channels * (ADDITION // 5) + places * outputs * (ADDITION // 2)
    return reach * places * outputs * channels + copies < windows


def _by_blocks(step: Step, accumulator: Accumulator, weight: Array) -> None:
    """Patches of the inputs that reach a block, one product, and its places set apart."""
    y, strides, pads = step.output(), step.attrs["strides"], step.attrs["pads"]
    outputs, channels = len(weight), weight.shape[3]
    reach = [-(-size // stride) for size, stride in zip(weight.shape[1:3], strides, strict=True)]
    spans = [_span(y.shape[i + 1], pads[i], strides[i]) for i in (0, 1)]
    matrix = step.prepared("blocks", lambda: _blocked(weight, strides, accumulator.dtype))
    x = _surrounded(step, accumulator.exact_input(), spans, reach)
    rows, columns = (last - first + 1 for first, last in spans)
    patches = as_strided(
        x,
        (len(x), rows, columns, *reach, channels),
        (*x.strides[:3], *x.strides[1:]),
        writeable=False,
    )
    places = strides[0] * strides[1]
    width = columns * max(len(matrix), places * outputs)
    for samples, part in blocks(len(x), rows, width):
        chosen = patches[samples, part]
        count, height = len(chosen), chosen.shape[1]
        copied = accumulator.buffer("patches", (count * height * columns, len(matrix)))
        sums = accumulator.buffer("sums", (len(copied), places * outputs))
        found = accumulator.buffer("found", (count, height, columns * places, outputs), np.float32)
        step.call(np.copyto, copied.reshape(chosen.shape), chosen)
        step.call(np.dot, copied, matrix, sums)
        accumulator.finish(sums, found)
        apart = found.reshape(count, height, columns, *strides, outputs)
        _set_apart(step, apart, y[samples], (spans[0][0] + part.start, spans[1][0]))


def _span(size: int, pad: int, stride: int) -> tuple[int, int]:
    """The first and the last block that the output has a part of."""
    return pad // stride, (size - 1 + pad) // stride


def _blocked(weight: Array, strides: tuple[int, int], dtype: np.dtype) -> Array:
    """[reach, reach, in; places, out] from [out, height, width, in]: the furthest input first."""
    outputs, height, width, channels = weight.shape
    down, right = strides
    reach = (-(-height // down), -(-width // right))
    whole = np.zeros((outputs, reach[0] * down, reach[1] * right, channels), dtype)
    whole[:, :height, :width] = weight
    cells = whole.reshape(outputs, reach[0], down, reach[1], right, channels)[:, ::-1, :, ::-1]
    matrix = cells.transpose(1, 3, 5, 2, 4, 0)
    return np.ascontiguousarray(matrix).reshape(reach[0] * reach[1] * channels, -1)


def _surrounded(step: Step, x: Array, spans: list[tuple[int, int]], reach: list[int]) -> Array:
    """The inputs that reach any block, with zeros where there are none."""
    sides = []
    for size, (first, last), count in zip(x.shape[1:3], spans, reach, strict=True):
        sides.append((count - 1 - first, min(size, last + 1), last - first + count))
    (top, height, whole_height), (left, width, whole_width) = sides
    if (whole_height, whole_width) == x.shape[1:3]:
        return x
    whole = step.scratch((len(x), whole_height, whole_width, x.shape[3]), x.dtype)
    step.call(whole.fill, 0.0)
    inside = whole[:, top : top + height, left : left + width]
    step.call(np.copyto, inside, x[:, :height, :width])
    return whole


def _set_apart(step: Step, apart: Array, y: Array, first: tuple[int, int]) -> None:
    """apart: [n, blocks, blocks, place, place, outputs], its first block number `first`."""
    _, rows, columns, down, right, _ = apart.shape
    top, left = step.attrs["pads"]
    for i in range(down):
        source_rows, target_rows = _reached(rows, y.shape[1], first[0] * down + i - top, down)
        for j in range(right):
            start = first[1] * right + j - left
            source_columns, target_columns = _reached(columns, y.shape[2], start, right)
            source = apart[:, source_rows, source_columns, i, j]
            step.call(np.copyto, y[:, target_rows, target_columns], source)


def _by_windows(step: Step, accumulator: Accumulator, weight: Array) -> None:
    """One product makes all windows, and each cell of the windows is one strided sum."""
    outputs, height, width, channels = weight.shape
    matrix = step.prepared("windows", lambda: _windows_last(weight, accumulator.dtype))
    x, y = accumulator.exact_input(), step.output()
    batch, rows, columns = x.shape[:3]
    sums = step.scratch(y.shape, accumulator.dtype)
    step.call(sums.fill, 0.0)
    for samples, part in blocks(batch, rows, columns * matrix.shape[1]):
        chosen = x[samples, part]
        cells = accumulator.buffer("cells", (chosen.size // channels, matrix.shape[1]))
        step.call(np.dot, chosen.reshape(-1, channels), matrix, cells)
        windows = cells.reshape(*chosen.shape[:3], height, width, outputs)
        _add_windows(step, windows, sums[samples], part.start)
    accumulator.finish(sums, y)


def _add_windows(step: Step, windows: Array, sums: Array, first: int) -> None:
    """windows: [n, rows, columns, window height, window width, outputs], from row `first` on."""
    down, right = step.attrs["strides"]
    top, left = step.attrs["pads"][0] - first * step.attrs["strides"][0], step.attrs["pads"][1]
    _, rows, columns, height, width, _ = windows.shape
    for i in range(height):
        source_rows, target_rows = _reached(rows, sums.shape[1], i - top, down)
        for j in range(width):
            source_columns, target_columns = _reached(columns, sums.shape[2], j - left, right)
            target = sums[:, target_rows, target_columns]
            source = windows[:, source_rows, source_columns, i, j]
            step.call(np.add, target, source, target)


def _reached(count: int, size: int, first: int, stride: int) -> tuple[slice, slice]:
    """Which of `count` cells, `stride` apart from `first` on, lie within `size`; and where."""
    start = max(0, -(first // stride))
    stop = max(start, min(count, (size - 1 - first) // stride + 1))
    begin = first + start * stride
    return slice(start, stop), slice(begin, begin + (stop - start) * stride, stride)


def _windows_last(weight: Array, dtype: np.dtype) -> Array:
    """[out, height, width, in] as [in, height * width * out]."""
    turned = weight.transpose(3, 1, 2, 0).reshape(weight.shape[3], -1)
    return np.ascontiguousarray(turned, dtype)
