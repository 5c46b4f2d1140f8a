"""2-D convolution on NHWC arrays: im2col in pieces that stay in the cache, and BLAS.

Columns are not kept for the backward pass but made again, which is cheaper than to read them back
from memory; but for those of images of few channels, which are small and slow to make. Chellapilla,
Puri and Simard, "High Performance Convolutional Neural Networks", 2006.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from edgekit.errors import ShapeError
from edgekit.train.backend import Array, array_module
from edgekit.train.primitive import primitive

from . import conv_rows
from .channels import add_vector, channel_sums
from .conv_columns import Columns, Kept, columns_of, keeps_columns
from .windows import Geometry, Padding, chunks, geometry, inside, sample_parts
from .workers import in_shares, shares, sum_of_shares

__all__ = ["conv2d", "convolved", "gradients"]

Pair = tuple[int, int]


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
        kept: list[Kept] | None = [] if keeps_columns(x, shape) else None
        return convolved(x, kernel, shape, bias, kept), kept
    parts = zip(*_split(x, kernel, groups), strict=True)
    y = array_module(x).concatenate([convolved(a, k, shape) for a, k in parts], axis=-1)
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
    deliver=None,
    strides=(1, 1),
    padding="valid",
    dilations=(1, 1),
    groups=1,
):
    shape = geometry(x.shape[1:3], kernel.shape[:2], strides, padding, dilations)
    g = array_module(g).ascontiguousarray(g)
    if groups == 1:
        gx, gk = gradients(g, x, kernel, shape, needs, saved, deliver)
    else:
        gx, gk = _grouped_gradients(g, x, kernel, shape, groups, needs)
        if deliver is not None:
            deliver(slice(0, len(gx)), gx)
    gb = channel_sums(g) if bias is not None and needs[2] else None
    return (gx, gk, gb)[: len(needs)]


def gradients(
    g: Array,
    x: Array,
    kernel: Array,
    shape: Geometry,
    needs: Sequence[bool],
    kept: list[Kept] | None = None,
    deliver: Any = None,
    finish: Any = None,
) -> tuple[Any, Any]:
    """The gradients of input and kernel, both of one part of the batch after the other.

    finish: called with the samples of a part before their `g` is read. deliver: called with them
    and their gradient of the input.
    """
    module = array_module(x)
    gx: Any = None
    if needs[0]:
        spread = _pointwise(kernel, shape) and shape.strides != (1, 1)
        gx = (module.zeros if spread else module.empty)(x.shape, x.dtype)  # x may be a transpose
    if kept is None:
        kept = [(samples, []) for samples in shares(len(x), g, 2 * _nanoseconds(g, kernel))]

    def take(share: Kept) -> Any:
        samples, columns = share
        total = None
        for part in [samples] if columns else sample_parts(samples, x):
            if finish is not None:
                finish(part)
            if needs[1]:
                found = _kernel_gradient(g[part], x[part], kernel, shape, columns)
                total = found if total is None else module.add(total, found, out=total)
            if gx is not None:
                _input_gradient(g[part], kernel, shape, gx[part])
                if deliver is not None:
                    deliver(part, gx[part])
        return total

    return gx, sum_of_shares(take, kept)


def _grouped_gradients(
    g: Array, x: Array, kernel: Array, shape: Geometry, groups: int, needs: Sequence[bool]
) -> tuple[Any, Any]:
    module = array_module(g)
    xs, ks = _split(x, kernel, groups)
    pairs = [
        gradients(part, a, k, shape, needs)
        for part, a, k in zip(_split(g, kernel, groups)[0], xs, ks, strict=True)
    ]
    gx = module.concatenate([p[0] for p in pairs], axis=-1) if needs[0] else None
    return gx, module.concatenate([p[1] for p in pairs], axis=-1) if needs[1] else None


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


def _nanoseconds(y: Array, kernel: Array) -> float:
    """About how long a product takes whose output, or its gradient, is `y`."""
    return y.size * (kernel.size // kernel.shape[3]) / 30


def convolved(
    x: Array,
    kernel: Array,
    g: Geometry,
    bias: Any = None,
    kept: list[Kept] | None = None,
    deliver: Any = None,
) -> Array:
    """The convolution. Columns are entered into `kept` where that is given.

    deliver: called with the samples of a part and their outputs.
    """
    shape = (x.shape[0], g.out_height, g.out_width, kernel.shape[3])
    y = array_module(x).empty(shape, x.dtype)
    parts = shares(len(x), y, _nanoseconds(y, kernel))
    if kept is not None:
        kept += [(samples, []) for samples in parts]

    def take(number: int) -> None:
        samples = parts[number]
        columns = None if kept is None else kept[number][1]
        _forward_part(x[samples], kernel, g, bias, columns, y[samples])
        if deliver is not None:
            deliver(samples, y[samples])

    in_shares(take, range(len(parts)))
    return y


def _forward_part(
    x: Array, kernel: Array, g: Geometry, bias: Any, kept: list[Columns] | None, y: Array
) -> None:
    module = array_module(x)
    matrix = kernel.reshape(-1, kernel.shape[3])
    if _pointwise(kernel, g):
        picked = x if g.strides == (1, 1) else x[:, :: g.strides[0], :: g.strides[1]]
        out = y.reshape(-1, kernel.shape[3])
        module.matmul(picked.reshape(-1, x.shape[3]), matrix, out=out)
        if bias is not None:
            add_vector(out, bias)
        return
    if conv_rows.sample_by_sample(x, kernel, g):
        conv_rows.forward(x, kernel, g, bias, y)
        return
    for samples, block, columns in columns_of(x, g, kept):
        out = y[samples, block].reshape(-1, kernel.shape[3])
        module.matmul(columns, matrix, out=out)
        if bias is not None:
            add_vector(out, bias)  # while the product is in the cache


def _kernel_gradient(
    g: Array, x: Array, kernel: Array, shape: Geometry, kept: list[Columns]
) -> Array:
    """Columns transposed times the output's gradient, of some samples."""
    channels = kernel.shape[3]
    if _pointwise(kernel, shape):
        picked = x[:, :: shape.strides[0], :: shape.strides[1]]
        return (picked.reshape(-1, x.shape[3]).T @ g.reshape(-1, channels)).reshape(kernel.shape)
    if conv_rows.sample_by_sample(x, kernel, shape):
        return conv_rows.kernel_gradient(g, x, kernel, shape)
    total = None
    for samples, block, columns in kept or columns_of(x, shape):
        part = columns.T @ g[samples, block].reshape(-1, channels)
        if total is None:
            total = part
        else:
            total += part
    return total.reshape(kernel.shape)  # type: ignore[union-attr]


def _input_gradient(g: Array, kernel: Array, shape: Geometry, gx: Array) -> None:
    """Write the gradient of some samples."""
    module = array_module(g)
    kh, kw, channels, _ = kernel.shape
    if _pointwise(kernel, shape):
        matrix = g.reshape(-1, g.shape[3])
        if shape.strides == (1, 1):
            module.matmul(matrix, kernel.reshape(channels, -1).T, out=gx.reshape(-1, channels))
            return
        product = (matrix @ kernel.reshape(channels, -1).T).reshape(*g.shape[:3], channels)
        gx[:, :: shape.strides[0], :: shape.strides[1]] = product
        return
    top, left, bottom, right = shape.padding
    reach = ((kh - 1) * shape.dilations[0], (kw - 1) * shape.dilations[1])
    if shape.strides != (1, 1) or max(top, bottom) > reach[0] or max(left, right) > reach[1]:
        _scatter_input_gradient(g, kernel, shape, gx)
        return
    if conv_rows.by_rows(gx, kernel, shape):
        conv_rows.input_gradient(g, kernel, shape, gx)
        return
    flipped = module.ascontiguousarray(kernel[::-1, ::-1].swapaxes(2, 3))
    border = (reach[0] - top, reach[1] - left, reach[0] - bottom, reach[1] - right)
    size = (shape.out_height, shape.out_width)
    back = geometry(size, (kh, kw), (1, 1), border, shape.dilations)
    _forward_part(g, flipped, back, None, None, gx)


def _scatter_input_gradient(g: Array, kernel: Array, shape: Geometry, gx: Array) -> None:
    """The gradient of the columns, added back to where they came from (col2im)."""
    module = array_module(g)
    kh, kw, channels, _ = kernel.shape
    (sh, sw), (dh, dw) = shape.strides, shape.dilations
    transposed = kernel.reshape(-1, kernel.shape[3]).T
    floats = shape.out_width * kh * kw * channels
    for samples, _ in chunks(gx, gx.shape[0], shape.out_height, floats):
        part = g[samples]
        n, height, width = part.shape[:3]
        columns = (part.reshape(-1, g.shape[3]) @ transposed).reshape(
            n, height, width, kh, kw, channels
        )
        total = module.zeros((n, shape.padded_height, shape.padded_width, channels), gx.dtype)
        for i in range(kh):
            for j in range(kw):
                target = total[:, i * dh :, j * dw :]
                target = target[:, : (height - 1) * sh + 1 : sh, : (width - 1) * sw + 1 : sw]
                target += columns[:, :, :, i, j]
        gx[samples] = inside(total, shape)
