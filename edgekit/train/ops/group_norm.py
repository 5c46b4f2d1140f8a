"""Group normalization: statistics over all positions and the channels of a group, of each sample.

Sums go over positions first, which leaves one number for each channel; the groups are small then.
Wu and He, "Group Normalization", 2018.
"""

from __future__ import annotations

from edgekit.train.backend import Array, array_module
from edgekit.train.primitive import primitive

from .channels import add_vector, channel_sums, product_sums, rows, tile
from .nested import composed
from .normalization import layer_norm
from .shape import reshape

__all__ = ["group_norm"]


@primitive(saves=True)
def group_norm(x, gamma=None, beta=None, *, groups: int, epsilon: float = 1e-3):
    """gamma * (x - mean) / sqrt(variance + epsilon) + beta for `x` (N, ..., C), C being a multiple
    of `groups`; `gamma` and `beta` (C,) may be None.
    """
    flat = x.reshape(x.shape[0], -1, x.shape[-1])
    mean = _group_means(_position_sums(flat), groups, flat)
    normalized = flat - mean
    squares = array_module(x).einsum("npc,npc->nc", normalized, normalized)
    variance = _group_means(squares, groups, flat)
    inverse = 1 / array_module(x).sqrt(variance + x.dtype.type(epsilon))
    normalized *= inverse
    wide = rows(normalized)
    y = (normalized if gamma is None else wide * tile(gamma, wide)).reshape(x.shape)
    if beta is not None:
        y = y.copy() if gamma is None else y
        add_vector(y, beta)
    return y, (normalized, inverse)


@group_norm.vjp
def _(g, y, x, gamma=None, beta=None, *, saved, needs, groups, epsilon=1e-3):
    module = array_module(x)
    normalized, inverse = saved
    g = module.ascontiguousarray(g)
    wide = rows(g)
    gx = None
    if needs[0]:
        gn = (g if gamma is None else wide * tile(gamma, wide)).reshape(normalized.shape)
        products = module.einsum("npc,npc->nc", gn, normalized)
        gx = gn - _group_means(_position_sums(gn), groups, gn)
        gx -= normalized * _group_means(products, groups, gn)
        gx *= inverse
        gx = gx.reshape(x.shape)
    g_gamma = None
    if gamma is not None and needs[1]:
        g_gamma = product_sums(wide, rows(normalized)).reshape(-1, x.shape[-1]).sum(axis=0)
    g_beta = channel_sums(g) if beta is not None and needs[2] else None
    return (gx, g_gamma, g_beta)[: len(needs)]


def _position_sums(x: Array) -> Array:
    """(N, P, C) summed over the positions: (N, C)."""
    return array_module(x).ones(x.shape[1], x.dtype) @ x


def _group_means(sums: Array, groups: int, like: Array) -> Array:
    """Sums over positions (N, C) as the means of the groups, for each channel: (N, 1, C)."""
    samples, channels = sums.shape
    size = channels // groups
    share = sums.dtype.type(1 / (like.shape[1] * size))
    means = sums.reshape(samples, groups, size).sum(axis=2) * share
    return means.repeat(size, axis=1).reshape(samples, 1, channels)


def _of_parts(x, gamma=None, beta=None, *, groups, epsilon=1e-3):
    """The same by layer normalization of the groups."""
    shape = x.shape
    y = reshape(x, shape=(shape[0], -1, groups, shape[-1] // groups))
    y = reshape(layer_norm(y, axis=(1, 3), epsilon=epsilon), shape=shape)
    y = y if gamma is None else y * gamma
    return y if beta is None else y + beta


composed(group_norm, _of_parts)
