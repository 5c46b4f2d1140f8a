"""Reductions, and the opposite: repeating, and undoing numpy's broadcasting in a gradient."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from edgekit.train.backend import Array, array_module
from edgekit.train.primitive import primitive

__all__ = ["argmax", "broadcast_to", "max", "mean", "min", "spread", "sum", "unbroadcast"]

Axis = int | tuple[int, ...] | None

SMALL_ELEMENTS = 4096
"""Up to this many, filling an array is faster than the view that repeats one number."""


def unbroadcast(g: Any, x: Any) -> Any:
    """The gradient `g`, summed over the axes along which `x` was repeated, in the shape of `x`.

    Takes arrays and tensors.
    """
    shape = x.shape
    if g.shape == shape:
        return g
    extra = len(g.shape) - len(shape)
    axes = tuple(range(extra)) + tuple(
        i + extra for i, n in enumerate(shape) if n == 1 and g.shape[i + extra] != 1
    )
    if axes == tuple(range(len(axes))) and array_module(g) is not np and g.size:
        return _sum_of_rows(g, len(axes)).reshape(shape)
    return g.sum(axis=axes).reshape(shape)


def _sum_of_rows(g: Any, axes: int) -> Any:
    """The sum over the first axes of a device array, in a fixed order where kernels hold it."""
    from edgekit.train.gpu.channels import channel_sums
    from edgekit.train.gpu.kernel import STORAGE

    if g.dtype.name not in STORAGE:
        return g.sum(axis=tuple(range(axes)))
    return channel_sums(g.reshape(math.prod(g.shape[:axes]), -1))


@primitive
def sum(x, *, axis: Axis = None, keepdims: bool = False):
    """The sum along `axis` (all axes when None)."""
    return x.sum(axis=axis, keepdims=keepdims)


@sum.vjp(on_tensors=True)
def _(g, y, x, *, axis=None, keepdims=False):
    return (spread(g, x, axis, keepdims),)


@primitive
def mean(x, *, axis: Axis = None, keepdims: bool = False):
    """The mean along `axis` (all axes when None)."""
    if axis is None and not keepdims and x.dtype == np.float32 and type(x) is np.ndarray:
        return np.add.reduce(x, axis=None) / np.float32(x.size)  # without the wrapper of `mean`
    return x.mean(axis=axis, keepdims=keepdims)


@mean.vjp(on_tensors=True)
def _(g, y, x, *, axis=None, keepdims=False):
    share = g.dtype.type(y.size / x.size)  # typed, or numpy 1.x makes float64 of a single number
    return (spread(g * share, x, axis, keepdims),)


def spread(g: Any, x: Any, axis: Axis, keepdims: bool) -> Any:
    """The gradient of a reduction, repeated along the reduced axes to the shape of `x`."""
    if axis is None and isinstance(g, np.ndarray | np.generic) and x.size <= SMALL_ELEMENTS:
        whole = np.empty(x.shape, g.dtype)
        whole.fill(g.item())
        return whole
    if not keepdims:
        g = g.reshape(_kept_shape(x.shape, axis))
    if hasattr(g, "__edgekit_tensor__"):
        return broadcast_to(g, shape=x.shape)
    return array_module(g).broadcast_to(g, x.shape)


@primitive
def broadcast_to(x, *, shape: tuple[int, ...]):
    """`x` repeated to `shape`, by numpy's rules; no memory is written."""
    return array_module(x).broadcast_to(x, shape)


@broadcast_to.vjp(on_tensors=True)
def _(g, y, x, *, shape):
    return (unbroadcast(g, x),)


def _kept_shape(shape: tuple[int, ...], axis: Axis) -> tuple[int, ...]:
    """The shape after a reduction with keepdims."""
    if axis is None:
        return (1,) * len(shape)
    axes = {a % len(shape) for a in (axis if isinstance(axis, tuple | list) else (axis,))}
    return tuple(1 if i in axes else n for i, n in enumerate(shape))


@primitive
def max(x, *, axis: Axis = None, keepdims: bool = False):
    """The largest along `axis`. Where several are equal they share the gradient."""
    return x.max(axis=axis, keepdims=keepdims)


@max.vjp
def _(g, y, x, *, axis=None, keepdims=False):
    return (_share_reduced(g, y, x, axis),)


@primitive
def min(x, *, axis: Axis = None, keepdims: bool = False):
    """The smallest along `axis`. Where several are equal they share the gradient."""
    return x.min(axis=axis, keepdims=keepdims)


@min.vjp
def _(g, y, x, *, axis=None, keepdims=False):
    return (_share_reduced(g, y, x, axis),)


def _share_reduced(g: Array, y: Array, x: Array, axis: Axis) -> Array:
    shape = _kept_shape(x.shape, axis)
    taken = x == y.reshape(shape)
    count = taken.sum(axis=axis, keepdims=True)
    return taken * (g.reshape(shape) / count.astype(g.dtype))


@primitive(differentiable=False)
def argmax(x, *, axis: int = -1):
    """The index of the largest along `axis`."""
    return x.argmax(axis=axis)
