"""Products, distances and correlations of vectors."""

from __future__ import annotations

from typing import Any

import numpy as np

from edgekit.errors import InputError
from edgekit.keras.ops.joining import stack
from edgekit.keras.ops.reductions import mean
from edgekit.keras.ops.reductions import sum as total
from edgekit.keras.ops.shapes import expand_dims, flip, moveaxis, ndim, pad, swapaxes
from edgekit.keras.ops.tensors import as_tensor, floating, operation, tensors_of, together
from edgekit.train.ops import comparisons, math

__all__ = ["cdist", "corrcoef", "correlate", "cross", "kron"]


def cross(
    x1: Any, x2: Any, axisa: int = -1, axisb: int = -1, axisc: int = -1, axis: Any = None
) -> Any:
    """The cross product of vectors of 3, or of 2 whose third is 0 (of two such, the third alone)
    along an axis of each.
    """
    axisa, axisb, axisc = (axisa, axisb, axisc) if axis is None else (axis,) * 3
    x1, x2 = together(as_tensor(x1), as_tensor(x2))
    a, b = moveaxis(x1, axisa, -1), moveaxis(x2, axisb, -1)
    sizes = a.shape[-1], b.shape[-1]
    if not {2, 3}.issuperset(sizes):
        raise InputError(f"cross: expected vectors of 2 or 3. Received: {sizes[0]} and {sizes[1]}")
    first, second = ([v[..., i] for i in range(v.shape[-1])] for v in (a, b))
    third = first[0] * second[1] - first[1] * second[0]
    if sizes == (2, 2):
        return third
    (a0, a1, a2), (b0, b1, b2) = ([*v, v[0] * 0] if len(v) == 2 else v for v in (first, second))
    return stack([a1 * b2 - a2 * b1, a2 * b0 - a0 * b2, third], axisc)


@operation
def kron(x1: Any, x2: Any) -> Any:
    """Each element of x1 times the whole of x2, in the place of the element."""
    x1, x2 = tensors_of(x1, x2)
    rank = max(ndim(x1), ndim(x2))
    a, b = (x.reshape(*(1,) * (rank - ndim(x)), *x.shape) for x in (x1, x2))
    wide = expand_dims(a, tuple(range(1, 2 * rank, 2))) * expand_dims(
        b, tuple(range(0, 2 * rank, 2))
    )
    return wide.reshape(*(m * n for m, n in zip(a.shape, b.shape, strict=True)))


def corrcoef(x: Any) -> Any:
    """How the rows go together: their covariances over their deviations, within -1 and 1."""
    x = floating(x)
    x = expand_dims(x, 0) if ndim(x) == 1 else x
    centred = x - mean(x, -1, True)
    products = math.matmul(centred, swapaxes(centred, -1, -2))
    lengths = math.sqrt(total(math.square(centred), -1, True))
    found = products / (lengths * swapaxes(lengths, -1, -2))
    return found.reshape(()) if found.shape == (1, 1) else found


@operation
def correlate(x1: Any, x2: Any, mode: str = "valid") -> Any:
    """The sums of products of x1 and x2 at each distance; mode: valid, same or full."""
    if mode not in ("valid", "same", "full"):
        raise InputError(f"correlate: mode must be 'valid', 'same' or 'full'. Received: {mode!r}")
    x1, x2 = together(as_tensor(x1), as_tensor(x2), real=True)
    if ndim(x1) != 1 or ndim(x2) != 1:
        raise InputError(f"correlate: expected vectors. Received: {x1.shape} and {x2.shape}")
    long, short = x1.shape[0], x2.shape[0]
    if long < short:
        turned = correlate(x2, x1, mode)
        return flip(turned)
    before = {"valid": 0, "same": short // 2, "full": short - 1}[mode]
    after = {"valid": 0, "same": (short - 1) // 2, "full": short - 1}[mode]
    padded = pad(x1, ((before, after),))
    windows = np.arange(padded.shape[0] - short + 1)[:, None] + np.arange(short)
    return math.matmul(padded[windows], x2)


def cdist(x: Any, y: Any) -> Any:
    """The distance of each vector (..., m, d) from each of (..., n, d): (..., m, n)."""
    x, y = together(as_tensor(x), as_tensor(y), real=True)
    squares = total(math.square(expand_dims(x, -2) - expand_dims(y, -3)), -1)
    # the root has no slope at 0
    apart = comparisons.greater(squares, 0.0)
    roots = math.sqrt(comparisons.where(apart, squares, 1.0))
    return comparisons.where(apart, roots, 0.0)
