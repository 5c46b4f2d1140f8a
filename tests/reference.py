"""What weighted sums and pooling mean, in plain loops: an independent check of the fast kernels.

Everything is float64 or int64 and one window at a time. The two int8 roundings are written as
their sources write them, for one Python integer at a time.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgekit.ir import Graph, attributes

Array = NDArray[Any]
Window = tuple[int, int, int, Array]


def windows(x: Array, size: tuple[int, int], attrs: Mapping[str, Any]) -> Iterator[Window]:
    """For each output pixel: sample, row, column and its cells [height, width, channels].

    Cells outside the map are NaN (float) or the smallest int64 (integer).
    """
    top, left, bottom, right = attrs["pads"]
    (down, across), (spread_y, spread_x) = attrs["strides"], attrs.get("dilations", (1, 1))
    outside = np.nan if x.dtype.kind == "f" else np.iinfo(np.int64).min
    padded = np.pad(x, ((0, 0), (top, bottom), (left, right), (0, 0)), constant_values=outside)
    reach_y, reach_x = (size[0] - 1) * spread_y + 1, (size[1] - 1) * spread_x + 1
    for n in range(len(x)):
        for i, row in enumerate(range(0, padded.shape[1] - reach_y + 1, down)):
            for j, column in enumerate(range(0, padded.shape[2] - reach_x + 1, across)):
                cells = padded[n, row : row + reach_y : spread_y, column : column + reach_x]
                yield n, i, j, cells[:, ::spread_x]


def inside(cells: Array) -> Array:
    return ~np.isnan(cells) if cells.dtype.kind == "f" else cells != np.iinfo(np.int64).min


def collect(found: list[tuple[int, int, int, Any]]) -> Array:
    """[n, h, w, ...] from results by place."""
    shape = tuple(max(f[axis] for f in found) + 1 for axis in range(3))
    result = np.empty((*shape, *np.shape(found[0][3])), np.asarray(found[0][3]).dtype)
    for n, i, j, value in found:
        result[n, i, j] = value
    return result


def sums(op: str, x: Array, weight: Array, attrs: Mapping[str, Any]) -> Array:
    """The sums of products of Conv2D, DepthwiseConv2D or Dense, without bias."""
    if op == "Dense":
        return x @ weight.T
    found = []
    size = weight.shape[1:3]
    for n, i, j, cells in windows(x, size, attrs):
        zeroed = np.where(inside(cells), cells, 0)
        if op == "DepthwiseConv2D":
            each = np.repeat(zeroed, weight.shape[3] // x.shape[3], axis=2) * weight[0]
            found.append((n, i, j, each.sum(axis=(0, 1))))
            continue
        per_group = x.shape[3] // attrs["groups"]
        outputs = []
        for output, filters in enumerate(weight):
            group = output // (len(weight) // attrs["groups"])
            part = zeroed[:, :, group * per_group : (group + 1) * per_group]
            outputs.append((part * filters).sum())
        found.append((n, i, j, np.array(outputs)))
    return collect(found)


def max_pool(x: Array, attrs: Mapping[str, Any]) -> Array:
    wide = x.astype(np.int64) if x.dtype.kind == "i" else x.astype(np.float64)
    found = windows(wide, attrs["pool"], attrs)
    return collect([(n, i, j, np.nanmax(c, axis=(0, 1))) for n, i, j, c in found])


def average_pool(x: Array, attrs: Mapping[str, Any]) -> Array:
    """Float: the mean of the valid cells. Integers: rounded, halves away from zero."""
    if x.dtype.kind == "f":
        found = windows(x.astype(np.float64), attrs["pool"], attrs)
        return collect([(n, i, j, np.nanmean(c, axis=(0, 1))) for n, i, j, c in found])
    places = []
    for n, i, j, cells in windows(x.astype(np.int64), attrs["pool"], attrs):
        count = int(inside(cells)[:, :, 0].sum())
        totals = np.where(inside(cells), cells, 0).sum(axis=(0, 1))
        rounded = [half_away(Fraction(int(total), count)) for total in totals]
        places.append((n, i, j, np.array(rounded)))
    return collect(places)


def half_away(number: Fraction) -> int:
    """To the nearest integer, halves away from zero."""
    magnitude = math.floor(abs(number) + Fraction(1, 2))
    return -magnitude if number < 0 else magnitude


def rescaled_float32(total: int, scales: tuple[np.float32, np.float32, np.float32]) -> int:
    """The "float32" arithmetic for one sum; scales of input, weight and output."""
    scale = np.float32(np.float32(scales[0] * scales[1]) / scales[2])
    return round(float(np.float32(np.float32(total) * scale)))


def rescaled_fixedpoint(total: int, scales: tuple[np.float32, np.float32, np.float32]) -> int:
    """The "fixedpoint" arithmetic for one sum, as gemmlowp's C++ computes it."""
    real = float(scales[0]) * float(scales[1]) / float(scales[2])
    mantissa, exponent = math.frexp(real)
    multiplier = half_away(Fraction(mantissa) * 2**31)
    if multiplier == 2**31:
        multiplier, exponent = multiplier // 2, exponent + 1
    product = total * 2 ** max(exponent, 0) * multiplier
    nudged = product + (2**30 if product >= 0 else 1 - 2**30)
    high = abs(nudged) // 2**31 * (1 if nudged >= 0 else -1)  # C++ divides towards zero
    shift = max(-exponent, 0)
    mask = 2**shift - 1
    remainder, threshold = high & mask, (mask >> 1) + (1 if high < 0 else 0)
    return (high >> shift) + (1 if remainder > threshold else 0)


def rescaled_dense(total: int, scales: tuple[np.float32, np.float32, np.float32]) -> int:
    """What the reference kernels do for a fully connected layer: one float64 product."""
    real = float(scales[0]) * float(scales[1]) / float(scales[2])
    return half_away(Fraction(float(total) * real))


def weighted_int8(graph: Graph, x: Array) -> Array:
    """The stored output of a graph of one Conv2D, DepthwiseConv2D or Dense in int8."""
    node = graph.nodes[0]
    attrs, values = attributes(node), [graph.value(str(name)) for name in node.inputs]
    quants = [value.quant for value in values] + [graph.value(node.outputs[0]).quant]
    source, weights, target = quants[0], quants[1], quants[-1]
    assert source is not None and weights is not None and target is not None
    centered = x.astype(np.int64) - source.zero_point[0]
    totals = sums(node.op, centered, values[1].array().astype(np.int64), attrs)
    if len(values) > 2:
        totals = totals + values[2].array()
    rescale = rescaled_float32
    if graph.metadata.arithmetic == "fixedpoint":
        rescale = rescaled_dense if node.op == "Dense" else rescaled_fixedpoint
    zero = target.zero_point[0]
    low = max(-128, zero) if attrs["activation"] != "none" else -128
    six = half_away(Fraction(float(np.float32(6.0) / np.float32(target.scale[0]))))
    high = min(127, zero + six) if attrs["activation"] == "relu6" else 127
    result = np.empty(totals.shape, np.int8)
    flat = totals.reshape(-1, totals.shape[-1])
    for channel in range(flat.shape[1]):
        scale = np.float32(weights.scale[channel if weights.per_channel else 0])
        scales = (np.float32(source.scale[0]), scale, np.float32(target.scale[0]))
        stored = [min(max(rescale(int(t), scales) + zero, low), high) for t in flat[:, channel]]
        result.reshape(flat.shape)[:, channel] = stored
    return result
