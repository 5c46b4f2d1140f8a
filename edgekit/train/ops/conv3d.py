"""3-D convolution on NDHWC arrays: the kernel's depth becomes channels of images.

For each output slice the input slices that its window covers are put side by side as channels;
what remains is a 2-D convolution, done by the code of `conv.py`, a few samples at a time.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from edgekit.errors import ShapeError, UnsupportedOperator
from edgekit.train.backend import Array, array_module
from edgekit.train.primitive import primitive

from . import conv
from .bilinear import bilinear
from .channels import add_vector, channel_sums
from .windows import CHUNK_FLOATS, Geometry, geometry

__all__ = ["conv3d", "padding3d"]

Triple = tuple[int, int, int]

SAMPLES_FLOATS = 8 * CHUNK_FLOATS
"""Elements of slices put side by side at a time; the chunks within are those of `conv.py`."""


class _Depth(NamedTuple):
    """The window along the depth: for each kernel slice, which outputs see which inputs."""

    out: int
    taps: tuple[tuple[slice, slice], ...]  # (output slices, input slices) of each kernel slice


@primitive
def conv3d(
    x,
    kernel,
    bias=None,
    *,
    strides: Triple = (1, 1, 1),
    padding: str = "valid",
    dilations: Triple = (1, 1, 1),
    groups: int = 1,
):
    """Cross-correlation of `x` (N, D, H, W, C) with `kernel` (KD, KH, KW, C / groups, F), plus bias
    (F,). `padding` is "valid" or "same". Raises ShapeError where channels or groups do not fit.
    """
    _check(x, kernel, groups)
    if groups > 1:
        y = array_module(x).concatenate(
            [
                conv3d.forward(a, k, strides=strides, padding=padding, dilations=dilations)
                for a, k in zip(*_split(x, kernel, groups), strict=True)
            ],
            axis=-1,
        )
        if bias is not None:
            add_vector(y, bias)
        return y
    depth, plane = _geometries(x, kernel, strides, padding, dilations)
    images = _as_images(kernel)
    size = (depth.out, plane.out_height, plane.out_width, kernel.shape[4])
    y = array_module(x).empty((x.shape[0], *size), x.dtype)
    for samples, slices in _side_by_side(x, depth, kernel.shape[0]):
        out = conv.convolved(slices, images, plane, bias)
        y[samples] = out.reshape(-1, *size)
    return y


@conv3d.vjp
def _(
    g,
    y,
    x,
    kernel,
    bias=None,
    *,
    needs,
    strides=(1, 1, 1),
    padding="valid",
    dilations=(1, 1, 1),
    groups=1,
):
    g = array_module(g).ascontiguousarray(g)
    window = (strides, padding, dilations)
    gb = channel_sums(g) if bias is not None and needs[2] else None
    if groups == 1:
        gx, gk = _gradients(g, x, kernel, window, needs)
        return (gx, gk, gb)[: len(needs)]
    module = array_module(g)
    xs, ks = _split(x, kernel, groups)
    gs = _split(g, kernel, groups)[0]
    pairs = [_gradients(*each, window, needs) for each in zip(gs, xs, ks, strict=True)]
    gx = module.concatenate([p[0] for p in pairs], axis=-1) if needs[0] else None
    gk = module.concatenate([p[1] for p in pairs], axis=-1) if needs[1] else None
    return (gx, gk, gb)[: len(needs)]


def _gradients(
    g: Array, x: Array, kernel: Array, window: tuple[Any, ...], needs: Any
) -> tuple[Any, Any]:
    """The gradients of input and kernel of one group."""
    module = array_module(x)
    depth, plane = _geometries(x, kernel, *window)
    images = _as_images(kernel)
    gx = module.zeros_like(x) if needs[0] else None
    gk = module.zeros_like(images) if needs[1] else None
    for samples, slices in _side_by_side(x, depth, kernel.shape[0]):
        part = g[samples].reshape(-1, *g.shape[2:])
        back, found = conv.gradients(part, slices, images, plane, needs)
        if gk is not None:
            gk += found
        if gx is not None:
            back = back.reshape(-1, depth.out, *x.shape[2:4], kernel.shape[0], x.shape[4])
            for i, (out, into) in enumerate(depth.taps):
                gx[samples][:, into] += back[:, out, :, :, i]
    if gk is not None:
        kh, kw = kernel.shape[1:3]
        gk = gk.reshape(kh, kw, kernel.shape[0], *kernel.shape[3:]).transpose(2, 0, 1, 3, 4)
    return gx, gk


def _check(x: Array, kernel: Array, groups: int) -> None:
    if x.ndim != 5 or kernel.ndim != 5:
        raise ShapeError(
            f"conv3d: expected NDHWC input and DHWIO kernel, got {x.shape}, {kernel.shape}"
        )
    if x.shape[4] != kernel.shape[3] * groups or kernel.shape[4] % groups:
        raise ShapeError(
            f"conv3d: input {x.shape} has {x.shape[4]} channels, the kernel {kernel.shape} with "
            f"groups={groups} takes {kernel.shape[3] * groups} and gives {kernel.shape[4]}"
        )


def _split(x: Array, kernel: Array, groups: int) -> tuple[list[Array], list[Array]]:
    module = array_module(x)
    contiguous = module.ascontiguousarray
    xs = [contiguous(part) for part in module.split(x, groups, axis=4)]
    return xs, [contiguous(part) for part in module.split(kernel, groups, axis=4)]


def padding3d(
    padding: str, size: Any, kernel: Any, strides: Any, dilations: Any
) -> list[tuple[int, int]]:
    """(before, after) of each axis for "valid" or "same", the odd element after."""
    if padding not in ("valid", "same"):
        raise UnsupportedOperator(f"padding {padding!r} is not known; use 'valid' or 'same'")
    found = []
    for n, k, s, d in zip(size, kernel, strides, dilations, strict=True):
        total = max((-(-n // s) - 1) * s + (k - 1) * d + 1 - n, 0) if padding == "same" else 0
        found.append((total // 2, total - total // 2))
    return found


def _geometries(
    x: Array, kernel: Array, strides: Any, padding: str, dilations: Any
) -> tuple[_Depth, Geometry]:
    """The window along the depth, and that of the images."""
    plane = geometry(
        x.shape[2:4], kernel.shape[1:3], tuple(strides[1:]), padding, tuple(dilations[1:])
    )
    size, count, stride, dilation = x.shape[1], kernel.shape[0], strides[0], dilations[0]
    [(before, after)] = padding3d(padding, (size,), (count,), (stride,), (dilation,))
    reach = (count - 1) * dilation + 1
    if reach > size + before + after:
        raise ShapeError(
            f"conv3d: a window of {reach} slices does not fit into an input of {size}; "
            "use padding='same' or a smaller window"
        )
    out = (size + before + after - reach) // stride + 1
    taps = []
    for i in range(count):
        shift = i * dilation - before
        first = max(0, -(shift // stride))  # the first output whose tap lies inside
        last = min(out, max(first, -(-(size - shift) // stride)))
        start = first * stride + shift
        into = slice(start, start + max(0, (last - first - 1) * stride + 1), stride)
        taps.append((slice(first, last), into if last > first else slice(0, 0)))
    return _Depth(out, tuple(taps)), plane


def _as_images(kernel: Array) -> Array:
    """(KD, KH, KW, C, F) as (KH, KW, KD * C, F)."""
    kd, kh, kw, channels, filters = kernel.shape
    turned = array_module(kernel).ascontiguousarray(kernel.transpose(1, 2, 0, 3, 4))
    return turned.reshape(kh, kw, kd * channels, filters)


def _side_by_side(x: Array, depth: _Depth, count: int) -> Iterator[tuple[slice, Array]]:
    """(samples, images): for each output slice the `count` input slices of its window as channels,
    (n * OD, H, W, count * C), zeros where the window leaves the input.
    """
    samples, _, height, width, channels = x.shape
    floats = depth.out * height * width * count * channels
    step = max(1, SAMPLES_FLOATS // max(1, floats))
    for start in range(0, samples, step):
        part = x[start : start + step]
        room = array_module(x).zeros(
            (part.shape[0], depth.out, height, width, count, channels), x.dtype
        )
        for i, (out, into) in enumerate(depth.taps):
            room[:, out, :, :, i] = part[:, into]
        images = room.reshape(part.shape[0] * depth.out, height, width, count * channels)
        yield slice(start, start + step), images


bilinear(conv3d)
