"""Norms of vectors and matrices, as numpy has them."""

from __future__ import annotations

from typing import Any

import numpy as np

from edgekit.errors import InputError
from edgekit.keras.ops.reductions import max as largest
from edgekit.keras.ops.reductions import min as least
from edgekit.keras.ops.reductions import sum as total
from edgekit.keras.ops.shapes import expand_dims, moveaxis
from edgekit.keras.ops.tensors import as_tensor
from edgekit.train.ops import math
from edgekit.train.ops.comparisons import not_equal

__all__ = ["norm"]

# what is taken of the singular values, or of the sums along one axis
_MATRIX_NORMS: dict[Any, Any] = {
    "nuc": total, 2: largest, -2: least, 1: largest, -1: least, np.inf: largest, -np.inf: least,
}  # fmt: skip


def norm(x: Any, ord: Any = None, axis: Any = None, keepdims: bool = False) -> Any:
    """The norm of vectors along one axis, of matrices along two, or of all elements.

    ord: of vectors 2 (the default), 1, 0 (how many are not 0), inf, -inf or another number p, for
    sum(|x|^p)^(1/p); of matrices "fro" (the default), "nuc", and 1, 2, inf and their negatives.
    Without `axis` a given `ord` is that of a vector or matrix, which x must be.
    """
    x = as_tensor(x)
    ord = None if ord == "euclidean" else ord
    if axis is None and ord is None:
        return _euclidean(x, None, keepdims)
    axes = tuple(range(len(x.shape))) if axis is None else axis
    axes = (axes,) if isinstance(axes, int) else tuple(a % len(x.shape) for a in axes)
    if len(axes) == 1:
        return _of_vectors(x, ord, axes[0], keepdims)
    if len(axes) == 2:
        return _of_matrices(x, ord, axes, keepdims)
    if ord is None:
        return _euclidean(x, axes, keepdims)
    raise InputError(
        f"norm: ord={ord!r} needs one axis or two. Received: axis={axis!r} for shape {x.shape}"
    )


def _euclidean(x: Any, axes: Any, keepdims: bool) -> Any:
    return math.sqrt(total(math.square(x), axes, keepdims))


def _of_vectors(x: Any, ord: Any, axis: int, keepdims: bool) -> Any:
    if ord in (None, 2):
        return _euclidean(x, axis, keepdims)
    if ord == 0:
        return total(math.cast(not_equal(x, 0), dtype=str(x.dtype)), axis, keepdims)
    if ord == np.inf:
        return largest(math.absolute(x), axis, keepdims)
    if ord == -np.inf:
        return least(math.absolute(x), axis, keepdims)
    if isinstance(ord, str):
        raise InputError(f"norm: ord={ord!r} is one of matrices, which have two axes")
    if ord == 1:
        return total(math.absolute(x), axis, keepdims)
    sums = total(math.power(math.absolute(x), float(ord)), axis, keepdims)
    return math.power(sums, 1.0 / float(ord))


def _of_matrices(x: Any, ord: Any, axes: tuple[int, int], keepdims: bool) -> Any:
    if ord in (None, "fro"):
        return _euclidean(x, axes, keepdims)
    if ord not in _MATRIX_NORMS:
        known = ", ".join(map(repr, ("fro", *_MATRIX_NORMS)))
        raise InputError(f"norm: ord={ord!r} is no norm of matrices; there are {known}")
    reduce = _MATRIX_NORMS[ord]
    if ord in ("nuc", 2, -2):
        found = reduce(_singular_values(x, axes), -1)
    else:
        summed = axes[0] if abs(ord) == 1 else axes[1]
        (kept,) = (axis - (axis > summed) for axis in axes if axis != summed)
        found = reduce(total(math.absolute(x), summed), kept)
    return expand_dims(found, tuple(sorted(axes))) if keepdims else found


def _singular_values(x: Any, axes: tuple[int, int]) -> Any:
    from edgekit.keras.ops.factors import svd

    return svd(moveaxis(x, axes, (-2, -1)), compute_uv=False)
