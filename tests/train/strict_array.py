"""A stand-in for cupy: arrays on which numpy's own functions fail.

A primitive that calls `np.exp(x)` on data, or mixes host arrays with device arrays, works on a CPU
and breaks on a GPU. On these arrays it breaks at once: they refuse to become numpy arrays, and the
functions of the stand-in module take nothing but its own arrays and plain numbers, as cupy's do.
"""

from __future__ import annotations

import contextlib
import operator
import types
from collections.abc import Iterator
from typing import Any

import numpy as np

__all__ = ["DeviceArray", "stand_in"]


class DeviceArray:
    """Wraps a numpy array; what comes out of every operation is wrapped again."""

    __array_ufunc__ = None
    device = contextlib.nullcontext()

    def __init__(self, array: Any) -> None:
        self._array = np.asarray(array)

    def __array__(self, *_: Any, **__: Any) -> np.ndarray:
        raise TypeError("a device array does not become a numpy array by itself")

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._array, name)
        return (
            Function(found) if callable(found) and not isinstance(found, type) else wrapped(found)
        )

    def __getitem__(self, index: Any) -> Any:
        return wrapped(self._array[_index(index)])

    def __setitem__(self, index: Any, value: Any) -> None:
        self._array[_index(index)] = unwrapped(value)

    def __len__(self) -> int:
        return len(self._array)

    def __iter__(self) -> Iterator[Any]:
        return (self[i] for i in range(len(self)))

    def __bool__(self) -> bool:
        return bool(self._array)

    __hash__ = None  # type: ignore[assignment]


def _operator(name: str, reflected: bool, in_place: bool) -> Any:
    function = getattr(operator, ("i" if in_place else "") + name.rstrip("_"), None)
    function = function or getattr(operator, name)

    def apply(self: DeviceArray, other: Any) -> Any:
        a, b = self._array, unwrapped(other)
        if in_place:
            self._array = function(a, b)
            return self
        return wrapped(function(b, a) if reflected else function(a, b))

    return apply


for _name in ("add", "sub", "mul", "truediv", "pow", "matmul", "and_", "or_"):
    _plain = _name.rstrip("_")
    setattr(DeviceArray, f"__{_plain}__", _operator(_name, False, False))
    setattr(DeviceArray, f"__r{_plain}__", _operator(_name, True, False))
    setattr(DeviceArray, f"__i{_plain}__", _operator(_name, False, True))
for _name in ("eq", "ne", "lt", "le", "gt", "ge"):
    setattr(DeviceArray, f"__{_name}__", _operator(_name, False, False))


def _unary(name: str) -> Any:
    function = getattr(operator, name)
    return lambda self: wrapped(function(self._array))


for _name in ("neg", "invert", "abs"):
    setattr(DeviceArray, f"__{_name}__", _unary(_name))


class Function:
    """A function of numpy that takes and gives device arrays, and refuses arrays of the host."""

    def __init__(self, function: Any) -> None:
        self._function = function

    def __call__(self, *inputs: Any, **options: Any) -> Any:
        return wrapped(self._function(*unwrapped(inputs), **unwrapped(options)))

    def at(self, target: DeviceArray, index: Any, values: DeviceArray) -> None:
        self._function.at(unwrapped(target), _index(index), unwrapped(values))


def wrapped(x: Any) -> Any:
    if isinstance(x, np.ndarray | np.number | np.bool_):
        return DeviceArray(x)
    if type(x) in (tuple, list):
        return type(x)(wrapped(one) for one in x)
    return x


def unwrapped(x: Any) -> Any:
    if isinstance(x, DeviceArray):
        return x._array
    if isinstance(x, np.ndarray):
        raise TypeError("an array of the host among device arrays")
    if isinstance(x, dict):
        return {key: unwrapped(one) for key, one in x.items()}
    if type(x) in (tuple, list):
        return type(x)(unwrapped(one) for one in x)
    return x


def _index(index: Any) -> Any:
    """An index may be an array of the host: cupy copies that to the device itself."""
    return index if isinstance(index, np.ndarray) else unwrapped(index)


class _Module(types.ModuleType):
    def __getattr__(self, name: str) -> Any:
        found = getattr(np, name)
        return Function(found) if callable(found) and not isinstance(found, type) else found


def stand_in() -> types.ModuleType:
    """A module to stand under the name "cupy" in `sys.modules`."""
    module = _Module("cupy")
    module.ndarray = DeviceArray  # type: ignore[attr-defined]
    module.asarray = lambda x, dtype=None: DeviceArray(  # type: ignore[attr-defined]
        np.asarray(x._array if isinstance(x, DeviceArray) else x, dtype)
    )
    module.asnumpy = lambda x: x._array  # type: ignore[attr-defined]
    tricks = types.SimpleNamespace(as_strided=Function(np.lib.stride_tricks.as_strided))
    module.lib = types.SimpleNamespace(stride_tricks=tricks)  # type: ignore[attr-defined]
    return module
