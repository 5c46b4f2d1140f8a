"""Memory of the simulated GPUs, and the pools that hand it out.

New memory holds NaN (and odd integers) wherever it comes from, and lies between guard zones. A
freed block goes back to its pool, which hands it out again for the next array of its size, the
last one freed first; so a graph whose buffers were given to others computes visibly wrong numbers.
"""

from __future__ import annotations

import bisect
import contextlib
import sys
import threading
import weakref
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from .machine import CUDARuntimeError, machine

__all__ = [
    "GUARD",
    "Memory",
    "MemoryPointer",
    "MemoryPool",
    "PooledMemory",
    "allocate",
    "at",
    "default_pool",
    "get_allocator",
    "living",
    "set_allocator",
    "total_memory",
    "using_allocator",
]

UNIT = 512  # cupy rounds every size up to this
GUARD = 512
PATTERN = np.frombuffer(b"\xfd\xff" * 2048, np.uint8)  # NaN as float64, 32, 16 and bfloat16
total_memory = 8 << 30


def _fill(target: np.ndarray) -> None:
    for start in range(0, target.size, PATTERN.size):
        part = target[start : start + PATTERN.size]
        part[:] = PATTERN[: part.size]


class Chunk:
    """A piece of device memory: `size` bytes between two guards. gone: given back to the system."""

    def __init__(self, size: int, gpu: int) -> None:
        self.gone = False
        held = np.empty(size + 2 * GUARD + UNIT, np.uint8)
        start = -held.ctypes.data % UNIT
        self.whole = held[start : start + size + 2 * GUARD]
        self.size = size
        self.gpu = gpu

    def overrun(self, held: int) -> str | None:
        """What was written beside the first `held` bytes, in words; None where nothing was."""
        whole, end = self.whole, GUARD + held
        for zone, start, stop in (("before", 0, GUARD), ("after", end, end + GUARD)):
            stop = min(stop, whole.size)
            phase = start % 2
            expected = PATTERN[phase : phase + stop - start]
            wrong = np.flatnonzero(whole[start:stop] != expected)
            if wrong.size:
                far = GUARD - wrong[0] if zone == "before" else wrong[0]
                return f"{far} bytes {zone} an array of {held} bytes"
        return None


class Memory:
    """Memory taken of the current GPU, which gets it back when nobody refers to this any more."""

    def __init__(self, size: int) -> None:
        self.size = size
        self.device_id = machine.current.gpu
        self._chunk = Chunk(size, self.device_id)
        self.ptr = self._chunk.whole.ctypes.data + GUARD

    @property
    def device(self) -> Any:
        from .cuda import Device

        return Device(self.device_id)

    def _dropped(self) -> None:
        """Its pool lets go of it."""
        if sys.getrefcount(self) <= 4:  # the pool's list and loop, `self`, and the question itself
            self._chunk.gone = True
            _fill(self._chunk.whole)


_all: weakref.WeakSet[PooledMemory] = weakref.WeakSet()


class PooledMemory:
    """An allocation out of a pool: as long as it lives its memory is nobody else's."""

    def __init__(self, pool: MemoryPool, memory: Memory, asked: int) -> None:
        self._pool = pool
        self._memory = memory
        chunk = memory._chunk
        self.size = chunk.size
        self.device_id = chunk.gpu
        self.ptr = memory.ptr
        self.bytes = chunk.whole[GUARD : GUARD + asked]
        # a graph gives one chunk to arrays of several sizes, each of which writes at every launch
        self.guarded = (chunk, chunk.size if machine.capturing else asked)
        _fill(chunk.whole)
        _all.add(self)

    @property
    def device(self) -> Any:
        return self._memory.device

    def __del__(self) -> None:
        self._pool._take_back(self._memory)


def living(gpu: int | None = None) -> list[PooledMemory]:
    """All allocations of a GPU, the current one if none is named."""
    gpu = machine.current.gpu if gpu is None else gpu
    return [memory for memory in _all if memory.device_id == gpu]


def at(address: int, size: int, gpu: int) -> np.ndarray:
    """The bytes at an address of a GPU, for libraries that are given addresses."""
    for memory in living(gpu):
        start = address - memory.ptr
        if start >= 0 and start + size <= memory.bytes.size:
            return memory.bytes[start : start + size]
    raise CUDARuntimeError("cudaErrorIllegalAddress", f"{size} bytes at {address:#x} of GPU {gpu}")


class MemoryPointer:
    """A place in device memory, as `ndarray.data` gives it."""

    def __init__(self, mem: Memory | PooledMemory, offset: int) -> None:
        self.mem: Any = mem
        self.ptr = mem.ptr + offset
        self.device_id = mem.device_id

    @property
    def device(self) -> Any:
        return self.mem.device


class MemoryPool:
    """Hands out memory, keeps what is freed, and knows how much of it there is.

    allocator: gives the memory that it hands out.
    """

    def __init__(self, allocator: Any = None) -> None:
        self._allocator = allocator or (lambda size: MemoryPointer(Memory(size), 0))
        self._free: dict[tuple[int, int], list[Memory]] = {}  # (gpu, size) -> what is free
        self._sizes: dict[int, list[int]] = {}  # gpu -> sizes of what is free, sorted
        self._used: dict[int, int] = {}
        self._total: dict[int, int] = {}
        self._limit: dict[int, int] = {}
        self._lock = threading.RLock()

    def malloc(self, size: int) -> MemoryPointer:
        """Memory of the current GPU. Raises cupy's OutOfMemoryError beyond the limit."""
        gpu, rounded = machine.current.gpu, max(UNIT, -(-size // UNIT) * UNIT)
        with self._lock:
            memory = self._freed(gpu, rounded) or self._taken(gpu, rounded, size)
            self._used[gpu] = self._used.get(gpu, 0) + memory.size
        return MemoryPointer(PooledMemory(self, memory, size), 0)

    def _freed(self, gpu: int, size: int) -> Memory | None:
        """Free memory of this size, else the next larger one up to four times as large."""
        sizes = self._sizes.get(gpu, [])
        at = bisect.bisect_left(sizes, size)
        if at == len(sizes) or sizes[at] > 4 * size:
            return None
        return self._free[gpu, sizes.pop(at)].pop()

    def _taken(self, gpu: int, rounded: int, size: int) -> Memory:
        """New memory. Where there is too little, all that is free is given back first."""
        limit = self._limit.get(gpu) or total_memory
        if self._total.get(gpu, 0) + rounded > limit:
            self._give_back(gpu)
        if self._total.get(gpu, 0) + rounded > limit:
            raise OutOfMemoryError(size, self._total.get(gpu, 0), self._limit.get(gpu, 0))
        self._total[gpu] = self._total.get(gpu, 0) + rounded
        found: Memory = self._allocator(rounded).mem
        return found

    def _take_back(self, memory: Memory) -> None:
        with self._lock:
            self._free.setdefault((memory.device_id, memory.size), []).append(memory)
            bisect.insort(self._sizes.setdefault(memory.device_id, []), memory.size)
            self._used[memory.device_id] -= memory.size

    def free_all_blocks(self, stream: Any = None) -> None:
        """Give what is free back to the system; a graph that still uses it has no memory there."""
        if machine.capturing:
            raise machine.refused("free_all_blocks")
        self._give_back(machine.current.gpu)

    def _give_back(self, gpu: int) -> None:
        with self._lock:
            for (where, size), memories in self._free.items():
                if where == gpu:
                    self._total[gpu] -= size * len(memories)
                    for memory in memories:
                        memory._dropped()
                    memories.clear()
            self._sizes[gpu] = []

    def _clear(self) -> None:
        """As a new pool, but for what still lives."""
        with self._lock:
            self._free.clear()
            self._sizes.clear()
            self._limit.clear()
            self._total = dict(self._used)

    def free_bytes(self) -> int:
        return self.total_bytes() - self.used_bytes()

    def used_bytes(self) -> int:
        return self._used.get(machine.current.gpu, 0)

    def total_bytes(self) -> int:
        return self._total.get(machine.current.gpu, 0)

    def n_free_blocks(self) -> int:
        return len(self._sizes.get(machine.current.gpu, []))

    def get_limit(self) -> int:
        return self._limit.get(machine.current.gpu, 0)

    def set_limit(self, size: int | None = None, fraction: float | None = None) -> None:
        if (size is None) == (fraction is None):
            raise ValueError("either size or fraction")
        self._limit[machine.current.gpu] = (
            int(fraction * total_memory) if size is None else int(size)  # type: ignore[operator]
        )


class OutOfMemoryError(MemoryError):
    """cupy's error where a pool's limit or the memory of the GPU does not suffice."""

    def __init__(self, size: int, total: int, limit: int = 0) -> None:
        more = f" (limit set to: {limit:,} bytes)" if limit else ""
        super().__init__(
            f"Out of memory allocating {size:,} bytes (allocated so far: {total:,} bytes{more})."
        )


default_pool = MemoryPool()


def get_allocator() -> Callable[[int], MemoryPointer]:
    """The function that new arrays of this thread take their memory from."""
    if machine.current.allocators:
        return machine.current.allocators[-1]
    return machine.allocator or default_pool.malloc


def set_allocator(allocator: Callable[[int], MemoryPointer] | None = None) -> None:
    if machine.current.allocators:
        raise ValueError(
            "Can't change the global allocator inside `using_allocator` context manager"
        )
    machine.allocator = allocator


@contextlib.contextmanager
def using_allocator(allocator: Callable[[int], MemoryPointer] | None = None) -> Iterator[None]:
    machine.current.allocators.append(allocator or default_pool.malloc)
    try:
        yield
    finally:
        machine.current.allocators.pop()


def allocate(size: int) -> MemoryPointer:
    """Memory for a new array. Raises CUDARuntimeError where the GPU is not there."""
    if machine.current.gpu >= machine.gpus:
        raise CUDARuntimeError("cudaErrorInvalidDevice")
    return get_allocator()(size)
