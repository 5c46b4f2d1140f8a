"""Batch and layer normalization.

Ioffe and Szegedy, "Batch Normalization", 2015; Ba, Kiros and Hinton, "Layer Normalization", 2016.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from edgekit.errors import ShapeError
from edgekit.train.backend import Array, array_module
from edgekit.train.primitive import primitive

from .activations import relu
from .batch_norm_passes import (
    GradientSums,
    batch_statistics,
    centred_gradient,
    gradient_sums,
    scale_and_shift,
    scaled,
)
from .channels import channel_sums, rows, tile
from .math import maximum, sqrt
from .shape import transpose

__all__ = ["batch_norm", "layer_norm", "unit_norm"]


def batch_norm(
    x: Any,
    gamma: Any,
    beta: Any,
    moving_mean: Any,
    moving_variance: Any,
    *,
    training: bool,
    epsilon: float = 1e-3,
    axis: int = -1,
) -> tuple[Any, Any, Any]:
    """(output, mean, variance): gamma * (x - mean) / sqrt(variance + epsilon) + beta, per channel.

    In training, mean and variance (divided by the count, as Keras has it) are those of the batch,
    handed out as arrays for the caller to move its statistics; no gradient goes through them.
    Otherwise they are the moving statistics that came in. `gamma` and `beta` may be None.
    """
    last = len(x.shape) - 1
    if axis not in (-1, last):
        order = [*(i for i in range(last + 1) if i != axis % (last + 1)), axis % (last + 1)]
        x = transpose(x, axes=tuple(order))
    if training:
        y, statistics = _batch_norm_training.call_saving(x, gamma, beta, epsilon=epsilon)
        mean, variance = (None, None) if statistics is None else statistics[:2]
    else:
        y = _batch_norm_inference(x, gamma, beta, moving_mean, moving_variance, epsilon=epsilon)
        mean, variance = moving_mean, moving_variance
    if axis not in (-1, last):
        y = transpose(y, axes=tuple(order.index(i) for i in range(last + 1)))
    return y, mean, variance


@primitive(name="batch_norm_training", saves=True)
def _batch_norm_training(x, gamma=None, beta=None, *, epsilon: float = 1e-3):
    """Normalized by the batch's own statistics; saves (mean, variance, 1 / deviation)."""
    if not x.size:
        raise ShapeError(f"batch_norm: an empty batch {x.shape} has no mean")
    mean, variance, inverse = batch_statistics(x, epsilon)
    return scaled(x, *scale_and_shift(mean, inverse, gamma, beta)), (mean, variance, inverse)


@_batch_norm_training.vjp
def _(g, y, x, gamma=None, beta=None, *, saved, needs, epsilon=1e-3):
    sums = gradient_sums(g, x, saved[0], saved[2])
    return _training_gradients(g, x, gamma, beta, saved, needs, sums, own=False)


def _training_gradients(
    g: Array, x: Array, gamma: Any, beta: Any, saved: Any, needs: Any, sums: Any, own: bool
) -> tuple[Any, ...]:
    """sums: what `gradient_sums` gives. own: whether g may be written over."""
    inverse = saved[2]
    g_sums, products = sums
    g_gamma = products * inverse
    gx = None
    if needs[0]:
        scale = inverse if gamma is None else inverse * gamma
        gx = centred_gradient(g, x, saved, (g_sums, g_gamma), scale, own)
    return (gx, None if gamma is None else g_gamma, None if beta is None else g_sums)[: len(needs)]


@_batch_norm_training.vjp_before(relu)
def _(g, y, x, gamma=None, beta=None, *, saved, needs, epsilon=1e-3):
    sums = GradientSums(x, saved[0], saved[2], y)
    counting = np.empty(g.shape, g.dtype)
    sums.add(g, counting)
    return _training_gradients(counting, x, gamma, beta, saved, needs, sums.result(), own=True)


@primitive(name="batch_norm")
def _batch_norm_inference(x, gamma, beta, moving_mean, moving_variance, *, epsilon: float = 1e-3):
    """Normalized by given statistics: a scale and a shift per channel."""
    scale, shift = _affine(x, gamma, beta, moving_mean, moving_variance, epsilon)
    return scaled(x, scale, shift)


def _affine(
    x: Array, gamma: Any, beta: Any, mean: Array, variance: Array, epsilon: float
) -> tuple[Array, Array]:
    inverse = 1 / array_module(x).sqrt(variance + x.dtype.type(epsilon))
    return scale_and_shift(mean, inverse, gamma, beta)


@_batch_norm_inference.vjp
def _(g, y, x, gamma, beta, moving_mean, moving_variance, *, needs, epsilon=1e-3):
    module = array_module(x)
    g = module.ascontiguousarray(g)
    inverse = 1 / module.sqrt(moving_variance + x.dtype.type(epsilon))
    scale = inverse if gamma is None else inverse * gamma
    wide = rows(g)
    gx = (wide * tile(scale, wide)).reshape(x.shape) if needs[0] else None
    sums = channel_sums(g) if any(needs[1:]) else None
    product = None
    if needs[1] or needs[4]:
        product = gradient_sums(g, module.ascontiguousarray(x), moving_mean, inverse)[1] * inverse
    return (
        gx,
        product if needs[1] else None,
        sums if needs[2] else None,
        -scale * sums if needs[3] else None,
        product * scale * inverse * x.dtype.type(-0.5) if needs[4] else None,
    )


@primitive(saves=True)
def layer_norm(
    x, gamma=None, beta=None, *, axis: int | tuple[int, ...] = -1, epsilon: float = 1e-3
):
    """gamma * (x - mean) / sqrt(variance + epsilon) + beta, statistics along `axis` of each sample.

    `gamma` and `beta` have the sizes of the axes that are normalized, in their order.
    """
    axes = _axes(x, axis)
    mean = x.mean(axis=axes, keepdims=True)
    centred = x - mean
    variance = (centred * centred).mean(axis=axes, keepdims=True)
    inverse = 1 / array_module(x).sqrt(variance + x.dtype.type(epsilon))
    normalized = centred * inverse
    y = normalized if gamma is None else normalized * _aligned(gamma, x, axes)
    y = y if beta is None else y + _aligned(beta, x, axes)
    return y, (normalized, inverse)


@layer_norm.vjp
def _(g, y, x, gamma=None, beta=None, *, saved, needs, axis=-1, epsilon=1e-3):
    normalized, inverse = saved
    axes = _axes(x, axis)
    others = tuple(i for i in range(x.ndim) if i not in axes)
    gn = g if gamma is None else g * _aligned(gamma, x, axes)
    gx = None
    if needs[0]:
        product = (gn * normalized).mean(axis=axes, keepdims=True)
        gx = (gn - gn.mean(axis=axes, keepdims=True) - normalized * product) * inverse
    g_gamma = None if gamma is None else (g * normalized).sum(axis=others)
    return (gx, g_gamma, None if beta is None else g.sum(axis=others))[: len(needs)]


def _axes(x: Array, axis: int | tuple[int, ...]) -> tuple[int, ...]:
    given = axis if isinstance(axis, tuple | list) else (axis,)
    return tuple(sorted(a % x.ndim for a in given))


def _aligned(vector: Array, x: Array, axes: tuple[int, ...]) -> Array:
    """`vector` shaped so that it broadcasts over the axes that are not normalized."""
    return vector.reshape([n if i in axes else 1 for i, n in enumerate(x.shape)])


@primitive(saves=True)
def unit_norm(x, *, axis: int | tuple[int, ...] = -1, epsilon: float = 1e-12):
    """`x` divided by its length along `axis`; a length below sqrt(epsilon) counts as that."""
    axes = _axes(x, axis)
    squares = (x * x).sum(axis=axes, keepdims=True)
    inverse = 1 / array_module(x).sqrt(array_module(x).maximum(squares, x.dtype.type(epsilon)))
    return x * inverse, (inverse, squares > epsilon)


@unit_norm.vjp
def _(g, y, x, *, saved, axis=-1, epsilon=1e-12):
    inverse, long = saved
    product = (g * y).sum(axis=_axes(x, axis), keepdims=True)
    return ((g - y * (product * long)) * inverse,)


@unit_norm.nested_vjp
def _(g, y, x, *, saved, axis=-1, epsilon=1e-12):
    axes = _axes(x, axis)
    inverse = 1 / sqrt(maximum((x * x).sum(axis=axes, keepdims=True), epsilon))
    product = (g * y).sum(axis=axes, keepdims=True)
    return ((g - y * (product * saved[1].astype(g.dtype))) * inverse,)
