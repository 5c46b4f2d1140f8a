"""Convolutions, by PyTorch."""

from __future__ import annotations

import torch.nn.functional as F

from tests.golden.torch_references.windows import nchw, nhwc, torch_pads


def conv2d(x, kernel, bias=None, strides=(1, 1), padding="valid", dilations=(1, 1), groups=1):
    pads = torch_pads(padding, x.shape[1:3], kernel.shape[:2], strides, dilations)
    weight = kernel.permute(3, 2, 0, 1)
    padded = F.pad(nchw(x), pads)
    return nhwc(F.conv2d(padded, weight, bias, strides, 0, dilations, groups))


TORCH = {
    "conv2d": conv2d,
}
