"""Convolutions, by PyTorch."""

from __future__ import annotations

import torch.nn.functional as F

from tests.golden.torch_references.windows import nchw, nhwc, same, torch_pads


def conv2d(x, kernel, bias=None, strides=(1, 1), padding="valid", dilations=(1, 1), groups=1):
    pads = torch_pads(padding, x.shape[1:3], kernel.shape[:2], strides, dilations)
    weight = kernel.permute(3, 2, 0, 1)
    padded = F.pad(nchw(x), pads)
    return nhwc(F.conv2d(padded, weight, bias, strides, 0, dilations, groups))


def conv3d(x, kernel, bias=None, strides=(1, 1, 1), padding="valid", dilations=(1, 1, 1), groups=1):
    pads = [0] * 6
    if padding == "same":
        pads = same(x.shape[1:4], kernel.shape[:3], strides, dilations)
    padded = F.pad(x.movedim(-1, 1), pads)
    weight = kernel.permute(4, 3, 0, 1, 2)
    return F.conv3d(padded, weight, bias, strides, 0, dilations, groups).movedim(1, -1)


def conv2d_transpose(
    x, kernel, bias=None, size=None, strides=(1, 1), before=(0, 0), dilations=(1, 1)
):
    """The whole of PyTorch's output, cut or filled with the bias to the size that is asked for."""
    whole = F.conv_transpose2d(
        nchw(x), kernel.permute(3, 2, 0, 1), None, strides, dilation=dilations
    )
    (top, left), (height, width) = before, size
    pads = (-left, width + left - whole.shape[3], -top, height + top - whole.shape[2])
    y = nhwc(F.pad(whole, pads))
    return y if bias is None else y + bias


def activated_conv2d(x, kernel, bias=None, activation="relu", **window):
    return getattr(F, activation)(conv2d(x, kernel, bias, **window))


TORCH = {
    "activated_conv2d": activated_conv2d,
    "conv2d": conv2d,
    "conv3d": conv3d,
    "conv2d_transpose": conv2d_transpose,
}
