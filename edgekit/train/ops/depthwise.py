"""Depthwise convolution: sums over shifted images (`shifts.py`), all kernel elements at once.

Strides are taken apart into phases: the pixels at even and those at odd places are separate images,
on which the stride is 1.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Sequence
from typing import Any, NamedTuple

from edgekit.errors import ShapeError
from edgekit.train.backend import Array, array_module
from edgekit.train.primitive import primitive

from .channels import add_vector, channel_sums
from .shifts import ShiftedImages, Shifts
from .windows import Geometry, Padding, geometry, sample_parts
from .workers import in_shares, shares, sum_of_shares

__all__ = ["convolved", "depthwise_conv2d", "gradients"]

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
    return convolved(_repeated(x, kernel), _per_channel(kernel), g, bias)


@depthwise_conv2d.vjp
def _(
    g,
    y,
    x,
    kernel,
    bias=None,
    *,
    needs,
    deliver=None,
    strides=(1, 1),
    padding="valid",
    dilations=(1, 1),
):
    shape = geometry(x.shape[1:3], kernel.shape[:2], strides, padding, dilations)
    wide, per_channel = _repeated(x, kernel), _per_channel(kernel)
    single = kernel.shape[3] == 1
    gx, gk = gradients(g, wide, per_channel, shape, needs, deliver if single else None)
    if gx is not None and not single:
        gx = gx.reshape(*x.shape, kernel.shape[3]).sum(axis=-1)
        if deliver is not None:
            deliver(slice(0, len(gx)), gx)
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
    pixels: tuple[slice, slice]  # those of the input
    shifts: Shifts  # from an output pixel to pixels of the phase
    back: Shifts  # from a pixel of the phase to the outputs that saw it

    def of(self, x: Array) -> Array:
        return x[:, self.pixels[0], self.pixels[1]]


@functools.lru_cache(maxsize=256)
def _phases(g: Geometry) -> tuple[_Phase, ...]:
    rows = _axis_phases(g, 0, g.height)
    columns = _axis_phases(g, 1, g.width)
    found = []
    for row in rows:
        for column in columns:
            shifts = Shifts(*zip(row[2], column[2], strict=True))
            kernel, pixels = (row[0], column[0]), (row[1], column[1])
            found.append(_Phase(kernel, pixels, shifts, shifts.turned()))
    return tuple(found)


def _axis_phases(g: Geometry, axis: int, size: int) -> list[tuple[slice, slice, Any]]:
    """Kernel elements, input pixels, and an axis of `Shifts`, for each phase along an axis."""
    kernel, dilation, stride = g.kernel[axis], g.dilations[axis], g.strides[axis]
    out, before = (g.out_height, g.out_width)[axis], g.padding[axis]
    step = stride // math.gcd(stride, dilation)
    found = []
    for first in range(min(step, kernel)):
        shift, phase = divmod(first * dilation - before, stride)
        count = max(0, -(-(size - phase) // stride))
        taps = len(range(first, kernel, step))
        shifts = (count, out, taps, shift, step * dilation // stride)
        found.append((slice(first, None, step), slice(phase, None, stride), shifts))
    return found


def convolved(x: Array, kernel: Array, g: Geometry, bias: Any = None, deliver: Any = None) -> Array:
    """The convolution. deliver: called with the samples of a part and their outputs."""
    weights = [phase.shifts.weights(kernel[phase.kernel]) for phase in _phases(g)]
    shape = (x.shape[0], g.out_height, g.out_width, x.shape[3])
    y = array_module(x).empty(shape, x.dtype)

    def take(samples: slice) -> None:
        _forward_part(x[samples], weights, g, bias, y[samples])
        if deliver is not None:
            deliver(samples, y[samples])

    in_shares(take, shares(len(x), y, 0.2 * y.size * kernel.shape[0] * kernel.shape[1]))
    return y


def _forward_part(x: Array, weights: list[Array], g: Geometry, bias: Any, y: Array) -> None:
    phases = _phases(g)
    images = [ShiftedImages(phase.shifts, x.shape[3]) for phase in phases]
    for samples in sample_parts(slice(0, len(x)), x):
        part = y[samples]
        for number, phase in enumerate(phases):
            windows = images[number].of(phase.of(x[samples]), samples.stop - samples.start)
            found = _sums(windows, weights[number], None if number else part)
            if number:
                part += found.reshape(part.shape)
        if bias is not None:
            add_vector(part, bias)  # while the part is in the cache


def _sums(windows: Array, weights: Array, into: Any = None) -> Array:
    """The weighted sum of the windows, in the memory of `into` where that is given."""
    n, _, _, blocks, row = windows.shape
    out = None if into is None else into.reshape(n, blocks, row)
    return _einsum("nijbx,ijx->nbx", windows, weights, out)


def _einsum(subscripts: str, a: Array, b: Array, out: Any = None) -> Array:
    """einsum, in the memory of `out` where that is given; cupy's has no such parameter."""
    module = array_module(a)
    if out is None:
        return module.einsum(subscripts, a, b)
    if module.__name__ == "numpy":
        return module.einsum(subscripts, a, b, out=out)
    out[...] = module.einsum(subscripts, a, b)
    return out


def gradients(
    g: Array,
    x: Array,
    kernel: Array,
    shape: Geometry,
    needs: Sequence[bool],
    deliver: Any = None,
    finish: Any = None,
) -> tuple[Any, Any]:
    """The gradients of the input and of the kernel (KH, KW, C).

    finish: called with the samples of a part before their `g` is read. deliver: called with them
    and their gradient of the input.
    """
    module = array_module(x)
    phases = _phases(shape)
    gx: Any = None
    weights: list[Array] = []
    if needs[0]:
        seen = sum(math.prod(phase.shifts.source) for phase in phases)
        whole = seen == x.shape[1] * x.shape[2]
        gx = (module.empty if whole else module.zeros)(x.shape, x.dtype)  # x may be a transpose
        weights = [phase.back.weights(kernel[phase.kernel][::-1, ::-1]) for phase in phases]

    def take(share: slice) -> Any:
        images = [ShiftedImages(phase.back, x.shape[3]) for phase in phases]
        products = _KernelGradient(phases, x) if needs[1] else None
        for samples in sample_parts(share, x):
            if finish is not None:
                finish(samples)
            for number, phase in enumerate(phases):
                pixels = phase.of(x[samples])
                if pixels.size == 0:
                    continue
                windows = images[number].of(g[samples], len(pixels))
                if products is not None:
                    products.add(number, windows, pixels)
                if gx is not None:
                    _input_gradient(windows, weights[number], phase.of(gx[samples]), gx[samples])
            if gx is not None and deliver is not None:
                deliver(samples, gx[samples])
        return None if products is None else products.result(shape)

    parts = shares(len(x), g, 0.4 * g.size * kernel.shape[0] * kernel.shape[1])
    return gx, sum_of_shares(take, parts)


class _KernelGradient:
    """The gradient of the kernel (KH, KW, C), from one part of a batch after the other."""

    def __init__(self, phases: tuple[_Phase, ...], x: Array) -> None:
        self.phases = phases
        self.like = x
        self.totals: list[Any] = [None] * len(phases)

    def add(self, number: int, windows: Array, pixels: Array) -> None:
        """windows: for each pixel of the phase the gradients of the outputs that saw it."""
        found = _products(windows, pixels.reshape(len(windows), *windows.shape[3:]))
        total = self.totals[number]
        if total is None:
            self.totals[number] = found
        else:
            total += found

    def result(self, shape: Geometry) -> Array:
        channels = self.like.shape[3]
        gk = array_module(self.like).zeros((*shape.kernel, channels), self.like.dtype)
        for phase, total in zip(self.phases, self.totals, strict=True):
            if total is not None:
                gk[phase.kernel] = phase.back.kernel_sums(total, channels)[::-1, ::-1]
        return gk


def _input_gradient(windows: Array, weights: Array, into: Array, gx: Array) -> None:
    """Write the gradient of the pixels of a phase: each takes from the outputs that saw it."""
    if into.shape == gx.shape:
        _sums(windows, weights, into)
    else:
        into[...] = _sums(windows, weights).reshape(into.shape)


def _products(windows: Array, rows: Array) -> Array:
    """The sums of `rows` times each of the windows: (*taps, row elements)."""
    module = array_module(rows)
    found = module.empty((*windows.shape[1:3], windows.shape[4]), rows.dtype)
    for i in range(found.shape[0]):
        for j in range(found.shape[1]):  # all of them in one einsum take half as long again
            _einsum("nbx,nbx->x", rows, windows[:, i, j], found[i, j])
    return found
