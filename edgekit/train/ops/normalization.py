"""Batch and layer normalization.

Ioffe and Szegedy, "Batch Normalization", 2015; Ba, Kiros and Hinton, "Layer Normalization", 2016.
"""

from __future__ import annotations

from typing import Any

from edgekit.errors import UnsupportedOperator
from edgekit.train.backend import Array, array_module
from edgekit.train.primitive import Primitive, primitive

from .channels import channel_sums, product_sums, rows, tile
from .shape import transpose

__all__ = ["batch_norm", "layer_norm"]


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
    handed out as arrays for the caller to move its statistics; no gradient goes through them. Otherwise
    they are the moving statistics that came in. `gamma` and `beta` may be None.
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
def _training(x, gamma=None, beta=None, *, epsilon: float = 1e-3):
    """Normalized by the batch's own statistics; saves (mean, variance, 1 / deviation)."""
    count = x.size // x.shape[-1]
    if not count:
        raise UnsupportedOperator("batch_norm: an empty batch has no mean")
    share = x.dtype.type(1 / count)
    wide = rows(x)
    mean = channel_sums(x) * share
    centred = wide - tile(mean, wide)
    variance = product_sums(centred.reshape(x.shape), centred.reshape(x.shape)) * share
    inverse = 1 / array_module(x).sqrt(variance + x.dtype.type(epsilon))
    scale = inverse if gamma is None else inverse * gamma
    centred *= tile(scale, wide)
    if beta is not None:
        centred += tile(beta, wide)
    return centred.reshape(x.shape), (mean, variance, inverse)


_batch_norm_training: Primitive = _training


@_training.vjp
def _(g, y, x, gamma=None, beta=None, *, saved, needs, epsilon=1e-3):
    mean, _, inverse = saved
    share = x.dtype.type(x.size // x.shape[-1]) ** -1
    g_sums = channel_sums(g)
    # the sum of g * normalized, from that of g * (x - mean): both at once lose no digits
    wide_x, wide_g = rows(x), rows(array_module(g).ascontiguousarray(g))
    normalized = wide_x - tile(mean, wide_x)
    normalized *= tile(inverse, wide_x)
    product = product_sums(wide_g.reshape(x.shape), normalized.reshape(x.shape))
    gx = None
    if needs[0]:
        scale = inverse if gamma is None else inverse * gamma
        normalized *= tile(product * share, wide_x)
        normalized += tile(g_sums * share, wide_x)
        gx = wide_g - normalized
        gx *= tile(scale, wide_x)
        gx = gx.reshape(x.shape)
    return (gx, None if gamma is None else product, None if beta is None else g_sums)[: len(needs)]


@primitive(name="batch_norm")
def _batch_norm_inference(x, gamma, beta, moving_mean, moving_variance, *, epsilon: float = 1e-3):
    """Normalized by given statistics: a scale and a shift per channel."""
    scale, shift = _affine(x, gamma, beta, moving_mean, moving_variance, epsilon)
    wide = rows(x)
    y = wide * tile(scale, wide)
    y += tile(shift, wide)
    return y.reshape(x.shape)


def _affine(
    x: Array, gamma: Any, beta: Any, mean: Array, variance: Array, epsilon: float
) -> tuple[Array, Array]:
    scale = 1 / array_module(x).sqrt(variance + x.dtype.type(epsilon))
    scale = scale if gamma is None else scale * gamma
    return scale, (-mean * scale if beta is None else beta - mean * scale)


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
        product = (product_sums(g, module.ascontiguousarray(x)) - moving_mean * sums) * inverse
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
