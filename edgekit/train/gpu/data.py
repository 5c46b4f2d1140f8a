"""Data of a fit on the device: whole where it fits, else staged batch by batch.

Arrays that fit are copied there once. The order of their samples goes there once a pass, drawn by
the host as on a CPU, and each step gathers its batch by it, from a position that the device
advances: a captured step therefore never needs the host. What does not fit, and what generators
make, goes through two pinned buffers on a stream of its own, while earlier steps compute.
"""

from __future__ import annotations

import math
from collections.abc import Hashable
from typing import Any

import numpy as np

from edgekit.errors import InputError
from edgekit.train.batches import ArrayBatches, Rows
from edgekit.train.class_weights import weighted
from edgekit.train.data import packed, unpack
from edgekit.train.structure import flatten, map_structure, pack
from edgekit.train.tensor import Tensor

from .carry import is_device_array
from .kernel import THREADS, Kernel, blocks_for, kernel
from .workplace import Workplace

__all__ = ["RESIDENT_SHARE", "ResidentData", "StagedData", "Tables", "arrays_in", "kernels"]

# of the memory that is free when fit begins; the rest is for weights and activations
RESIDENT_SHARE = 0.5

_SOURCE = "data.cu"
_PIECES = (16, 8, 4, 2, 1)
_AS_THEY_ARE = object()  # the order of samples that are not shuffled


def kernels() -> list[Kernel]:
    """Every kernel of this module, for those who compile them all."""
    gathers = [kernel(_SOURCE, f"gather_rows<piece{size}>") for size in _PIECES]
    return [*gathers, kernel(_SOURCE, "move_on")]


def arrays_in(batches: Any) -> ArrayBatches | None:
    """The arrays that batches are cut out of; None where they are made in another way."""
    return batches if isinstance(batches, ArrayBatches) else getattr(batches, "arrays", None)


class Pinned:
    """An array of the host that the device copies from by itself, and when it last did."""

    def __init__(self, shape: tuple[int, ...], dtype: Any) -> None:
        import cupy

        dtype = np.dtype(dtype)
        count = math.prod(shape)
        memory = cupy.cuda.alloc_pinned_memory(max(1, count * dtype.itemsize))
        self.array = np.frombuffer(memory, dtype, count).reshape(shape)
        self._copied: Any = None

    def copy_to(self, target: Any, stream: Any) -> Any:
        """Copy to a device array in the order of `stream`; the event that says it is done."""
        target.set(self.array, stream=stream)
        self._copied = stream.record()
        return self._copied

    def wait(self) -> None:
        """Before the array is written anew: until the last copy has read it."""
        if self._copied is not None and not self._copied.done:
            self._copied.synchronize()


class Tables:
    """Where gathering kernels find arrays, order and position: at addresses that stay.

    Other data of the same kind (of the next call of fit) need no other graph.
    """

    def __init__(self) -> None:
        import cupy

        self.addresses = cupy.zeros(32, np.uint64)
        self.position = cupy.zeros(1, np.int64)
        self.owner: Any = None  # the data that they tell of

    def put(self, addresses: list[int]) -> None:
        """Enter the addresses of the order and of the arrays."""
        if len(addresses) > self.addresses.size:
            raise InputError(f"a model on the GPU takes up to {self.addresses.size - 1} arrays")
        table = np.zeros(self.addresses.size, np.uint64)
        table[: len(addresses)] = addresses
        self.addresses.set(table)


class ResidentData:
    """Arrays that live on the device, with the order of their samples.

    weights: of classes, made weights of samples here.
    """

    def __init__(
        self, batches: ArrayBatches, tables: Tables, work: Workplace, weights: Any = None
    ) -> None:
        import cupy

        whole: Any = (batches.x, batches.y, batches.sample_weight)
        if weights is not None:
            whole = weighted(whole, weights)
        self._parts = map_structure(_on_device, list(whole))
        self._leaves = [leaf for leaf in flatten(self._parts) if leaf is not None]
        self._tables = tables
        self._work = work
        self._order = cupy.empty(batches.count, np.int32)
        self._pinned = [Pinned((batches.count,), np.int32) for _ in range(2)]
        self._sent: Any = None  # the order that is on the device
        self._at = -1  # the position that the device has
        described = [(str(leaf.dtype), leaf.shape[1:]) for leaf in self._leaves]
        self._kind = ("resident", *_outline(self._parts), tuple(described))

    @property
    def nbytes(self) -> int:
        """What the arrays take of the device's memory."""
        return int(sum(leaf.nbytes for leaf in self._leaves) + self._order.nbytes)

    @staticmethod
    def fits(batches: ArrayBatches, free: int) -> bool:
        """Whether arrays are numbers, and take no more than their share of the free memory."""
        parts = (batches.x, batches.y, batches.sample_weight)
        leaves = [leaf for leaf in flatten(parts) if leaf is not None]
        if any(leaf.dtype.kind not in "fiub" for leaf in leaves) or batches.count >= 2**31:
            return False
        missing = sum(leaf.nbytes for leaf in leaves if not is_device_array(leaf))
        return missing <= RESIDENT_SHARE * free

    def kind(self, rows: Rows) -> Hashable:
        """What a graph for such a batch depends on."""
        return (*self._kind, rows.size)

    def begin(self, rows: Rows) -> None:
        """Make the device ready to cut out this batch and those that follow it."""
        if self._tables.owner is not self:  # other data of a model may have come between
            self._tables.put([self._order.data.ptr, *(leaf.data.ptr for leaf in self._leaves)])
            self._tables.owner, self._at = self, -1
        sent = _AS_THEY_ARE if rows.order is None else rows.order
        if self._sent is not sent:
            self._pinned.reverse()
            pinned = self._pinned[0]
            pinned.wait()
            pinned.array[...] = np.arange(self._order.size) if rows.order is None else rows.order
            pinned.copy_to(self._order, self._work.stream)
            self._sent = sent
        if self._at != rows.start:
            self._tables.position.fill(rows.start)
            self._at = rows.start

    def batch(self, size: int, number: int = 0) -> Any:
        """Cut out a batch, the next but `number`, as train_step takes it; may be captured."""
        sources = iter(range(1, len(self._leaves) + 1))
        made = [
            None if leaf is None else self._gather(leaf, next(sources), size, number * size)
            for leaf in flatten(self._parts)
        ]
        return packed(*pack(self._parts, made))

    def _gather(self, leaf: Any, source: int, size: int, offset: int) -> Any:
        import cupy

        out = cupy.empty((size, *leaf.shape[1:]), leaf.dtype)
        row = leaf.dtype.itemsize * math.prod(leaf.shape[1:])
        piece = next(p for p in _PIECES if row % p == 0 and leaf.data.ptr % p == 0)
        pieces = size * (row // piece)
        if pieces >= 2**32 - 2**24:  # the kernel counts in 32 bits, by less than 2**24 at a time
            raise InputError(f"a batch of {size} samples of {row} bytes is too large for the GPU")
        if pieces:
            kernel(_SOURCE, f"gather_rows<piece{piece}>")(
                blocks_for(pieces), THREADS, self._tables.addresses, np.int32(source),
                self._tables.position, np.int64(offset), out, np.uint32(row // piece),
                np.uint32(pieces),
            )  # fmt: skip
        return out

    def move_on(self, samples: int) -> None:
        """Let the device begin so many samples further on; may be captured."""
        kernel(_SOURCE, "move_on")(1, 1, self._tables.position, np.int64(samples))

    def made(self, samples: int) -> None:
        """The device has moved on by so many samples."""
        self._at += samples


class StagedData:
    """Batches of the host, each copied to the device while earlier ones are computed with.

    Each kind of batch has its own arrays on the device, which steps read, and two pinned buffers
    with two arrays behind them, which copies fill by turns.
    """

    def __init__(self, work: Workplace) -> None:
        self._work = work
        self._stages: dict[Hashable, _Stage] = {}
        self._current: Any = None

    def kind(self, data: Any) -> Hashable:
        """What a graph for such a batch depends on. Raises InputError for what is no number."""
        parts = list(unpack(data))
        leaves = [_host(leaf) for leaf in flatten(parts)]
        described = tuple(
            None if leaf is None else (str(leaf.dtype), leaf.shape) for leaf in leaves
        )
        return ("staged", *_outline(parts), described)

    def begin(self, data: Any) -> None:
        """Send a batch to the device."""
        kind = self.kind(data)
        if kind not in self._stages:
            self._stages[kind] = _Stage(list(unpack(data)), self._work)
        self._current = self._stages[kind]
        self._current.send(list(unpack(data)))

    def batch(self) -> Any:
        """The batch that was sent last, as train_step takes it."""
        return packed(*self._current.parts)


class _Stage:
    """The arrays through which batches of one kind go."""

    def __init__(self, parts: list[Any], work: Workplace) -> None:
        import cupy

        leaves = [_host(leaf) for leaf in flatten(parts)]
        self._work = work
        self._fixed = [None if a is None else cupy.empty(a.shape, a.dtype) for a in leaves]
        self.parts = pack(parts, self._fixed)
        # memory is handed out in the order of the stream; copies wait until it is free for them
        self._turns = [_Turn(leaves, work.stream.record()) for _ in range(2)]

    def send(self, parts: list[Any]) -> None:
        """Copy a batch: host to pinned buffer to device, and on to the arrays that steps read."""
        turn = self._turns[0]
        self._turns.reverse()
        copies, stream = self._work.copies, self._work.stream
        copies.wait_event(turn.read)
        leaves = [_host(leaf) for leaf in flatten(parts)]
        for pinned, between, leaf in zip(turn.pinned, turn.between, leaves, strict=True):
            if pinned is not None and not is_device_array(leaf):
                pinned.wait()
                pinned.array[...] = leaf
                pinned.copy_to(between, copies)
        stream.wait_event(copies.record())
        for fixed, between, leaf in zip(self._fixed, turn.between, leaves, strict=True):
            if fixed is not None:
                fixed[...] = leaf if is_device_array(leaf) else between
        turn.read = stream.record()


class _Turn:
    """One of the two ways of a stage."""

    def __init__(self, leaves: list[Any], ready: Any) -> None:
        import cupy

        self.pinned = [None if a is None else Pinned(a.shape, a.dtype) for a in leaves]
        self.between = [None if a is None else cupy.empty(a.shape, a.dtype) for a in leaves]
        self.read = ready  # when the arrays between were read last


def _host(leaf: Any) -> Any:
    """A leaf of a batch as an array, wherever it is; None stays None."""
    array = leaf.data if isinstance(leaf, Tensor) else leaf
    if array is None or is_device_array(array):
        return array
    array = np.asarray(array)
    if array.dtype.kind not in "fiub":
        raise InputError(f"the GPU takes numbers. Received: dtype={array.dtype}")
    return array


def _on_device(leaf: Any) -> Any:
    """An array in device memory, in the order of its elements, where pieces are aligned."""
    import cupy

    if leaf is None:
        return None
    made = cupy.ascontiguousarray(cupy.asarray(leaf))
    return made if made.data.ptr % _PIECES[0] == 0 else made.copy()


def _outline(parts: Any) -> tuple[Any, ...]:
    """A structure without its leaves, to be compared; None is part of it."""
    return (repr(map_structure(lambda leaf: leaf is None, parts)),)
