"""Arrays of the simulated GPU: strict, in its own memory, with operators as cupy's have them.

They do not become numpy arrays by themselves, do not mix with arrays of the host, and count every
time the host has to wait for a value.
"""

from __future__ import annotations

import operator
import types
from collections.abc import Iterator
from typing import Any

import numpy as np

from .machine import machine
from .memory import MemoryPointer, PooledMemory, allocate
from .names import METHODS
from .signatures import check

__all__ = ["ndarray", "on_device", "peek"]

BINARY = (
    *("add", "sub", "mul", "truediv", "floordiv", "mod", "pow", "matmul"),
    *("and_", "or_", "xor", "lshift", "rshift"),
)


class ndarray:  # noqa: N801 - cupy's name
    """cupy.ndarray: made as `ndarray(shape, dtype)`, its elements not set."""

    __array_ufunc__ = None
    __hash__ = None  # type: ignore[assignment]

    def __init__(
        self, shape: Any, dtype: Any = float, memptr: MemoryPointer | None = None,
        strides: Any = None, order: str = "C",
    ) -> None:  # fmt: skip
        shape = tuple(int(n) for n in shape) if np.iterable(shape) else (int(shape),)
        dtype = np.dtype(dtype)
        size = int(np.prod(shape, dtype=np.int64)) * dtype.itemsize
        place = allocate(size) if memptr is None else memptr
        start = place.ptr - place.mem.ptr
        self._memory: PooledMemory = place.mem
        if strides is None and memptr is None:
            flat = place.mem.bytes[:size].view(dtype)
            self._array = flat.reshape(shape, order=order)
        else:
            self._array = np.ndarray(shape, dtype, place.mem.bytes, start, strides, order)

    @classmethod
    def _of(cls, array: np.ndarray, memory: PooledMemory) -> ndarray:
        """A view of memory that is there already."""
        made = cls.__new__(cls)
        made._array, made._memory = array, memory
        return made

    def __array__(self, *_: Any, **__: Any) -> np.ndarray:
        raise TypeError("a device array does not become a numpy array by itself")

    # -------------------------------------------------------- where and what it is

    @property
    def data(self) -> MemoryPointer:
        address = self._array.__array_interface__["data"][0] if self.size else self._memory.ptr
        return MemoryPointer(self._memory, address - self._memory.ptr)

    @property
    def device(self) -> Any:
        return self._memory.device

    @property
    def flags(self) -> types.SimpleNamespace:
        found = self._array.flags
        return types.SimpleNamespace(
            c_contiguous=found.c_contiguous, f_contiguous=found.f_contiguous, owndata=found.owndata
        )

    @property
    def __cuda_array_interface__(self) -> dict[str, Any]:
        strides = None if self._array.flags.c_contiguous else self.strides
        return {
            "shape": self.shape,
            "typestr": self.dtype.str,
            "descr": self.dtype.descr,
            "version": 3,
            "strides": strides,
            "data": (self.data.ptr, False),
            "stream": 1,
        }

    # -------------------------------------------------------- the host reads and writes

    def get(
        self, stream: Any = None, order: str = "C", out: np.ndarray | None = None,
        blocking: bool = True,
    ) -> np.ndarray:  # fmt: skip
        """A copy on the host."""
        if blocking or machine.capturing:
            machine.synchronized("get")
        found = self._array.copy(order)
        if out is None:
            return found
        if out.dtype != found.dtype or out.shape != found.shape:
            raise TypeError(f"out is {out.dtype} {out.shape}, not {found.dtype} {found.shape}")
        out[...] = found
        return out

    def set(self, arr: np.ndarray, stream: Any = None) -> None:
        """Copy an array of the host to here."""
        if not isinstance(arr, np.ndarray):
            raise TypeError("Only numpy.ndarray can be set to cupy.ndarray")
        if arr.dtype != self.dtype or arr.shape != self.shape:
            raise (TypeError if arr.dtype != self.dtype else ValueError)(
                f"an array of {arr.dtype} {arr.shape} for one of {self.dtype} {self.shape}"
            )
        if not (self._array.flags.c_contiguous or self._array.flags.f_contiguous):
            raise RuntimeError("Cannot set to non-contiguous array")
        machine.copied_in("set")
        self._array[...] = arr

    def item(self) -> Any:
        machine.synchronized("item")
        return self._array.item()

    def tolist(self) -> Any:
        machine.synchronized("tolist")
        return self._array.tolist()

    def __bool__(self) -> bool:
        machine.synchronized("bool")
        return bool(self._array)

    def __float__(self) -> float:
        machine.synchronized("float")
        return float(self._array)

    def __int__(self) -> int:
        machine.synchronized("int")
        return int(self._array)

    def __len__(self) -> int:
        return len(self._array)

    def __iter__(self) -> Iterator[Any]:
        return (self[i] for i in range(len(self)))

    def __repr__(self) -> str:
        return f"<device array {self.dtype} {self.shape}>"

    # -------------------------------------------------------- elements

    def __getitem__(self, index: Any) -> Any:
        return perform("getitem", operator.getitem, (self, as_index(index)))

    def __setitem__(self, index: Any, value: Any) -> None:
        whole = index is Ellipsis and self._array.flags.c_contiguous
        if whole and isinstance(value, int | float) and value == 0:
            with self.device:  # a memset, for which it does not matter which GPU is current
                perform("setitem", operator.setitem, (self, index, value))
            return
        perform("setitem", operator.setitem, (self, as_index(index), value))

    def copy(self, order: str = "C") -> ndarray:
        """A copy in the memory of the current GPU, from whichever it is in."""
        if self._memory.device_id != machine.current.gpu and not machine.capturing:
            return placed(self._array.copy(order))
        return perform("copy", np.ndarray.copy, (self, order))

    def __copy__(self) -> ndarray:
        return self.copy()

    def __deepcopy__(self, _: Any) -> ndarray:
        with self.device:
            return self.copy()


def on_device(host: Any, dtype: Any = None) -> ndarray:
    """An array of the host copied to the current GPU, whatever captures: for the tests."""
    host = np.asarray(host, dtype)
    made = ndarray(host.shape, host.dtype)
    made._array[...] = host
    return made


def peek(array: ndarray) -> np.ndarray:
    """What a device array holds, copied, and not counted: for the tests."""
    return array._array.copy()


from .perform import as_index, perform, placed  # noqa: E402 - they need the class above


def _operator(name: str) -> Any:
    def apply(self: ndarray, other: Any) -> Any:
        if not isinstance(other, ndarray) and getattr(type(other), "__array_ufunc__", 0) is None:
            return NotImplemented  # its own operators take arrays
        return perform(name, function, (self, other))

    function = getattr(operator, name)
    return apply


def _reflected(name: str) -> Any:
    function = getattr(operator, name)
    return lambda self, other: perform(name, lambda a, b: function(b, a), (self, other))


def _in_place(name: str) -> Any:
    function = getattr(operator, f"i{name.rstrip('_')}")
    return lambda self, other: perform(name, function, (self, other))


def _unary(name: str) -> Any:
    function = getattr(operator, name)
    return lambda self: perform(name, function, (self,))


def _method(name: str) -> Any:
    function = getattr(np.ndarray, name)

    def method(self: ndarray, *inputs: Any, **options: Any) -> Any:
        check(f".{name}", options)
        return perform(name, function, (self, *inputs), options)

    return method


def _attribute(name: str, view: bool) -> Any:
    def plain(self: ndarray) -> Any:
        return getattr(self._array, name)

    def viewed(self: ndarray) -> ndarray:
        return perform(name, lambda a: getattr(a, name), (self,))

    return property(viewed if view else plain)


def _complete() -> None:
    for name in BINARY:
        plain = name.rstrip("_")
        setattr(ndarray, f"__{plain}__", _operator(name))
        setattr(ndarray, f"__r{plain}__", _reflected(name))
        setattr(ndarray, f"__i{plain}__", _in_place(name))
    for name in ("eq", "ne", "lt", "le", "gt", "ge"):
        setattr(ndarray, f"__{name}__", _operator(name))
    for name in ("neg", "pos", "invert", "abs"):
        setattr(ndarray, f"__{name}__", _unary(name))
    for name in METHODS:
        setattr(ndarray, name, _method(name))
    for name in ("shape", "dtype", "size", "ndim", "nbytes", "itemsize", "strides"):
        setattr(ndarray, name, _attribute(name, view=False))
    for name in ("T", "mT", "real", "imag"):
        setattr(ndarray, name, _attribute(name, view=True))


_complete()
