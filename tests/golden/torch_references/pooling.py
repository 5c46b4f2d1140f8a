"""Pooling, by PyTorch."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
import torch.nn.functional as F

from tests.golden.torch_references.windows import nchw, nhwc, torch_pads


def pool(function: Callable[..., Any], fill: float, x, pool_size, strides=None, padding="valid"):
    strides = strides or pool_size
    pads = torch_pads(padding, x.shape[1:3], pool_size, strides, (1, 1))
    return nhwc(function(F.pad(nchw(x), pads, value=fill), pool_size, strides))


def average_pool(x, **attrs):
    return pool(F.avg_pool2d, 0.0, x, **attrs) / pool(
        F.avg_pool2d, 0.0, torch.ones_like(x), **attrs
    )


TORCH = {
    "max_pool2d": lambda x, **attrs: pool(F.max_pool2d, -float("inf"), x, **attrs),
    "average_pool2d": average_pool,
    "global_average_pool2d": lambda x, keepdims=False: x.mean((1, 2), keepdim=keepdims),
    "global_max_pool2d": lambda x, keepdims=False: x.amax((1, 2), keepdim=keepdims),
}
