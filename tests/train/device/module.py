"""The modules that stand under "cupy" and "cupyx" in `sys.modules`."""

from __future__ import annotations

import types
from typing import Any

import numpy as np

from .arrays import ndarray
from .cuda import cuda_module
from .generators import random_module
from .kernels import RawKernel, RawModule
from .machine import machine
from .memory import default_pool
from .names import CONSTANTS, FUNCTIONS
from .perform import as_index, perform, placed
from .signatures import check

__all__ = ["modules", "stand_in"]


ADDED = ("int32", "int64", "float16", "float32", "float64", "uint32", "uint64")
"""The dtypes that cupy adds by atomics."""


class Function:
    """A function of numpy that takes and gives device arrays, and refuses arrays of the host."""

    def __init__(self, name: str) -> None:
        self.__name__ = name
        self._function = getattr(np, name)

    def __call__(self, *inputs: Any, **options: Any) -> Any:
        check(self.__name__, options)
        return perform(self.__name__, self._function, inputs, options)

    def at(self, target: ndarray, index: Any, values: Any) -> None:
        if target.dtype.name not in ADDED:
            raise TypeError(f"cupy.add.at only supports {', '.join(ADDED)} as data type")
        perform("at", self._function.at, (target, as_index(index), values))

    def reduce(self, *inputs: Any, **options: Any) -> Any:
        return perform("reduce", self._function.reduce, inputs, options)

    def outer(self, a: ndarray, b: ndarray) -> Any:
        return perform("ufunc.outer", self._function.outer, (a, b))


class _Module(types.ModuleType):
    def __getattr__(self, name: str) -> Any:
        if name in CONSTANTS:
            return getattr(np, name)
        if name not in FUNCTIONS or not hasattr(np, name):
            raise AttributeError(f"module 'cupy' has no attribute {name!r} in this stand-in")
        found = Function(name)
        setattr(self, name, found)
        return found


def asarray(
    a: Any, dtype: Any = None, order: Any = None, *, copy: Any = None, blocking: bool = False
) -> ndarray:
    """An array of the device: the same one where nothing has to change."""
    if isinstance(a, ndarray):
        if copy is None and (dtype is None or a.dtype == dtype) and order in (None, "K", "A"):
            return a
        options = {"dtype": dtype, "order": order, "copy": copy or None}
        return perform("asarray", np.array, (a,), options)
    host = np.asarray(a, dtype, order)
    if host.dtype == object:
        raise TypeError(f"Unsupported dtype object of {type(a).__name__}")
    machine.copied_in("asarray")
    return placed(host)


def array(
    obj: Any, dtype: Any = None, copy: bool = True, order: str = "K", subok: bool = False,
    ndmin: int = 0, *, blocking: bool = False,
) -> ndarray:  # fmt: skip
    """A new array of the device."""
    found = asarray(obj, dtype)
    found = found.copy() if copy and found is obj else found
    return found.reshape((1,) * (ndmin - found.ndim) + found.shape) if found.ndim < ndmin else found


def ascontiguousarray(a: Any, dtype: Any = None) -> ndarray:
    found = asarray(a, dtype)
    if found.flags.c_contiguous and found.ndim:
        return found
    return perform("ascontiguousarray", np.ascontiguousarray, (found,))


def asnumpy(
    a: Any, stream: Any = None, order: str = "C", out: Any = None, *, blocking: bool = True
) -> np.ndarray:
    """A copy on the host, for which the host waits."""
    if isinstance(a, ndarray):
        return a.get(stream, order, out, blocking)
    return np.asarray(a, order=order)  # type: ignore[call-overload]


def empty(shape: Any, dtype: Any = float, order: str = "C") -> ndarray:
    """A new array whose elements are not set."""
    return ndarray(shape, dtype, order=order)


def empty_like(
    prototype: Any, dtype: Any = None, order: str = "K", subok: Any = None, shape: Any = None
) -> ndarray:
    return ndarray(
        prototype.shape if shape is None else shape, prototype.dtype if dtype is None else dtype
    )


def empty_pinned(shape: Any, dtype: Any = float, order: str = "C") -> np.ndarray:
    return np.empty(shape, dtype, order)


def zeros_pinned(shape: Any, dtype: Any = float, order: str = "C") -> np.ndarray:
    return np.zeros(shape, dtype, order)


def scatter_add(a: ndarray, slices: Any, value: Any) -> None:
    perform("scatter_add", np.add.at, (a, as_index(slices), value))


def as_strided(x: ndarray, shape: Any = None, strides: Any = None) -> ndarray:
    """A view with these strides."""
    return perform("as_strided", np.lib.stride_tricks.as_strided, (x, shape, strides))


def fftn(a: ndarray, s: Any = None, axes: Any = None, norm: Any = None) -> ndarray:
    return perform("fftn", np.fft.fftn, (a, s, axes, norm))


def ifftn(a: ndarray, s: Any = None, axes: Any = None, norm: Any = None) -> ndarray:
    return perform("ifftn", np.fft.ifftn, (a, s, axes, norm))


def modules() -> dict[str, types.ModuleType]:
    """All modules by name, "cupy" and "cupyx" among them."""
    cupy = _Module("cupy")
    found = {"cupy": cupy, "cupy.random": random_module(), **cuda_module()}
    stride_tricks = types.ModuleType("cupy.lib.stride_tricks")
    stride_tricks.as_strided = as_strided  # type: ignore[attr-defined]
    lib = types.ModuleType("cupy.lib")
    lib.stride_tricks = stride_tricks  # type: ignore[attr-defined]
    fft = types.ModuleType("cupy.fft")
    fft.__dict__.update(fftn=fftn, ifftn=ifftn)
    cupyx = types.ModuleType("cupyx")
    cupyx.__dict__.update(
        empty_pinned=empty_pinned, zeros_pinned=zeros_pinned, scatter_add=scatter_add
    )
    cupy.__dict__.update(
        RawKernel=RawKernel,
        RawModule=RawModule,
        __path__=[],
        array=array,
        asanyarray=asarray,
        asarray=asarray,
        ascontiguousarray=ascontiguousarray,
        asnumpy=asnumpy,
        cuda=found["cupy.cuda"],
        empty=empty,
        empty_like=empty_like,
        fft=fft,
        get_default_memory_pool=lambda: default_pool,
        lib=lib,
        ndarray=ndarray,
        random=found["cupy.random"],
    )
    for name in ("cupy.cuda", "cupy.lib"):
        (found["cupy.cuda"] if name == "cupy.cuda" else lib).__path__ = []  # type: ignore[attr-defined]
    return found | {"cupy.lib": lib, "cupy.lib.stride_tricks": stride_tricks, "cupyx": cupyx}


def stand_in() -> types.ModuleType:
    """The module "cupy" alone."""
    return modules()["cupy"]
