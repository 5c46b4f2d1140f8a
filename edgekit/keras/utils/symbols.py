"""What `keras.backend` and `keras.utils` say of tensors, dtypes and names."""

from __future__ import annotations

from typing import Any

import numpy as np

from edgekit.errors import InputError
from edgekit.train.dtype_policies import floatx
from edgekit.train.names import get_uid as get_uid
from edgekit.train.symbolic import SymbolicTensor

__all__ = [
    "get_uid",
    "is_float_dtype",
    "is_int_dtype",
    "is_keras_tensor",
    "result_type",
    "standardize_dtype",
]

_FLOATS = ("bfloat16", "float16", "float32", "float64")
_INTEGERS = ("int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64")
_OTHERS = ("bool", "string")
_PYTHON = {bool: "bool", float: "float32", int: "int64", str: "string", "int": "int64"}


def is_keras_tensor(x: Any) -> bool:
    """Whether `x` is a tensor without values, as `keras.Input` gives it."""
    return isinstance(x, SymbolicTensor)


def standardize_dtype(dtype: Any) -> str:
    """The name of a dtype: of a type of Python's or numpy's, or a name; None is `floatx()`.

    Raises ValueError for one that is not known.
    """
    if dtype is None:
        return floatx()
    if isinstance(dtype, type | str) and dtype in _PYTHON:
        return _PYTHON[dtype]
    name = dtype if isinstance(dtype, str) else _numpy_name(dtype)
    if name not in (*_FLOATS, *_INTEGERS, *_OTHERS):
        raise InputError(f"the dtype {dtype!r} is not known")
    return name


def _numpy_name(dtype: Any) -> str:
    try:
        return np.dtype(dtype).name
    except TypeError:
        return str(getattr(dtype, "name", dtype))


def is_float_dtype(dtype: Any) -> bool:
    """Whether a dtype has floating numbers."""
    return standardize_dtype(dtype) in _FLOATS


def is_int_dtype(dtype: Any) -> bool:
    """Whether a dtype has integers."""
    return standardize_dtype(dtype) in _INTEGERS


def result_type(*dtypes: Any) -> str:
    """The dtype of what is computed from several: floats win, and among them the widest.

    Python's int and float give way to dtypes of their kind; None is `floatx()`.
    """
    floats: set[str] = set()
    integers: set[str] = set()
    plain: set[str] = set()
    for dtype in dtypes or (float,):
        if dtype in (int, float):
            plain.add("int" if dtype is int else "float")
            continue
        name = standardize_dtype(dtype)
        (floats if name in _FLOATS else integers).add(name)
    if floats:
        both_halves = {"bfloat16", "float16"} <= floats
        widest = max(floats, key=_FLOATS.index)
        return "float32" if both_halves and widest == "float16" else widest
    if "float" in plain:
        return floatx()
    if not integers:
        return "int32"
    if integers == {"bool"} and plain:
        return "int32"
    name = np.result_type(*sorted(integers)).name
    return floatx() if name.startswith("float") else name
