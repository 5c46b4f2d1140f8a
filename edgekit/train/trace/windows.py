"""How volumes, transposed convolutions and changes of size are written in the graph."""

from __future__ import annotations

from typing import Any

import numpy as np

from edgekit.errors import UnsupportedOperator
from edgekit.train.ops.conv3d import padding3d

from .calls import Call, rule
from .parts import bias_of

__all__: list[str] = []


@rule("conv3d")
def _conv3d(call: Call) -> str:
    if call.attrs.get("groups", 1) != 1:
        raise UnsupportedOperator("a convolution of volumes in groups cannot be exported")
    kernel = call.shape_of(1)[:3]
    strides = tuple(call.attrs.get("strides", (1, 1, 1)))
    dilations = tuple(call.attrs.get("dilations", (1, 1, 1)))
    padding = call.attrs.get("padding", "valid")
    sides = padding3d(padding, call.shape_of(0)[1:4], kernel, strides, dilations)
    pads = (*(before for before, _ in sides), *(after for _, after in sides))
    weight = call.weight(1, lambda k: k.transpose(4, 0, 1, 2, 3))
    return call.add(
        "Conv3D", call.value(0), weight, bias_of(call),
        strides=strides, pads=pads, dilations=dilations,
    )  # fmt: skip


@rule("conv2d_transpose")
def _conv2d_transpose(call: Call) -> str:
    """The graph knows no dilations here: the kernel gets zeros between its elements."""
    dilations = call.attrs.get("dilations", (1, 1))

    def laid(kernel: np.ndarray) -> np.ndarray:
        kh, kw, filters, channels = kernel.shape
        down, right = dilations
        wide = np.zeros(
            ((kh - 1) * down + 1, (kw - 1) * right + 1, filters, channels), kernel.dtype
        )
        wide[::down, ::right] = kernel
        return wide.transpose(2, 0, 1, 3)

    return call.add(
        "TransposeConv2D", call.value(0), call.weight(1, laid), bias_of(call),
        size=tuple(call.attrs["size"]),
        strides=tuple(call.attrs.get("strides", (1, 1))),
        pads=tuple(call.attrs.get("before", (0, 0))),
    )  # fmt: skip


@rule("resize_nearest")
def _resize_nearest(call: Call) -> str:
    """Half pixel centers: the cell of each pixel is beyond all doubts of rounding."""
    size = tuple(d for d in call.shape[1:3] if d is not None)
    return call.add("ResizeNearest", call.value(0), size=size, half_pixel_centers=True)


@rule("resize_images")
def _resize_images(call: Call) -> str:
    method = call.attrs.get("method", "bilinear")
    size: Any = tuple(call.attrs["size"])
    if method == "nearest":
        return call.add("ResizeNearest", call.value(0), size=size, half_pixel_centers=True)
    shrinks = any(to < (n or 0) for n, to in zip(call.shape_of(0)[1:3], size, strict=True))
    if method == "bilinear" and not (call.attrs.get("antialias") and shrinks):
        return call.add("ResizeBilinear", call.value(0), size=size, half_pixel_centers=True)
    raise UnsupportedOperator(
        f"interpolation {method!r}{' with antialias' if call.attrs.get('antialias') else ''} "
        "cannot be exported; use 'nearest' or 'bilinear'"
    )
