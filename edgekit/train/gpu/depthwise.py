"""Depthwise convolution on the GPU, both ways."""

from __future__ import annotations

from typing import Any

import numpy as np

from edgekit.train.ops import depthwise
from edgekit.train.ops.windows import Geometry, geometry

from .channels import THREADS, channel_sums, layout, tickets
from .kernel import STORAGE, Kernel, blocks_for, contiguous, empty, kernel, type_name
from .rules import on_gpu
from .windows import lanes_of, numbers, small

__all__ = ["kernels"]

_SOURCE = "depthwise.cu"
_SQUARES = ((3, 1), (3, 2), (5, 1), (5, 2))  # sizes and strides with a kernel of their own
_COLUMNS, _TAPS = 4, 9  # of a thread; in sources/depthwise.cu


def kernels() -> list[Kernel]:
    """Every kernel of this module, for those who compile them all."""
    names = []
    for t in STORAGE.values():
        names.append(f"depthwise_kernel_gradient<{t}>")
        for v in (1, 4):
            names += [f"depthwise_square<{t}, {k}, {s}, {v}>" for k, s in _SQUARES]
            names += [f"depthwise_forward<{t}, {v}>", f"depthwise_input_gradient<{t}, {v}>"]
    return [kernel(_SOURCE, name) for name in names]


def _takes(x: Any, weights: Any, bias: Any = None, **attrs: Any) -> bool:
    same = all(p is None or p.dtype == x.dtype for p in (weights, bias))
    fits = x.ndim == 4 and weights.ndim == 4 and x.shape[3] == weights.shape[2]
    return same and fits and small(x) and x.size * weights.shape[3] < 1 << 31


@on_gpu(depthwise.depthwise_conv2d, when=_takes)
def _rule(
    x: Any, weights: Any, bias: Any = None, *, strides: Any = (1, 1), padding: Any = "valid",
    dilations: Any = (1, 1),
) -> Any:  # fmt: skip
    x, weights = contiguous(x), contiguous(weights)
    bias = None if bias is None else contiguous(bias)
    g = geometry(x.shape[1:3], weights.shape[:2], strides, padding, dilations)
    channels, multiplier = weights.shape[2:]
    if _is_square(g, multiplier):
        border = g.padding[:2]
        return _square(x, weights, bias, g, (g.out_height, g.out_width), border, flipped=False)
    y = empty((len(x), g.out_height, g.out_width, channels * multiplier), x.dtype)
    v = lanes_of(channels, x, weights, bias, y) if multiplier == 1 else 1
    count = y.size // v
    if count:
        run = kernel(_SOURCE, f"depthwise_forward<{type_name(x.dtype)}, {v}>")
        run(
            blocks_for(count), THREADS, x, weights, weights if bias is None else bias,
            np.int32(bias is not None), y, *numbers(g), np.int32(channels),
            np.int32(multiplier), np.int64(count),
        )  # fmt: skip
    return y


@_rule.vjp
def _(
    g: Any, y: Any, x: Any, weights: Any, bias: Any = None, *, needs: Any,
    strides: Any = (1, 1), padding: Any = "valid", dilations: Any = (1, 1),
) -> Any:  # fmt: skip
    g, x, weights = contiguous(g), contiguous(x), contiguous(weights)
    shape = geometry(x.shape[1:3], weights.shape[:2], strides, padding, dilations)
    gx = _input_gradient(g, x, weights, shape) if needs[0] else None
    wants_bias = bias is not None and bool(needs[2])
    gk = gb = None
    if needs[1]:
        gk, gb = _kernel_gradient(g, x, weights, shape, wants_bias)
    elif wants_bias:
        gb = channel_sums(g)
    return (gx, gk, gb)[: len(needs)]


def _is_square(g: Geometry, multiplier: int) -> bool:
    square = g.kernel[0] == g.kernel[1] and g.strides[0] == g.strides[1]
    plain = multiplier == 1 and g.dilations == (1, 1)
    return square and plain and (g.kernel[0], g.strides[0]) in _SQUARES


def _square(
    x: Any, weights: Any, bias: Any, g: Geometry, out: tuple[int, int], border: tuple[int, ...],
    flipped: bool,
) -> Any:  # fmt: skip
    """An output of `out` rows and columns, with `border` rows and columns of zeros before `x`."""
    channels = x.shape[3]
    y = empty((len(x), *out, channels), x.dtype)
    v = lanes_of(channels, x, weights, bias, y)
    count = len(x) * out[0] * -(-out[1] // _COLUMNS) * (channels // v)
    if count:
        which = f"{type_name(x.dtype)}, {g.kernel[0]}, {1 if flipped else g.strides[0]}, {v}"
        run = kernel(_SOURCE, f"depthwise_square<{which}>")
        sizes = (*x.shape[1:3], *out, channels, *border)
        run(
            blocks_for(count), THREADS, x, weights, weights if bias is None else bias,
            np.int32(bias is not None), np.int32(flipped), y, *map(np.int32, sizes),
            np.int64(count),
        )  # fmt: skip
    return y


def _input_gradient(g: Any, x: Any, weights: Any, shape: Geometry) -> Any:
    channels, multiplier = weights.shape[2:]
    if _is_square(shape, multiplier) and shape.strides == (1, 1):
        # a convolution of the gradient with the kernel turned around
        last = shape.kernel[0] - 1
        border = (last - shape.padding[0], last - shape.padding[1])
        return _square(g, weights, None, shape, x.shape[1:3], border, flipped=True)
    gx = empty(x.shape, x.dtype)
    v = lanes_of(channels, g, weights, gx) if multiplier == 1 else 1
    count = gx.size // v
    if count:
        run = kernel(_SOURCE, f"depthwise_input_gradient<{type_name(x.dtype)}, {v}>")
        run(
            blocks_for(count), THREADS, g, weights, gx, *numbers(shape), np.int32(channels),
            np.int32(multiplier), np.int64(count),
        )  # fmt: skip
    return gx


def _kernel_gradient(
    g: Any, x: Any, weights: Any, shape: Geometry, wants_bias: bool
) -> tuple[Any, Any]:
    """The gradients of the kernel, and of the bias where it is wanted."""
    channels, multiplier = weights.shape[2:]
    gk = empty(weights.shape, weights.dtype)
    gb = empty(channels * multiplier, weights.dtype) if wants_bias else None
    if not g.size:
        gk.fill(0)
        return gk, None if gb is None else channel_sums(g)
    how = layout(g.size // (channels * multiplier), channels * multiplier)
    groups = -(-shape.kernel[0] * shape.kernel[1] // _TAPS)
    run = kernel(_SOURCE, f"depthwise_kernel_gradient<{type_name(x.dtype)}>")
    run(
        (*how.grid, groups), THREADS, g, x, gk, gk if gb is None else gb, np.int32(wants_bias),
        how.parts((_TAPS + 1) * groups), tickets(how.tiles * groups), *numbers(shape),
        np.int32(multiplier), *how.sizes,
    )  # fmt: skip
    return gk, gb
