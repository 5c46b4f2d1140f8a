"""RawModule and RawKernel: kernels compiled for the host, launched with their arguments checked."""

from __future__ import annotations

import ctypes
from typing import Any

import numpy as np

from .arrays import ndarray
from .compiler import compiled
from .machine import CUDARuntimeError, machine
from .memory import living

__all__ = ["LaunchError", "RawKernel", "RawModule"]

MOST_THREADS = 1024


class LaunchError(RuntimeError):
    """A kernel was launched, or behaved, as none may be on a GPU."""


class RawModule:
    """The kernels of one source. With `name_expressions` those are all there is to get."""

    def __init__(
        self, code: str | None = None, *, path: str | None = None, options: tuple[str, ...] = (),
        backend: str = "nvrtc", translate_cucomplex: bool = False,
        enable_cooperative_groups: bool = False, name_expressions: Any = None, jitify: Any = None,
    ) -> None:  # fmt: skip
        if code is None:
            raise TypeError("code has to be given")
        self.code, self.options = code, tuple(options)
        self.name_expressions = None if name_expressions is None else tuple(name_expressions)

    def compile(self, log_stream: Any = None) -> None:
        if self.name_expressions:
            compiled(self.code, self.options, self.name_expressions)

    def get_function(self, name: str) -> RawKernel:
        if self.name_expressions is None:
            return RawKernel(self.code, name, self.options)
        if name not in self.name_expressions:
            raise KeyError(f"{name!r} is not among the name expressions")
        kernel = RawKernel(self.code, name, self.options)
        kernel._together = self.name_expressions
        return kernel


class RawKernel:
    """One kernel. Called as `kernel(grid, block, arguments)`, on the current stream."""

    def __init__(
        self, code: str, name: str, options: tuple[str, ...] = (), backend: str = "nvrtc",
        translate_cucomplex: bool = False, *, enable_cooperative_groups: bool = False,
        jitify: Any = None,
    ) -> None:  # fmt: skip
        self.code, self.name, self.options = code, name, tuple(options)
        self._together: tuple[str, ...] = (name,)
        self._compiled: Any = None

    def compile(self, log_stream: Any = None) -> None:
        library = compiled(self.code, self.options, self._together)
        self._compiled = library.kernels[self.name]

    @property
    def max_threads_per_block(self) -> int:
        return MOST_THREADS

    def __call__(self, grid: Any, block: Any, args: Any, **kwargs: Any) -> None:
        if self._compiled is None:
            self.compile()
        if kwargs.pop("shared_mem", 0) or kwargs:
            raise LaunchError(f"{self.name}: dynamic shared memory is not simulated, nor {kwargs}")
        _, parameters = self._compiled
        if len(args) != len(parameters):
            raise LaunchError(
                f"{self.name} takes {len(parameters)} arguments ({' '.join(parameters)}). "
                f"Received: {len(args)}"
            )
        passed = [
            _passed(x, parameter, f"{self.name}: argument {i}")
            for i, (x, parameter) in enumerate(zip(args, parameters, strict=True))
        ]
        memories = [x._memory for x in args if isinstance(x, ndarray)]
        chunks = [memory.guarded[0] for memory in memories]
        if len(memories) < len(parameters) and any(one[0] == "s" for one in parameters):
            memories = living()  # the structure may hold any address
        # what lies behind the end of an array may be another's when a graph is launched
        guarded = [
            (chunk, chunk.size if machine.capturing else held)
            for chunk, held in (memory.guarded for memory in memories)
        ]
        extents = _extent(grid, "grid"), _extent(block, "block")
        work = _Launch(self, *extents, passed, chunks, guarded)
        if machine.capturing:
            machine.capturing.nodes.append(work)
        else:
            work()


class _Launch:
    """A launch with all it needs. As a node of a graph it holds addresses, and no allocation."""

    def __init__(
        self, kernel: RawKernel, grid: Any, block: Any, passed: list[Any], chunks: list[Any],
        guarded: list[Any],
    ) -> None:  # fmt: skip
        threads = block[0] * block[1] * block[2]
        if not 0 < threads <= MOST_THREADS or block[2] > 64:
            raise CUDARuntimeError("cudaErrorInvalidConfiguration", f"{kernel.name}: {block}")
        if min(grid) < 1 or max(grid[1:]) > 65535 or grid[0] > 2**31 - 1:
            raise CUDARuntimeError("cudaErrorInvalidConfiguration", f"{kernel.name}: grid {grid}")
        self._name = kernel.name
        self._run = kernel._compiled[0]
        self._grid = (ctypes.c_uint * 3)(*grid)
        self._block = (ctypes.c_uint * 3)(*block)
        self._chunks = chunks
        self._guarded = guarded
        self._held = [held for _, held in passed]
        self._values = [value for value, _ in passed]
        self._pointers = (ctypes.c_void_p * len(passed))(
            *(value.ctypes.data for value in self._values)
        )

    def __call__(self) -> None:
        machine.launches.append(self._name)
        if any(chunk.gone for chunk in self._chunks):
            raise CUDARuntimeError("cudaErrorIllegalAddress", self._name)
        message = ctypes.create_string_buffer(500)
        size = ctypes.c_size_t(len(message))
        if not self._run(self._grid, self._block, self._pointers, message, size):
            raise LaunchError(f"{self._name}: {message.value.decode()}")
        for chunk, held in self._guarded:
            beside = chunk.overrun(held)
            if beside:
                raise LaunchError(f"{self._name} wrote out of bounds, {beside}")


def _extent(size: Any, what: str) -> tuple[int, int, int]:
    if not isinstance(size, tuple) or not 1 <= len(size) <= 3:
        raise TypeError(f"{what} is a tuple of one to three numbers. Received: {size!r}")
    return (*(int(n) for n in size), *(1,) * (3 - len(size)))  # type: ignore[return-value]


def _passed(x: Any, parameter: str, where: str) -> tuple[np.ndarray, Any]:
    """The bytes that a parameter receives, and what has to live as long as they are used."""
    if parameter.startswith("*"):
        return _pointer(x, parameter, where)
    kind, size = parameter[0], int(parameter[1:].partition("/")[0])
    if kind == "s" and isinstance(x, np.ndarray | np.void) and x.nbytes == size:
        return np.frombuffer(x.tobytes(), np.uint8), None  # a structure by value, as it is now
    if not isinstance(x, np.generic) or kind == "s":
        raise LaunchError(f"{where} is {type(x).__name__}; the parameter is {_words(parameter)}")
    if (x.dtype.kind, x.dtype.itemsize) != (kind, size):
        raise LaunchError(f"{where} is numpy.{x.dtype}; the parameter is {_words(parameter)}")
    return np.array([x]), None


def _pointer(x: Any, parameter: str, where: str) -> tuple[np.ndarray, Any]:
    if x is None:
        return np.zeros(1, np.uintp), None
    if not isinstance(x, ndarray):
        raise LaunchError(f"{where} is {type(x).__name__}; the parameter is {_words(parameter)}")
    if x._memory.device_id != machine.current.gpu:
        raise LaunchError(f"{where} is an array of GPU {x._memory.device_id}")
    if not x._array.flags.c_contiguous:
        raise LaunchError(f"{where} is not C-contiguous: shape {x.shape}, strides {x.strides}")
    target = parameter.lstrip("*-")
    address = x.data.ptr
    if target != "v":
        size, alignment = (int(part) for part in target[1:].split("/"))
        if not _fits(x.dtype, target[0], size):
            raise LaunchError(f"{where} is an array of {x.dtype}; {_words(parameter)}")
        if address % alignment:
            raise LaunchError(f"{where} is not aligned to {alignment} bytes")
    return np.array([address], np.uintp), x._array


def _fits(dtype: np.dtype, kind: str, size: int) -> bool:
    """Unsigned numbers take any array, as bits; structures of two bytes take half floats."""
    if kind == "s":
        return size != 2 or dtype.name in ("float16", "bfloat16")
    if kind == "u":
        return True
    kinds = {"f": "f", "i": "iu", "b": "b"}[kind]
    return dtype.kind in kinds and dtype.itemsize == size


def _words(parameter: str) -> str:
    names = {"f": "a float", "i": "a signed integer", "u": "an unsigned integer", "b": "a bool",
             "s": "a structure", "v": "void"}  # fmt: skip
    target = parameter.lstrip("*-")
    size = target[1:].partition("/")[0]
    found = names[target[0]] + (f" of {size} bytes" if size else "")
    return f"a pointer to {found}" if parameter.startswith("*") else found
