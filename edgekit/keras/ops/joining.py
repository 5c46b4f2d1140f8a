"""Tensors one after the other, in parts, repeated."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from edgekit.errors import InputError
from edgekit.keras.ops.shapes import expand_dims, ndim, ravel, shape
from edgekit.keras.ops.tensors import as_tensor, integers, operation, tensors_of, together
from edgekit.train.ops.shape import concat

__all__ = [
    "append", "array_split", "concatenate", "dsplit", "dstack", "hsplit", "hstack", "repeat",
    "split", "stack", "tile", "unstack", "vsplit", "vstack",
]  # fmt: skip

_ALL = np.s_[:]


def concatenate(xs: Sequence[Any], axis: int = 0) -> Any:
    """One after the other along an axis."""
    return concat(together(*(as_tensor(x) for x in xs)), axis=axis)


def stack(x: Sequence[Any], axis: int = 0) -> Any:
    """One beside the other along a new axis."""
    return concatenate([expand_dims(one, axis) for one in x], axis)


def append(x1: Any, x2: Any, axis: int | None = None) -> Any:
    """x2 after x1 along an axis; without one all elements of both in one axis."""
    x1, x2 = tensors_of(x1, x2)
    if axis is None:
        return concatenate([ravel(x1), ravel(x2)], 0)
    return concatenate([x1, x2], axis)


def hstack(xs: Sequence[Any]) -> Any:
    """One after the other along the second axis, or along the only one."""
    xs = [expand_dims(x, 0) if ndim(x) == 0 else x for x in xs]
    return concatenate(xs, 0 if ndim(xs[0]) == 1 else 1)


def vstack(xs: Sequence[Any]) -> Any:
    """One below the other."""
    return concatenate([_with_axes(x, 2) for x in xs], 0)


def dstack(xs: Sequence[Any]) -> Any:
    """One behind the other along the third axis."""
    return concatenate([_with_axes(x, 3) for x in xs], 2)


def _with_axes(x: Any, count: int) -> Any:
    """`x` with that many axes at least: a vector is a row, a matrix a picture of depth 1."""
    x = as_tensor(x)
    while ndim(x) < count:
        x = expand_dims(x, 0 if ndim(x) < 2 else 2)
    return x


def split(x: Any, indices_or_sections: Any, axis: int = 0) -> list[Any]:
    """Parts along an axis: a number of equal ones, or between indices."""
    x = as_tensor(x)
    length = shape(x)[axis]
    given = indices_or_sections
    if isinstance(given, int):
        if length is None or length % given:
            raise InputError(f"split: {length} elements do not make {given} equal parts")
        given = [length // given * i for i in range(1, given)]
    return _between(x, [0, *(int(n) for n in given), length], axis)


def array_split(x: Any, indices_or_sections: Any, axis: int = 0) -> list[Any]:
    """Parts along an axis, of which the first may be larger by one than the others."""
    if not isinstance(indices_or_sections, int):
        return split(x, indices_or_sections, axis)
    x = as_tensor(x)
    small, larger = divmod(shape(x)[axis], indices_or_sections)
    sizes = [small + 1] * larger + [small] * (indices_or_sections - larger)
    return _between(x, [0, *np.cumsum(sizes).tolist()], axis)


def _between(x: Any, edges: list[Any], axis: int) -> list[Any]:
    head = (_ALL,) * (axis % ndim(x))
    return [x[(*head, np.s_[a:b])] for a, b in pairwise(edges)]


def hsplit(x: Any, indices_or_sections: Any) -> list[Any]:
    """Parts along the second axis, or along the only one."""
    return split(x, indices_or_sections, 0 if ndim(x) == 1 else 1)


def vsplit(x: Any, indices_or_sections: Any) -> list[Any]:
    """Parts along the first axis."""
    return split(x, indices_or_sections, 0)


def dsplit(x: Any, indices_or_sections: Any) -> list[Any]:
    """Parts along the third axis."""
    return split(x, indices_or_sections, 2)


def unstack(x: Any, num: int | None = None, axis: int = 0) -> list[Any]:
    """The slices along an axis."""
    x = as_tensor(x)
    head = (_ALL,) * (axis % ndim(x))
    return [x[(*head, i)] for i in range(num or shape(x)[axis])]


@operation
def repeat(x: Any, repeats: Any, axis: int | None = None) -> Any:
    """Each element `repeats` times, or each as often as its own entry of `repeats` says."""
    x = ravel(x) if axis is None else as_tensor(x)
    place = (axis or 0) % ndim(x)
    times = repeats if isinstance(repeats, int) else integers(repeats)
    return x[(_ALL,) * place + (np.repeat(np.arange(x.shape[place]), times),)]


def tile(x: Any, repeats: Any) -> Any:
    """The whole, repeated along each axis."""
    times = (repeats,) if isinstance(repeats, int) else tuple(int(n) for n in repeats)
    x = as_tensor(x)
    while ndim(x) < len(times):
        x = expand_dims(x, 0)
    times = (1,) * (ndim(x) - len(times)) + times
    for axis, count in enumerate(times):
        x = x if count == 1 else concatenate([x] * count, axis)
    return x
