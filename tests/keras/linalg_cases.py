"""What the derivatives of `keras.ops.linalg` are checked in: read here and by PyTorch's Python.

A case is (function, inputs): the function gets `la`, which has the names of `keras.ops.linalg` and
`sum`, `square`, `matmul`, `turned` (the transposed) and `array` (of numpy's), and the inputs; it
returns one number. Vectors whose sign is free are squared, or meet their partners, before they
count.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable
from typing import Any

import numpy as np

__all__ = ["CASES", "inputs_of", "weights_of"]

Case = tuple[Callable[..., Any], list[tuple[int, ...]]]
INF = float("inf")


def weights_of(*shape: int) -> np.ndarray:
    """Numbers that tell the elements of a result apart."""
    return np.random.default_rng(sum(shape) + 1).normal(size=shape)


def inputs_of(name: str) -> list[np.ndarray]:
    """The inputs of a case in float64."""
    rng = np.random.default_rng(zlib.crc32(name.encode()))
    return [rng.normal(size=shape) for shape in CASES[name][1]]


def _weighed(la: Any, x: Any) -> Any:
    return la.sum(x * la.array(weights_of(*x.shape)))


def _definite(la: Any, x: Any) -> Any:
    return la.matmul(x, la.turned(x)) + la.array(np.eye(x.shape[-1]))


def _cholesky(la: Any, x: Any, upper: bool = False) -> Any:
    return _weighed(la, la.cholesky(_definite(la, x), upper=upper))


def _eigh(la: Any, x: Any) -> Any:
    values, vectors = la.eigh((x + la.turned(x)) * 0.5)
    return _weighed(la, values) + _weighed(la, la.square(vectors))


def _eigenvalues(la: Any, x: Any) -> Any:
    return _weighed(la, la.eigh((x + la.turned(x)) * 0.5)[0])


def _qr(la: Any, x: Any, mode: str = "reduced") -> Any:
    q, r = la.qr(x, mode=mode)
    return _weighed(la, la.square(q)) + _weighed(la, r * r) + _weighed(la, la.matmul(q, r))


def _q(la: Any, x: Any) -> Any:
    return _weighed(la, la.square(la.qr(x)[0]))


def _r(la: Any, x: Any) -> Any:
    return _weighed(la, la.square(la.qr(x)[1]))


def _svd(la: Any, x: Any, full: bool = False) -> Any:
    u, s, vh = la.svd(x, full_matrices=full)
    k = s.shape[-1]
    u, vh = u[..., :k], vh[..., :k, :]
    both = _weighed(la, la.square(u)) + _weighed(la, la.matmul(u, vh))
    return both + _weighed(la, la.square(vh)) + _weighed(la, s)


def _inverse_of_root(la: Any, x: Any, upper: bool = False) -> Any:
    mask = np.tri(x.shape[-1]).T if upper else np.tri(x.shape[-1])
    root = x * la.array(mask) + la.array(3 * np.eye(x.shape[-1]))
    return _weighed(la, la.cholesky_inverse(root, upper=upper))


def _triangular(la: Any, a: Any, b: Any, lower: bool = False) -> Any:
    return _weighed(la, la.solve_triangular(a + la.array(3 * np.eye(a.shape[-1])), b, lower=lower))


def _norm(shape: tuple[int, ...], *arguments: Any) -> Case:
    return lambda la, x: _weighed(la, la.norm(x, *arguments)), [shape]


CASES: dict[str, Case] = {
    "cholesky": (_cholesky, [(2, 3, 3)]),
    "cholesky_upper": (lambda la, x: _cholesky(la, x, True), [(4, 4)]),
    "cholesky_inverse": (_inverse_of_root, [(3, 3)]),
    "cholesky_inverse_upper": (lambda la, x: _inverse_of_root(la, x, True), [(3, 3)]),
    "det": (lambda la, x: _weighed(la, la.det(x)), [(2, 3, 3)]),
    "eigenvalues": (_eigenvalues, [(4, 4)]),
    "eigh": (_eigh, [(2, 4, 4)]),
    "inv": (lambda la, x: _weighed(la, la.inv(x)), [(2, 3, 3)]),
    "lstsq": (lambda la, a, b: _weighed(la, la.lstsq(a, b)), [(5, 3), (5, 2)]),
    "pinv_tall": (lambda la, x: _weighed(la, la.pinv(x)), [(5, 3)]),
    "pinv_wide": (lambda la, x: _weighed(la, la.pinv(x)), [(2, 3, 5)]),
    "qr": (_qr, [(2, 4, 4)]),
    "qr_complete": (lambda la, x: _qr(la, x, "complete"), [(3, 5)]),
    "qr_q_of_wide": (_q, [(3, 5)]),
    "qr_r_of_tall": (_r, [(5, 3)]),
    "qr_tall": (_qr, [(5, 3)]),
    "qr_wide": (_qr, [(3, 5)]),
    "solve": (lambda la, a, b: _weighed(la, la.solve(a, b)), [(2, 3, 3), (2, 3, 4)]),
    "solve_lower": (lambda la, a, b: _triangular(la, a, b, True), [(3, 3), (3, 2)]),
    "solve_upper": (_triangular, [(3, 3), (3, 2)]),
    "solve_vector": (lambda la, a, b: _weighed(la, la.solve(a, b)), [(3, 3), (3,)]),
    "svd": (_svd, [(2, 3, 3)]),
    "svd_full": (lambda la, x: _svd(la, x, True), [(3, 3)]),
    "svd_full_tall": (lambda la, x: _svd(la, x, True), [(5, 3)]),
    "svd_tall": (_svd, [(5, 3)]),
    "svd_values": (lambda la, x: _weighed(la, la.svd(x, compute_uv=False)), [(4, 3)]),
    "svd_wide": (_svd, [(3, 5)]),
    **{f"norm_vector_{p}": _norm((4, 3), p, 1) for p in (None, 0, 1, 2, 3, 0.5, -2, INF, -INF)},
    **{f"norm_matrix_{p}": _norm((4, 3), p)
       for p in ("fro", "nuc", 1, -1, 2, -2, INF, -INF)},
    **{f"norm_axes_{p}": _norm((4, 2, 3), p, (2, 0), True) for p in ("fro", "nuc", 1, 2, -INF)},
    "norm_of_all": _norm((2, 3, 2)),
}  # fmt: skip
