"""Worker threads: each takes its share of a batch through one primitive, then all meet again.

BLAS is to run on one thread then (OPENBLAS_NUM_THREADS=1): many short products on several BLAS
threads are slower than on one. With the same number of threads a computation gives the same bits;
with another number sums over the batch are added in another order, so their last bits may differ.
"""

from __future__ import annotations

import contextvars
import itertools
import os
import threading
from collections.abc import Callable, Sequence
from queue import SimpleQueue
from typing import Any

import numpy as np

from edgekit.errors import InputError
from edgekit.train.backend import Array

__all__ = ["get_threads", "in_shares", "set_threads", "shares", "sum_of_shares"]

LEAST_NANOSECONDS = 60_000
"""Less work than this is not shared: to hand it out and to meet again takes some 40 µs."""

_Task = tuple[Callable[[Any], Any], Any, list[Any], int, threading.Lock]


class _Workers:
    """Threads that wait for tasks; started when there first is something to share."""

    def __init__(self) -> None:
        self.count = 1
        self.queues: list[SimpleQueue[_Task | None]] = []

    def start(self) -> None:
        """Have one thread less than `count`: the caller is a worker too."""
        while len(self.queues) < self.count - 1:
            queue: SimpleQueue[_Task | None] = SimpleQueue()
            name = f"edgekit-{len(self.queues) + 1}"
            threading.Thread(target=_work, args=(queue,), name=name, daemon=True).start()
            self.queues.append(queue)

    def stop(self) -> None:
        """Let the threads end."""
        for queue in self.queues:
            queue.put(None)
        self.queues = []


def _work(queue: SimpleQueue[_Task | None]) -> None:
    while (task := queue.get()) is not None:
        function, share, found, place, done = task
        try:
            found[place] = (function(share), None)
        except BaseException as error:  # handed to the thread that waits
            found[place] = (None, error)
        done.release()


_workers = _Workers()


def _from_environment() -> int:
    text = os.environ.get("EDGEKIT_TRAIN_THREADS", "")
    return int(text) if text.isdigit() and int(text) else 1


def set_threads(count: int) -> None:
    """Let `count` threads share the batches of convolutions, pooling and batch normalization, and
    the weights that an optimizer updates.

    1, the default, is none but the caller's (or what the environment's EDGEKIT_TRAIN_THREADS
    says). `fit` holds BLAS to one thread; for loops of your own set OPENBLAS_NUM_THREADS=1. The
    same number gives the same bits.
    """
    if isinstance(count, bool) or not isinstance(count, int) or count < 1:
        raise InputError(f"set_threads takes a number of at least 1. Received: {count!r}")
    _workers.stop()
    _workers.count = count


def get_threads() -> int:
    """How many threads share the work of a layer."""
    return _workers.count


def shares(count: int, like: Array, nanoseconds: float) -> list[slice]:
    """The parts of `count` samples (or rows) that the threads take: one where sharing costs more.

    like: an array that the work is done on. nanoseconds: about how long it takes on one thread.
    """
    threads = min(_workers.count, count)
    if threads == 1 or nanoseconds < LEAST_NANOSECONDS or not isinstance(like, np.ndarray):
        return [slice(0, count)]
    cuts = [count * i // threads for i in range(threads + 1)]
    return [slice(a, b) for a, b in itertools.pairwise(cuts)]


def in_shares(function: Callable[[Any], Any], parts: Sequence[Any]) -> list[Any]:
    """`function` of every part, the first on this thread; the results in the order of the parts."""
    if len(parts) == 1:
        return [function(parts[0])]
    _workers.start()
    found: list[Any] = [None] * len(parts)
    locks = []
    for i, (part, queue) in enumerate(zip(parts[1:], _workers.queues, strict=False), 1):
        done = threading.Lock()
        done.acquire()
        # numpy's error state is part of the context
        queue.put((_in_context(function), part, found, i, done))
        locks.append(done)
    try:
        found[0] = (function(parts[0]), None)
    finally:
        for done in locks:
            done.acquire()
    for _, error in found:
        if error is not None:
            raise error
    return [result for result, _ in found]


def sum_of_shares(function: Callable[[Any], Any], parts: Sequence[Any]) -> Any:
    """What `in_shares` finds, added up in the order of the parts; None where they are None."""
    total, *others = in_shares(function, parts)
    for other in others:
        if total is not None:
            total += other
    return total


def _in_context(function: Callable[[Any], Any]) -> Callable[[Any], Any]:
    context = contextvars.copy_context()
    return lambda part: context.run(function, part)


def _forget() -> None:
    _workers.queues = []  # a forked process has none of the threads


_workers.count = _from_environment()
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget)
