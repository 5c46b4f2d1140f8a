"""Numbers in other dtypes, tensors of them, their values."""

from __future__ import annotations

from typing import Any

import numpy as np

from edgekit.errors import InputError
from edgekit.keras.ops.tensors import as_tensor, computed_on, dtype_of, known, operation
from edgekit.train.backend import is_floating
from edgekit.train.ops import comparisons, math
from edgekit.train.serialization import accept_options
from edgekit.train.tensor import Tensor, wrap

__all__ = [
    "array", "cast", "convert_to_numpy", "convert_to_tensor", "copy", "dtype", "is_tensor",
    "saturate_cast", "stop_gradient", "view",
]  # fmt: skip


def convert_to_tensor(x: Any, dtype: Any = None, sparse: Any = None, ragged: Any = None) -> Any:
    """`x` as a tensor."""
    accept_options("keras.ops.convert_to_tensor", {"sparse": sparse, "ragged": ragged})
    if isinstance(x, Tensor):
        return x if dtype is None or x.dtype == np.dtype(dtype) else math.cast(x, dtype=dtype)
    return Tensor(x, dtype)


def array(x: Any, dtype: Any = None) -> Any:
    """`x` as a tensor."""
    return convert_to_tensor(x, dtype)


def convert_to_numpy(x: Any) -> np.ndarray:
    """The values of a tensor."""
    return np.asarray(x)


def copy(x: Any) -> Any:
    """`x` in memory of its own."""
    return math.multiply(x, 1) if is_floating(dtype_of(as_tensor(x))) else computed_on("copy", x)


def is_tensor(x: Any) -> bool:
    """Whether `x` is a tensor with values."""
    return isinstance(x, Tensor)


def dtype(x: Any) -> str:
    """The name of the dtype."""
    return str(dtype_of(as_tensor(x)))


def cast(x: Any, dtype: Any) -> Any:
    """`x` in another dtype."""
    return math.cast(x if hasattr(x, "shape") else Tensor(x), dtype=np.dtype(dtype).name)


def saturate_cast(x: Any, dtype: Any) -> Any:
    """`x` in another dtype; what that cannot hold becomes its largest or smallest number."""
    x, target = as_tensor(x), np.dtype(dtype)
    if target.kind not in "iufb":
        raise InputError(f"saturate_cast: expected a dtype of numbers. Received: {dtype!r}")
    if target.kind == "b":
        return cast(_within(x, 0, 1), target)
    info: Any = np.finfo(target) if target.kind == "f" else np.iinfo(target)
    low, high = info.min, info.max
    source = dtype_of(x)
    if is_floating(source):
        # the largest integers are rounded up on their way to real numbers
        if target.kind in "iu":
            high = _below_or_at(high, source)
            held = comparisons.where(comparisons.greater(x, high), high, _within(x, low, high))
            return cast(held, target)
        return cast(_within(x, max(low, np.finfo(source).min), min(high, np.finfo(source).max)),
                    target)  # fmt: skip
    if target.kind == "f":
        return cast(x, target)
    own = np.iinfo(source) if source.kind in "iu" else np.iinfo(np.int8)
    return cast(_within(x, max(low, own.min), min(high, own.max)), target)


def _within(x: Any, low: Any, high: Any) -> Any:
    return math.minimum(math.maximum(x, low), high)


def _below_or_at(number: int, dtype: Any) -> Any:
    """The largest number of a floating dtype that is not above an integer."""
    found = dtype.type(number)
    return np.nextafter(found, dtype.type(0)) if int(found) > number else found


@operation
def view(x: Any, dtype: Any = None) -> Any:
    """The bits of `x` as numbers of another dtype; of another width, along the last axis."""
    return wrap(known(x, "view").view(None if dtype is None else np.dtype(dtype)))


def stop_gradient(variable: Any) -> Any:
    """`variable`, as a constant to every tape."""
    return math.stop_gradient(as_tensor(variable))
