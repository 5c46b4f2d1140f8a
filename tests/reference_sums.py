"""Operators that sum, in int8, uint8 and int16, one element at a time in Python's integers.

Written from the formulas of `docs/int8-arithmetic.md`; shares no code with the kernels.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from fractions import Fraction
from typing import Any

import numpy as np

from edgekit.ir import Graph, Node, Value, attributes
from tests.reference_int8 import (
    between,
    clip16,
    clip_stored,
    f32,
    fixed,
    half_away,
    half_up,
    scale_of,
    scale_twice,
    zero_point,
)

__all__ = ["OPERATORS", "expected"]

OPERATORS = ("Dense", "Conv2D", "DepthwiseConv2D", "MaxPool2D", "AveragePool2D", "Softmax")


def expected(graph: Graph, inputs: Mapping[str, Any]) -> Any:
    """The output of a graph with one node, in its stored dtype."""
    (node,) = graph.nodes
    values = [graph.value(str(name)) for name in node.inputs]
    y = graph.value(node.outputs[0])
    stored = next(iter(inputs.values()))
    shape = tuple(len(stored) if d is None else d for d in y.shape)
    arithmetic = graph.metadata.arithmetic
    result = np.empty(shape, y.dtype)
    if node.op == "Softmax":
        for index in itertools.product(*map(range, shape[:-1])):
            result[index] = softmax(node, values, stored[index].tolist())
        return result
    for index in itertools.product(*map(range, shape)):
        if node.op in ("MaxPool2D", "AveragePool2D"):
            result[index] = pooled(node, stored, index)
        else:
            total = weighted_sum(node, values, stored, index)
            rounded = rescaled(node, values, y, arithmetic, total, index[-1])
            even = arithmetic == "float32" and y.dtype != "int16"
            activation = attributes(node)["activation"]
            result[index] = clip_stored(rounded + zero_point(y), y, activation, even=even)
    return result


def cells(node: Node, shape: tuple[int, ...], index: Any, window: Any) -> Iterator[tuple[int, ...]]:
    """(row, column) in the input and (i, j) in the window, for each cell that is not padding."""
    attrs = attributes(node)
    down, right = attrs.get("dilations", (1, 1))
    for i, j in itertools.product(*map(range, window)):
        row = index[1] * attrs["strides"][0] - attrs["pads"][0] + i * down
        column = index[2] * attrs["strides"][1] - attrs["pads"][1] + j * right
        if 0 <= row < shape[1] and 0 <= column < shape[2]:
            yield row, column, i, j


def pooled(node: Node, stored: Any, index: tuple[int, ...]) -> int:
    found = [
        int(stored[index[0], row, column, index[3]])
        for row, column, _, _ in cells(node, stored.shape, index, node.attrs["pool"])
    ]
    if node.op == "MaxPool2D":
        return max(found)
    return half_away(Fraction(sum(found), len(found)))


def weighted_sum(node: Node, values: list[Value], stored: Any, index: tuple[int, ...]) -> int:
    """The exact sum of all products of integers without their zero points, and the bias."""
    x, weight = values[:2]
    w, channel = weight.array(), index[-1]
    z = weight.quant.zero_point[0] if weight.quant is not None and weight.dtype == "uint8" else 0
    total = int(values[2].array()[channel]) if len(values) > 2 else 0
    if node.op == "Dense":
        pairs = zip(stored[index[:-1]].tolist(), w[channel].tolist(), strict=True)
        return total + sum((q - zero_point(x)) * (v - z) for q, v in pairs)
    depthwise = node.op == "DepthwiseConv2D"
    for row, column, i, j in cells(node, stored.shape, index, w.shape[1:3]):
        pixel = stored[index[0], row, column].tolist()
        if depthwise:
            multiplier = w.shape[3] // len(pixel)
            total += (pixel[channel // multiplier] - zero_point(x)) * (int(w[0, i, j, channel]) - z)
            continue
        size = w.shape[3]
        first = channel // (w.shape[0] // attributes(node)["groups"]) * size
        pairs = zip(pixel[first : first + size], w[channel, i, j].tolist(), strict=True)
        total += sum((q - zero_point(x)) * (v - z) for q, v in pairs)
    return total


def rescaled(
    node: Node, values: list[Value], y: Value, arithmetic: str, total: int, channel: int
) -> int:
    """The sum in steps of the output, in the way of its dtype, bias and operator."""
    x, weight = values[:2]
    assert weight.quant is not None
    w_scale = weight.quant.scale[channel if weight.quant.per_channel else 0]
    dense, default = node.op == "Dense", arithmetic == "float32"
    exact = scale_of(x) * w_scale / scale_of(y)
    rounded = f32(scale_of(x) * w_scale) / scale_of(y)
    if x.dtype != "int16":
        if default:
            return round(f32(f32(total) * f32(rounded)))
        if dense:
            return half_away(Fraction(total * exact))
        return scale_twice(total, rounded if x.dtype == "uint8" else exact)
    bias = values[2].dtype if len(values) > 2 else "none"
    if bias == "int32":
        total = (total + 2**31) % 2**32 - 2**31
    if dense and (bias == "int64" or not default):
        return half_away(Fraction(total * exact))
    if not dense and bias != "int32":
        return short(total, exact)
    if default and (dense or (node.op == "Conv2D" and attributes(node)["groups"] == 1)):
        return upward(total, exact if weight.quant.per_channel or not dense else rounded)
    return scale_twice(total, exact)


def short(total: int, real: float) -> int:
    multiplier, shift = fixed(real)
    sixteen = min((multiplier + 2**15) // 2**16, 2**15 - 1)
    return half_up(Fraction(total * sixteen, 2 ** (15 - shift)))


def upward(total: int, real: float) -> int:
    multiplier, shift = fixed(real)
    high = half_up(Fraction(total * 2 ** max(shift, 0) * multiplier, 2**31))
    return half_up(Fraction(high, 2 ** max(-shift, 0)))


def softmax(node: Node, values: list[Value], row: list[int]) -> list[int]:
    x, table = values[0], values[1].array()
    below = [q - max(row) for q in row]
    if x.dtype == "int16":
        return softmax16(f32(scale_of(x) * attributes(node)["beta"]), table.tolist(), below)
    powers, total = [float(table[-d]) for d in below], 0.0
    for power in powers:
        total = f32(total + power)
    inverse = f32(1 / f32(total * f32(1 / 256)))
    lowest = -128 if x.dtype == "int8" else 0
    return [min(half_away(Fraction(f32(p * inverse))), 255) + lowest for p in powers]


def softmax16(scale: float, table: list[int], below: list[int]) -> list[int]:
    places = [scale_twice(d, scale / (10 / 65535)) for d in below]
    powers = [between(table[:513], clip16(place + 2**15 - 1)) for place in places]
    total = sum(powers)
    bits = total.bit_length()
    mantissa = half_up(Fraction(total * 2 ** (31 - bits), 2**14))
    share = between(table[513:], clip16(mantissa - 2**15 - 2**16))
    quotients = [half_up(Fraction(p * share, 2 ** (bits - 1))) for p in powers]
    return [min(max(q, 0), 2**15 - 1) for q in quotients]
