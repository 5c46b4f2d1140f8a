"""Matrices taken apart: cholesky, qr, svd, eigh and lu_factor, with the derivatives of the first
four.

The derivative of a factorization is linear in the gradients of its factors, so each factor is an
operation of its own with its share. Sources: Giles 2008; Townsend 2016; Walter and Lehmann 2010 for
QR. Where singular values or eigenvalues are equal the vectors have no derivative: it is infinite.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from edgekit.errors import InputError, UnsupportedOperator
from edgekit.keras.ops.joining import concatenate
from edgekit.keras.ops.solving import computed, followed, solve, square, turned
from edgekit.keras.ops.taking import tril
from edgekit.keras.ops.tensors import as_tensor, operation
from edgekit.train.backend import array_module
from edgekit.train.custom_gradient import custom_gradient
from edgekit.train.ops import math
from edgekit.train.tensor import Tensor, wrap

__all__ = ["cholesky", "eig", "eigh", "lu_factor", "qr", "svd"]

Factors = Sequence[Any]
"""Tensors, with None where there is no gradient."""


def _parts(
    x: Any,
    values: Sequence[Any],
    again: Callable[[], Any],
    pull: Callable[[Any, Factors, Factors], Any],
) -> tuple[Any, ...]:
    """The factors of x. `pull(x, factors, gradients)` gives the gradient by x."""

    def part(index: int) -> Any:
        def one(x: Any) -> Any:
            def gradient(g: Any) -> Any:
                alone = [g if i == index else None for i in range(len(values))]
                return pull(x, followed(again, values), alone)

            return wrap(values[index]), gradient

        return custom_gradient(one)(x)

    return tuple(part(index) for index in range(len(values)))


def _of(g: Any, function: Callable[[Any], Any]) -> Any:
    """function(g); 0 where there is no gradient."""
    return 0.0 if g is None else function(g)


def _mask(x: Any, kind: str) -> Any:
    """The identity, or what lies off the diagonal, in the shape and dtype of matrices."""
    module, shape = array_module(x.data), x.shape[-2:]
    eye = module.eye(*shape, dtype=x.dtype)
    return eye if kind == "diagonal" else 1 - eye


def _on_diagonal(values: Any, like: Any) -> Any:
    return values.reshape(*values.shape, 1) * _mask(like, "diagonal")


def _differences(values: Any) -> Any:
    """values_j - values_i at (i, j); 1 on the diagonal."""
    rows = values.reshape(*values.shape[:-1], 1, values.shape[-1])
    found = rows - turned(rows)
    return found + _mask(found, "diagonal")


# -- cholesky -------------------------------------------------------------------------------------


@operation
def cholesky(x: Any, upper: bool = False) -> Any:
    """The lower triangle l with l l' = x; its transpose with `upper`."""
    x = square(x, "cholesky")
    if upper:
        return turned(cholesky(x))
    (lower,) = _parts(x, [computed("cholesky", x.data)], lambda: cholesky(x), _pull_cholesky)
    return lower


def _pull_cholesky(x: Any, factors: Factors, gradients: Factors) -> Any:
    (lower,), (g,) = factors, gradients
    inner = math.matmul(turned(lower), g)
    halved = tril(inner) - inner * (_mask(inner, "diagonal") * inner.dtype.type(0.5))
    half = solve(turned(lower), turned(solve(turned(lower), turned(halved))))
    return (half + turned(half)) * half.dtype.type(0.5)


# -- qr -------------------------------------------------------------------------------------------


@operation
def qr(x: Any, mode: str = "reduced") -> tuple[Any, Any]:
    """(q, r) with x = q r; mode: reduced or complete."""
    if mode not in ("reduced", "complete"):
        raise InputError(f"qr: mode must be 'reduced' or 'complete'. Received: {mode!r}")
    x = as_tensor(x)
    rows, columns = x.shape[-2:]
    pull = _pull_qr if mode == "reduced" or rows <= columns else _refuse_complete
    q, r = _parts(x, computed("qr", x.data, mode=mode), lambda: qr(x, mode), pull)
    return q, r


def _refuse_complete(x: Any, factors: Factors, gradients: Factors) -> Any:
    raise UnsupportedOperator(
        "keras.ops.linalg.qr: with mode='complete' a matrix with more rows than columns has no "
        "derivative, since its last columns of q are any that are orthogonal; use mode='reduced'"
    )


def _pull_qr(x: Any, factors: Factors, gradients: Factors) -> Any:
    q, r = factors
    of_q, of_r = gradients
    size = q.shape[-1]
    if r.shape[-1] == size:
        return _pull_square_r(q, r, of_q, of_r)
    # x = [a, b], r = [u, v]: q u = a, and v = q' b
    rest = x[..., size:]
    of_u = None if of_r is None else of_r[..., :size]
    of_v = None if of_r is None else of_r[..., size:]
    through_v = _of(of_v, lambda g: math.matmul(rest, turned(g)))
    total = through_v if of_q is None else of_q + through_v
    first = _pull_square_r(q, r[..., :size], total, of_u)
    second = x[..., size:] * 0.0 if of_v is None else math.matmul(q, of_v)
    return concatenate([first, second], axis=-1)


def _pull_square_r(q: Any, r: Any, of_q: Any, of_r: Any) -> Any:
    middle = _of(of_r, lambda g: math.matmul(r, turned(g)))
    middle = middle - _of(of_q, lambda g: math.matmul(turned(g), q))
    below = tril(middle, -1)
    both = below + turned(below) + middle * _mask(middle, "diagonal")
    total = math.matmul(q, both) + _of(of_q, lambda g: g)
    return turned(solve(r, turned(total)))


# -- svd ------------------------------------------------------------------------------------------


@operation
def svd(x: Any, full_matrices: bool = True, compute_uv: bool = True) -> Any:
    """(u, s, v') with x = u diag(s) v'; s alone without `compute_uv`.

    With `full_matrices` the vectors beyond the singular values are any that are orthogonal, and
    have no derivative.
    """
    x = as_tensor(x)
    if not compute_uv:
        return svd(x, full_matrices=False)[1]
    values = computed("svd", x.data, full_matrices=full_matrices)
    return _parts(x, values, lambda: svd(x, full_matrices), _pull_svd)


def _pull_svd(x: Any, factors: Factors, gradients: Factors) -> Any:
    u, s, vh = factors
    count = s.shape[-1]
    of_u, of_s, of_v = gradients
    of_v = None if of_v is None else turned(of_v)
    u, v = u[..., :count], turned(vh)[..., :count]
    of_u, of_v = (_known_columns(g, count) for g in (of_u, of_v))
    row = s.reshape(*s.shape[:-1], 1, count)
    between = _differences(math.square(s))
    off = _mask(between, "off")
    inner = _of(of_s, lambda g: _on_diagonal(g, between))
    inner = inner + _of(of_u, lambda g: _twist(u, g) / between * off * row)
    inner = inner + _of(of_v, lambda g: turned(row) * (_twist(v, g) / between * off))
    found = math.matmul(math.matmul(u, inner), turned(v))
    if of_u is not None and x.shape[-2] > count:
        found = found + math.matmul(_beyond(u, of_u) / row, turned(v))
    if of_v is not None and x.shape[-1] > count:
        found = found + math.matmul(u, turned(_beyond(v, of_v) / row))
    return found


def _known_columns(g: Any, count: int) -> Any:
    if g is None or g.shape[-1] == count:
        return g
    if g.data[..., count:].any():
        raise UnsupportedOperator(
            "keras.ops.linalg.svd: with full_matrices=True the vectors beyond the singular values "
            "have no derivative, since they are any that are orthogonal; use full_matrices=False"
        )
    return g[..., :count]


def _twist(vectors: Any, g: Any) -> Any:
    inner = math.matmul(turned(vectors), g)
    return inner - turned(inner)


def _beyond(vectors: Any, g: Any) -> Any:
    """What of g lies outside of the space of the vectors."""
    return g - math.matmul(vectors, math.matmul(turned(vectors), g))


# -- eigenvalues ----------------------------------------------------------------------------------


@operation
def eigh(x: Any) -> tuple[Any, Any]:
    """(eigenvalues, eigenvectors) of symmetric matrices, of which the lower triangle is read."""
    x = square(x, "eigh")
    values, vectors = _parts(x, computed("eigh", x.data), lambda: eigh(x), _pull_eigh)
    return values, vectors


def _pull_eigh(x: Any, factors: Factors, gradients: Factors) -> Any:
    (values, vectors), (of_values, of_vectors) = factors, gradients
    between = _differences(values)
    off = _mask(between, "off")
    inner = _of(of_values, lambda g: _on_diagonal(g, between))
    inner = inner + _of(of_vectors, lambda g: math.matmul(turned(vectors), g) / between * off)
    found = math.matmul(math.matmul(vectors, inner), turned(vectors))
    return (found + turned(found)) * found.dtype.type(0.5)


# -- without a derivative -------------------------------------------------------------------------


@operation
def eig(x: Any) -> tuple[Any, Any]:
    """(eigenvalues, eigenvectors), complex; no tape goes through them."""
    x = square(x, "eig")
    values, vectors = computed("eig", x.data)
    kind = np.result_type(x.dtype, np.complex64)
    return _without_derivative("eig", x, values.astype(kind)), Tensor(vectors.astype(kind))


@operation
def lu_factor(x: Any) -> tuple[Any, Any]:
    """(lu, pivots): the upper triangle and, below it, the multipliers of elimination with rows
    exchanged as `pivots` say, as LAPACK has them. No tape goes through it.
    """
    x = as_tensor(x)
    if len(x.shape) != 2:
        raise InputError(f"lu_factor: expected one matrix. Received: {x.shape}")
    lu, pivots = _eliminated(np.array(x.numpy(), np.result_type(x.dtype, np.float32)))

    return _without_derivative("lu_factor", x, lu), Tensor(pivots)


def _without_derivative(name: str, x: Any, values: np.ndarray) -> Any:
    """`values` computed of x; a tape that is asked for their gradient says that there is none."""

    @custom_gradient
    def factors(_: Any) -> Any:
        def gradient(g: Any) -> Any:
            raise UnsupportedOperator(f"keras.ops.linalg.{name} has no derivative here")

        return wrap(values), gradient

    return factors(x)


def _eliminated(lu: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    pivots = np.zeros(min(lu.shape), np.int32)
    for k in range(len(pivots)):
        pivots[k] = place = k + int(np.abs(lu[k:, k]).argmax())
        lu[[k, place]] = lu[[place, k]]
        if lu[k, k] != 0:
            lu[k + 1 :, k] /= lu[k, k]
            lu[k + 1 :, k + 1 :] -= np.outer(lu[k + 1 :, k], lu[k, k + 1 :])
    return lu, pivots
