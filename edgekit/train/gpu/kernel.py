"""CUDA functions: compiled for the device in hand when they are first launched, then kept.

The sources are CUDA C++ under `sources/`; NVRTC compiles them without any header of CUDA's, and
cupy keeps what it made on disk. `#include "x.cuh"` is resolved here, so that a changed include is
a changed source.
"""

from __future__ import annotations

import functools
import re
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from edgekit.errors import InputError

__all__ = [
    "OPTIONS",
    "STORAGE",
    "Kernel",
    "blocks_for",
    "contiguous",
    "empty",
    "kernel",
    "multiprocessors",
    "source_text",
    "type_name",
    "watch",
]

SOURCES = Path(__file__).with_name("sources")
OPTIONS = ("--std=c++17",)
THREADS = 256
BLOCKS_PER_MULTIPROCESSOR = 8

STORAGE = {"float32": "float", "float16": "half_t", "bfloat16": "bfloat_t"}
"""dtype -> the type of C++ that holds it. Kernels compute in float whatever the storage."""

_INCLUDE = re.compile(r'^#include "([\w.]+)"\n', re.MULTILINE)


@functools.cache
def source_text(name: str) -> str:
    """The text of a source with its includes in their places, each once."""
    seen: set[str] = set()

    def expanded(name: str) -> str:
        if name in seen:
            return ""
        seen.add(name)
        text = (SOURCES / name).read_text(encoding="utf-8")
        return _INCLUDE.sub(lambda found: expanded(found[1]), text)

    return expanded(name)


def type_name(dtype: Any) -> str:
    """The type of C++ that holds values of a dtype. Raises InputError where kernels have none."""
    found = STORAGE.get(np.dtype(dtype).name)
    if found is None:
        raise InputError(f"GPU kernels hold {', '.join(STORAGE)}. Received: {np.dtype(dtype)}")
    return found


class _Watch(threading.local):
    """Who wants to see the arrays that this thread's kernels are launched on, if anybody does."""

    see: Callable[[Any], None] | None = None


watch = _Watch()


class Kernel:
    """One `__global__` function of a source, template arguments and all: `"relu_forward<float>"`.

    Calling it launches it on the current stream. Arguments are device arrays (passed as pointers)
    and numpy scalars, whose dtype is the type of the parameter; a plain Python number is refused,
    because which type it becomes would be a guess.
    """

    def __init__(self, source: str, name: str) -> None:
        self.source = source
        self.name = name

    @functools.cached_property
    def _function(self) -> Any:
        import cupy

        module = cupy.RawModule(
            code=source_text(self.source), options=OPTIONS, name_expressions=(self.name,)
        )
        return module.get_function(self.name)

    def __call__(self, blocks: Any, threads: Any, *arguments: Any) -> None:
        for i, argument in enumerate(arguments):
            if isinstance(argument, int | float) and not isinstance(argument, np.generic):
                raise TypeError(f"{self.name}: argument {i} is a Python number: {argument!r}")
            if watch.see is not None:
                watch.see(argument)
        self._function(_extent(blocks), _extent(threads), arguments)

    def over(self, count: int, *arguments: Any) -> None:
        """Launch it over `count` elements; the count is handed over last, as int64."""
        if count:
            self(blocks_for(count), THREADS, *arguments, np.int64(count))


def _extent(size: Any) -> tuple[int, ...]:
    return size if isinstance(size, tuple) else (size,)


@functools.cache
def kernel(source: str, name: str) -> Kernel:
    """The kernel of this name in `sources/<source>`; the same object at every call."""
    return Kernel(source, name)


@functools.cache
def _multiprocessors(device: int) -> int:
    import cupy

    return int(cupy.cuda.Device(device).attributes["MultiProcessorCount"])


def multiprocessors() -> int:
    """How many multiprocessors the current device has."""
    import cupy

    return _multiprocessors(cupy.cuda.runtime.getDevice())


def blocks_for(count: int, threads: int = THREADS) -> int:
    """Blocks for a loop over `count` elements: no more than the device can hold at a time."""
    return max(1, min(-(-count // threads), BLOCKS_PER_MULTIPROCESSOR * multiprocessors()))


def contiguous(x: Any, dtype: Any = None) -> Any:
    """`x` with its elements one after the other in C order, as kernels take them; as `dtype`."""
    if dtype is not None and x.dtype != dtype:
        return x.astype(dtype, order="C")
    if x.flags.c_contiguous:
        return x
    import cupy

    return cupy.ascontiguousarray(x)


def empty(shape: Any, dtype: Any) -> Any:
    """A new device array whose elements are not set."""
    import cupy

    return cupy.empty(shape, dtype)
