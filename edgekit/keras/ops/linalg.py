"""Matrices along the last two axes: `keras.ops.linalg`.

`det`, `inv`, `norm` and `solve` have derivatives; a tape refuses to go through the other ones.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from edgekit.errors import InputError, UnsupportedOperator
from edgekit.keras.ops import linear
from edgekit.keras.ops.shapes import swapaxes
from edgekit.keras.ops.tensors import as_tensor
from edgekit.train.custom_gradient import custom_gradient
from edgekit.train.ops import math
from edgekit.train.tensor import wrap

__all__ = ["cholesky", "det", "eigh", "inv", "norm", "qr", "solve", "svd"]


def _square(x: Any, name: str) -> Any:
    x = as_tensor(x)
    if len(x.shape) < 2 or x.shape[-1] != x.shape[-2]:
        raise InputError(f"{name}: expected square matrices (..., n, n). Received: {x.shape}")
    return x


def _computed(function: Any, name: str, *arrays: Any) -> Any:
    try:
        return function(*arrays)
    except np.linalg.LinAlgError as error:
        raise InputError(f"{name}: {error}") from error


def inv(x: Any) -> Any:
    """The inverse."""
    return _inv(_square(x, "inv"))


@custom_gradient
def _inv(x: Any) -> Any:
    y = wrap(np.asarray(_computed(np.linalg.inv, "inv", x.data)))

    def gradient(g: Any) -> Any:
        turned = swapaxes(inv(x), -1, -2)
        return math.negative(math.matmul(math.matmul(turned, g), turned))

    return y, gradient


def det(x: Any) -> Any:
    """The determinant."""
    return _det(_square(x, "det"))


@custom_gradient
def _det(x: Any) -> Any:
    y = wrap(np.asarray(np.linalg.det(x.data)))

    def gradient(g: Any) -> Any:
        scale = math.multiply(g, det(x))
        return math.multiply(scale.reshape(*scale.shape, 1, 1), swapaxes(inv(x), -1, -2))

    return y, gradient


def solve(a: Any, b: Any) -> Any:
    """The x with a x = b; a is (..., n, n), b is (n,) or (..., n, k)."""
    a, b = _square(a, "solve"), as_tensor(b)
    if len(b.shape) == 1:
        return solve(a, b.reshape(-1, 1)).reshape(*a.shape[:-1])
    if len(a.shape) != len(b.shape):
        raise InputError(f"solve: a {a.shape} and b {b.shape} need as many axes")
    return _solve(a, b)


@custom_gradient
def _solve(a: Any, b: Any) -> Any:
    y = wrap(np.asarray(_computed(np.linalg.solve, "solve", a.data, b.data)))

    def gradient(g: Any) -> Any:
        of_b = solve(swapaxes(a, -1, -2), g)
        return math.negative(math.matmul(of_b, swapaxes(solve(a, b), -1, -2))), of_b

    return y, gradient


def norm(x: Any, ord: Any = None, axis: Any = None, keepdims: bool = False) -> Any:
    """Norms of vectors (one axis: 1, 2, infinity) and of matrices (two axes: "fro")."""
    return linear.norm(x, None if ord == "fro" else ord, axis, keepdims)


def _part(x: Any, values: np.ndarray, name: str) -> Any:
    """A result of x through which a tape does not go."""

    @custom_gradient
    def part(_: Any) -> Any:
        def gradient(g: Any) -> Any:
            raise UnsupportedOperator(f"keras.ops.linalg.{name} has no derivative here")

        return wrap(values), gradient

    return part(x)


def cholesky(x: Any, upper: bool = False) -> Any:
    """The lower triangle l with l l' = x; its transpose with `upper`."""
    x = _square(x, "cholesky")
    found = _computed(np.linalg.cholesky, "cholesky", x.data)
    return _part(x, found.swapaxes(-1, -2) if upper else found, "cholesky")


def svd(x: Any, full_matrices: bool = True, compute_uv: bool = True) -> Any:
    """(u, s, v') with x = u diag(s) v'; s alone without `compute_uv`."""
    x = as_tensor(x)
    if not compute_uv:
        return _part(x, np.linalg.svd(x.data, compute_uv=False), "svd")
    return tuple(_part(x, a, "svd") for a in np.linalg.svd(x.data, full_matrices=full_matrices))


def qr(x: Any, mode: str = "reduced") -> tuple[Any, Any]:
    """(q, r) with x = q r; mode: reduced or complete."""
    if mode not in ("reduced", "complete"):
        raise InputError(f"qr: mode must be 'reduced' or 'complete'. Received: {mode!r}")
    x = as_tensor(x)
    q, r = np.linalg.qr(x.data, mode=mode)  # type: ignore[call-overload]
    return _part(x, q, "qr"), _part(x, r, "qr")


def eigh(x: Any) -> tuple[Any, Any]:
    """(eigenvalues, eigenvectors) of symmetric matrices."""
    x = _square(x, "eigh")
    values, vectors = _computed(np.linalg.eigh, "eigh", x.data)
    return _part(x, values, "eigh"), _part(x, vectors, "eigh")
