"""Metrics whose sums stay on the device: one kernel adds a batch, and who looks reads them."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from edgekit.train.metrics import accuracy

from .kernel import STORAGE, Kernel, blocks_for, contiguous, empty, kernel

__all__ = [
    "add_matches",
    "add_number",
    "add_values",
    "kernels",
    "largest_kept",
    "mean_of",
    "new_sums",
    "weights_of_buckets",
]

_SOURCE = "metrics.cu"
_BLOCKS = 128
_PARTIAL = 2
_NUMBERS = {**STORAGE, "float64": "double"}
_LABELS = {
    "float32": "float", "float64": "double", "int32": "int", "int64": "int64", "uint8": "uint8",
    "bool": "uint8",
}  # fmt: skip
_HITS = {
    accuracy.sparse_categorical_accuracy: "add_sparse_hits",
    accuracy.categorical_accuracy: "add_categorical_hits",
    accuracy.binary_accuracy: "add_binary_hits",
}


def kernels() -> list[Kernel]:
    """Every kernel of this module, for those who compile them all."""
    names = ["mean_of_sums", "add_buckets", "keep_largest"]
    names += [f"add_number<{t}>" for t in _NUMBERS.values()]
    names += [f"add_values<{t}, {w}>" for t in _NUMBERS.values() for w in _NUMBERS.values()]
    labels = dict.fromkeys(_LABELS.values())
    names += [f"{h}<{t}, {y}>" for h in _HITS.values() for t in STORAGE.values() for y in labels]
    return [kernel(_SOURCE, name) for name in names]


class Sums:
    """A total, or a total and a count, in float64 on the current device.

    values: the array. The rest is what the kernels that add to it work with.
    """

    def __init__(self, size: int) -> None:
        import cupy

        self.values = cupy.zeros(size, np.float64)
        self.partial = cupy.zeros(_BLOCKS * _PARTIAL, np.float64)
        self.ticket = cupy.zeros(1, np.uint32)

    def places(self) -> tuple[Any, ...]:
        """What every kernel that adds takes."""
        return self.values, np.int32(self.values.size), self.partial, self.ticket


def new_sums(size: int) -> Sums:
    """Sums that are 0."""
    return Sums(size)


def _blocks(count: int) -> int:
    return min(_BLOCKS, blocks_for(count))


def add_values(sums: Sums, values: Any, weights: Any = None) -> bool:
    """Add the sum of all values, and that of the weights; their number where there are none.

    False where kernels cannot hold the values: nothing was added then.
    """
    types = [_NUMBERS.get(x.dtype.name) for x in (values, values if weights is None else weights)]
    if None in types:
        return False
    values = contiguous(values)
    given = values if weights is None else contiguous(weights)
    kernel(_SOURCE, f"add_values<{types[0]}, {types[1]}>")(
        _blocks(values.size), 256, values, given, np.int32(weights is not None), *sums.places(),
        np.int64(values.size),
    )  # fmt: skip
    return True


def add_number(sums: Sums, value: Any, weight: float) -> bool:
    """Add one value `weight` times; False where kernels cannot hold it."""
    type_ = _NUMBERS.get(value.dtype.name)
    if type_ is None:
        return False
    kernel(_SOURCE, f"add_number<{type_}>")(
        1, 1, contiguous(value), np.float64(weight), sums.values, np.int32(sums.values.size)
    )
    return True


def mean_of(sums: Sums) -> Any:
    """total / count as an array without dimensions; 0 for a count of 0."""
    mean = empty((), np.float64)
    kernel(_SOURCE, "mean_of_sums")(1, 1, sums.values, mean)
    return mean


def add_matches(sums: Sums, fn: Callable[..., Any], y_true: Any, y_pred: Any, **given: Any) -> bool:
    """Add the mean of an accuracy function over each sample; False where there is no kernel."""
    name = _HITS.get(fn)
    if name is None or y_pred.dtype.name not in STORAGE or y_true.dtype.name not in _LABELS:
        return False
    classes, rows = y_pred.shape[-1], math.prod(y_pred.shape[:-1])
    if name == "add_sparse_hits":
        fits = y_true.shape in (y_pred.shape[:-1], (*y_pred.shape[:-1], 1))
    else:
        fits = y_true.shape == y_pred.shape or (classes == 1 and y_true.shape == y_pred.shape[:-1])
    if not fits or y_pred.ndim < 2 or not y_pred.size:
        return False
    parameter: Any = np.int32(classes)
    elements = rows
    if name == "add_binary_hits":
        parameter, elements = np.float32(given.get("threshold", 0.5)), y_pred.size
    samples = y_pred.shape[0]
    kernel(_SOURCE, f"{name}<{STORAGE[y_pred.dtype.name]}, {_LABELS[y_true.dtype.name]}>")(
        _blocks(elements), 256, contiguous(y_true), contiguous(y_pred), parameter,
        np.float64(samples / elements), np.float64(samples), *sums.places(), np.int64(elements),
    )  # fmt: skip
    return True


def weights_of_buckets(buckets: Any, weights: Any, count: int) -> Any:
    """The sum of the weights in each of `count` buckets, float64; bucket -1 counts nowhere."""
    sums = empty((count,), np.float64)
    buckets = contiguous(buckets, np.int32)
    weights = contiguous(weights, np.float32)
    kernel(_SOURCE, "add_buckets")(count, 32, buckets, weights, sums, np.int64(buckets.size))
    return sums


def largest_kept(x: Any, k: int, rest: float) -> Any:
    """float32 outputs (..., classes) with all but the k largest of each sample set to `rest`."""
    x = contiguous(x)
    y = empty(x.shape, np.float32)
    kernel(_SOURCE, "keep_largest").over(
        x.size, x, np.int32(x.shape[-1]), np.int32(k), np.float32(rest), y
    )
    return y
