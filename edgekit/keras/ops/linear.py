"""Products of matrices; vectors of length 1."""

from __future__ import annotations

from typing import Any

import numpy as np

from edgekit.errors import UnsupportedOperator
from edgekit.keras.ops.reductions import sum as total
from edgekit.keras.ops.shapes import expand_dims, ndim, transpose
from edgekit.keras.ops.tensors import as_tensor
from edgekit.train.ops import math
from edgekit.train.serialization import accept_options

__all__ = ["dot", "einsum", "inner", "matmul", "normalize", "outer", "tensordot", "trace",
           "vdot"]  # fmt: skip


def matmul(x1: Any, x2: Any) -> Any:
    """The product of the last two axes."""
    return math.matmul(as_tensor(x1), as_tensor(x2))


def dot(x1: Any, x2: Any) -> Any:
    """numpy's dot: the last axis of one with the last but one of the other."""
    if ndim(x1) == 0 or ndim(x2) == 0:
        return math.multiply(x1, x2)
    if ndim(x2) <= 2:
        return matmul(x1, x2)
    return tensordot(x1, x2, axes=([ndim(x1) - 1], [ndim(x2) - 2]))


def tensordot(x1: Any, x2: Any, axes: Any = 2) -> Any:
    """Sums of products along axes of both: a number of axes, or two lists."""
    x1, x2 = as_tensor(x1), as_tensor(x2)
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
    return matmul(left, right).reshape(*shape) if shape else matmul(left, right).reshape(())


def outer(x1: Any, x2: Any) -> Any:
    """Each element of one times each of the other."""
    return as_tensor(x1).reshape(-1, 1) * as_tensor(x2).reshape(1, -1)


def inner(x1: Any, x2: Any) -> Any:
    """Sums of products along the last axes."""
    return tensordot(x1, x2, axes=([-1], [-1]))


def vdot(x1: Any, x2: Any) -> Any:
    """The sum of all products."""
    return total(as_tensor(x1).reshape(-1) * as_tensor(x2).reshape(-1))


def trace(x: Any) -> Any:
    """The sum of the diagonal of the last two axes."""
    x = as_tensor(x)
    return total(x * np.eye(*x.shape[-2:], dtype=np.float32), axis=(-2, -1))


def einsum(subscripts: str, *operands: Any, **options: Any) -> Any:
    """Einstein's summation of one or two operands, every index written out."""
    accept_options("keras.ops.einsum", {k: v for k, v in options.items() if k != "optimize"})
    terms, arrow, result = subscripts.replace(" ", "").partition("->")
    names = terms.split(",")
    if len(names) != len(operands) or len(operands) > 2 or "." in subscripts:
        raise UnsupportedOperator(f"einsum {subscripts!r}: one or two operands without '...'")
    if any(len(set(name)) < len(name) for name in names):
        raise UnsupportedOperator(f"einsum {subscripts!r}: an index twice in one operand")
    if not arrow:
        result = "".join(sorted(n for n in set("".join(names)) if "".join(names).count(n) == 1))
    order = list(dict.fromkeys("".join(names)))
    product: Any = None
    for name, operand in zip(names, operands, strict=True):
        aligned = transpose(as_tensor(operand), [name.index(n) for n in order if n in name])
        for place, index in enumerate(order):
            if index not in name:
                aligned = expand_dims(aligned, place)
        product = aligned if product is None else product * aligned
    gone = tuple(i for i, index in enumerate(order) if index not in result)
    left = [index for index in order if index in result]
    summed = total(product, axis=gone) if gone else product
    return transpose(summed, [left.index(index) for index in result])


def normalize(x: Any, axis: int = -1, order: int = 2, epsilon: float = 1e-12) -> Any:
    """`x` over its norm."""
    from edgekit.keras.ops.norms import norm

    return math.divide(as_tensor(x), math.maximum(norm(x, order, axis, True), epsilon))
