"""What users pass as data: arrays in structures, and what a batch is made of."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from edgekit.errors import InputError, ShapeError
from edgekit.train.backend import array_module, asarray
from edgekit.train.structure import flatten, is_nested, map_structure
from edgekit.train.tensor import Tensor

__all__ = [
    "as_arrays",
    "is_arrays",
    "number_of",
    "of_same_rank",
    "packed",
    "rows_of",
    "split_for_validation",
    "to_categorical",
    "unpack",
]


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


def packed(x: Any, y: Any, sample_weight: Any) -> Any:
    """The opposite of `unpack`: x, (x, y) or (x, y, weight), as train_step is given it."""
    if sample_weight is not None:
        return x, y, sample_weight
    if y is not None:
        return x, y
    return (x,) if is_nested(x) else x


def rows_of(part: Any, chosen: Any) -> Any:
    """Some of the samples of a structure of arrays."""
    if part is None:
        return None
    if not is_nested(part):
        return part[chosen]
    return map_structure(lambda a: None if a is None else a[chosen], part)


def is_arrays(x: Any) -> bool:
    """Whether `x` is data itself, and not something that gives batches."""
    if isinstance(x, np.ndarray | Tensor) or array_module(x) is not np or np.isscalar(x):
        return True
    if hasattr(x, "__array__"):  # frames of pandas, tensors of others
        return True
    if isinstance(x, Mapping):
        return all(is_arrays(value) for value in x.values())
    return isinstance(x, list | tuple) and all(
        isinstance(item, int | float) or (is_arrays(item) and not _is_batch(item)) for item in x
    )


def _is_batch(item: Any) -> bool:
    """True for (x, y): a tuple with arrays in it, where lists hold what belongs together."""
    return isinstance(item, tuple) and any(getattr(part, "ndim", 0) > 0 for part in item)


def as_arrays(part: Any, name: str) -> Any:
    """Tensors, lists of numbers and other arrays as arrays; lists and dicts of arrays as such."""
    if part is None:
        return None
    if hasattr(part, "__array__") and not isinstance(part, np.ndarray | Tensor):
        part = np.asarray(part) if array_module(part) is np else part
    if isinstance(part, Mapping):
        return {key: as_arrays(value, name) for key, value in part.items()}
    if isinstance(part, list | tuple) and any(
        hasattr(item, "shape") and getattr(item, "ndim", 0) > 0 for item in part
    ):
        return [as_arrays(item, name) for item in part]
    try:
        array = np.asarray(part) if _holds_text(part) else asarray(part)
    except ValueError as error:
        raise ShapeError(f"{name} is not an array: {error}") from error
    if array.dtype.kind not in "fiub" and not (name == "x" and _holds_text(array)):
        raise ShapeError(f"{name} must hold numbers. Received: dtype={array.dtype}")
    if array.ndim == 0:
        raise ShapeError(f"{name} must have a first axis of samples. Received: one number")
    return array


def _holds_text(part: Any) -> bool:
    """Whether these are strings, of which layers such as TextVectorization make numbers."""
    while isinstance(part, list | tuple) and part:
        part = part[0]
    if getattr(getattr(part, "dtype", None), "kind", "") == "O":
        return all(isinstance(one, str | bytes) for one in part.reshape(-1).tolist())
    return isinstance(part, str | bytes) or getattr(part, "dtype", np.dtype("f4")).kind in "US"


def number_of(value: Any) -> Any:
    """What a metric gave as a plain number; one for each class (F1Score) stays an array."""
    return float(np.reshape(value, ())) if np.size(value) == 1 else np.array(value)


def of_same_rank(a: Any, b: Any) -> tuple[Any, Any]:
    """Arrays or tensors: where one has a last axis of length 1 more, (n,) becomes (n, 1), else that
    axis goes.
    """
    if a.ndim == b.ndim + 1:
        b, a = of_same_rank(b, a)
    elif b.ndim == a.ndim + 1 and b.shape[-1] == 1:
        if a.ndim == 1:
            a = a.reshape(-1, 1)
        else:
            b = b.reshape(*b.shape[:-1])
    return a, b


def split_for_validation(
    share: float, x: Any, y: Any, sample_weight: Any
) -> tuple[tuple[Any, Any, Any], tuple[Any, Any, Any]]:
    """The first samples for training and the last `share` of them for validation."""
    if not 0 < share < 1:
        raise InputError(f"validation_split must be between 0 and 1. Received: {share}")
    if not is_arrays(x):
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
        tuple(rows_of(part, rows) for part in parts) for rows in (slice(0, at), slice(at, None))
    )
    return train, held
