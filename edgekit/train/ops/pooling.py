"""Pooling over windows of NHWC arrays, and over whole maps."""

from __future__ import annotations

from typing import Any

import numpy as np

from edgekit.errors import ShapeError
from edgekit.train.backend import Array, array_module
from edgekit.train.primitive import primitive

from .reductions import spread
from .windows import Geometry, Padding, geometry, inside, padded
from .workers import in_shares, shares

__all__ = ["average_pool2d", "global_average_pool2d", "global_max_pool2d", "max_pool2d"]

Pair = tuple[int, int]


def _geometry(x: Array, pool_size: Pair, strides: Pair | None, padding: Padding) -> Geometry:
    if x.ndim != 4:
        raise ShapeError(f"pooling: expected an NHWC input of 4 axes, got shape {x.shape}")
    return geometry(x.shape[1:3], pool_size, strides or pool_size, padding)


def _tap(x: Array, g: Geometry, i: int, j: int) -> Array:
    """What element (i, j) of every window sees: (N, OH, OW, C), a view of the padded `x`."""
    sh, sw = g.strides
    rows = slice(i, i + (g.out_height - 1) * sh + 1, sh)
    return x[:, rows, j : j + (g.out_width - 1) * sw + 1 : sw]


def _window(g: Geometry) -> list[Pair]:
    return [(i, j) for i in range(g.kernel[0]) for j in range(g.kernel[1])]


@primitive
def max_pool2d(x, *, pool_size: Pair, strides: Pair | None = None, padding: Padding = "valid"):
    """The largest of each window; padding never wins. Where several are equal, the first gets the
    gradient.
    """
    g = _geometry(x, pool_size, strides, padding)
    y = array_module(x).empty((len(x), g.out_height, g.out_width, x.shape[3]), x.dtype)

    def take(samples: slice) -> None:
        _max_pool_part(x[samples], g, y[samples])

    in_shares(take, shares(len(x), x, 0.6 * x.size))
    return y


def _max_pool_part(x: Array, g: Geometry, y: Array) -> None:
    source = padded(x, g, value=-float("inf"))
    maximum = array_module(x).maximum
    down, across = g.strides
    lines = [source[:, i : i + (g.out_height - 1) * down + 1 : down] for i in range(g.kernel[0])]
    tallest = lines[0] if len(lines) == 1 else maximum(lines[0], lines[1])  # of whole rows first
    for line in lines[2:]:
        maximum(tallest, line, out=tallest)
    columns = [
        tallest[:, :, j:][:, :, : (g.out_width - 1) * across + 1 : across]
        for j in range(g.kernel[1])
    ]
    if len(columns) == 1:
        y[...] = columns[0]
    else:
        maximum(columns[0], columns[1], out=y)
    for column in columns[2:]:
        maximum(y, column, out=y)


@max_pool2d.vjp
def _(g, y, x, *, pool_size, strides=None, padding="valid"):
    shape = _geometry(x, pool_size, strides, padding)

    size = (len(x), shape.padded_height, shape.padded_width, x.shape[3])
    total = array_module(x).empty(size, x.dtype)

    def take(samples: slice) -> None:
        _max_pool_gradient(g[samples], y[samples], x[samples], shape, total[samples])

    in_shares(take, shares(len(x), x, 2.0 * x.size))
    return (inside(total, shape),)


def _max_pool_gradient(g: Array, y: Array, x: Array, shape: Geometry, total: Array) -> None:
    """Write the gradient of some samples, with their border."""
    module = array_module(x)
    source = padded(x, shape, value=-float("inf"))
    apart = shape.strides[0] >= shape.kernel[0] and shape.strides[1] >= shape.kernel[1]
    covered = shape.strides == shape.kernel and source.shape[1:3] == (
        shape.out_height * shape.strides[0],
        shape.out_width * shape.strides[1],
    )
    if not covered:
        total[...] = 0
    free = None  # windows whose gradient was not given away yet
    for i, j in _window(shape):
        taken = _tap(source, shape, i, j) == y
        if free is None:
            free = ~taken
        else:
            taken &= free
            free &= ~taken
        target = _tap(total, shape, i, j)
        if apart:
            module.multiply(g, taken, out=target)
        else:
            target += g * taken


@primitive
def average_pool2d(x, *, pool_size: Pair, strides: Pair | None = None, padding: Padding = "valid"):
    """The mean of each window over the elements inside the input; padding is not counted."""
    g = _geometry(x, pool_size, strides, padding)
    source = padded(x, g)
    first, *rest = _window(g)
    y = _tap(source, g, *first).copy()
    for i, j in rest:
        y += _tap(source, g, i, j)
    y *= _shares(x, g)
    return y


@average_pool2d.vjp
def _(g, y, x, *, pool_size, strides=None, padding="valid"):
    shape = _geometry(x, pool_size, strides, padding)
    total = array_module(x).zeros(
        (x.shape[0], shape.padded_height, shape.padded_width, x.shape[3]), x.dtype
    )
    share = g * _shares(x, shape)
    for i, j in _window(shape):
        target = _tap(total, shape, i, j)
        target += share
    return (inside(total, shape),)


def _shares(x: Array, g: Geometry) -> Any:
    """1 / (elements of the input in each window): a number, or (OH, OW, 1) with padding."""
    if g.padding == (0, 0, 0, 0):
        return x.dtype.type(1 / (g.kernel[0] * g.kernel[1]))
    module = array_module(x)
    counts = []
    for size, before, out, kernel, stride in zip(
        (g.height, g.width),
        g.padding[:2],
        (g.out_height, g.out_width),
        g.kernel,
        g.strides,
        strict=True,
    ):
        start = module.arange(out) * stride - before
        counts.append(module.minimum(start + kernel, size) - module.maximum(start, 0))
    shares = 1.0 / (counts[0][:, None, None] * counts[1][:, None])
    return shares.astype(x.dtype)


@primitive
def global_average_pool2d(x, *, keepdims: bool = False):
    """The mean over height and width: (N, C), or (N, 1, 1, C)."""
    if type(x) is not np.ndarray or x.dtype.kind != "f" or not x.size:
        return x.mean(axis=(1, 2), keepdims=keepdims)
    n, h, w, c = x.shape
    shares = np.full((1, h * w), 1 / (h * w), x.dtype)  # a product takes a third of the time
    y = np.matmul(shares, x.reshape(n, h * w, c))
    return y.reshape(n, 1, 1, c) if keepdims else y.reshape(n, c)


@global_average_pool2d.vjp(on_tensors=True)
def _(g, y, x, *, keepdims=False):
    n, h, w, c = x.shape
    share = g * g.dtype.type(1 / (h * w))
    return (spread(share.reshape(n, 1, 1, c), x, (1, 2), True),)


@primitive
def global_max_pool2d(x, *, keepdims: bool = False):
    """The largest over height and width: (N, C), or (N, 1, 1, C). Equal ones share the gradient."""
    return x.max(axis=(1, 2), keepdims=keepdims)


@global_max_pool2d.vjp
def _(g, y, x, *, keepdims=False):
    n, _, _, c = x.shape
    taken = x == y.reshape(n, 1, 1, c)
    count = taken.sum(axis=(1, 2), keepdims=True)
    return (taken * (g.reshape(n, 1, 1, c) / count.astype(g.dtype)),)
