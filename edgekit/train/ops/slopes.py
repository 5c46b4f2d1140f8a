"""Piecewise linear activations: a learned slope, and the projection onto the simplex."""

from __future__ import annotations

from edgekit.train.backend import array_module
from edgekit.train.primitive import primitive
from edgekit.train.tensor import array_of

from .reductions import unbroadcast

__all__ = ["prelu", "sparsemax"]


@primitive
def prelu(x, alpha):
    """x where x > 0, alpha * x elsewhere; `alpha` broadcasts. He et al. 2015."""
    return array_module(x).where(x > 0, x, x * alpha)


@prelu.vjp
def _(g, y, x, alpha, *, needs):
    module = array_module(x)
    below = x <= 0
    gx = module.where(below, g * alpha, g) if needs[0] else None
    return gx, unbroadcast(g * x * below, alpha) if needs[1] else None


@prelu.nested_vjp
def _(g, y, x, alpha, *, needs):
    below = array_of(x) <= 0
    below = below.astype(g.dtype)
    gx = g * (1 - below) + g * alpha * below if needs[0] else None
    return gx, unbroadcast(g * x * below, alpha) if needs[1] else None


@primitive
def sparsemax(x, *, axis: int = -1):
    """The point of the simplex along `axis` that is nearest to x: max(x - tau, 0), where tau makes
    the sum 1. Martins and Astudillo, "From Softmax to Sparsemax", 2016.
    """
    module = array_module(x)
    moved = module.moveaxis(x, axis, -1)
    ordered = module.sort(moved, axis=-1)[..., ::-1]
    sums = module.cumsum(ordered, axis=-1) - x.dtype.type(1)
    count = module.arange(1, moved.shape[-1] + 1, dtype=x.dtype)
    support = (ordered * count > sums).sum(axis=-1, keepdims=True)
    tau = module.take_along_axis(sums, support - 1, axis=-1) / support.astype(x.dtype)
    return module.moveaxis(module.maximum(moved - tau, 0), -1, axis)


@sparsemax.vjp
def _(g, y, x, *, axis=-1):
    support = y > 0
    inside = g * support
    mean = inside.sum(axis=axis, keepdims=True) / support.sum(axis=axis, keepdims=True).astype(
        g.dtype
    )
    return ((inside - mean) * support,)


@sparsemax.nested_vjp
def _(g, y, x, *, axis=-1):
    support = (y.data > 0).astype(y.dtype)  # a constant: sparsemax is made of straight pieces
    share = 1 / support.sum(axis=axis, keepdims=True)
    mean = (g * support).sum(axis=axis, keepdims=True) * share
    return ((g - mean) * support,)
