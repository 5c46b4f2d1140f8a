"""Arrays before training: classes as rows, norms, two parts."""

from __future__ import annotations

from typing import Any

import numpy as np

from edgekit.errors import InputError
from edgekit.train import to_categorical as _to_categorical
from edgekit.train.deprecations import with_old_arguments
from edgekit.train.preprocessing import Dataset
from edgekit.train.random import generator

__all__ = ["normalize", "split_dataset", "to_categorical"]


@with_old_arguments("to_categorical")
def to_categorical(x: Any, num_classes: int | None = None) -> np.ndarray:
    """Class numbers as rows of zeros with a one: shape (..., num_classes)."""
    return _to_categorical(x, num_classes)


def normalize(x: Any, axis: int = -1, order: int = 2) -> np.ndarray:
    """`x` over its norm along an axis; zeros stay."""
    array = np.asarray(x)
    norms = np.atleast_1d(np.linalg.norm(array, order, axis))
    norms[norms == 0] = 1
    return array / np.expand_dims(norms, axis)


def split_dataset(
    dataset: Any,
    left_size: float | int | None = None,
    right_size: float | int | None = None,
    shuffle: bool = False,
    seed: int | None = None,
    preferred_backend: str | None = None,
) -> tuple[Dataset, Dataset]:
    """Two parts of a Dataset's items, or of the rows of arrays; sizes are shares or numbers."""
    if isinstance(dataset, Dataset):
        count = len(dataset)

        def item(i: int) -> Any:
            return dataset[i]
    else:
        arrays = dataset if isinstance(dataset, list | tuple) else (dataset,)
        parts = tuple(np.asarray(a) for a in arrays)
        count = len(parts[0])

        def item(i: int) -> Any:
            rows = tuple(part[i] for part in parts)
            return rows if isinstance(dataset, list | tuple) else rows[0]

    left, right = _sizes(count, left_size, right_size)
    order = generator(seed).permutation(count) if shuffle else np.arange(count)
    first, second = order[:left], order[left : left + right]
    return (
        Dataset(lambda i: item(int(first[i])), len(first)),
        Dataset(lambda i: item(int(second[i])), len(second)),
    )


def _sizes(count: int, left: Any, right: Any) -> tuple[int, int]:
    if left is None and right is None:
        raise InputError("split_dataset needs left_size or right_size")
    found = [
        None if s is None else round(s * count) if isinstance(s, float) else int(s)
        for s in (left, right)
    ]
    first = count - (found[1] or 0) if found[0] is None else found[0]
    second = count - first if found[1] is None else found[1]
    if first < 1 or second < 1 or first + second > count:
        raise InputError(
            f"{count} items cannot be split into left_size={left} and right_size={right}"
        )
    return first, second
