"""Depthwise convolution: shifted multiply-adds on whole rows, all kernel elements at once.

A row of W pixels with C channels is one vector of W*C elements, and a kernel element is a shift
along it: one einsum whose inner loop is a whole row does the work. Strides are taken apart into
phases: the pixels at even and those at odd places are separate images, on which the stride is 1.
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
from .workers import in_shares, shares

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

    Output channel c * M + m comes from input channel c. Raises ShapeError where channels do not
    fit.
    """
    if x.ndim != 4 or kernel.ndim != 4 or x.shape[3] != kernel.shape[2]:
        raise ShapeError(
            f"depthwise_conv2d: input {x.shape} does not fit a kernel of shape {kernel.shape}; "
            f"expected NHWC with {kernel.shape[2]} channels"
        )
    g = geometry(x.shape[1:3], kernel.shape[:2], strides, padding, dilations)
    return _forward(_repeated(x, kernel), _per_channel(kernel), g, bias)


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

    kernel: tuple[slice, slice]  # the rows and columns of the kernel
    taps: Pair  # how many kernel rows and columns that is
    first: Pair  # the shift of the first of them, in rows and pixels of the phase image
    step: Pair  # the shift from one to the next
    there: tuple[slice, slice]  # the pixels of the phase image that lie inside the input
    here: tuple[slice, slice]  # the same pixels in the input

    @property
    def last(self) -> Pair:
        """The shift of the last kernel element."""
        rows, columns = self.taps
        return self.first[0] + (rows - 1) * self.step[0], self.first[1] + (columns - 1) * self.step[
            1
        ]


class _Layout(NamedTuple):
    """The phase images, all of one size: the output's and as far as a shift reaches beyond it."""

    height: int
    width: int
    reach: Pair
    phases: tuple[_Phase, ...]


@functools.lru_cache(maxsize=256)
def _layout(g: Geometry) -> _Layout:
    reach = [((k - 1) * d) // s for k, d, s in zip(g.kernel, g.dilations, g.strides, strict=True)]
    height, width = g.out_height + reach[0], g.out_width + reach[1]
    rows = _axis_phases(g, 0, g.height, height)
    columns = _axis_phases(g, 1, g.width, width)
    phases = tuple(_Phase(*zip(row, column, strict=True)) for row in rows for column in columns)
    return _Layout(height, width, (reach[0], reach[1]), phases)


def _axis_phases(g: Geometry, axis: int, size: int, length: int) -> list[tuple[Any, ...]]:
    """One axis of each phase: (kernel elements, their number, first shift, step, there, here)."""
    kernel, dilation, stride = g.kernel[axis], g.dilations[axis], g.strides[axis]
    before = g.padding[axis]
    step = stride // math.gcd(stride, dilation)
    found = []
    for first in range(min(step, kernel)):
        shift, phase = divmod(first * dilation, stride)
        taps = len(range(first, kernel, step))
        skipped = max(0, -(-(before - phase) // stride))  # pixels of the phase in the border
        start = skipped * stride + phase - before
        count = max(0, min(length - skipped, -(-(size - start) // stride)))
        there = slice(skipped, skipped + count, 1)
        here = slice(start, start + count * stride, stride)
        advance = step * dilation // stride
        found.append((slice(first, None, step), taps, shift, advance, there, here))
    return found


def _forward(x: Array, kernel: Array, g: Geometry, bias: Any = None) -> Array:
    weights = _tiled(kernel, g.out_width)
    shape = (x.shape[0], g.out_height, g.out_width, x.shape[3])
    y = array_module(x).empty(shape, x.dtype)

    def take(samples: slice) -> None:
        _forward_part(x[samples], weights, g, bias, y[samples])

    in_shares(take, shares(len(x), y, 0.2 * y.size * kernel.shape[0] * kernel.shape[1]))
    return y


def _forward_part(x: Array, weights: Array, g: Geometry, bias: Any, y: Array) -> None:
    module = array_module(x)
    channels = x.shape[3]
    layout = _layout(g)
    y = y.reshape(x.shape[0], g.out_height, -1)
    images = _Images(layout)
    for samples, _ in chunks(x, x.shape[0], layout.height, _scratch(layout, channels)):
        part = y[samples]
        for number, phase in enumerate(layout.phases):
            windows = _windows(images.of(x[samples], phase), g, phase)
            taps = weights[phase.kernel]
            if number == 0:
                module.einsum("nijhx,ijx->nhx", windows, taps, out=part)
            else:
                part += module.einsum("nijhx,ijx->nhx", windows, taps)
        if bias is not None:
            add_vector(part.reshape(-1, channels), bias)  # while the part is in the cache


def _scratch(layout: _Layout, channels: int) -> int:
    """Floats to count for a row. Long chunks pay here: each call of einsum has much to set up."""
    return max(1, layout.width * channels // 2)


def _gradients(
    g: Array, x: Array, kernel: Array, shape: Geometry, needs: list[bool]
) -> tuple[Any, Any]:
    """The gradients of the input and of the kernel (KH, KW, C)."""
    module = array_module(x)
    gx: Any = None
    if needs[0]:
        covered = _Back(kernel, _layout(shape)).covers(x)
        gx = module.empty_like(x) if covered else module.zeros_like(x)

    def take(samples: slice) -> Any:
        into = None if gx is None else gx[samples]
        return _gradients_part(g[samples], x[samples], kernel, shape, into, needs[1])

    gk, *others = in_shares(
        take, shares(len(x), g, 0.4 * g.size * kernel.shape[0] * kernel.shape[1])
    )
    for other in others:
        if gk is not None:
            gk += other
    return gx, gk


def _gradients_part(
    g: Array, x: Array, kernel: Array, shape: Geometry, gx: Any, needs_kernel: bool
) -> Any:
    """Write the gradient of some samples into `gx` where that is given; that of the kernel."""
    module = array_module(x)
    layout = _layout(shape)
    back = None if gx is None else _Back(kernel, layout)
    gk = module.zeros_like(_tiled(kernel, shape.out_width)) if needs_kernel else None
    images = _Images(layout)
    for samples, _ in chunks(x, x.shape[0], layout.height, _scratch(layout, x.shape[3])):
        if gk is not None:
            _add_kernel_gradient(g[samples], x[samples], shape, images, gk)
        if back is not None:
            back.fill(g[samples], gx[samples])
    if gk is not None:
        gk = gk.reshape(*shape.kernel, shape.out_width, -1).sum(axis=2)
    return gk


def _add_kernel_gradient(g: Array, x: Array, shape: Geometry, images: _Images, gk: Array) -> None:
    rows = g.reshape(*g.shape[:2], -1)
    einsum = array_module(g).einsum
    for phase in images.layout.phases:
        windows = _windows(images.of(x, phase), shape, phase)
        into = gk[phase.kernel]
        for i in range(phase.taps[0]):
            for j in range(phase.taps[1]):
                into[i, j] += einsum("nhx,nhx->x", rows, windows[:, i, j])


class _Back:
    """The gradient of the input: each pixel takes from the outputs that saw it, so the shifts go
    the other way.
    """

    def __init__(self, kernel: Array, layout: _Layout) -> None:
        self.layout = layout
        self.border: Any = None
        self.parts = []
        for phase in layout.phases:
            rows, columns = phase.there
            size = (rows.stop - rows.start, columns.stop - columns.start)
            if size[0] and size[1]:
                down, right = layout.reach
                start = (down + rows.start - phase.last[0], right + columns.start - phase.last[1])
                taps = _tiled(kernel[phase.kernel][::-1, ::-1], size[1])
                self.parts.append((phase, start, size, taps))

    def covers(self, x: Array) -> bool:
        """Whether every pixel of the input gets a gradient."""
        return sum(size[0] * size[1] for _, _, size, _ in self.parts) == x.shape[1] * x.shape[2]

    def fill(self, g: Array, gx: Array) -> None:
        """Write the gradient of some samples."""
        module = array_module(g)
        n, height, width, channels = g.shape
        down, right = self.layout.reach
        if self.border is None:
            shape = (n, self.layout.height + down, self.layout.width + right, channels)
            self.border = module.zeros(shape, g.dtype)
        border = self.border[:n]
        border[:, down : down + height, right : right + width] = g
        for phase, start, size, taps in self.parts:
            windows = _strided(border[:, start[0] :, start[1] :], phase, size)
            if size == gx.shape[1:3]:
                out = gx.reshape(n, size[0], -1)
                module.einsum("nijhx,ijx->nhx", windows, taps, out=out)
                continue
            back = module.einsum("nijhx,ijx->nhx", windows, taps)
            gx[:, phase.here[0], phase.here[1]] = back.reshape(n, *size, channels)


def _tiled(kernel: Array, width: int) -> Array:
    """Each kernel element's channel vector repeated along a row: (KH, KW, width * C)."""
    return array_module(kernel).tile(kernel, (1, 1, width))


class _Images:
    """The phase images of one part of a batch after the other, in the same memory."""

    def __init__(self, layout: _Layout) -> None:
        self.layout = layout
        self._rooms: dict[Pair, Array] = {}  # by the first kernel element of the phase

    def of(self, x: Array, phase: _Phase) -> Array:
        """The pixels of one phase of the padded `x`: (n, height, width, C), zeros outside."""
        layout = self.layout
        n, height, width, channels = x.shape
        if (layout.height, layout.width) == (height, width) and phase.there == phase.here:
            return x
        key = (phase.kernel[0].start, phase.kernel[1].start)
        room = self._rooms.get(key)
        if room is None:
            room = array_module(x).zeros((n, layout.height, layout.width, channels), x.dtype)
            self._rooms[key] = room
        image = room[:n]
        image[:, phase.there[0], phase.there[1]] = x[:, phase.here[0], phase.here[1]]
        return image


def _windows(image: Array, g: Geometry, phase: _Phase) -> Array:
    """For each kernel element of the phase the image shifted by it: (n, KH, KW, OH, OW * C)."""
    return _strided(
        image[:, phase.first[0] :, phase.first[1] :], phase, (g.out_height, g.out_width)
    )


def _strided(image: Array, phase: _Phase, size: Pair) -> Array:
    """Views of `size` pixels of the image, one for each kernel element; rows are one axis."""
    sample, row, pixel, element = image.strides
    shape = (image.shape[0], *phase.taps, size[0], size[1] * image.shape[3])
    strides = (sample, phase.step[0] * row, phase.step[1] * pixel, row, element)
    return array_module(image).lib.stride_tricks.as_strided(image, shape, strides)
