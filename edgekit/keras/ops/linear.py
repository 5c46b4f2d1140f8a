"""Products of matrices; vectors of length 1."""

from __future__ import annotations

from typing import Any

import numpy as np

from edgekit.keras.ops.reductions import sum as total
from edgekit.keras.ops.shapes import ndim, transpose
from edgekit.keras.ops.tensors import as_tensor, dtype_of, operation, tensors_of, together
from edgekit.train.ops import math

__all__ = ["dot", "inner", "matmul", "outer", "tensordot", "vdot"]


def matmul(x1: Any, x2: Any) -> Any:
    """The product of the last two axes."""
    x1, x2 = as_tensor(x1), as_tensor(x2)
    if dtype_of(x1) == dtype_of(x2) == np.int8:  # whose products do not fit
        x1, x2 = (math.cast(x, dtype="int32") for x in (x1, x2))
    return math.matmul(*together(x1, x2))


def dot(x1: Any, x2: Any) -> Any:
    """numpy's dot: the last axis of one with the last but one of the other."""
    if ndim(x1) == 0 or ndim(x2) == 0:
        return math.multiply(*together(x1, x2))
    if ndim(x2) <= 2:
        return math.matmul(*together(as_tensor(x1), as_tensor(x2)))
    return tensordot(x1, x2, axes=([ndim(x1) - 1], [ndim(x2) - 2]))


@operation
def tensordot(x1: Any, x2: Any, axes: Any = 2) -> Any:
    """Sums of products along axes of both: a number of axes, or two lists."""
    x1, x2 = together(as_tensor(x1), as_tensor(x2))
    if isinstance(axes, int):
        axes = (list(range(ndim(x1) - axes, ndim(x1))), list(range(axes)))
    first, second = ([a] if isinstance(a, int) else list(a) for a in axes)
    first, second = [a % ndim(x1) for a in first], [a % ndim(x2) for a in second]
    kept1 = [a for a in range(ndim(x1)) if a not in first]
    kept2 = [a for a in range(ndim(x2)) if a not in second]
    size = int(np.prod([x1.shape[a] for a in first]))
    left = transpose(x1, kept1 + first).reshape(-1, size)
    right = transpose(x2, second + kept2).reshape(size, -1)
    shape = [*(x1.shape[a] for a in kept1), *(x2.shape[a] for a in kept2)]
    return math.matmul(left, right).reshape(tuple(shape))


def outer(x1: Any, x2: Any) -> Any:
    """Each element of one times each of the other."""
    x1, x2 = tensors_of(x1, x2)
    return x1.reshape(-1, 1) * x2.reshape(1, -1)


def inner(x1: Any, x2: Any) -> Any:
    """Sums of products along the last axes."""
    if ndim(x1) == 0 or ndim(x2) == 0:
        return math.multiply(*tensors_of(x1, x2))
    return tensordot(x1, x2, axes=([-1], [-1]))


def vdot(x1: Any, x2: Any) -> Any:
    """The sum of all products."""
    x1, x2 = tensors_of(x1, x2)
    found = total(x1.reshape(-1) * x2.reshape(-1))
    dtype = dtype_of(x1)
    return found if found.dtype == dtype else math.cast(found, dtype=str(dtype))
