"""Batches by number, made by worker threads while the model trains on earlier ones."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from typing import Any

from edgekit.errors import InputError

__all__ = ["PyDataset", "Sequence", "in_order"]


class PyDataset:
    """Batches by number: write `__getitem__(index)` and `__len__()` (or `num_batches`).

    workers: threads that make batches ahead; numpy and file reading leave the interpreter free.
    max_queue_size: how many batches may wait. use_multiprocessing is accepted for Keras' sake: the
    workers are threads either way. `on_epoch_begin` and `on_epoch_end` may be overridden.
    """

    def __init__(
        self, workers: int = 1, use_multiprocessing: bool = False, max_queue_size: int = 10
    ) -> None:
        self.workers = workers
        self.use_multiprocessing = use_multiprocessing
        self.max_queue_size = max_queue_size

    def __getitem__(self, index: int) -> Any:
        raise NotImplementedError(f"{type(self).__name__} has no __getitem__(index)")

    @property
    def num_batches(self) -> int | None:
        """How many batches an epoch has; None where it never ends."""
        if hasattr(self, "__len__"):
            return len(self)
        raise InputError(f"{type(self).__name__} needs __len__() or a num_batches")

    def on_epoch_begin(self) -> None:
        """Before the first batch of an epoch."""

    def on_epoch_end(self) -> None:
        """After the last batch of an epoch."""


Sequence = PyDataset


def in_order(source: Any, numbers: Iterable[int]) -> Iterator[Any]:
    """`source[i]` for every number, in this order, made ahead by the threads of `source`."""
    # a subclass that never called super().__init__() has none
    workers = int(getattr(source, "workers", 1) or 1)
    if workers <= 1:
        for i in numbers:
            yield source[i]
        return
    ahead = max(int(getattr(source, "max_queue_size", 10)), workers)
    from concurrent.futures import Future, ThreadPoolExecutor

    waiting: deque[Future[Any]] = deque()
    with ThreadPoolExecutor(workers, thread_name_prefix="batches") as pool:
        try:
            for i in numbers:
                waiting.append(pool.submit(source.__getitem__, i))
                if len(waiting) >= ahead:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            for future in waiting:
                future.cancel()
