"""The fully connected layer as one primitive."""

from __future__ import annotations

from typing import Any

import numpy as np

from edgekit.errors import ShapeError
from edgekit.train.primitive import primitive
from edgekit.train.products import matmul

from .channels import add_vector, channel_sums

__all__ = ["dense"]


@primitive
def dense(x, kernel, bias=None):
    """x (..., in) @ kernel (in, out) + bias (out,). Raises ShapeError where they do not fit."""
    if x.ndim < 2 or kernel.ndim != 2 or x.shape[-1] != kernel.shape[0]:
        raise ShapeError(
            f"dense: input {x.shape} does not fit a kernel of shape {kernel.shape}; "
            f"expected (..., {kernel.shape[0]})"
        )
    if x.ndim == 2:
        y = matmul(x, kernel)
    else:
        y = matmul(x.reshape(-1, x.shape[-1]), kernel).reshape(*x.shape[:-1], kernel.shape[1])
    if bias is not None:
        add_vector(y, bias)
    return y


@dense.vjp(on_tensors=True)
def _(g, y, x, kernel, bias=None, *, needs):
    if x.ndim == 2 and type(g) is np.ndarray:
        gx = matmul(g, kernel.T) if needs[0] else None
        gk = matmul(x.T, g) if needs[1] else None
        return (gx, gk, channel_sums(g) if bias is not None and needs[2] else None)[: len(needs)]
    matrix = g.reshape(-1, g.shape[-1])
    gx = (matrix @ kernel.swapaxes(0, 1)).reshape(x.shape) if needs[0] else None
    gk = x.reshape(-1, x.shape[-1]).swapaxes(0, 1) @ matrix if needs[1] else None
    if bias is None:
        return (gx, gk, None)[: len(needs)]
    return gx, gk, _bias_gradient(matrix) if needs[2] else None


def _bias_gradient(matrix: Any) -> Any:
    if hasattr(matrix, "__edgekit_tensor__"):
        return matrix.sum(axis=0)
    return channel_sums(matrix)
