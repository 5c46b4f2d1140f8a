"""Primitives that move elements and compute nothing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from edgekit.errors import ShapeError
from edgekit.train.backend import array_module, scatter_add
from edgekit.train.primitive import Primitive, primitive

__all__ = ["concat", "flatten", "getitem", "pad", "reshape", "resize_nearest", "transpose"]


@primitive
def reshape(x, *, shape: tuple[int, ...]):
    """The same elements in another shape; one entry may be -1."""
    return x.reshape(shape)


@reshape.vjp(on_tensors=True)
def _(g, y, x, *, shape):
    return (g.reshape(x.shape),)


@primitive
def flatten(x):
    """(batch, ...) to (batch, features)."""
    return x.reshape(x.shape[0], -1) if x.size else x.reshape(x.shape[0], _features(x.shape))


@flatten.vjp(on_tensors=True)
def _(g, y, x):
    return (g.reshape(x.shape),)


def _features(shape: tuple[int, ...]) -> int:
    return int(np.prod(shape[1:]))


@primitive
def transpose(x, *, axes: tuple[int, ...] | None = None):
    """The axes in another order, reversed when None. The result is contiguous."""
    return array_module(x).ascontiguousarray(x.transpose(axes))


@transpose.vjp
def _(g, y, x, *, axes=None):
    back = None if axes is None else tuple(np.argsort([a % x.ndim for a in axes]).tolist())
    return (g.transpose(back),)


@primitive(name="concat")
def _concat(*parts, axis: int = -1):
    """The parts one after another along `axis`."""
    return array_module(parts[0]).concatenate(parts, axis=axis)


@_concat.vjp
def _(g, y, *parts, axis=-1):
    ends = np.cumsum([p.shape[axis] for p in parts])[:-1].tolist()
    return array_module(g).split(g, ends, axis=axis)


def concat(tensors: Sequence[Any], axis: int = -1) -> Any:
    """The tensors one after another along `axis`."""
    return concat_primitive(*tensors, axis=axis)


concat_primitive: Primitive = _concat


@primitive
def pad(x, *, paddings: tuple[tuple[int, int], ...], value: float = 0.0):
    """A constant border: `paddings` is (before, after) for every axis, the batch axis too."""
    if len(paddings) != x.ndim:
        raise ShapeError(f"pad: {len(paddings)} pairs given for an input of {x.ndim} axes")
    return array_module(x).pad(x, paddings, constant_values=value)


@pad.vjp
def _(g, y, x, *, paddings, value=0.0):
    inside = tuple(slice(b, b + n) for (b, _), n in zip(paddings, x.shape, strict=True))
    return (g[inside],)


@primitive
def getitem(x, *, index: Any):
    """numpy's indexing: slices, integers, None, Ellipsis, arrays of integers or booleans."""
    return x[index]


@getitem.vjp
def _(g, y, x, *, index):
    gx = array_module(x).zeros_like(x)
    parts = index if isinstance(index, tuple) else (index,)
    if all(p is None or p is Ellipsis or isinstance(p, slice | int) for p in parts):
        gx[index] = g
    else:
        scatter_add(gx, index, g)
    return (gx,)


@primitive
def resize_nearest(x, *, size: tuple[int, int]):
    """Each pixel of NHWC `x` repeated `size` = (vertically, horizontally) times."""
    return x.repeat(size[0], axis=1).repeat(size[1], axis=2)


@resize_nearest.vjp
def _(g, y, x, *, size):
    n, h, w, c = x.shape
    return (g.reshape(n, h, size[0], w, size[1], c).sum(axis=(2, 4)),)
