"""Dataset: batches that are made when they are asked for, with the verbs of a pipeline."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from edgekit.errors import InputError
from edgekit.train.random import generator

__all__ = ["Dataset", "Order"]


class Order:
    """Numbers of rows, of which `renew` draws another order."""

    def __init__(self, rows: np.ndarray, seed: int | None) -> None:
        self.rows = self._all = rows
        self._source = generator(seed)

    def renew(self) -> None:
        """Draw an order of all rows."""
        self.rows = self._source.permutation(self._all)


class Dataset:
    """`count` items, of which `item(i)` makes number i; what `image_dataset_from_directory` gives.

    An item is a batch unless `unbatch` was called. Each verb gives a new Dataset and leaves this
    one as it is. `class_names` and `file_paths` are kept.
    """

    def __init__(
        self,
        item: Callable[[int], Any],
        count: int,
        renew: Callable[[], None] | None = None,
        class_names: list[str] | None = None,
        file_paths: list[str] | None = None,
    ) -> None:
        self._item, self._count, self._renew = item, count, renew
        self.class_names, self.file_paths = class_names, file_paths

    def __len__(self) -> int:
        return self._count

    def __getitem__(self, index: int) -> Any:
        if not 0 <= index < self._count:
            raise IndexError(index)
        return self._item(index)

    def __iter__(self) -> Iterator[Any]:
        for index in range(self._count):
            yield self._item(index)
        self.on_epoch_end()

    def on_epoch_end(self) -> None:
        """Draw a new order, where the items are shuffled."""
        if self._renew is not None:
            self._renew()

    def _like(
        self, item: Callable[[int], Any], count: int, renew: Callable[[], None] | None = None
    ) -> Dataset:
        def both() -> None:
            self.on_epoch_end()
            if renew is not None:
                renew()

        return Dataset(item, count, both, self.class_names, self.file_paths)

    def cardinality(self) -> int:
        """The number of items."""
        return self._count

    def map(self, function: Callable[..., Any], num_parallel_calls: Any = None) -> Dataset:
        """Items through a function, which gets the parts of a pair one by one."""

        def item(index: int) -> Any:
            found = self._item(index)
            return function(*found) if isinstance(found, tuple) else function(found)

        return self._like(item, self._count)

    def take(self, count: int) -> Dataset:
        """The first items."""
        return self._like(self._item, self._count if count < 0 else min(count, self._count))

    def skip(self, count: int) -> Dataset:
        """Without the first items."""
        return self._like(lambda i: self._item(i + count), max(self._count - count, 0))

    def shard(self, num_shards: int, index: int) -> Dataset:
        """Every `num_shards`-th item, from `index` on."""
        return self._like(
            lambda i: self._item(i * num_shards + index), -(-(self._count - index) // num_shards)
        )

    def cache(self, filename: str = "") -> Dataset:
        """Items are kept once they are made: in memory, whatever `filename` is."""
        kept: dict[int, Any] = {}

        def item(index: int) -> Any:
            if index not in kept:
                kept[index] = self._item(index)
            return kept[index]

        return Dataset(item, self._count, None, self.class_names, self.file_paths)

    def prefetch(self, buffer_size: Any = None) -> Dataset:
        """The same items: they are made when they are needed."""
        return self

    def shuffle(
        self, buffer_size: int, seed: int | None = None, reshuffle_each_iteration: bool = True
    ) -> Dataset:
        """Items in a random order, another one in each pass; the buffer is all of them."""
        order = Order(np.arange(self._count), seed)
        order.renew()
        renew = order.renew if reshuffle_each_iteration else None
        return self._like(lambda i: self._item(int(order.rows[i])), self._count, renew)

    def repeat(self, count: int | None = None) -> Dataset:
        """The items again and again, `count` times; without end there would be no length."""
        if count is None or count < 0:
            raise InputError("repeat() needs a count: fit(epochs=...) starts over by itself")
        return self._like(lambda i: self._item(i % self._count), self._count * count)

    def batch(self, batch_size: int, drop_remainder: bool = False) -> Dataset:
        """Items stacked, `batch_size` of them."""
        whole, rest = divmod(self._count, batch_size)
        count = whole + bool(rest and not drop_remainder)

        def item(index: int) -> Any:
            last = min((index + 1) * batch_size, self._count)
            return _stacked([self._item(i) for i in range(index * batch_size, last)])

        return self._like(item, count)

    def unbatch(self) -> Dataset:
        """The rows of all batches as items; the batches are made once, to count them."""
        batches = [self._item(i) for i in range(self._count)]
        rows = [_row(batch, i) for batch in batches for i in range(_rows_in(batch))]
        return Dataset(rows.__getitem__, len(rows), None, self.class_names, self.file_paths)

    def as_numpy_iterator(self) -> Iterator[Any]:
        """The items, which are numpy arrays already."""
        return iter(self)


def _stacked(items: list[Any]) -> Any:
    if isinstance(items[0], tuple):
        return tuple(_stacked(list(part)) for part in zip(*items, strict=True))
    if isinstance(items[0], dict):
        return {key: _stacked([item[key] for item in items]) for key in items[0]}
    return np.stack(items)


def _row(batch: Any, index: int) -> Any:
    if isinstance(batch, tuple):
        return tuple(_row(part, index) for part in batch)
    return {k: v[index] for k, v in batch.items()} if isinstance(batch, dict) else batch[index]


def _rows_in(batch: Any) -> int:
    while isinstance(batch, tuple | dict):
        batch = batch[0] if isinstance(batch, tuple) else next(iter(batch.values()))
    return len(batch)
