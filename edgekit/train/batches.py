"""Batches from arrays, from objects that index batches, and from generators."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np

from edgekit.errors import InputError, ShapeError
from edgekit.train.data import as_arrays, is_arrays, packed, rows_of, unpack
from edgekit.train.py_dataset import PyDataset, in_order
from edgekit.train.structure import flatten

__all__ = [
    "ArrayBatches",
    "IterableBatches",
    "Rows",
    "batches_of",
    "batches_to_validate",
    "count_of",
]

DEFAULT_BATCH_SIZE = 32


class Rows:
    """A batch that is not cut out yet: `size` samples of arrays from `start` on in an order.

    order: the numbers of the samples, one array for a whole pass; None: as they are.
    """

    __slots__ = ("arrays", "order", "size", "start")

    def __init__(self, arrays: ArrayBatches, order: Any, start: int, size: int) -> None:
        self.arrays = arrays
        self.order = order
        self.start = start
        self.size = size

    def data(self) -> Any:
        """The batch itself."""
        rows = slice(self.start, self.start + self.size)
        return self.arrays.cut(rows if self.order is None else self.order[rows])


class ArrayBatches:
    """Batches of whole arrays: x, y and weights with the same number of samples.

    Shuffling draws a new order at every pass from `random`; `by_batches` keeps the samples of a
    batch together. With `uncut` set they come as `Rows`, for a device that cuts them out itself.
    """

    uncut = False

    def __init__(
        self,
        x: Any,
        y: Any,
        sample_weight: Any,
        batch_size: int | None,
        random: np.random.Generator | None = None,
        by_batches: bool = False,
    ) -> None:
        self.by_batches = by_batches
        self.x, self.y = as_arrays(x, "x"), as_arrays(y, "y")
        self.sample_weight = as_arrays(sample_weight, "sample_weight")
        counts = {
            name: sorted({len(a) for a in flatten(part) if a is not None})
            for name, part in (("x", self.x), ("y", self.y), ("sample_weight", self.sample_weight))
        }
        sizes = {n for part in counts.values() for n in part}
        if len(sizes) > 1:
            raise ShapeError(
                "all arrays must hold the same number of samples. Received: "
                + "; ".join(f"{k} sizes: {v}" for k, v in counts.items() if v)
            )
        self.count = sizes.pop() if sizes else 0
        if self.count == 0:
            raise InputError("the data holds no samples.")
        self.batch_size = DEFAULT_BATCH_SIZE if batch_size is None else batch_size
        if not isinstance(self.batch_size, int | np.integer) or self.batch_size <= 0:
            raise InputError(f"batch_size must be a positive integer. Received: {batch_size!r}")
        self.random = random

    def __len__(self) -> int:
        return -(-self.count // self.batch_size)

    def __iter__(self) -> Iterator[Any]:
        order = self._order()
        size = self.batch_size
        for start in range(0, self.count, size):
            if self.uncut:
                yield Rows(self, order, start, min(size, self.count - start))
            else:
                rows = slice(start, start + size)
                yield self.cut(rows if order is None else order[rows])

    def cut(self, chosen: Any) -> Any:
        """The batch of the samples that a slice or an array of numbers chooses."""
        return packed(
            rows_of(self.x, chosen),
            None if self.y is None else rows_of(self.y, chosen),
            None if self.sample_weight is None else rows_of(self.sample_weight, chosen),
        )

    def _order(self) -> Any:
        """The order of the samples in this pass; None for the order in which they are."""
        if self.random is None:
            return None
        if not self.by_batches:
            return self.random.permutation(self.count)
        size = self.batch_size
        whole = self.count // size
        order = np.arange(self.count)
        shuffled = self.random.permutation(order[: whole * size].reshape(whole, size))
        return np.concatenate([shuffled.reshape(-1), order[whole * size :]])


class IterableBatches:
    """Batches from a generator, an iterable, or an object with __getitem__ and __len__.

    The order of a PyDataset's batches is drawn anew at every pass where `random` is given. `arrays`
    are the batches of arrays that the source goes through, where it does. `restarts`: every pass
    begins with the first batch, where the source can; else it goes on where the last one stopped.
    """

    arrays: ArrayBatches | None = None
    restarts = False

    def __init__(
        self, source: Any, steps: int | None = None, random: np.random.Generator | None = None
    ) -> None:
        self.source = source
        self.random = random
        self.steps = steps if steps is not None else _length_of(source)
        self._running: Iterator[Any] | None = iter(source) if isinstance(source, Iterator) else None

    def __len__(self) -> int:
        if self.steps is None:
            raise InputError("the number of batches is not known: pass steps_per_epoch")
        return self.steps

    def __iter__(self) -> Iterator[Any]:
        begin = getattr(self.source, "on_epoch_begin", None)
        if callable(begin):
            begin()
        goes_on = self.steps is not None and not self.restarts and not _indexes(self.source)
        if self._running is None and goes_on:
            self._running = iter(self.source)
        made = 0
        for data in self._epoch():
            yield tuple(data) if isinstance(data, list) else data
            made += 1
            if made == self.steps:
                break
        end = getattr(self.source, "on_epoch_end", None)
        if callable(end):
            end()
        if made == 0:
            raise InputError(
                "the data gave no batch: a generator can be used only once; "
                "let it run forever and pass steps_per_epoch"
            )

    def _epoch(self) -> Iterator[Any]:
        if _indexes(self.source):
            yield from in_order(self.source, self._numbers())
        elif self._running is not None:
            yield from self._continued()
        else:
            yield from self.source

    def _numbers(self) -> Iterator[int]:
        count = _length_of(self.source)
        if count is None:
            yield from itertools.count()
        elif self.random is not None and isinstance(self.source, PyDataset):
            yield from self.random.permutation(count).tolist()
        else:
            yield from range(count)

    def _continued(self) -> Iterator[Any]:
        """Go on where the last epoch stopped; an iterable that can restart does."""
        assert self._running is not None
        while True:
            try:
                yield next(self._running)
            except StopIteration:
                if isinstance(self.source, Iterator):
                    return
                self._running = iter(self.source)


def _indexes(source: Any) -> bool:
    known = hasattr(source, "__len__") or isinstance(source, PyDataset)
    return known and hasattr(source, "__getitem__")


def _length_of(source: Any) -> int | None:
    if isinstance(source, PyDataset):
        return source.num_batches
    return len(source) if hasattr(source, "__len__") else None


def count_of(batches: Any) -> int | None:
    """How many batches a pass has; None where that is not known."""
    try:
        return len(batches)
    except InputError:
        return None


def batches_of(
    x: Any,
    y: Any = None,
    sample_weight: Any = None,
    batch_size: int | None = None,
    steps: int | None = None,
    random: np.random.Generator | None = None,
    by_batches: bool = False,
) -> Any:
    """The batches of what the user passed to fit, evaluate or predict."""
    if x is None:
        raise InputError("no data was given: x is None.")
    if is_arrays(x):
        batches: Any = ArrayBatches(x, y, sample_weight, batch_size, random, by_batches)
        if steps is None:
            return batches
        # which order comes next is part of what a backup keeps, so it is handed on
        endless = IterableBatches(batches_forever(batches), steps, random)
        endless.arrays = batches
        return endless
    if not isinstance(x, Iterable) and not _indexes(x):
        raise InputError(
            "x must be an array, a list or dict of arrays, a generator of batches or an object "
            f"with __getitem__ and __len__. Received: {type(x).__name__}"
        )
    if y is not None or sample_weight is not None:
        raise InputError("y and sample_weight must come with each batch when x gives batches.")
    return IterableBatches(x, steps, random)


def batches_to_validate(data: Any, batch_size: int | None, steps: int | None) -> Any:
    """The batches of what `fit` was given as validation_data; None without."""
    if data is None:
        return None
    parts = isinstance(data, list | tuple) and 1 <= len(data) <= 3
    x, y, weight = unpack(data) if parts else (data, None, None)
    if is_arrays(x):
        x, y, weight = batches_of(x, y, weight, batch_size), None, None
        if steps is None:
            return x
    held = batches_of(x, y, weight, None, steps)
    held.restarts = True  # each validation sees the same samples
    return held


def batches_forever(batches: ArrayBatches) -> Iterator[Any]:
    """The batches again and again, in a new order each time where they are shuffled."""
    while True:
        yield from batches
