"""Pooling for gradients of gradients (see `nested.py`)."""

from __future__ import annotations

from edgekit.train.backend import array_module
from edgekit.train.primitive import primitive
from edgekit.train.tensor import array_of

from . import pooling
from .bilinear import linear
from .reductions import spread
from .windows import padded

__all__ = ["max_pool2d_input_gradient", "picked_by_max_pool2d"]

linear(pooling.average_pool2d)


@primitive
def picked_by_max_pool2d(u, x, *, pool_size, strides=None, padding="valid"):
    """The elements of `u` that stand where the largest of each window of `x` stands."""
    module = array_module(x)
    g = pooling._geometry(x, pool_size, strides, padding)
    source, values = padded(x, g, value=-float("inf")), padded(u, g)
    y = pooling.max_pool2d.forward(x, pool_size=pool_size, strides=strides, padding=padding)
    free, picked = module.ones(y.shape, bool), module.zeros_like(y)
    for i, j in pooling._window(g):
        taken = (pooling._tap(source, g, i, j) == y) & free
        free &= ~taken
        picked += pooling._tap(values, g, i, j) * taken
    return picked


@primitive
def max_pool2d_input_gradient(g, x, *, pool_size, strides=None, padding="valid"):
    """`g` put where the largest of each window of `x` stands."""
    attrs = {"pool_size": pool_size, "strides": strides, "padding": padding}
    y = pooling.max_pool2d.forward(x, **attrs)
    return pooling.max_pool2d.backward(g, y, x, **attrs)[0]


@pooling.max_pool2d.nested_vjp
def _(g, y, x, **attrs):
    return (max_pool2d_input_gradient(g, array_of(x), **attrs),)


@max_pool2d_input_gradient.vjp
def _(u, y, g, x, **attrs):
    return picked_by_max_pool2d.forward(u, x, **attrs), None


@max_pool2d_input_gradient.nested_vjp
def _(u, y, g, x, **attrs):
    return picked_by_max_pool2d(u, array_of(x), **attrs), None


@picked_by_max_pool2d.vjp
def _(g, y, u, x, **attrs):
    return max_pool2d_input_gradient.forward(g, x, **attrs), None


@picked_by_max_pool2d.nested_vjp
def _(g, y, u, x, **attrs):
    return max_pool2d_input_gradient(g, array_of(x), **attrs), None


@pooling.global_max_pool2d.nested_vjp
def _(g, y, x, *, keepdims=False):
    ones = array_module(array_of(y)).ones_like(array_of(y))
    backward = pooling.global_max_pool2d.backward
    (shares,) = backward(ones, array_of(y), array_of(x), keepdims=keepdims)
    return (spread(g.reshape(x.shape[0], 1, 1, x.shape[3]), x, (1, 2), True) * shares,)
