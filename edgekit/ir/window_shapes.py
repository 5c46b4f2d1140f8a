"""Shape rules of resizing, transposed and three-dimensional convolutions and matrix products."""

from __future__ import annotations

import math

from edgekit.errors import ShapeError

from .graph import Shape
from .shapes import (
    Attrs,
    Inputs,
    check_bias,
    check_border,
    image,
    known_shape,
    known_size,
    shape_of,
    shape_text,
    window_size,
)

__all__: list[str] = []


def resize(inputs: Inputs, attrs: Attrs) -> tuple[Shape, ...]:
    x = image(inputs)
    return ((x[0], *attrs["size"], x[3]),)


def resize_bilinear(inputs: Inputs, attrs: Attrs) -> tuple[Shape, ...]:
    if attrs["align_corners"] and attrs["half_pixel_centers"]:
        raise ShapeError("corners are aligned or pixels have half centers, not both")
    return resize(inputs, attrs)


def transpose_conv2d(inputs: Inputs, attrs: Attrs) -> tuple[Shape, ...]:
    """Any size that a convolution with these strides and pads would bring back to the input's."""
    x, weight = image(inputs), known_shape(inputs, 1, rank=4)
    if x[3] != weight[3]:
        raise ShapeError(
            f"weight {shape_text(weight)} needs {weight[3]} channels, received {shape_text(x)}"
        )
    for axis, (size, pad) in enumerate(zip(attrs["size"], attrs["pads"], strict=True)):
        stride, window = attrs["strides"][axis], weight[axis + 1]
        whole = (known_size(x[axis + 1]) - 1) * stride + window - pad
        if pad >= window or not whole - window < size < whole + stride + window:
            raise ShapeError(
                f"size {attrs['size']} does not follow from {shape_text(x)} with strides "
                f"{attrs['strides']} and pads {attrs['pads']}"
            )
    check_bias(inputs, weight[0])
    return ((x[0], *attrs["size"], weight[0]),)


def conv3d(inputs: Inputs, attrs: Attrs) -> tuple[Shape, ...]:
    x, weight = shape_of(inputs, 0), known_shape(inputs, 1, rank=5)
    if len(x) != 5 or x[4] != weight[4]:
        raise ShapeError(
            f"weight {shape_text(weight)} needs [batch, depth, height, width, {weight[4]}], "
            f"received {shape_text(x)}"
        )
    check_bias(inputs, weight[0])
    pads, strides, dilations = attrs["pads"], attrs["strides"], attrs["dilations"]
    sizes = [known_size(d) for d in x[1:4]]
    padded = math.prod(size + pads[i] + pads[i + 3] for i, size in enumerate(sizes))
    check_border(math.prod(sizes), padded, known_size(x[4]))
    lines = tuple(
        window_size(sizes[i], weight[i + 1], strides[i], pads[i], pads[i + 3], dilations[i])
        for i in range(3)
    )
    return ((x[0], *lines, weight[0]),)


def batch_matmul(inputs: Inputs, attrs: Attrs) -> tuple[Shape, ...]:
    """[..., m, k] times [..., k, n]; the dimensions before the last two broadcast."""
    x, y = shape_of(inputs, 0), shape_of(inputs, 1)
    if min(len(x), len(y)) < 2:
        raise ShapeError(f"expected matrices, received {shape_text(x)} and {shape_text(y)}")
    rows, inner = reversed(x[-2:]) if attrs["adj_x"] else x[-2:]
    depth, columns = reversed(y[-2:]) if attrs["adj_y"] else y[-2:]
    if inner != depth or inner is None or columns is None:
        raise ShapeError(f"{shape_text(x)} times {shape_text(y)}: {inner} is not {depth}")
    rank = max(len(x), len(y))
    outer: list[int | None] = []
    pairs = zip((1,) * (rank - len(x)) + x[:-2], (1,) * (rank - len(y)) + y[:-2], strict=True)
    for left, right in pairs:
        if left != right and 1 not in (left, right):
            raise ShapeError(f"{shape_text(x)} and {shape_text(y)} cannot be broadcast")
        outer.append(right if left == 1 else left)
    return ((*outer, rows, columns),)
