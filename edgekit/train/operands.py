"""Numbers and arrays beside tensors: which dtype and place they take in a primitive."""

from __future__ import annotations

from typing import Any

import numpy as np

from .backend import asarray, same_place
from .tensor import Tensor

__all__ = ["fit_constants"]

# kinds of floating dtypes; to numpy bfloat16 is a void, and tensors hold no other
_FLOATING = "fV"


def fit_constants(inputs: tuple[Any, ...], arrays: list[Any]) -> list[Any]:
    """Numbers take the dtype of the tensor they meet; floating arrays do too, and its place.

    So `x * 2.0`, `x * np.float64(2)` and `x - mean` stay float32 where `x` is, on every numpy.
    """
    if len(inputs) == 2 and type(inputs[0]) is Tensor and type(inputs[1]) is np.ndarray:
        first, second = arrays  # labels or an array that fits already
        if type(first) is np.ndarray and (second.dtype is first.dtype or second.dtype.kind in "iu"):
            return arrays
    like = _leading(inputs, arrays)
    fitted = []
    for x, data in zip(inputs, arrays, strict=True):
        if isinstance(x, Tensor) or data is None:
            fitted.append(data)
        elif like is not None and np.isscalar(data):
            fitted.append(_number_like(data, like.dtype))
        elif like is None:
            fitted.append(asarray(data))
        else:
            kind = getattr(data, "dtype", like.dtype)
            both_floating = kind.kind in _FLOATING and like.dtype.kind in _FLOATING
            fitted.append(same_place(data, like, like.dtype if both_floating else kind))
    return fitted


def _leading(inputs: tuple[Any, ...], arrays: list[Any]) -> Any:
    """The array that sets dtype and place: a floating tensor, else any tensor, else an array."""
    tensors = [a for x, a in zip(inputs, arrays, strict=True) if isinstance(x, Tensor)]
    candidates = tensors or [a for a in arrays if getattr(a, "shape", ())]
    floating = [a for a in candidates if a.dtype.kind in _FLOATING]
    return next(iter(floating or candidates), None)


def _number_like(number: Any, dtype: np.dtype[Any]) -> Any:
    """A number in the dtype of what it meets, unless that would cut off its fraction."""
    if dtype.kind in _FLOATING or (dtype.kind in "iu" and isinstance(number, int | np.integer)):
        return dtype.type(number)
    return np.asarray(number)
