"""Batches from arrays, from objects that index batches, and from generators."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import numpy as np

from edgekit.errors import InputError, ShapeError
from edgekit.train.backend import array_module, asarray
from edgekit.train.structure import flatten, is_nested, map_structure
from edgekit.train.tensor import Tensor

__all__ = [
    "ArrayBatches",
    "IterableBatches",
    "as_arrays",
    "batches_of",
    "split_for_validation",
    "to_categorical",
    "unpack",
]

DEFAULT_BATCH_SIZE = 32


def to_categorical(x: Any, num_classes: int | None = None) -> np.ndarray:
    """Class numbers as rows of zeros with a one: shape (..., num_classes), float64 as in Keras.

    Raises ShapeError for numbers outside [0, num_classes).
    """
    labels = np.asarray(x).astype("int64")
    if labels.ndim > 1 and labels.shape[-1] == 1:
        labels = labels[..., 0]
    if num_classes is None:
        num_classes = int(labels.max()) + 1 if labels.size else 0
    if labels.size and not 0 <= labels.min() <= labels.max() < num_classes:
        raise ShapeError(
            f"to_categorical: class numbers from {labels.min()} to {labels.max()} do not fit "
            f"num_classes={num_classes}"
        )
    return np.eye(num_classes)[labels]


def unpack(data: Any) -> tuple[Any, Any, Any]:
    """(x, y, sample_weight) from what a batch is: x, (x,), (x, y) or (x, y, weight)."""
    if isinstance(data, list):
        data = tuple(data)
    if not isinstance(data, tuple):
        return data, None, None
    if not 1 <= len(data) <= 3:
        raise InputError(
            f"a batch must be x, (x, y) or (x, y, sample_weight). Received: {len(data)} parts"
        )
    return (*data, None, None)[:3]


class ArrayBatches:
    """Batches of whole arrays: x, y and weights with the same number of samples.

    Shuffling draws a new order at every pass from `random`.
    """

    def __init__(
        self,
        x: Any,
        y: Any,
        sample_weight: Any,
        batch_size: int | None,
        random: np.random.Generator | None = None,
    ) -> None:
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

    def __iter__(self) -> Iterator[tuple[Any, Any, Any]]:
        order = None if self.random is None else self.random.permutation(self.count)
        for start in range(0, self.count, self.batch_size):
            rows = slice(start, start + self.batch_size)
            chosen: Any = rows if order is None else order[rows]
            yield tuple(_rows_of(part, chosen) for part in (self.x, self.y, self.sample_weight))


def _rows_of(part: Any, chosen: Any) -> Any:
    if part is None:
        return None
    if not is_nested(part):
        return part[chosen]
    return map_structure(lambda a: None if a is None else a[chosen], part)


class IterableBatches:
    """Batches from a generator, an iterable, or an object with __getitem__ and __len__."""

    def __init__(self, source: Any, steps: int | None = None) -> None:
        self.source = source
        self.steps = steps if steps is not None else _length_of(source)
        self._running: Iterator[Any] | None = iter(source) if isinstance(source, Iterator) else None

    def __len__(self) -> int:
        if self.steps is None:
            raise InputError("the number of batches is not known: pass steps_per_epoch")
        return self.steps

    def __iter__(self) -> Iterator[tuple[Any, Any, Any]]:
        if self._running is None and self.steps is not None and not _indexes(self.source):
            self._running = iter(self.source)
        made = 0
        for data in self._epoch():
            yield unpack(data)
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
            yield from (self.source[i] for i in range(len(self.source)))
        elif self._running is not None:
            yield from self._continued()
        else:
            yield from self.source

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
    return hasattr(source, "__getitem__") and hasattr(source, "__len__")


def _length_of(source: Any) -> int | None:
    return len(source) if hasattr(source, "__len__") else None


def batches_of(
    x: Any,
    y: Any = None,
    sample_weight: Any = None,
    batch_size: int | None = None,
    steps: int | None = None,
    random: np.random.Generator | None = None,
) -> Any:
    """The batches of what the user passed to fit, evaluate or predict."""
    if x is None:
        raise InputError("no data was given: x is None.")
    if _is_arrays(x):
        batches: Any = ArrayBatches(x, y, sample_weight, batch_size, random)
        return batches if steps is None else IterableBatches(batches_forever(batches), steps)
    if not isinstance(x, Iterable) and not _indexes(x):
        raise InputError(
            "x must be an array, a list or dict of arrays, a generator of batches or an object "
            f"with __getitem__ and __len__. Received: {type(x).__name__}"
        )
    if y is not None or sample_weight is not None:
        raise InputError("y and sample_weight must come with each batch when x gives batches.")
    return IterableBatches(x, steps)


def batches_forever(batches: ArrayBatches) -> Iterator[Any]:
    """The batches again and again, in a new order each time where they are shuffled."""
    while True:
        yield from batches


def _is_arrays(x: Any) -> bool:
    if isinstance(x, np.ndarray | Tensor) or array_module(x) is not np or np.isscalar(x):
        return True
    if isinstance(x, Mapping):
        return all(_is_arrays(value) for value in x.values())
    return isinstance(x, list | tuple) and all(
        isinstance(item, int | float) or (_is_arrays(item) and not _is_batch(item)) for item in x
    )


def _is_batch(item: Any) -> bool:
    """True for (x, y): a tuple with arrays in it, where lists hold what belongs together."""
    return isinstance(item, tuple) and any(getattr(part, "ndim", 0) > 0 for part in item)


def as_arrays(part: Any, name: str) -> Any:
    """Tensors, lists of numbers and other arrays as arrays; lists and dicts of arrays as such."""
    if part is None:
        return None
    if isinstance(part, Mapping):
        return {key: as_arrays(value, name) for key, value in part.items()}
    if isinstance(part, list | tuple) and any(
        hasattr(item, "shape") and getattr(item, "ndim", 0) > 0 for item in part
    ):
        return [as_arrays(item, name) for item in part]
    try:
        array = part.data if isinstance(part, Tensor) else asarray(part)
    except ValueError as error:
        raise ShapeError(f"{name} is not an array: {error}") from error
    if array.dtype.kind not in "fiub":
        raise ShapeError(f"{name} must hold numbers. Received: dtype={array.dtype}")
    if array.ndim == 0:
        raise ShapeError(f"{name} must have a first axis of samples. Received: one number")
    return array


def split_for_validation(
    share: float, x: Any, y: Any, sample_weight: Any
) -> tuple[tuple[Any, Any, Any], tuple[Any, Any, Any]]:
    """The first samples for training and the last `share` of them for validation."""
    if not 0 < share < 1:
        raise InputError(f"validation_split must be between 0 and 1. Received: {share}")
    if not _is_arrays(x):
        raise InputError("validation_split needs arrays; pass validation_data with generators.")
    parts = tuple(
        as_arrays(part, name)
        for part, name in ((x, "x"), (y, "y"), (sample_weight, "sample_weight"))
    )
    count = len(flatten(parts[0])[0])
    at = int(count * (1.0 - share))
    if at == 0 or at == count:
        raise InputError(
            f"validation_split={share} of {count} samples leaves one side without any."
        )
    train, held = (
        tuple(_rows_of(part, rows) for part in parts) for rows in (slice(0, at), slice(at, None))
    )
    return train, held
