"""2-D convolution on NHWC arrays: im2col in pieces that stay in the cache, and BLAS.

Columns are not kept for the backward pass but made again, which is cheaper than to read them back
from memory; but for those of images of few channels, which are small and slow to make. Chellapilla,
Puri and Simard, "High Performance Convolutional Neural Networks", 2006.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from edgekit.errors import ShapeError
from edgekit.train.backend import Array, array_module
from edgekit.train.primitive import primitive, recorders

from . import conv_rows
from .channels import add_vector, channel_sums
from .windows import Geometry, Padding, chunks, empty_padded, geometry, inside, view

__all__ = ["conv2d"]

Pair = tuple[int, int]


FEW_CHANNELS = 4
"""With fewer input channels columns are copied in short pieces, the slow part of a layer."""
KEPT_FLOATS = 1 << 23
"""How much of such columns is kept for the backward pass."""

Columns = tuple[slice, slice, Array]


@primitive(saves=True)
def conv2d(
    x,
    kernel,
    bias=None,
    *,
    strides: Pair = (1, 1),
    padding: Padding = "valid",
    dilations: Pair = (1, 1),
    groups: int = 1,
):
    """Cross-correlation of NHWC `x` with `kernel` (KH, KW, Cin / groups, Cout), plus bias (Cout,).

    `padding` is "valid", "same" or (top, left, bottom, right). Raises ShapeError where channels or
    groups do not fit.
    """
    _check(x, kernel, groups)
    shape = geometry(x.shape[1:3], kernel.shape[:2], strides, padding, dilations)
    if groups == 1:
        kept: list[Columns] | None = [] if _keeps_columns(x, shape) else None
        return _forward(x, kernel, shape, bias, kept), kept
    parts = zip(*_split(x, kernel, groups), strict=True)
    y = array_module(x).concatenate([_forward(a, k, shape) for a, k in parts], axis=-1)
    if bias is not None:
        add_vector(y, bias)
    return y, None


@conv2d.vjp
def _(
    g,
    y,
    x,
    kernel,
    bias=None,
    *,
    saved=None,
    needs,
    strides=(1, 1),
    padding="valid",
    dilations=(1, 1),
    groups=1,
):
    shape = geometry(x.shape[1:3], kernel.shape[:2], strides, padding, dilations)
    g = array_module(g).ascontiguousarray(g)
    gx, gk = _gradients(g, x, kernel, shape, groups, needs, saved)
    gb = channel_sums(g) if bias is not None and needs[2] else None
    return (gx, gk, gb)[: len(needs)]


def _gradients(
    g: Array,
    x: Array,
    kernel: Array,
    shape: Geometry,
    groups: int,
    needs: list[bool],
    kept: list[Columns] | None = None,
) -> tuple[Any, Any]:
    """The gradients of input and kernel, group by group."""
    if groups == 1:
        gk = _kernel_gradient(g, x, kernel, shape, kept) if needs[1] else None
        return _input_gradient(g, x, kernel, shape) if needs[0] else None, gk
    module = array_module(g)
    xs, ks = _split(x, kernel, groups)
    pairs = [
        _gradients(part, a, k, shape, 1, needs)
        for part, a, k in zip(_split(g, kernel, groups)[0], xs, ks, strict=True)
    ]
    gx = module.concatenate([p[0] for p in pairs], axis=-1) if needs[0] else None
    return gx, module.concatenate([p[1] for p in pairs], axis=-1) if needs[1] else None


def _keeps_columns(x: Array, g: Geometry) -> bool:
    """Whether to keep columns for the backward pass: a tape listens, and they cost much to make."""
    size = g.kernel[0] * g.kernel[1] * x.shape[3]
    floats = x.shape[0] * g.out_height * g.out_width * size
    few = array_module(x).__name__ == "numpy" and x.shape[3] < FEW_CHANNELS
    return few and floats <= KEPT_FLOATS and bool(recorders())


def _check(x: Array, kernel: Array, groups: int) -> None:
    if x.ndim != 4 or kernel.ndim != 4:
        raise ShapeError(
            f"conv2d: expected NHWC input and HWIO kernel, got {x.shape}, {kernel.shape}"
        )
    if x.shape[3] != kernel.shape[2] * groups or kernel.shape[3] % groups:
        raise ShapeError(
            f"conv2d: input {x.shape} has {x.shape[3]} channels, the kernel {kernel.shape} with "
            f"groups={groups} takes {kernel.shape[2] * groups} and gives {kernel.shape[3]}"
        )


def _split(x: Array, kernel: Array, groups: int) -> tuple[list[Array], list[Array]]:
    module = array_module(x)
    contiguous = module.ascontiguousarray
    xs = [contiguous(part) for part in module.split(x, groups, axis=3)]
    return xs, [contiguous(part) for part in module.split(kernel, groups, axis=3)]


def _pointwise(kernel: Array, g: Geometry) -> bool:
    """Is the convolution one product of matrices?"""
    return kernel.shape[:2] == (1, 1) and g.padding == (0, 0, 0, 0)


def _forward(
    x: Array, kernel: Array, g: Geometry, bias: Any = None, kept: list[Columns] | None = None
) -> Array:
    """The convolution. Columns are entered into `kept` where that is given."""
    module = array_module(x)
    matrix = kernel.reshape(-1, kernel.shape[3])
    if _pointwise(kernel, g):
        picked = x if g.strides == (1, 1) else x[:, :: g.strides[0], :: g.strides[1]]
        y = picked.reshape(-1, x.shape[3]) @ matrix
        if bias is not None:
            add_vector(y, bias)
        return y.reshape(x.shape[0], g.out_height, g.out_width, kernel.shape[3])
    y = module.empty((x.shape[0], g.out_height, g.out_width, kernel.shape[3]), x.dtype)
    if conv_rows.sample_by_sample(x, kernel, g):
        conv_rows.forward(x, kernel, g, bias, y)
        return y
    for samples, block, columns in _columns(x, g, kept):
        out = y[samples, block].reshape(-1, kernel.shape[3])
        module.matmul(columns, matrix, out=out)
        if bias is not None:
            add_vector(out, bias)  # while the product is in the cache
    return y


def _columns(x: Array, g: Geometry, kept: list[Columns] | None = None) -> Iterator[Columns]:
    """(samples, block of output rows, columns): each window of the part as one row of a matrix.

    With few channels the rows of the matrix are short pieces to copy, so its transpose is filled
    instead, one kernel element after another; BLAS takes either.
    """
    module = array_module(x)
    size = g.kernel[0] * g.kernel[1] * x.shape[3]
    parts = list(chunks(x, x.shape[0], g.out_height, g.out_width * size))
    scratch = room = None
    for samples, blocks in parts:
        count = samples.stop - samples.start
        if g.padding == (0, 0, 0, 0):
            source = x[samples]
        else:
            room = empty_padded(x, count, g) if room is None else room[:count]
            inside(room, g)[...] = x[samples]
            source = room
        windows = view(source, g)
        for block in blocks:
            part = windows[:, block]
            rows = part.shape[0] * part.shape[1] * part.shape[2]
            if scratch is None or kept is not None:
                scratch = module.empty(rows * size, x.dtype)
            found = samples, block, _fill(scratch[: rows * size], part, x.shape[3])
            if kept is not None:
                kept.append(found)
            yield found


def _fill(scratch: Array, windows: Array, channels: int) -> Array:
    """The windows (n, rows, OW, KH, KW, C) copied into `scratch`: a matrix (n*rows*OW, KH*KW*C)."""
    n, height, width, kh, kw, c = windows.shape
    if channels >= FEW_CHANNELS:
        columns = scratch.reshape(windows.shape)
        columns[...] = windows
        return columns.reshape(n * height * width, kh * kw * c)
    columns = scratch.reshape(kh, kw, c, n, height, width)
    columns[...] = windows.transpose(3, 4, 5, 0, 1, 2)
    return columns.reshape(kh * kw * c, n * height * width).T


def _kernel_gradient(
    g: Array, x: Array, kernel: Array, shape: Geometry, kept: list[Columns] | None = None
) -> Array:
    """Columns transposed times the output's gradient, summed over the chunks."""
    channels = kernel.shape[3]
    if _pointwise(kernel, shape):
        picked = x[:, :: shape.strides[0], :: shape.strides[1]]
        return (picked.reshape(-1, x.shape[3]).T @ g.reshape(-1, channels)).reshape(kernel.shape)
    if conv_rows.sample_by_sample(x, kernel, shape):
        return conv_rows.kernel_gradient(g, x, kernel, shape)
    total = None
    for samples, block, columns in kept or _columns(x, shape):
        part = columns.T @ g[samples, block].reshape(-1, channels)
        if total is None:
            total = part
        else:
            total += part
    return total.reshape(kernel.shape)  # type: ignore[union-attr]


def _input_gradient(g: Array, x: Array, kernel: Array, shape: Geometry) -> Array:
    kh, kw = kernel.shape[:2]
    if _pointwise(kernel, shape):
        return _pointwise_input_gradient(g, x, kernel, shape)
    top, left, bottom, right = shape.padding
    reach = ((kh - 1) * shape.dilations[0], (kw - 1) * shape.dilations[1])
    if shape.strides != (1, 1) or max(top, bottom) > reach[0] or max(left, right) > reach[1]:
        return _scattered_input_gradient(g, x, kernel, shape)
    if conv_rows.by_rows(x, kernel, shape):
        gx = array_module(x).empty_like(x)
        conv_rows.input_gradient(g, kernel, shape, gx)
        return gx
    flipped = array_module(x).ascontiguousarray(kernel[::-1, ::-1].swapaxes(2, 3))
    border = (reach[0] - top, reach[1] - left, reach[0] - bottom, reach[1] - right)
    size = (shape.out_height, shape.out_width)
    return _forward(g, flipped, geometry(size, (kh, kw), (1, 1), border, shape.dilations))


def _pointwise_input_gradient(g: Array, x: Array, kernel: Array, shape: Geometry) -> Array:
    gx = g.reshape(-1, g.shape[3]) @ kernel.reshape(x.shape[3], -1).T
    gx = gx.reshape(*g.shape[:3], x.shape[3])
    if shape.strides == (1, 1):
        return gx
    spread = array_module(x).zeros_like(x)
    spread[:, :: shape.strides[0], :: shape.strides[1]] = gx
    return spread


def _scattered_input_gradient(g: Array, x: Array, kernel: Array, shape: Geometry) -> Array:
    """The gradient of the columns, added back to where they came from (col2im)."""
    module = array_module(x)
    kh, kw, channels, _ = kernel.shape
    (sh, sw), (dh, dw) = shape.strides, shape.dilations
    transposed = kernel.reshape(-1, kernel.shape[3]).T
    gx = module.empty_like(x)
    floats = shape.out_width * kh * kw * channels
    for samples, _ in chunks(x, x.shape[0], shape.out_height, floats):
        part = g[samples]
        n, height, width = part.shape[:3]
        columns = (part.reshape(-1, g.shape[3]) @ transposed).reshape(
            n, height, width, kh, kw, channels
        )
        total = module.zeros((n, shape.padded_height, shape.padded_width, channels), x.dtype)
        for i in range(kh):
            for j in range(kw):
                target = total[:, i * dh :, j * dw :]
                target = target[:, : (height - 1) * sh + 1 : sh, : (width - 1) * sw + 1 : sw]
                target += columns[:, :, :, i, j]
        gx[samples] = inside(total, shape)
    return gx
