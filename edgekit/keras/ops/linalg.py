"""Matrices along the last two axes: `keras.ops.linalg`.

All but `eig`, `lu_factor` and `matrix_rank` have derivatives, and those have derivatives again.
"""

from __future__ import annotations

from typing import Any

from edgekit.keras.ops.control import jvp
from edgekit.keras.ops.factors import cholesky, eig, eigh, lu_factor, qr, svd
from edgekit.keras.ops.norms import norm
from edgekit.keras.ops.solving import (
    cholesky_inverse,
    computed,
    det,
    inv,
    lstsq,
    pinv,
    smallest,
    solve,
    solve_triangular,
)
from edgekit.keras.ops.tensors import as_tensor
from edgekit.train.tensor import Tensor

__all__ = ["cholesky", "cholesky_inverse", "det", "eig", "eigh", "inv", "jvp", "lstsq",
           "lu_factor", "matrix_rank", "norm", "pinv", "qr", "solve", "solve_triangular",
           "svd"]  # fmt: skip


def matrix_rank(x: Any, tol: float | None = None) -> Any:
    """How many singular values are larger than `tol`; by default than rounding would leave."""
    x = as_tensor(x)
    values = computed("svd", x.data, compute_uv=False)
    limit = values.max(axis=-1, keepdims=True) * smallest(x, None) if tol is None else tol
    return Tensor((values > limit).sum(axis=-1), "int32")
