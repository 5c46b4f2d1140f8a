"""Elements in other places: reshaping, joining, repeating, making."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from edgekit.errors import InputError, UnsupportedOperator
from edgekit.keras.ops.numbers import convert_to_tensor
from edgekit.keras.ops.tensors import as_tensor
from edgekit.train.backend import asarray
from edgekit.train.ops import math
from edgekit.train.ops import shape as ops

__all__ = [
    "array", "broadcast_to", "concatenate", "diag", "expand_dims", "flip", "hstack", "meshgrid",
    "moveaxis", "ndim", "pad", "ravel", "repeat", "reshape", "roll", "shape", "size", "slice",
    "split", "squeeze", "stack", "swapaxes", "take", "take_along_axis", "tile", "transpose", "tril",
    "triu", "unstack", "vstack",
]  # fmt: skip


def array(x: Any, dtype: Any = None) -> Any:
    """`x` as a tensor."""
    return convert_to_tensor(x, dtype)


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


_ALL = np.s_[:]


def squeeze(x: Any, axis: Any = None) -> Any:
    """Without axes of size 1."""
    x = as_tensor(x)
    sizes = shape(x)
    axes = [i for i, n in enumerate(sizes) if n == 1] if axis is None else (
        [axis] if isinstance(axis, int) else list(axis))  # fmt: skip
    gone = {a % len(sizes) for a in axes}
    return x[tuple(0 if i in gone else _ALL for i in range(len(sizes)))]


def concatenate(xs: Sequence[Any], axis: int = 0) -> Any:
    """One after the other along an axis."""
    return ops.concat([as_tensor(x) for x in xs], axis=axis)


def stack(x: Sequence[Any], axis: int = 0) -> Any:
    """One beside the other along a new axis."""
    return concatenate([expand_dims(one, axis) for one in x], axis)


def hstack(xs: Sequence[Any]) -> Any:
    """One after the other along the second axis, or along the only one."""
    return concatenate(xs, 0 if ndim(xs[0]) == 1 else 1)


def vstack(xs: Sequence[Any]) -> Any:
    """One below the other."""
    return concatenate([expand_dims(x, 0) if ndim(x) == 1 else x for x in xs], 0)


def split(x: Any, indices_or_sections: Any, axis: int = 0) -> list[Any]:
    """Parts along an axis: a number of equal ones, or between indices."""
    x = as_tensor(x)
    length = shape(x)[axis]
    given = indices_or_sections
    if isinstance(given, int):
        given = [length // given * i for i in range(1, given)]
    edges = [0, *map(int, given), length]
    head = (_ALL,) * (axis % ndim(x))
    return [x[(*head, np.s_[a:b])] for a, b in pairwise(edges)]


def unstack(x: Any, num: int | None = None, axis: int = 0) -> list[Any]:
    """The slices along an axis."""
    return [take(x, i, axis) for i in range(num or shape(x)[axis])]


def slice(inputs: Any, start_indices: Any, shape: Any) -> Any:
    """A block from `start_indices` of sizes `shape`."""
    parts = zip(start_indices, shape, strict=True)
    return as_tensor(inputs)[tuple(np.s_[int(a) : int(a) + int(n)] for a, n in parts)]


def take(x: Any, indices: Any, axis: int | None = None) -> Any:
    """Elements by their index along an axis."""
    x = ravel(x) if axis is None else as_tensor(x)
    at = indices if isinstance(indices, int) else asarray(indices)
    return x[(_ALL,) * ((axis or 0) % ndim(x)) + (at,)]


def take_along_axis(x: Any, indices: Any, axis: int | None = None) -> Any:
    """Elements by an index for each; without an axis of the elements in one row."""
    order = asarray(indices)
    if axis is None:
        return take_along_axis(ravel(x), order.reshape(-1), 0)
    grid = list(np.ogrid[tuple(np.s_[:n] for n in order.shape)])
    grid[axis] = order
    return as_tensor(x)[tuple(grid)]


def repeat(x: Any, repeats: int, axis: int | None = None) -> Any:
    """Each element `repeats` times."""
    length = size(x) if axis is None else shape(x)[axis]
    return take(x, np.repeat(np.arange(length), repeats), axis)


def tile(x: Any, repeats: Any) -> Any:
    """The whole, repeated along each axis."""
    times = (repeats,) if isinstance(repeats, int) else tuple(repeats)
    x = as_tensor(x)
    while ndim(x) < len(times):
        x = expand_dims(x, 0)
    times = (1,) * (ndim(x) - len(times)) + times
    for axis, count in enumerate(times):
        x = x if count == 1 else concatenate([x] * count, axis)
    return x


def flip(x: Any, axis: Any = None) -> Any:
    """Backwards along axes."""
    axes = range(ndim(x)) if axis is None else (axis,) if isinstance(axis, int) else axis
    turned = {a % ndim(x) for a in axes}
    return as_tensor(x)[tuple(np.s_[::-1] if i in turned else _ALL for i in range(ndim(x)))]


def roll(x: Any, shift: int, axis: int | None = None) -> Any:
    """Moved along an axis, what falls off comes back at the other end."""
    if axis is None:
        return reshape(roll(ravel(x), shift, 0), shape(x))
    return take(x, np.roll(np.arange(shape(x)[axis]), shift), axis)


_PAD_MODES = ("constant", "edge", "reflect", "symmetric", "wrap")


def pad(x: Any, pad_width: Any, mode: str = "constant", constant_values: Any = None) -> Any:
    """A border, (before, after) for each axis: of a constant, or as numpy.pad has the modes."""
    if mode not in _PAD_MODES:
        raise UnsupportedOperator(f"pad: mode {mode!r} is not one of {', '.join(_PAD_MODES)}")
    widths = np.broadcast_to(np.asarray(pad_width), (ndim(x), 2)).tolist()
    pairs, x = tuple((int(a), int(b)) for a, b in widths), as_tensor(x)
    if mode == "constant":
        return ops.pad(x, paddings=pairs, value=float(constant_values or 0.0))
    if constant_values is not None:
        raise InputError(f"pad: constant_values goes with mode='constant', not {mode!r}")
    for axis, width in enumerate(pairs):
        if any(width):
            places = np.pad(np.arange(x.shape[axis]), width, mode=mode)  # type: ignore[call-overload]
            x = take(x, places, axis)
    return x


def broadcast_to(x: Any, shape: Any) -> Any:
    """Repeated to a shape, by numpy's rules."""
    return math.broadcast_to(as_tensor(x), shape=tuple(shape))


def _masked(x: Any, mask: np.ndarray) -> Any:
    return as_tensor(x) * mask.astype(np.float32)


def _below(x: Any, k: int) -> np.ndarray:
    """Ones below a diagonal of the last two axes, zeros above."""
    rows, columns = shape(x)[-2:]
    return np.tri(rows, columns, k)


def tril(x: Any, k: int = 0) -> Any:
    """The lower triangle, zeros elsewhere."""
    return _masked(x, _below(x, k))


def triu(x: Any, k: int = 0) -> Any:
    """The upper triangle, zeros elsewhere."""
    return _masked(x, 1 - _below(x, k - 1))


def diag(x: Any, k: int = 0) -> Any:
    """A matrix with this diagonal, or the diagonal of a matrix."""
    x = as_tensor(x)
    before, after = max(-k, 0), max(k, 0)
    if ndim(x) == 1:
        square = expand_dims(x, 0) * np.eye(x.shape[0], dtype=x.dtype)
        return pad(square, ((before, after), (after, before)))
    count = max(min(x.shape[0] - before, x.shape[1] - after), 0)
    places = (np.arange(count) + before) * x.shape[1] + np.arange(count) + after
    return take(ravel(x), places)


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
