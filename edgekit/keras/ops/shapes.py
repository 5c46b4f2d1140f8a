"""Tensors in other shapes: axes moved, made and left out, elements in another order."""

from __future__ import annotations

from typing import Any

import numpy as np

from edgekit.errors import InputError, UnsupportedOperator
from edgekit.keras.ops.tensors import as_tensor, axes_of, dtype_of, operation
from edgekit.train.backend import asarray
from edgekit.train.ops import math
from edgekit.train.ops import shape as ops

__all__ = [
    "broadcast_to", "expand_dims", "flip", "fliplr", "flipud", "meshgrid", "moveaxis", "ndim",
    "pad", "ravel", "reshape", "roll", "rot90", "shape", "size", "squeeze", "swapaxes", "transpose",
]  # fmt: skip

_ALL = np.s_[:]


def shape(x: Any) -> tuple[Any, ...]:
    """The sizes along the axes; None where a symbolic tensor does not know."""
    return tuple(x.shape) if hasattr(x, "shape") else np.shape(x)


def ndim(x: Any) -> int:
    """The number of axes."""
    return len(shape(x))


def size(x: Any) -> int:
    """The number of elements."""
    return int(np.prod(shape(x)))


def reshape(x: Any, newshape: Any) -> Any:
    """The same elements in another shape; one size may be -1."""
    target = (newshape,) if isinstance(newshape, int) else tuple(int(n) for n in newshape)
    return ops.reshape(as_tensor(x), shape=target)


def ravel(x: Any) -> Any:
    """All elements in one axis."""
    return reshape(x, (-1,))


def transpose(x: Any, axes: Any = None) -> Any:
    """The axes in another order, reversed by default."""
    return ops.transpose(as_tensor(x), axes=None if axes is None else tuple(axes))


def swapaxes(x: Any, axis1: int, axis2: int) -> Any:
    """Two axes exchanged."""
    return as_tensor(x).swapaxes(axis1, axis2)


def moveaxis(x: Any, source: Any, destination: Any) -> Any:
    """Axes at other places."""
    places = list(range(ndim(x)))
    sources = [source] if isinstance(source, int) else list(source)
    targets = [destination] if isinstance(destination, int) else list(destination)
    sources = [a % len(places) for a in sources]
    rest = [a for a in places if a not in sources]
    for target, a in sorted(zip((t % len(places) for t in targets), sources, strict=True)):
        rest.insert(target, a)
    return transpose(x, rest)


def expand_dims(x: Any, axis: Any) -> Any:
    """A new axis of size 1."""
    x = as_tensor(x)
    axes = (axis,) if isinstance(axis, int) else tuple(axis)
    rank = ndim(x) + len(axes)
    new = {a % rank for a in axes}
    return x[tuple(None if i in new else _ALL for i in range(rank))]


def squeeze(x: Any, axis: Any = None) -> Any:
    """Without axes of size 1."""
    x = as_tensor(x)
    sizes = shape(x)
    if axis is None:
        gone = {i for i, n in enumerate(sizes) if n == 1}
    else:
        gone = set(axes_of(x, axis))
    if any(sizes[a] not in (1, None) for a in gone):
        raise InputError(f"squeeze: expected axes of size 1. Received: axis={axis} for {sizes}")
    return x[tuple(0 if i in gone else _ALL for i in range(len(sizes)))]


def broadcast_to(x: Any, shape: Any) -> Any:
    """Repeated to a shape, by numpy's rules."""
    return math.broadcast_to(as_tensor(x), shape=tuple(shape))


def meshgrid(*x: Any, indexing: str = "xy") -> list[Any]:
    """Coordinates of all points of a grid."""
    if indexing not in ("xy", "ij"):
        raise InputError(f"meshgrid: indexing is 'xy' or 'ij'. Received: {indexing!r}")
    given = [ravel(one) for one in x]
    sizes = [one.shape[0] for one in given]
    axes = list(range(len(given)))
    if indexing == "xy" and len(axes) > 1:
        axes[:2] = 1, 0
    full = tuple(sizes[axes.index(i)] for i in range(len(axes)))
    rows = [
        reshape(one, tuple(-1 if i == axis else 1 for i in range(len(axes))))
        for one, axis in zip(given, axes, strict=True)
    ]
    return [broadcast_to(row, full) for row in rows]


# -- another order --------------------------------------------------------------------------------


@operation
def flip(x: Any, axis: Any = None) -> Any:
    """Backwards along axes."""
    x = as_tensor(x)
    turned = set(axes_of(x, axis))
    return x[tuple(np.s_[::-1] if i in turned else _ALL for i in range(ndim(x)))]


@operation
def fliplr(x: Any) -> Any:
    """Backwards along the second axis."""
    return flip(x, 1)


@operation
def flipud(x: Any) -> Any:
    """Backwards along the first axis."""
    return flip(x, 0)


@operation
def rot90(array: Any, k: int = 1, axes: tuple[int, int] = (0, 1)) -> Any:
    """Turned k times by 90 degrees, from the first of two axes to the second."""
    array = as_tensor(array)
    if ndim(array) < 2:
        raise InputError(f"rot90: expected two axes or more. Received: shape {array.shape}")
    first, second = (a % ndim(array) for a in axes)
    if first == second:
        raise InputError(f"rot90: expected two different axes. Received: {tuple(axes)}")
    if k % 4 == 0:
        return array
    if k % 4 == 2:
        return flip(array, (first, second))
    if k % 4 == 1:
        return swapaxes(flip(array, second), first, second)
    return flip(swapaxes(array, first, second), second)


@operation
def roll(x: Any, shift: Any, axis: Any = None) -> Any:
    """Moved along axes, what falls off comes back at the other end."""
    x = as_tensor(x)
    if axis is None:
        return reshape(roll(ravel(x), shift, 0), shape(x))
    axes = axes_of(x, axis)
    shifts = [shift] * len(axes) if isinstance(shift, int) else [int(s) for s in shift]
    for one, by in zip(axes, shifts, strict=True):
        x = x[(_ALL,) * one + (np.roll(np.arange(x.shape[one]), by),)]
    return x


_PAD_MODES = ("constant", "edge", "reflect", "symmetric", "wrap")


@operation
def pad(x: Any, pad_width: Any, mode: str = "constant", constant_values: Any = None) -> Any:
    """A border, (before, after) for each axis: of a constant, or as numpy.pad has the modes."""
    if mode not in _PAD_MODES:
        raise UnsupportedOperator(f"pad: mode {mode!r} is not one of {', '.join(_PAD_MODES)}")
    x = as_tensor(x)
    widths = np.broadcast_to(np.asarray(asarray(pad_width)), (ndim(x), 2)).tolist()
    pairs = tuple((int(a), int(b)) for a, b in widths)
    if mode == "constant":
        value = 0 if constant_values is None else np.asarray(constant_values).item()
        return ops.pad(x, paddings=pairs, value=value if dtype_of(x).kind in "iu" else float(value))
    if constant_values is not None:
        raise InputError(f"pad: constant_values goes with mode='constant', not {mode!r}")
    return _continued(x, pairs, mode)


def _continued(x: Any, pairs: Any, mode: str) -> Any:
    """A border made of what is there."""
    for axis, width in enumerate(pairs):
        if any(width):
            places = np.pad(np.arange(x.shape[axis]), width, mode=mode)  # type: ignore[call-overload]
            x = x[(_ALL,) * axis + (places,)]
    return x
