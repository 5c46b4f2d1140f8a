"""Inverses, determinants and systems of equations, with derivatives that nest.

A derivative is written with the operations of this module, on what the function gave. Where an
outer tape listens that is computed once more, so that the tape sees from what.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from edgekit.errors import InputError
from edgekit.keras.ops.shapes import swapaxes
from edgekit.keras.ops.taking import tril, triu
from edgekit.keras.ops.tensors import as_tensor, floating, operation
from edgekit.train.backend import array_module
from edgekit.train.custom_gradient import custom_gradient
from edgekit.train.ops import comparisons, math
from edgekit.train.primitive import recorders
from edgekit.train.tape import GradientTape
from edgekit.train.tensor import wrap

__all__ = ["cholesky_inverse", "computed", "det", "followed", "inv", "logdet", "lstsq", "pinv",
           "slogdet", "smallest", "solve", "solve_triangular", "square", "turned"]  # fmt: skip


def square(x: Any, name: str) -> Any:
    """`x` as a tensor of square matrices. Raises InputError for others."""
    x = floating(x)
    if len(x.shape) < 2 or x.shape[-1] != x.shape[-2]:
        raise InputError(f"{name}: expected square matrices (..., n, n). Received: {x.shape}")
    return x


def computed(name: str, *arrays: Any, **options: Any) -> Any:
    """What the function of numpy (cupy on a GPU) gives. Raises InputError where it cannot."""
    module = array_module(arrays[0])
    try:
        return getattr(module.linalg, name)(*arrays, **options)
    except np.linalg.LinAlgError as error:
        raise InputError(f"{name}: {error}") from error


def turned(x: Any) -> Any:
    """The transposed matrices."""
    return swapaxes(x, -1, -2)


def followed(again: Callable[[], Any], values: Sequence[Any]) -> list[Any]:
    """Values as tensors, computed once more where an outer tape has to see from what."""
    if any(isinstance(recorder, GradientTape) for recorder in recorders()):
        found = again()
        return list(found) if isinstance(found, tuple) else [found]
    return [wrap(value) for value in values]


@operation
def inv(x: Any) -> Any:
    """The inverse."""
    return _inv(square(x, "inv"))


@custom_gradient
def _inv(x: Any) -> Any:
    y = computed("inv", x.data)

    def gradient(g: Any) -> Any:
        (inverse,) = followed(lambda: inv(x), [y])
        return math.negative(math.matmul(math.matmul(turned(inverse), g), turned(inverse)))

    return wrap(y), gradient


@operation
def det(x: Any) -> Any:
    """The determinant."""
    return _det(square(x, "det"))


@custom_gradient
def _det(x: Any) -> Any:
    y = array_module(x.data).asarray(computed("det", x.data))

    def gradient(g: Any) -> Any:
        (value,) = followed(lambda: det(x), [y])
        scale = math.multiply(g, value)
        return math.multiply(scale.reshape(*scale.shape, 1, 1), turned(inv(x)))

    return wrap(y), gradient


@operation
def slogdet(x: Any) -> tuple[Any, Any]:
    """(the sign of the determinant, the logarithm of its absolute value)."""
    x = square(x, "slogdet")
    sign, _ = computed("slogdet", x.data)
    return wrap(array_module(x.data).asarray(sign)), _log_of_det(x)


@operation
def logdet(x: Any) -> Any:
    """The logarithm of a determinant; NaN where that is below 0."""
    x = square(x, "logdet")
    sign, _ = computed("slogdet", x.data)
    return comparisons.where(array_module(x.data).asarray(sign > 0), _log_of_det(x), np.nan)


@custom_gradient
def _log_of_det(x: Any) -> Any:
    def gradient(g: Any) -> Any:
        return math.multiply(g.reshape(*g.shape, 1, 1), turned(inv(x)))

    return wrap(array_module(x.data).asarray(computed("slogdet", x.data)[1])), gradient


@operation
def solve(a: Any, b: Any) -> Any:
    """The x with a x = b; a is (..., n, n), b is (n,) or (..., n, k)."""
    a, b = square(a, "solve"), as_tensor(b)
    if len(b.shape) == 1:
        return solve(a, b.reshape(-1, 1)).reshape(*a.shape[:-1])
    if len(a.shape) != len(b.shape):
        raise InputError(f"solve: a {a.shape} and b {b.shape} need as many axes")
    return _solve(a, b)


@custom_gradient
def _solve(a: Any, b: Any) -> Any:
    y = computed("solve", a.data, b.data)

    def gradient(g: Any) -> Any:
        (found,) = followed(lambda: solve(a, b), [y])
        of_b = solve(turned(a), g)
        return math.negative(math.matmul(of_b, turned(found))), of_b

    return wrap(y), gradient


@operation
def solve_triangular(a: Any, b: Any, lower: bool = False) -> Any:
    """The x with a x = b, where only the upper (or lower) triangle of a is read."""
    a = square(a, "solve_triangular")
    return solve(tril(a) if lower else triu(a), b)


@operation
def cholesky_inverse(x: Any, upper: bool = False) -> Any:
    """The inverse of l l', from its triangle l (of u' u, from u, with `upper`)."""
    x = square(x, "cholesky_inverse")
    root = inv(triu(x) if upper else tril(x))
    return math.matmul(root, turned(root)) if upper else math.matmul(turned(root), root)


def smallest(x: Any, rcond: float | None) -> float:
    """The share of the largest singular value up to which others count as 0."""
    return float(max(x.shape[-2:]) * np.finfo(x.dtype).eps if rcond is None else rcond)


@operation
def pinv(x: Any, rcond: float | None = None) -> Any:
    """The pseudo-inverse: v diag(1 / s) u', without the singular values that are no larger than
    `rcond` times the largest (by default the larger size times the dtype's epsilon).
    """
    x = as_tensor(x)
    share = smallest(x, rcond)

    def one(x: Any) -> Any:
        y = computed("pinv", x.data, rcond=share)

        def gradient(g: Any) -> Any:
            (p,) = followed(lambda: pinv(x, share), [y])
            return _pull_pinv(x, p, turned(g))

        return wrap(y), gradient

    return custom_gradient(one)(x)


def _pull_pinv(x: Any, p: Any, g: Any) -> Any:
    """The gradient by x, from the transposed gradient by p. Source: Golub and Pereyra 1973."""
    from_p = math.matmul(math.matmul(turned(p), turned(g)), turned(p))
    left = g - math.matmul(math.matmul(x, p), g)
    right = g - math.matmul(math.matmul(g, p), x)
    above = math.matmul(math.matmul(left, p), turned(p))
    below = math.matmul(math.matmul(turned(p), p), right)
    return above + below - from_p


@operation
def lstsq(a: Any, b: Any, rcond: float | None = None) -> Any:
    """The x of least length for which |a x - b| is least; a is (m, n), b is (m,) or (m, k)."""
    return math.matmul(pinv(a, rcond), as_tensor(b))
