"""Transposed convolution on NHWC arrays: the gradient of a convolution by its input, as a layer.

Zeiler, Krishnan, Taylor and Fergus, "Deconvolutional Networks", 2010.
"""

from __future__ import annotations

from edgekit.errors import ShapeError
from edgekit.train.backend import Array, array_module
from edgekit.train.primitive import primitive

from . import conv
from .bilinear import bilinear
from .channels import add_vector, channel_sums
from .windows import Geometry, geometry

__all__ = ["conv2d_transpose"]

Pair = tuple[int, int]


@primitive
def conv2d_transpose(
    x,
    kernel,
    bias=None,
    *,
    size: Pair,
    strides: Pair = (1, 1),
    before: Pair = (0, 0),
    dilations: Pair = (1, 1),
):
    """`x` (N, H, W, C) spread by `kernel` (KH, KW, F, C) over images of `size` pixels, plus bias.

    Input pixel i adds kernel element k to output pixel i * stride + k * dilation - before; what
    falls outside of `size` is dropped. Raises ShapeError where channels do not fit.
    """
    if x.ndim != 4 or kernel.ndim != 4 or x.shape[3] != kernel.shape[3]:
        raise ShapeError(
            f"conv2d_transpose: input {x.shape} does not fit a kernel of shape {kernel.shape}; "
            f"expected NHWC with {kernel.shape[-1]} channels"
        )
    g = _geometry(x, kernel, size, strides, before, dilations)
    like = array_module(x).empty((x.shape[0], *size, kernel.shape[2]), x.dtype)
    y = conv.gradients(array_module(x).ascontiguousarray(x), like, kernel, g, (True, False))[0]
    y = array_module(x).ascontiguousarray(y)
    if bias is not None:
        add_vector(y, bias)
    return y


@conv2d_transpose.vjp
def _(
    g,
    y,
    x,
    kernel,
    bias=None,
    *,
    needs,
    size,
    strides=(1, 1),
    before=(0, 0),
    dilations=(1, 1),
):
    shape = _geometry(x, kernel, size, strides, before, dilations)
    module = array_module(g)
    g = module.ascontiguousarray(g)
    gx = conv.convolved(g, kernel, shape) if needs[0] else None
    gk = None
    if needs[1]:
        gk = conv.gradients(module.ascontiguousarray(x), g, kernel, shape, (False, True))[1]
    gb = channel_sums(g) if bias is not None and needs[2] else None
    return (gx, gk, gb)[: len(needs)]


def _geometry(
    x: Array, kernel: Array, size: Pair, strides: Pair, before: Pair, dilations: Pair
) -> Geometry:
    """The convolution whose gradient this is: from images of `size` to those of `x`."""
    after = []
    for n, out, k, s, d, b in zip(
        x.shape[1:3], size, kernel.shape[:2], strides, dilations, before, strict=True
    ):
        after.append(max(0, (n - 1) * s + (k - 1) * d + 1 - b - out))
    g = geometry(tuple(size), kernel.shape[:2], strides, (*before, *after), dilations)
    # pixels of the output that no window reaches make no further windows
    return g._replace(out_height=x.shape[1], out_width=x.shape[2])


bilinear(conv2d_transpose)
