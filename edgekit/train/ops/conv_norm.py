"""A convolution, batch normalization by the batch's own statistics, and ReLU as one primitive.

What a model does with three layers in a row in training on a CPU (`models/regions.py`), with fewer
passes over memory: the bias of the convolution, which the mean takes away again, is not added; ReLU
is part of the pass that scales; and on the way back the scale goes into the kernel. No graph and no
file holds this primitive, so it is in no table.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from edgekit.train.backend import Array
from edgekit.train.primitive import Primitive

from . import conv, depthwise
from .activations import relu
from .batch_norm_passes import (
    FARTHEST_MEAN,
    GradientSums,
    PartSums,
    batch_statistics,
    centring,
    scale_and_shift,
    scaled,
)
from .conv_columns import Kept, keeps_columns
from .nested import _batch_norm_training as composed_batch_norm
from .nested import composed
from .windows import Padding, geometry

__all__ = ["conv_norm"]

Pair = tuple[int, int]


class _Saved(NamedTuple):
    product: Array  # of the convolution, without bias
    statistics: tuple[Array, Array, Array]  # mean, variance and 1 / deviation of the product
    kept: list[Kept] | None  # columns of an image of few channels


def _forward(
    x,
    kernel,
    bias=None,
    gamma=None,
    beta=None,
    *,
    strides: Pair = (1, 1),
    padding: Padding = "valid",
    dilations: Pair = (1, 1),
    epsilon: float = 1e-3,
    separate: bool = False,
    rectify: bool = True,
):
    """relu(batch_norm(conv(x, kernel) + bias, gamma, beta)), without ReLU unless `rectify`.

    separate: a depthwise convolution, kernel (KH, KW, C, 1). Saves the product without bias and its
    mean, variance and 1 / deviation.
    """
    shape = geometry(x.shape[1:3], kernel.shape[:2], strides, padding, dilations)
    kept: list[Kept] | None = None
    powers = PartSums()
    if separate:
        product = depthwise.convolved(x, kernel[..., 0], shape, None, powers.enter_powers)
    else:
        kept = [] if keeps_columns(x, shape) else None
        product = conv.convolved(x, kernel, shape, None, kept, powers.enter_powers)
    mean, variance, inverse = batch_statistics(product, epsilon, powers)
    y = scaled(product, *scale_and_shift(mean, inverse, gamma, beta), rectify)
    return y, _Saved(product, (mean, variance, inverse), kept)


conv_norm = Primitive(_forward, "conv_norm", saves=True, differentiable=True)


@conv_norm.vjp_in_parts
class _Gradients:
    """The way back; the gradient of the output may come part by part."""

    def __init__(
        self, y, x, kernel, bias=None, gamma=None, beta=None, *, saved: _Saved, needs,
        strides: Pair = (1, 1), padding: Padding = "valid", dilations: Pair = (1, 1),
        epsilon: float = 1e-3, separate: bool = False, rectify: bool = True,
    ) -> None:  # fmt: skip
        self.x, self.kernel, self.bias, self.gamma, self.beta = x, kernel, bias, gamma, beta
        self.saved, self.needs, self.separate = saved, needs, separate
        self.shape = geometry(x.shape[1:3], kernel.shape[:2], strides, padding, dilations)
        mean, _, inverse = saved.statistics
        if rectify and _tells_deviations(gamma, beta):
            self.sums, self.inverse = GradientSums(y, beta, 1 / gamma, y), 1 / gamma
        else:
            self.sums = GradientSums(saved.product, mean, inverse, y if rectify else None)
            self.inverse = inverse
        self.rectify = rectify
        self.taken = False

    def take(self, samples: slice, part: Array) -> None:
        self.sums.add_part(samples, part, part)
        self.taken = True

    def gradients(self, g: Array, deliver: Any = None) -> tuple[Any, ...]:
        own = self.taken
        if not own and self.rectify:
            whole, g, own = g, np.empty(g.shape, g.dtype), True
            self.sums.add(whole, g)
        elif not own:
            g = np.ascontiguousarray(g)
            self.sums.add(g)
        g_beta, products = self.sums.result()
        statistics = self.saved.statistics
        g_gamma = products * self.inverse
        target = g if own else np.empty_like(g)
        finish = centring(g, self.saved.product, statistics, (g_beta, g_gamma), target)
        gx, gk = self._convolution(target, finish, deliver)
        found = (
            gx,
            gk,
            None if self.bias is None else np.zeros_like(self.bias),
            None if self.gamma is None else g_gamma,
            None if self.beta is None else g_beta,
        )
        return found[: len(self.needs)]

    def _convolution(self, g: Array, finish: Any, deliver: Any) -> tuple[Any, Any]:
        """The gradients of input and kernel; `g` lacks the scale, which the kernel gets instead.

        finish: called with samples, what writes `g` there.
        """
        scale = self.saved.statistics[2]
        scale = scale if self.gamma is None else scale * self.gamma
        x, shape, needs = self.x, self.shape, self.needs
        if not self.separate:
            kernel = self.kernel * scale
            gx, gk = conv.gradients(g, x, kernel, shape, needs, self.saved.kept, deliver, finish)
            return gx, None if gk is None else gk * scale
        kernel = self.kernel[..., 0] * scale
        gx, gk = depthwise.gradients(g, x, kernel, shape, needs, deliver, finish)
        return gx, None if gk is None else (gk * scale)[..., None]


def _tells_deviations(gamma: Any, beta: Any) -> bool:
    """Whether (y - beta) / gamma is the normalized product where y > 0, to enough digits.

    Then one array less is read: y, which ReLU's derivative needs, instead of the product.
    """
    if gamma is None or beta is None:
        return False
    return bool((np.abs(beta) < FARTHEST_MEAN * np.abs(gamma)).all())


@conv_norm.vjp
def _(
    g, y, x, kernel, bias=None, gamma=None, beta=None, *, saved, needs, deliver=None, **attrs: Any
):
    taker = _Gradients(y, x, kernel, bias, gamma, beta, saved=saved, needs=needs, **attrs)
    return taker.gradients(g, deliver)


def _of_parts(
    x, kernel, bias=None, gamma=None, beta=None, *, epsilon=1e-3, separate=False, rectify=True,
    **window: Any,
):  # fmt: skip
    function = depthwise.depthwise_conv2d if separate else conv.conv2d
    y = composed_batch_norm(function(x, kernel, bias, **window), gamma, beta, epsilon=epsilon)
    return relu(y) if rectify else y


composed(conv_norm, _of_parts)
