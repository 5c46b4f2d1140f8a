"""Arrays and devices: the few places where numpy and cupy truly differ.

A primitive works in the module of the array in hand (`array_module`), so the same code runs on
both. A device setting decides only where *new* arrays are made: weights, random numbers, data.
"""

from __future__ import annotations

import contextlib
import ctypes
import functools
import sys
import threading
from collections.abc import Iterator
from types import ModuleType
from typing import Any

import numpy as np

from edgekit.errors import InputError

__all__ = [
    "Array",
    "array_module",
    "asarray",
    "constant",
    "current_device",
    "device",
    "device_module",
    "generator",
    "is_floating",
    "is_here",
    "keep_freed_memory",
    "memory_info",
    "random_bytes",
    "same_place",
    "scatter_add",
    "set_device",
    "to_numpy",
    "where",
]

Array = Any  # numpy.ndarray or cupy.ndarray; cupy has no types to name


class _Setting(threading.local):
    """The device of this thread: "cpu", or "gpu:N"."""

    name = "cpu"


_setting = _Setting()


def array_module(x: Array) -> ModuleType:
    """numpy, or cupy when the array `x` lives on a GPU. Never imports cupy itself."""
    cupy = sys.modules.get("cupy")
    if cupy is not None and isinstance(x, cupy.ndarray):
        return cupy
    return np


def current_device() -> str:
    """Where new arrays are made: "cpu" or "gpu:N"."""
    return _setting.name


def set_device(name: str) -> None:
    """Make new arrays on `name`: "cpu", "gpu" or "gpu:N", also as TensorFlow writes them
    ("/GPU:0"). Existing arrays stay where they are.

    Raises InputError for another name, MissingExtraError where cupy or a library of CUDA is not
    installed, and EdgekitError where there is no driver or no GPU; each says what was found.
    """
    plain = name.lower().removeprefix("/").removeprefix("device:")
    kind, _, index = ("cpu" if plain == "cpu:0" else plain).partition(":")
    if kind not in ("cpu", "gpu") or (index and not index.isdigit()) or (kind == "cpu" and index):
        raise InputError(f"device {name!r} is not known; use 'cpu', 'gpu' or 'gpu:N'")
    if kind == "gpu":
        number = _gpu_number(name, index)
        from edgekit.train import gpu as gpu  # its rules enter the primitives

        kind = f"gpu:{number}"
    _setting.name = kind


def _gpu_number(name: str, index: str) -> int:
    """The number of a GPU that is there."""
    from edgekit.train.cuda import gpu_count

    count = gpu_count()
    if int(index or 0) >= count:
        raise InputError(f"device {name!r} is not there: this machine has {count} GPUs")
    return int(index or 0)


@contextlib.contextmanager
def device(name: str) -> Iterator[None]:
    """Make new arrays on `name` within the block."""
    before = _setting.name
    set_device(name)
    try:
        with _placed():
            yield
    finally:
        _setting.name = before


def memory_info(device: str | None = None) -> dict[str, int]:
    """The memory of a GPU in bytes: `memory_info("gpu:0")`, by default of the current device.

    "used": by arrays that live. "held": taken of the GPU by the pools that arrays come from, which
    keep what was freed for the next ones. "peak": the most that was held when this was asked, now
    or before. "free" and "total": of the GPU, whoever uses it.
    """
    name = device or _setting.name
    kind, _, index = name.partition(":")
    if kind != "gpu" or (index and not index.isdigit()):
        raise InputError(f"memory_info tells of 'gpu' or 'gpu:N'. Received: {name!r}")
    number = _gpu_number(name, index)
    from edgekit.train.gpu.memory import info

    return info(number)


def device_module() -> ModuleType:
    """The array module of the current device."""
    return np if _setting.name == "cpu" else sys.modules["cupy"]


def _placed() -> contextlib.AbstractContextManager[Any]:
    """A context in which cupy allocates on the current device; nothing to do on the CPU."""
    if _setting.name == "cpu":
        return contextlib.nullcontext()
    index = int(_setting.name.partition(":")[2])
    return device_module().cuda.Device(index)


def asarray(x: Any, dtype: Any = None) -> Array:
    """`x` as an array. A cupy array stays where it is; all else is made on the current device."""
    data = x.data if hasattr(x, "__edgekit_tensor__") else x
    if isinstance(data, np.ndarray) and _setting.name == "cpu":
        return data if dtype is None or data.dtype == dtype else data.astype(dtype)
    if array_module(data) is not np:
        return data if dtype is None or data.dtype == dtype else data.astype(dtype)
    with _placed():
        return device_module().asarray(data, dtype=dtype)


def to_numpy(x: Any) -> np.ndarray:
    """`x` as a numpy array on the host: without a copy where it is there already."""
    data = x.data if hasattr(x, "__edgekit_tensor__") else x
    module = array_module(data)
    return np.asarray(data) if module is np else module.asnumpy(data)


def where(condition: Array, a: Any, b: Any) -> Array:
    """`a` where the condition holds, `b` elsewhere; cupy would make float32 of bfloat16."""
    module = array_module(condition)
    found = module.where(condition, a, b)
    if module is np:
        return found
    dtypes = {x.dtype for x in (a, b) if hasattr(x, "dtype")}
    return found.astype(dtypes.pop(), copy=False) if len(dtypes) == 1 else found


def is_floating(dtype: Any) -> bool:
    """Whether a numpy dtype is of real numbers; bfloat16, which numpy does not know, is."""
    return dtype.kind == "f" or (dtype.kind == "V" and dtype.name == "bfloat16")


def is_here(x: Array) -> bool:
    """Whether the device array `x` lives on the GPU that is current in this thread."""
    module = array_module(x)
    return module is not np and bool(x.device.id == module.cuda.runtime.getDevice())


def same_place(x: Any, like: Array, dtype: Any = None) -> Array:
    """The array `x` in the memory in which `like` lives, at `dtype` if that is given."""
    module = array_module(like)
    if module is np:
        return np.asarray(to_numpy(x), dtype=dtype)
    data = x.data if hasattr(x, "__edgekit_tensor__") else x
    with like.device:
        return module.asarray(data, dtype=dtype)


def constant(x: np.ndarray, like: Any) -> Array:
    """`x`, which is the same at every call, where the array or tensor `like` lives.

    To a GPU it is copied once for all calls, so that a captured step copies nothing.
    """
    if array_module(like.data if hasattr(like, "__edgekit_tensor__") else like) is np:
        return x
    from edgekit.train.gpu.fixed import held

    return held(x)


def generator(seed: int | None = None) -> Any:
    """A random generator on the current device; `None` takes a seed from the system.

    On the CPU `numpy.random.Generator(SFC64(seed))`; on a GPU cupy's Philox generator.
    """
    if _setting.name == "cpu":
        return np.random.Generator(np.random.SFC64(seed))
    random = device_module().random
    with _placed():
        return random.Generator(random.Philox4x3210(seed))


def random_bytes(source: Any, count: int, like: Array) -> Array:
    """`count` uniform uint8 drawn from the generator `source`, in the memory of `like`."""
    module = array_module(like)
    if isinstance(source, np.random.Generator):
        host = np.frombuffer(source.bytes(count), np.uint8)
        return host if module is np else same_place(host, like)
    words = source.integers(0, 1 << 32, (count + 3) // 4, dtype=np.uint32)
    return words.view(np.uint8)[:count]


@functools.lru_cache(maxsize=1)
def keep_freed_memory() -> bool:
    """Tell glibc to keep up to 1 GiB of freed memory for the next arrays. True where that worked.

    A training step frees all its activations and allocates them again. glibc hands large blocks
    back to the kernel each time, and the page faults cost as much as the arithmetic: 120 ms a step
    became 68 on a small depthwise network. In pages of 2 MiB, where the kernel gives them when
    asked, it takes 3 % less once more. Tapes call this once; elsewhere than on glibc it does
    nothing.
    """
    mmap_threshold, trim_threshold = -3, -1  # names of mallopt(3)
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (AttributeError, OSError, TypeError):
        return False
    if not (mallopt(mmap_threshold, 32 << 20) and mallopt(trim_threshold, 1 << 30)):
        return False
    # numpy asks for large pages where an array has 4 MiB, and its addresses keep them when it is
    # gone: those of 248 MiB here, which nothing is written to
    with contextlib.suppress(MemoryError):
        large = [np.empty(31 << 20, np.uint8) for _ in range(8)]
        large.clear()
    return True


def scatter_add(target: Array, index: Any, values: Array) -> None:
    """`target[index] += values`, where an index that occurs twice is added twice. In place."""
    module = array_module(target)
    if module is not np and target.dtype.name == "bfloat16":  # which cupy does not add so
        wide = target.astype(np.float32)
        module.add.at(wide, index, values.astype(np.float32))
        target[...] = wide
        return
    module.add.at(target, index, values)
