"""Tensors of numbers that are said: zeros, ones, steps, the identity."""

from __future__ import annotations

from typing import Any

import numpy as np

from edgekit.train.backend import asarray
from edgekit.train.tensor import Tensor, wrap

__all__ = [
    "arange", "eye", "full", "full_like", "identity", "linspace", "ones", "ones_like", "zeros",
    "zeros_like",
]  # fmt: skip


def zeros(shape: Any, dtype: Any = None) -> Any:
    """Zeros."""
    return full(shape, 0, dtype)


def ones(shape: Any, dtype: Any = None) -> Any:
    """Ones."""
    return full(shape, 1, dtype)


def full(shape: Any, fill_value: Any, dtype: Any = None) -> Any:
    """One value everywhere."""
    sizes = (shape,) if isinstance(shape, int) else tuple(shape)
    return wrap(asarray(np.full(sizes, fill_value, dtype or "float32")))


def zeros_like(x: Any, dtype: Any = None) -> Any:
    """Zeros in the shape of `x`."""
    return full_like(x, 0, dtype)


def ones_like(x: Any, dtype: Any = None) -> Any:
    """Ones in the shape of `x`."""
    return full_like(x, 1, dtype)


def full_like(x: Any, fill_value: Any, dtype: Any = None) -> Any:
    """One value in the shape of `x`."""
    return wrap(np.full_like(asarray(x), fill_value, dtype=dtype))


def arange(start: Any, stop: Any = None, step: Any = 1, dtype: Any = None) -> Any:
    """Numbers at equal steps."""
    first, last = (0, start) if stop is None else (start, stop)
    values = np.arange(first, last, step)
    return Tensor(values, dtype or ("float32" if values.dtype.kind == "f" else "int32"))


def linspace(start: Any, stop: Any, num: int = 50, endpoint: bool = True, dtype: Any = None) -> Any:
    """`num` numbers at equal steps from start to stop."""
    return Tensor(np.linspace(start, stop, num, endpoint), dtype or "float32")


def eye(N: int, M: int | None = None, k: int = 0, dtype: Any = None) -> Any:  # noqa: N803
    """Ones on a diagonal."""
    return wrap(np.eye(N, M, k, dtype or "float32"))


def identity(n: int, dtype: Any = None) -> Any:
    """Ones on the diagonal of a square."""
    return eye(n, dtype=dtype)
