"""Tensors of numbers that are said: zeros, ones, steps, the identity, windows."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from edgekit.keras.ops.tensors import as_tensor, known, operation, result_dtype
from edgekit.train.backend import array_module, asarray
from edgekit.train.dtype_policies import floatx
from edgekit.train.tensor import Tensor, wrap

__all__ = [
    "arange", "bartlett", "blackman", "empty", "empty_like", "eye", "full", "full_like",
    "geomspace", "hamming", "hanning", "identity", "kaiser", "linspace", "logspace", "ones",
    "ones_like", "tri", "zeros", "zeros_like",
]  # fmt: skip


def zeros(shape: Any, dtype: Any = None) -> Any:
    """Zeros."""
    return full(shape, 0, dtype)


def ones(shape: Any, dtype: Any = None) -> Any:
    """Ones."""
    return full(shape, 1, dtype)


def empty(shape: Any, dtype: Any = None) -> Any:
    """Zeros: what stands for numbers that nobody has said."""
    return full(shape, 0, dtype)


def full(shape: Any, fill_value: Any, dtype: Any = None) -> Any:
    """One value everywhere."""
    sizes = (shape,) if isinstance(shape, int) else tuple(int(n) for n in shape)
    return wrap(asarray(np.full(sizes, np.asarray(fill_value), dtype or floatx())))


@operation
def zeros_like(x: Any, dtype: Any = None) -> Any:
    """Zeros in the shape of `x`."""
    return full_like(x, 0, dtype)


@operation
def ones_like(x: Any, dtype: Any = None) -> Any:
    """Ones in the shape of `x`."""
    return full_like(x, 1, dtype)


@operation
def empty_like(x: Any, dtype: Any = None) -> Any:
    """Zeros in the shape of `x`."""
    return full_like(x, 0, dtype)


@operation
def full_like(x: Any, fill_value: Any, dtype: Any = None) -> Any:
    """One value in the shape of `x`."""
    given = asarray(as_tensor(x))
    return wrap(array_module(given).full_like(given, fill_value, dtype=dtype))


def arange(start: Any, stop: Any = None, step: Any = None, dtype: Any = None) -> Any:
    """Numbers at equal steps."""
    first, last = (0, start) if stop is None else (start, stop)
    given: Any = [np.asarray(v)[()] for v in (first, last, 1 if step is None else step)]
    values = np.arange(*given)
    return Tensor(values, dtype or (floatx() if values.dtype.kind == "f" else "int32"))


def linspace(
    start: Any,
    stop: Any,
    num: int = 50,
    endpoint: bool = True,
    retstep: bool = False,
    dtype: Any = None,
    axis: int = 0,
) -> Any:
    """`num` numbers at equal steps from start to stop; (numbers, step) with `retstep`."""
    target = dtype or result_dtype(start, stop, real=True)
    ends = np.asarray(start, np.float64), np.asarray(stop, np.float64)
    values, step = np.linspace(*ends, num, endpoint, retstep=True, axis=axis)
    made = Tensor(values, target)
    return (made, Tensor(np.asarray(step), target)) if retstep else made


def logspace(
    start: Any,
    stop: Any,
    num: int = 50,
    endpoint: bool = True,
    base: Any = 10,
    dtype: Any = None,
    axis: int = 0,
) -> Any:
    """`base` to the power of `num` numbers at equal steps from start to stop."""
    target = dtype or result_dtype(start, stop, real=True)
    ends = np.asarray(start, np.float64), np.asarray(stop, np.float64)
    return Tensor(np.logspace(*ends, num, endpoint, base, axis=axis), target)


def geomspace(
    start: Any, stop: Any, num: int = 50, endpoint: bool = True, dtype: Any = None, axis: int = 0
) -> Any:
    """`num` numbers from start to stop, each the same multiple of the one before."""
    target = dtype or result_dtype(start, stop, real=True)
    ends = np.asarray(start, np.float64), np.asarray(stop, np.float64)
    return Tensor(np.geomspace(*ends, num, endpoint, axis=axis), target)


def eye(N: int, M: int | None = None, k: int = 0, dtype: Any = None) -> Any:  # noqa: N803
    """Ones on a diagonal."""
    return Tensor(np.eye(N, M, k), dtype or floatx())


def identity(n: int, dtype: Any = None) -> Any:
    """Ones on the diagonal of a square."""
    return eye(n, dtype=dtype)


def tri(N: int, M: int | None = None, k: int = 0, dtype: Any = None) -> Any:  # noqa: N803
    """Ones on a diagonal and below."""
    return Tensor(np.tri(N, M, k), dtype or floatx())


# -- windows --------------------------------------------------------------------------------------


def _window(name: str, text: str) -> Callable[[Any], Any]:
    def call(x: Any) -> Any:
        return Tensor(getattr(np, name)(int(known(x, name))), floatx())

    call.__name__, call.__doc__ = name, text
    return call


bartlett = _window("bartlett", "A triangle of x numbers.")
blackman = _window("blackman", "Blackman's window of x numbers.")
hamming = _window("hamming", "Hamming's window of x numbers.")
hanning = _window("hanning", "Hann's window of x numbers.")


def kaiser(x: Any, beta: float) -> Any:
    """Kaiser's window of x numbers."""
    return Tensor(np.kaiser(int(known(x, "kaiser")), float(beta)), floatx())
