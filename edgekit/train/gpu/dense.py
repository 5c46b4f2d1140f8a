"""Fully connected layers and products of matrices on the GPU."""

from __future__ import annotations

from typing import Any

from edgekit.train.ops import activated, math
from edgekit.train.ops.dense import dense as on_host
from edgekit.train.ops.reductions import unbroadcast

from .channels import channel_sums
from .cublas import CUBLAS
from .gates import Gate, opened
from .kernel import STORAGE, contiguous
from .matmul import matmul, matmul_and_sums
from .rules import on_gpu

__all__: list[str] = []


def _alike(x: Any, kernel: Any, bias: Any = None, **attrs: Any) -> bool:
    """Whether the shapes fit (the primitive itself says why not) and kernels hold the dtypes."""
    fit = x.ndim >= 2 and kernel.ndim == 2 and x.shape[-1] == kernel.shape[0]
    return fit and all(one is None or one.dtype.name in STORAGE for one in (kernel, bias))


@on_gpu(on_host, when=_alike)
def dense(x: Any, kernel: Any, bias: Any = None) -> Any:
    return matmul(contiguous(x), kernel, bias=bias)


@dense.vjp
def _(g: Any, y: Any, x: Any, kernel: Any, bias: Any = None, *, needs: Any) -> Any:
    return _gradients(g, x, kernel, bias, needs)


def _gradients(g: Any, x: Any, kernel: Any, bias: Any, needs: Any, gate: Gate | None = None) -> Any:
    rows = contiguous(g).reshape(-1, g.shape[-1])
    sums = bias is not None and needs[2]
    by_library = CUBLAS.get() is not None  # which reads gradients as they are
    rows, gate = opened(gate, rows, x, kernel, itself=by_library or not needs[1])
    gx = gk = gb = None
    if needs[0]:
        gx = matmul(rows, kernel.T, gates=(gate, None)).reshape(x.shape)
    turned = contiguous(x).reshape(-1, x.shape[-1]).T
    if needs[1] and sums:
        gk, gb = matmul_and_sums(turned, rows, gate)
    elif needs[1]:
        gk = matmul(turned, rows, gates=(None, gate))
    elif sums:
        gb = channel_sums(rows)
    return (gx, gk, gb)[: len(needs)]


@on_gpu(activated.activated_dense, when=_alike)
def activated_dense(x: Any, kernel: Any, bias: Any = None, *, activation: str) -> Any:
    return matmul(contiguous(x), kernel, bias=bias, activation=activation)


@activated_dense.vjp
def _(g: Any, y: Any, x: Any, kernel: Any, bias: Any = None, *, needs: Any, activation: str) -> Any:
    rows = y.reshape(-1, y.shape[-1])
    return _gradients(g, x, kernel, bias, needs, Gate(rows, activation))


def _storable(a: Any, b: Any) -> bool:
    return b.dtype.name in STORAGE


@on_gpu(math.matmul, when=_storable)
def product(a: Any, b: Any) -> Any:
    return matmul(a, b)


@product.vjp
def _(g: Any, y: Any, a: Any, b: Any, *, needs: Any) -> Any:
    rows = a[None] if a.ndim == 1 else a
    columns = b[:, None] if b.ndim == 1 else b
    shape = list(g.shape)  # a vector stands for a matrix of one row, or of one column
    if a.ndim == 1:
        shape.insert(len(shape) - (b.ndim > 1), 1)
    if b.ndim == 1:
        shape.append(1)
    g = g.reshape(tuple(shape))
    ga = matmul(g, columns.swapaxes(-1, -2)) if needs[0] else None
    if needs[1] and columns.ndim == 2 and rows.ndim > 2:  # sums over the batch by itself
        flat, across = contiguous(rows), contiguous(g)
        flat, across = (x.reshape(-1, x.shape[-1]) for x in (flat, across))
        gb = matmul(flat.T, across)
    else:
        gb = matmul(rows.swapaxes(-1, -2), g) if needs[1] else None
    return (
        None if ga is None else unbroadcast(ga, rows).reshape(a.shape),
        None if gb is None else unbroadcast(gb, columns).reshape(b.shape),
    )
