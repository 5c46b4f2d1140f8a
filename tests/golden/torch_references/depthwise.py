"""Depthwise convolutions, by PyTorch."""

from __future__ import annotations

from tests.golden.torch_references.convolution import conv2d


def depthwise(x, kernel, bias=None, strides=(1, 1), padding="valid", dilations=(1, 1)):
    kh, kw, channels, multiplier = kernel.shape
    full = kernel.reshape(kh, kw, 1, channels * multiplier)
    return conv2d(x, full, bias, strides, padding, dilations, groups=channels)


TORCH = {
    "depthwise_conv2d": depthwise,
}
