"""Depthwise convolution: shifted multiply-adds on whole padded rows, all kernel elements at once.

A row of W pixels with C channels is one vector of W*C elements, and a kernel element is a shift along
it: one einsum whose inner loop is a whole row does the work. Strides are taken apart into phases: the
pixels at even and those at odd places are separate images, on which the stride is 1.
"""

from __future__ import annotations

import functools
import math
from typing import Any, NamedTuple

from edgekit.errors import ShapeError
from edgekit.train.backend import Array, array_module
from edgekit.train.primitive import primitive

from .channels import add_vector, channel_sums
from .windows import Geometry, Padding, chunks, geometry

__all__ = ["depthwise_conv2d"]

Pair = tuple[int, int]


@primitive
def depthwise_conv2d(
    x,
    kernel,
    bias=None,
    *,
    strides: Pair = (1, 1),
    padding: Padding = "valid",
    dilations: Pair = (1, 1),
):
    """Each channel of NHWC `x` with its own `kernel` (KH, KW, C, M), plus bias (C * M,).

    Output channel c * M + m comes from input channel c. Raises ShapeError where channels do not fit.
    """
    if x.ndim != 4 or kernel.ndim != 4 or x.shape[3] != kernel.shape[2]:
        raise ShapeError(
            f"depthwise_conv2d: input {x.shape} does not fit a kernel of shape {kernel.shape}; "
            f"expected NHWC with {kernel.shape[2]} channels"
        )
    g = geometry(x.shape[1:3], kernel.shape[:2], strides, padding, dilations)
    y = _forward(_repeated(x, kernel), _per_channel(kernel), g)
    if bias is not None:
        add_vector(y, bias)
    return y


@depthwise_conv2d.vjp
def _(g, y, x, kernel, bias=None, *, needs, strides=(1, 1), padding="valid", dilations=(1, 1)):
    shape = geometry(x.shape[1:3], kernel.shape[:2], strides, padding, dilations)
    wide, per_channel = _repeated(x, kernel), _per_channel(kernel)
    gx, gk = _gradients(g, wide, per_channel, shape, needs)
    if gx is not None and kernel.shape[3] > 1:
        gx = gx.reshape(*x.shape, kernel.shape[3]).sum(axis=-1)
    gb = channel_sums(g) if bias is not None and needs[2] else None
    return (gx, None if gk is None else gk.reshape(kernel.shape), gb)[: len(needs)]


def _repeated(x: Array, kernel: Array) -> Array:
    """The input with each channel once for every output channel that reads it."""
    return x if kernel.shape[3] == 1 else x.repeat(kernel.shape[3], axis=3)


def _per_channel(kernel: Array) -> Array:
    """(KH, KW, C, M) as (KH, KW, C * M)."""
    return kernel.reshape(*kernel.shape[:2], -1)


class _Phase(NamedTuple):
    """The pixels at one place modulo the strides, and the kernel elements that fall on them."""

    row: int
    column: int
    kernel_rows: slice
    kernel_columns: slice
    taps: Pair  # how many kernel rows and columns that is
    first: Pair  # the shift of the first of them, in rows and pixels of the phase image
    step: Pair  # the shift from one to the next


class _Layout(NamedTuple):
    """Size of every phase image; each has one row more than is read, as shifts run over row ends."""

    height: int
    width: int
    phases: tuple[_Phase, ...]


@functools.lru_cache(maxsize=256)
def _layout(g: Geometry) -> _Layout:
    reach = [((k - 1) * d) // s for k, d, s in zip(g.kernel, g.dilations, g.strides, strict=True)]
    rows, columns = (
        _axis_phases(g.kernel[axis], g.dilations[axis], g.strides[axis]) for axis in (0, 1)
    )
    phases = tuple(
        _Phase(row, column, ks, ls, (n, m), (first, left), (down, right))
        for row, ks, n, first, down in rows
        for column, ls, m, left, right in columns
    )
    return _Layout(g.out_height + reach[0] + 1, g.out_width + reach[1], phases)


def _axis_phases(kernel: int, dilation: int, stride: int) -> list[tuple[int, slice, int, int, int]]:
    """(phase, kernel elements, their number, first shift, step) along one axis."""
    step = stride // math.gcd(stride, dilation)
    found = []
    for first in range(min(step, kernel)):
        shift, phase = divmod(first * dilation, stride)
        count = len(range(first, kernel, step))
        found.append((phase, slice(first, None, step), count, shift, step * dilation // stride))
    return found


def _forward(x: Array, kernel: Array, g: Geometry) -> Array:
    module = array_module(x)
    channels = x.shape[3]
    layout = _layout(g)
    weights = _tiled(kernel, layout.width)
    y = module.empty((x.shape[0], g.out_height, g.out_width, channels), x.dtype)
    for samples, _ in chunks(x, x.shape[0], layout.height, 2 * layout.width * channels):
        total = None
        for phase in layout.phases:
            windows = _windows(_image(x[samples], g, layout, phase), g.out_height, layout, phase)
            taps = weights[phase.kernel_rows, phase.kernel_columns]
            part = module.einsum("nijhx,ijx->nhx", windows, taps)
            total = part if total is None else module.add(total, part, out=total)
        pixels = total.reshape(-1, g.out_height, layout.width, channels)  # type: ignore[union-attr]
        y[samples] = pixels[:, :, : g.out_width]
    return y


def _gradients(
    g: Array, x: Array, kernel: Array, shape: Geometry, needs: list[bool]
) -> tuple[Any, Any]:
    """The gradients of the input and of the kernel (KH, KW, C)."""
    module = array_module(x)
    channels = x.shape[3]
    layout = _layout(shape)
    weights = _tiled(kernel, layout.width)
    gx = module.zeros_like(x) if needs[0] else None
    gk = module.zeros_like(weights) if needs[1] else None
    for samples, _ in chunks(x, x.shape[0], layout.height, 3 * layout.width * channels):
        margin, rows = _row_gradient(g[samples], shape, layout)
        inner = rows[:, margin:].reshape(rows.shape[0], -1, layout.width * channels)
        for phase in layout.phases:
            taps = (phase.kernel_rows, phase.kernel_columns)
            if gk is not None:
                image = _image(x[samples], shape, layout, phase)
                windows = _windows(image, shape.out_height, layout, phase)
                gk[taps] += module.einsum("nhx,nijhx->ijx", inner[:, : shape.out_height], windows)
            if gx is not None:
                windows = _reversed_windows(rows, margin, layout, phase, channels)
                back = module.einsum("nijhx,ijx->nhx", windows, weights[taps][::-1, ::-1])
                _from_image(gx[samples], back, shape, layout, phase)
    if gk is not None:
        gk = gk.reshape(*shape.kernel, layout.width, channels).sum(axis=2)
    return gx, gk


def _tiled(kernel: Array, width: int) -> Array:
    """Each kernel element's channel vector repeated along a row: (KH, KW, width * C)."""
    return array_module(kernel).tile(kernel, (1, 1, width))


def _image(x: Array, g: Geometry, layout: _Layout, phase: _Phase) -> Array:
    """The pixels of one phase of the padded `x`: (n, height * width * C), zeros outside."""
    n, _, _, channels = x.shape
    image = array_module(x).zeros((n, layout.height, layout.width, channels), x.dtype)
    there, here = _overlap(g, layout, phase)
    image[:, there[0], there[1]] = x[:, here[0], here[1]]
    return image.reshape(n, -1)


def _from_image(gx: Array, image: Array, g: Geometry, layout: _Layout, phase: _Phase) -> None:
    """Put the pixels of one phase back into their places in `gx`."""
    there, here = _overlap(g, layout, phase)
    pixels = image.reshape(gx.shape[0], layout.height, layout.width, gx.shape[3])
    gx[:, here[0], here[1]] = pixels[:, there[0], there[1]]


def _overlap(
    g: Geometry, layout: _Layout, phase: _Phase
) -> tuple[tuple[slice, slice], tuple[slice, slice]]:
    """Which pixels of a phase image are pixels of the input: (there, here), each rows and columns."""
    there, here = [], []
    for axis, length in enumerate((layout.height, layout.width)):
        stride, before = g.strides[axis], g.padding[axis]
        offset = (phase.row, phase.column)[axis]
        first = max(0, -(-(before - offset) // stride))
        start = first * stride + offset - before
        count = max(0, min(length - first, -(-((g.height, g.width)[axis] - start) // stride)))
        there.append(slice(first, first + count))
        here.append(slice(start, start + count * stride, stride))
    return (there[0], there[1]), (here[0], here[1])


def _windows(image: Array, out_height: int, layout: _Layout, phase: _Phase) -> Array:
    """For each kernel element of the phase the image shifted by it: (n, KH, KW, OH, width * C)."""
    channels = image.shape[1] // (layout.height * layout.width)
    start = (phase.first[0] * layout.width + phase.first[1]) * channels
    return _strided(image[:, start:], phase, out_height, layout.width, channels)


def _row_gradient(g: Array, shape: Geometry, layout: _Layout) -> tuple[int, Array]:
    """(margin, rows): the output's gradient in rows of image width, zeros before, between and after.

    rows is (n, margin + height * width * C); it may be read up to `margin` elements early.
    """
    n, height, width, channels = g.shape
    margin = (layout.height - height) * layout.width * channels
    rows = array_module(g).zeros((n, margin + layout.height * layout.width * channels), g.dtype)
    inner = rows[:, margin:].reshape(n, layout.height, layout.width, channels)
    inner[:, :height, :width] = g
    return margin, rows


def _reversed_windows(
    rows: Array, margin: int, layout: _Layout, phase: _Phase, channels: int
) -> Array:
    """As `_windows`, but shifted the other way, and for the kernel elements in reverse order."""
    last = [f + (n - 1) * s for f, n, s in zip(phase.first, phase.taps, phase.step, strict=True)]
    start = margin - (last[0] * layout.width + last[1]) * channels
    return _strided(rows[:, start:], phase, layout.height, layout.width, channels)


def _strided(flat: Array, phase: _Phase, height: int, width: int, channels: int) -> Array:
    sample, element = flat.strides
    row = width * channels * element
    shape = (flat.shape[0], *phase.taps, height, width * channels)
    down, right = phase.step
    strides = (sample, down * row, right * channels * element, row, element)
    return array_module(flat).lib.stride_tricks.as_strided(flat, shape, strides)
