"""A convolution and ReLU as one primitive, in training on a CPU (`models/regions.py`).

Each thread takes its share of a batch through both. No graph and no file holds this primitive, so
it is in no table.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from edgekit.train.backend import Array
from edgekit.train.primitive import Primitive

from . import conv
from .activations import relu
from .channels import channel_sums
from .conv_columns import Kept, keeps_columns
from .nested import composed
from .windows import Padding, geometry

__all__ = ["conv_relu"]

Pair = tuple[int, int]


def _forward(
    x,
    kernel,
    bias=None,
    *,
    strides: Pair = (1, 1),
    padding: Padding = "valid",
    dilations: Pair = (1, 1),
):
    """relu(conv2d(x, kernel, bias)). Saves columns of an image of few channels."""
    shape = geometry(x.shape[1:3], kernel.shape[:2], strides, padding, dilations)
    kept: list[Kept] | None = [] if keeps_columns(x, shape) else None

    def rectify(samples: slice, part: Array) -> None:
        part.clip(0, math.inf, out=part)

    return conv.convolved(x, kernel, shape, bias, kept, rectify), kept


conv_relu = Primitive(_forward, "conv_relu", saves=True, differentiable=True)


@conv_relu.vjp
def _(
    g, y, x, kernel, bias=None, *, saved, needs, deliver=None,
    strides: Pair = (1, 1), padding: Padding = "valid", dilations: Pair = (1, 1),
):  # fmt: skip
    shape = geometry(x.shape[1:3], kernel.shape[:2], strides, padding, dilations)
    counting = np.empty(g.shape, g.dtype)

    def finish(samples: slice) -> None:
        np.multiply(g[samples], y[samples] > 0, out=counting[samples])

    gx, gk = conv.gradients(counting, x, kernel, shape, needs, saved, deliver, finish)
    gb = channel_sums(counting) if bias is not None and needs[2] else None
    return (gx, gk, gb)[: len(needs)]


def _of_parts(x, kernel, bias=None, **window: Any):
    return relu(conv.conv2d(x, kernel, bias, **window))


composed(conv_relu, _of_parts)
