"""Sums and means of whole arrays on the GPU; along some axes cupy's own do it."""

from __future__ import annotations

from typing import Any

import numpy as np

from edgekit.train.ops import reductions
from edgekit.train.primitive import Primitive

from .channels import THREADS, tickets
from .kernel import STORAGE, Kernel, contiguous, empty, kernel, multiprocessors, type_name
from .rules import on_gpu

__all__ = ["kernels"]

_SOURCE = "reductions.cu"
_LEAST = 8 * THREADS  # elements of a block


def kernels() -> list[Kernel]:
    """Every kernel of this module, for those who compile them all."""
    names = ("sum_of_all", "filled_with")
    return [kernel(_SOURCE, f"{name}<{t}>") for name in names for t in STORAGE.values()]


def _is_whole(x: Any, *, axis: Any = None, keepdims: bool = False) -> bool:
    return axis is None and bool(x.size)


def _register(rule_of: Primitive, is_mean: bool) -> None:
    def scale_of(x: Any) -> Any:
        return np.float32(1 / x.size if is_mean else 1.0)

    @on_gpu(rule_of, when=_is_whole)
    def rule(x: Any, *, axis: Any = None, keepdims: bool = False) -> Any:
        x = contiguous(x)
        y = empty((1,) * x.ndim if keepdims else (), x.dtype)
        shares = max(1, min(-(-x.size // _LEAST), 2 * multiprocessors()))
        share = -(-x.size // shares)
        shares = -(-x.size // share)
        run = kernel(_SOURCE, f"sum_of_all<{type_name(x.dtype)}>")
        run(
            (1, shares), THREADS, x, scale_of(x), y, empty(shares, np.float32), tickets(1),
            np.int64(share), np.int64(x.size),
        )  # fmt: skip
        return y

    @rule.vjp
    def _(g: Any, y: Any, x: Any, *, axis: Any = None, keepdims: bool = False) -> tuple[Any]:
        gx = empty(x.shape, g.dtype)
        run = kernel(_SOURCE, f"filled_with<{type_name(g.dtype)}>")
        run.over(x.size, contiguous(g), scale_of(x), gx)
        return (gx,)


_register(reductions.sum, is_mean=False)
_register(reductions.mean, is_mean=True)
