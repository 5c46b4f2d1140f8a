"""Batch and layer normalization.

Ioffe and Szegedy, "Batch Normalization", 2015; Ba, Kiros and Hinton, "Layer Normalization", 2016.
"""

from __future__ import annotations

from typing import Any

from edgekit.errors import ShapeError
from edgekit.train.backend import Array, array_module
from edgekit.train.primitive import Primitive, primitive

from .channels import blocks, channel_sums, product_sums, rows, scratch, tile
from .math import maximum, sqrt
from .shape import transpose
from .workers import in_shares, shares

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
def _training(x, gamma=None, beta=None, *, epsilon: float = 1e-3):
    """Normalized by the batch's own statistics; saves (mean, variance, 1 / deviation)."""
    if not x.size:
        raise ShapeError(f"batch_norm: an empty batch {x.shape} has no mean")
    module = array_module(x)
    number = x.dtype.type
    share = number(x.shape[-1] / x.size)
    wide = rows(x)
    mean = channel_sums(x) * share
    wide_mean = tile(mean, wide)

    def squares(part: slice) -> Array:
        return _square_sums(wide[part], wide_mean)

    total = sum(in_shares(squares, shares(len(wide), x, 0.3 * x.size)))
    variance = total.reshape(-1, x.shape[-1]).sum(axis=0) * share
    inverse = number(1) / module.sqrt(variance + number(epsilon))
    scale = inverse if gamma is None else inverse * gamma
    shift = -mean * scale if beta is None else beta - mean * scale
    return _scaled(wide, scale, shift).reshape(x.shape), (mean, variance, inverse)


def _scaled(wide: Array, scale: Array, shift: Array) -> Array:
    """scale * x + shift per channel, in the shape of `wide`."""
    module = array_module(wide)
    wide_scale, wide_shift = tile(scale, wide), tile(shift, wide)
    y = module.empty_like(wide)

    def take(share: slice) -> None:
        source, target = wide[share], y[share]
        for block in blocks(source):
            part = module.multiply(source[block], wide_scale, out=target[block])
            part += wide_shift

    in_shares(take, shares(len(wide), wide, 0.3 * wide.size))
    return y


def _square_sums(wide: Array, wide_mean: Array) -> Array:
    """The sums over the rows of (x - mean)^2."""
    room = scratch(wide)
    total = array_module(wide).zeros(wide.shape[1], wide.dtype)
    for block in blocks(wide):
        part = wide[block]
        centred = array_module(wide).subtract(part, wide_mean, out=room[: len(part)])
        total += product_sums(centred, centred)
    return total


_batch_norm_training: Primitive = _training


@_training.vjp
def _(g, y, x, gamma=None, beta=None, *, saved, needs, epsilon=1e-3):
    mean, _, inverse = saved
    g_sums, products = _gradient_sums(g, x, mean)
    g_gamma = products * inverse
    gx = _centred_gradient(g, x, gamma, saved, g_sums, g_gamma) if needs[0] else None
    return (gx, None if gamma is None else g_gamma, None if beta is None else g_sums)[: len(needs)]


def _gradient_sums(g: Array, x: Array, mean: Array) -> tuple[Array, Array]:
    """For each channel the sums of g and of g * (x - mean)."""
    wide_x, wide_g = rows(x), rows(g)
    wide_mean = tile(mean, wide_x)

    def take(share: slice) -> tuple[Array, Array]:
        return _weight_sums(wide_x[share], wide_mean, wide_g[share])

    found = in_shares(take, shares(len(wide_x), x, 0.3 * x.size))
    totals = (sum(part) for part in zip(*found, strict=True))
    g_sums, products = (total.reshape(-1, x.shape[-1]).sum(axis=0) for total in totals)
    return g_sums, products


def _weight_sums(wide: Array, wide_mean: Array, weights: Array) -> tuple[Array, Array]:
    """The sums over the rows of the weights, and of (x - mean) * weights."""
    module = array_module(wide)
    room = scratch(wide)
    ones = module.ones(len(room), wide.dtype)
    sums, products = module.zeros((2, wide.shape[1]), wide.dtype)
    for block in blocks(wide):
        part, weight = wide[block], weights[block]
        centred = module.subtract(part, wide_mean, out=room[: len(part)])
        products += product_sums(weight, centred)
        sums += ones[: len(part)] @ weight  # while the block is in the cache
    return sums, products


def _centred_gradient(
    g: Array, x: Array, gamma: Any, saved: tuple[Array, ...], g_sums: Array, g_gamma: Array
) -> Array:
    """scale * (g - mean(g) - normalized * mean(g * normalized)), scale = gamma / deviation."""
    module = array_module(x)
    mean, _, inverse = saved
    wide_x, wide_g = rows(x), rows(g)
    share = x.dtype.type(x.shape[-1] / x.size)
    scale = inverse if gamma is None else inverse * gamma
    slope = scale * inverse * g_gamma * -share
    shift = scale * g_sums * -share - mean * slope
    wide_slope, wide_shift, wide_scale = (tile(v, wide_x) for v in (slope, shift, scale))
    gx = module.empty_like(wide_x)

    def take(share: slice) -> None:
        source, weights, target = wide_x[share], wide_g[share], gx[share]
        room = scratch(source)
        for block in blocks(source):
            part = source[block]
            by_x = module.multiply(part, wide_slope, out=room[: len(part)])
            by_x += wide_shift
            result = module.multiply(weights[block], wide_scale, out=target[block])
            result += by_x

    in_shares(take, shares(len(wide_x), x, 0.3 * x.size))
    return gx.reshape(x.shape)


@primitive(name="batch_norm")
def _batch_norm_inference(x, gamma, beta, moving_mean, moving_variance, *, epsilon: float = 1e-3):
    """Normalized by given statistics: a scale and a shift per channel."""
    scale, shift = _affine(x, gamma, beta, moving_mean, moving_variance, epsilon)
    return _scaled(rows(x), scale, shift).reshape(x.shape)


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
        product = _gradient_sums(g, module.ascontiguousarray(x), moving_mean)[1] * inverse
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
