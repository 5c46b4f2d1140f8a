"""What the functions of `keras.ops` take: tensors with values or without, arrays, numbers.

And the dtype in which they compute: a floating one wins over integers whatever their widths, and
what has no dtype (Python's numbers) takes that of what it meets.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np

from edgekit.errors import ShapeError
from edgekit.train.backend import asarray, is_floating, to_numpy
from edgekit.train.dtype_policies import floatx
from edgekit.train.ops import math
from edgekit.train.ops.discrete import discrete
from edgekit.train.ops.shape import transpose
from edgekit.train.symbolic import Operation, has_symbolic
from edgekit.train.tensor import Tensor, wrap

__all__ = [
    "as_tensor", "axes_of", "computed_on", "dtype_of", "floating", "in_one_axis", "integers",
    "known", "largest_of", "operation", "places", "result_dtype", "tensors_of", "together",
]  # fmt: skip


def as_tensor(x: Any) -> Any:
    """`x` as a tensor; one without values stays what it is."""
    return x if hasattr(x, "__symbolic_call__") or isinstance(x, Tensor) else Tensor(x)


def operation(function: Callable[..., Any], name: str = "") -> Callable[..., Any]:
    """`function`, which with symbolic tensors becomes one node of a functional model.

    It runs on values when the model does, so it may ask for sizes that the model does not know yet.
    Files of models know it by its name in `keras.ops`.
    """

    @functools.wraps(function)
    def call(*args: Any, **kwargs: Any) -> Any:
        if has_symbolic(args, kwargs):
            return Operation(call)(*args, **kwargs)
        return function(*args, **kwargs)

    call.name = name or function.__name__  # type: ignore[attr-defined]
    return call


def known(x: Any, name: str) -> Any:
    """The array of `x`. Raises ShapeError for a symbolic tensor: the result of `name` has a shape
    that its values decide.
    """
    if hasattr(x, "__symbolic_call__"):
        raise ShapeError(
            f"keras.ops.{name}: the values of its input decide the shape of its result, so it is "
            "no part of a functional model; call it in a Layer"
        )
    return asarray(x if hasattr(x, "dtype") else Tensor(x))


def computed_on(name: str, *arrays: Any, dtype: Any = None, **options: Any) -> Any:
    """numpy's function `name` of tensors or arrays, to every tape a constant; as `dtype`."""
    given = [x if x is None or isinstance(x, int | float) else as_tensor(x) for x in arrays]
    if not any(isinstance(x, Tensor) or hasattr(x, "__symbolic_call__") for x in given):
        given[0] = as_tensor(given[0])
    found = discrete(name)(*given, **options)
    return found if dtype is None or found.dtype == dtype else math.cast(found, dtype=dtype)


def axes_of(x: Any, axis: Any) -> list[int]:
    """The axes of `x` that `axis` names: all for None, counted from 0."""
    rank = len(x.shape)
    axes = range(rank) if axis is None else (axis,) if isinstance(axis, int) else axis
    return [a % rank for a in axes]


def in_one_axis(x: Any, axes: list[int]) -> Any:
    """The elements of a tensor along `axes`, counted from 0, in one last axis."""
    kept = [a for a in range(len(x.shape)) if a not in axes]
    return transpose(x, axes=(*kept, *axes)).reshape(*(x.shape[a] for a in kept), -1)


def integers(x: Any) -> np.ndarray:
    """Indices as an array of integers on the host."""
    return to_numpy(x if hasattr(x, "dtype") else np.asarray(x, np.int32))


def places(x: Any) -> Any:
    """Indices as an array of integers, where they are."""
    return asarray(x if hasattr(x, "dtype") else np.asarray(x, np.int32))


# -- dtypes ---------------------------------------------------------------------------------------


def dtype_of(x: Any) -> Any:
    """The dtype of a tensor, array or nested list; None of Python's own numbers."""
    if hasattr(x, "dtype") and not np.isscalar(x):
        return np.dtype(x.dtype) if isinstance(x.dtype, str) else x.dtype
    return None if isinstance(x, bool | int | float | complex | np.generic) else as_tensor(x).dtype


def result_dtype(*xs: Any, real: bool = False) -> Any:
    """The dtype of a result of `xs`; with `real` never one of integers."""
    tensors = [x for x in xs if isinstance(x, Tensor) or hasattr(x, "__symbolic_call__")]
    floats = [d for d in map(dtype_of, tensors) if is_floating(d)]
    dtypes = [d for d in map(dtype_of, xs) if d is not None]
    floats = floats or [d for d in dtypes if is_floating(d)]
    if any(d.kind == "c" for d in dtypes):
        return np.result_type(*dtypes)
    if floats:
        return functools.reduce(_wider, floats)
    if real or any(isinstance(x, float | np.floating) for x in xs):
        return np.dtype(floatx())
    if all(d == np.bool_ for d in dtypes) and any(type(x) is int for x in xs):
        return np.dtype(np.int32)
    if not dtypes:
        return np.dtype(np.bool_ if all(isinstance(x, bool) for x in xs) else np.int32)
    found = np.result_type(*dtypes)
    return np.dtype(floatx()) if is_floating(found) else found


def _wider(a: Any, b: Any) -> Any:
    """The floating dtype that holds both; float32 for the two of 16 bits."""
    if a == b:
        return a
    if "V" in a.kind + b.kind:  # bfloat16, which numpy does not know
        other = b if a.kind == "V" else a
        return other if other.itemsize > 2 else np.dtype(np.float32)
    return np.result_type(a, b)


def together(*xs: Any, real: bool = False) -> list[Any]:
    """Tensors of one dtype; Python's numbers stay what they are, but one must be a tensor."""
    if _agree(xs):
        return list(xs)
    dtype = result_dtype(*xs, real=real)
    made = [_cast(x, dtype) for x in xs]
    if made and all(dtype_of(x) is None for x in made):
        made[0] = Tensor(made[0], dtype)
    return made


def tensors_of(*xs: Any, real: bool = False, least: Any = None) -> list[Any]:
    """As `together`, but Python's numbers become tensors too; truth values become `least`."""
    dtype = result_dtype(*xs, real=real)
    dtype = np.dtype(least) if least is not None and dtype == np.bool_ else dtype
    return [Tensor(x, dtype) if dtype_of(x) is None else _cast(x, dtype) for x in xs]


def _agree(xs: tuple[Any, ...]) -> bool:
    """Whether all are floating tensors of one dtype already, or numbers beside them."""
    dtype = None
    for x in xs:
        if isinstance(x, Tensor):
            if dtype is not None and x.data.dtype != dtype:
                return False
            dtype = x.data.dtype
        elif type(x) is not float and type(x) is not int:
            return False
    return dtype is not None and dtype.kind == "f"


def _cast(x: Any, dtype: Any) -> Any:
    if isinstance(x, Tensor) or hasattr(x, "__symbolic_call__"):
        return x if x.dtype == dtype else math.cast(x, dtype=str(dtype))
    if dtype_of(x) is None:
        return wrap(np.asarray(x, dtype)) if isinstance(x, bool) else x
    return Tensor(x, dtype)


def largest_of(dtype: Any) -> float:
    """The largest number of a floating dtype; that of bfloat16 numpy does not know."""
    return float(np.finfo(dtype).max) if dtype.kind == "f" else 3.3895313892515355e38


def floating(x: Any) -> Any:
    """`x` as a tensor of real numbers: integers and truth values become `floatx()`."""
    x = as_tensor(x)
    dtype = dtype_of(x)
    if is_floating(dtype) or dtype.kind == "c":
        return x
    return math.cast(x, dtype=floatx())
