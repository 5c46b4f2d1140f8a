"""The passes of batch normalization over memory: sums for each channel, then a line through each.

All that one pass does with a block is done while the block is in the cache. Sums of squares and of
products are taken of the numbers as they are where their mean is small beside their deviation,
which saves the centring; elsewhere that would lose digits.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from edgekit.train.backend import Array, array_module

from .channels import blocks, rows, scratch, tile
from .workers import in_shares, shares

__all__ = ["batch_statistics", "centred_gradient", "gradient_sums", "scaled"]

FARTHEST_MEAN = 4.0
"""In deviations: up to here sums without centring lose no more than four bits."""


def batch_statistics(x: Array, epsilon: float) -> tuple[Array, Array, Array]:
    """Mean, variance and 1 / sqrt(variance + epsilon) of each channel of `x` (..., C)."""
    module = array_module(x)
    number = x.dtype.type
    share = number(x.shape[-1] / x.size)
    sums, squares = _power_sums(x, None)
    mean = sums * share
    variance = module.maximum(squares * share - mean * mean, number(0))
    inverse = number(1) / module.sqrt(variance + number(epsilon))
    if _is_far(mean, inverse):
        variance = _power_sums(x, mean)[1] * share
        inverse = number(1) / module.sqrt(variance + number(epsilon))
    return mean, variance, inverse


def _is_far(mean: Array, inverse: Array) -> bool:
    """Whether sums must be centred. Always on a GPU, which would have to be waited for."""
    if not isinstance(mean, np.ndarray):
        return True
    return not bool((np.abs(mean) * inverse).max() <= FARTHEST_MEAN)  # NaN is far too


def _power_sums(x: Array, mean: Any) -> tuple[Array, Array]:
    """For each channel the sums of x, and of x^2 or, where a mean is given, of (x - mean)^2."""
    wide = rows(x)
    wide_mean = None if mean is None else tile(mean, wide)

    def take(share: slice) -> tuple[Array, Array]:
        return _power_sums_part(wide[share], wide_mean)

    return _joined(in_shares(take, shares(len(wide), x, 0.2 * x.size)), x)


def _power_sums_part(wide: Array, wide_mean: Any) -> tuple[Array, Array]:
    module = array_module(wide)
    room = scratch(wide)
    ones = module.ones(len(room), wide.dtype)
    sums, squares = module.zeros((2, wide.shape[1]), wide.dtype)
    for block in blocks(wide):
        part = wide[block]
        square, one = room[: len(part)], ones[: len(part)]
        sums += one @ part
        if wide_mean is not None:
            part = module.subtract(part, wide_mean, out=square)
        squares += one @ module.multiply(part, part, out=square)
    return sums, squares


def _joined(found: list[tuple[Array, Array]], x: Array) -> tuple[Array, Array]:
    """Sums along the long rows of each share, joined to a pair of sums for each channel."""
    first, second = (sum(parts) for parts in zip(*found, strict=True))
    channels = x.shape[-1]
    return first.reshape(-1, channels).sum(axis=0), second.reshape(-1, channels).sum(axis=0)


def scaled(x: Array, scale: Array, shift: Array) -> Array:
    """scale * x + shift for each channel."""
    module = array_module(x)
    wide = rows(x)
    wide_scale, wide_shift = tile(scale, wide), tile(shift, wide)
    y = module.empty_like(wide)

    def take(share: slice) -> None:
        source, target = wide[share], y[share]
        for block in blocks(source):
            part = module.multiply(source[block], wide_scale, out=target[block])
            part += wide_shift

    in_shares(take, shares(len(wide), wide, 0.2 * wide.size))
    return y.reshape(x.shape)


def gradient_sums(
    g: Array, x: Array, mean: Array, inverse: Array, rectified: Any = None
) -> tuple[Array, Array, Array]:
    """For each channel the sums of g and of g * (x - mean); and g.

    With `rectified`, an output of ReLU, g counts only where that is positive, and is handed out so.
    """
    wide_x, wide_g = rows(x), rows(g)
    wide_y = None if rectified is None else rows(rectified)
    target = wide_g if rectified is None else array_module(g).empty_like(wide_g)
    wide_mean = tile(mean, wide_x) if _is_far(mean, inverse) else None

    def take(share: slice) -> tuple[Array, Array]:
        if wide_y is None:
            return _weight_sums(wide_x[share], wide_mean, wide_g[share])
        positive = wide_y[share]
        return _weight_sums(wide_x[share], wide_mean, wide_g[share], positive, target[share])

    found = in_shares(take, shares(len(wide_x), x, 0.3 * x.size))
    g_sums, products = _joined(found, x)
    if wide_mean is None:
        products -= mean * g_sums
    return g_sums, products, target.reshape(g.shape)


def _weight_sums(
    wide: Array, wide_mean: Any, weights: Array, rectified: Any = None, target: Any = None
) -> tuple[Array, Array]:
    """The sums over the rows of the weights, and of (x - mean) * weights.

    With `rectified` the weights count where that is positive, and are written to `target`.
    """
    module = array_module(wide)
    room = scratch(wide)
    ones = module.ones(len(room), wide.dtype)
    sums, products = module.zeros((2, wide.shape[1]), wide.dtype)
    for block in blocks(wide):
        part, weight = wide[block], weights[block]
        product, one = room[: len(part)], ones[: len(part)]
        if rectified is not None:
            weight = module.multiply(weight, rectified[block] > 0, out=target[block])
        sums += one @ weight
        if wide_mean is not None:
            part = module.subtract(part, wide_mean, out=product)
        products += one @ module.multiply(part, weight, out=product)
    return sums, products


def centred_gradient(
    g: Array, x: Array, scale: Array, saved: tuple[Array, ...], sums: tuple[Array, Array], own: bool
) -> Array:
    """scale * (g - mean(g) - normalized * mean(g * normalized)), scale = gamma / deviation.

    sums: of g and of g * normalized. own: whether g may be written over.
    """
    module = array_module(x)
    mean, _, inverse = saved
    wide_x, wide_g = rows(x), rows(g)
    share = x.dtype.type(x.shape[-1] / x.size)
    slope = scale * inverse * sums[1] * -share
    shift = scale * sums[0] * -share - mean * slope
    wide_slope, wide_shift, wide_scale = (tile(v, wide_x) for v in (slope, shift, scale))
    gx = wide_g if own else module.empty_like(wide_x)

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
