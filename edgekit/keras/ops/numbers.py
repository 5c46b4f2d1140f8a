"""Element by element: arithmetic, comparisons, functions of one number."""

from __future__ import annotations

from typing import Any

import numpy as np

from edgekit.errors import InputError
from edgekit.train.backend import asarray
from edgekit.train.ops import comparisons, math
from edgekit.train.ops.comparisons import equal as equal
from edgekit.train.ops.comparisons import greater as greater
from edgekit.train.ops.comparisons import greater_equal as greater_equal
from edgekit.train.ops.comparisons import less as less
from edgekit.train.ops.comparisons import less_equal as less_equal
from edgekit.train.ops.comparisons import not_equal as not_equal
from edgekit.train.ops.elementwise import arccos as arccos
from edgekit.train.ops.elementwise import arcsin as arcsin
from edgekit.train.ops.elementwise import arcsinh as arcsinh
from edgekit.train.ops.elementwise import arctan as arctan
from edgekit.train.ops.elementwise import arctanh as arctanh
from edgekit.train.ops.elementwise import ceil as ceil
from edgekit.train.ops.elementwise import cos as cos
from edgekit.train.ops.elementwise import cosh as cosh
from edgekit.train.ops.elementwise import expm1 as expm1
from edgekit.train.ops.elementwise import floor as floor
from edgekit.train.ops.elementwise import log1p as log1p
from edgekit.train.ops.elementwise import round as round
from edgekit.train.ops.elementwise import sign as sign
from edgekit.train.ops.elementwise import sin as sin
from edgekit.train.ops.elementwise import sinh as sinh
from edgekit.train.ops.elementwise import tan as tan
from edgekit.train.ops.math import absolute as absolute
from edgekit.train.ops.math import add as add
from edgekit.train.ops.math import divide as divide
from edgekit.train.ops.math import exp as exp
from edgekit.train.ops.math import log as log
from edgekit.train.ops.math import maximum as maximum
from edgekit.train.ops.math import minimum as minimum
from edgekit.train.ops.math import multiply as multiply
from edgekit.train.ops.math import negative as negative
from edgekit.train.ops.math import power as power
from edgekit.train.ops.math import sqrt as sqrt
from edgekit.train.ops.math import square as square
from edgekit.train.ops.math import stop_gradient as stop_gradient
from edgekit.train.ops.math import subtract as subtract
from edgekit.train.serialization import accept_options
from edgekit.train.tensor import Tensor, wrap

__all__ = [
    "abs",
    "absolute",
    "add",
    "arccos",
    "arccosh",
    "arcsin",
    "arcsinh",
    "arctan",
    "arctanh",
    "cast",
    "ceil",
    "clip",
    "convert_to_numpy",
    "convert_to_tensor",
    "cos",
    "cosh",
    "divide",
    "equal",
    "exp",
    "expm1",
    "floor",
    "floor_divide",
    "greater",
    "greater_equal",
    "is_tensor",
    "isclose",
    "isfinite",
    "isinf",
    "isnan",
    "less",
    "less_equal",
    "log",
    "log1p",
    "log2",
    "log10",
    "logaddexp",
    "logical_and",
    "logical_not",
    "logical_or",
    "logical_xor",
    "maximum",
    "minimum",
    "mod",
    "multiply",
    "negative",
    "not_equal",
    "power",
    "reciprocal",
    "round",
    "rsqrt",
    "sign",
    "sin",
    "sinh",
    "sqrt",
    "square",
    "squared_difference",
    "stop_gradient",
    "subtract",
    "tan",
    "true_divide",
    "where",
]  # fmt: skip

abs = absolute
true_divide = divide


def convert_to_tensor(x: Any, dtype: Any = None, sparse: Any = None) -> Any:
    """`x` as a tensor."""
    accept_options("keras.ops.convert_to_tensor", {"sparse": sparse})
    if isinstance(x, Tensor):
        return x if dtype is None or x.dtype == np.dtype(dtype) else math.cast(x, dtype=dtype)
    return Tensor(x, dtype)


def convert_to_numpy(x: Any) -> np.ndarray:
    """The values of a tensor."""
    return np.asarray(x)


def is_tensor(x: Any) -> bool:
    """Whether `x` is a tensor with values."""
    return isinstance(x, Tensor)


def cast(x: Any, dtype: Any) -> Any:
    """`x` in another dtype."""
    return math.cast(x if hasattr(x, "shape") else Tensor(x), dtype=np.dtype(dtype).name)


def clip(x: Any, x_min: Any, x_max: Any) -> Any:
    """`x` within x_min .. x_max."""
    return minimum(maximum(x, x_min), x_max)


def arccosh(x: Any) -> Any:
    """The number whose cosh is x, at least 0."""
    return log(add(x, sqrt(subtract(square(x), 1.0))))


def reciprocal(x: Any) -> Any:
    """1 / x."""
    return divide(1.0, x)


def rsqrt(x: Any) -> Any:
    """1 / sqrt(x)."""
    return divide(1.0, sqrt(x))


def log2(x: Any) -> Any:
    """The logarithm to base 2."""
    return multiply(log(x), float(1 / np.log(2)))


def log10(x: Any) -> Any:
    """The logarithm to base 10."""
    return multiply(log(x), float(1 / np.log(10)))


def logaddexp(x1: Any, x2: Any) -> Any:
    """log(exp(x1) + exp(x2)), without overflow."""
    larger = stop_gradient(maximum(x1, x2))
    return larger + log(exp(x1 - larger) + exp(x2 - larger))


def squared_difference(x1: Any, x2: Any) -> Any:
    """(x1 - x2) squared."""
    return square(subtract(x1, x2))


def floor_divide(x1: Any, x2: Any) -> Any:
    """The whole part of x1 / x2, rounded down."""
    return floor(divide(x1, x2))


def mod(x1: Any, x2: Any) -> Any:
    """x1 - x2 floor(x1 / x2)."""
    return subtract(x1, multiply(x2, floor_divide(x1, x2)))


def where(condition: Any, x1: Any = None, x2: Any = None) -> Any:
    """x1 where `condition` holds, x2 elsewhere; without them, where it holds, axis by axis."""
    if (x1 is None) != (x2 is None):
        raise InputError("where: give both x1 and x2, or neither")
    if x1 is None:
        return tuple(wrap(at.astype(np.int32)) for at in np.nonzero(asarray(condition)))
    return comparisons.where(condition, x1, x2)


def _on_arrays(function: Any, *parts: Any, **options: Any) -> Any:
    return wrap(np.asarray(function(*map(asarray, parts), **options)))


def logical_and(x1: Any, x2: Any) -> Any:
    """Both."""
    return _on_arrays(np.logical_and, x1, x2)


def logical_or(x1: Any, x2: Any) -> Any:
    """Either."""
    return _on_arrays(np.logical_or, x1, x2)


def logical_xor(x1: Any, x2: Any) -> Any:
    """Exactly one."""
    return _on_arrays(np.logical_xor, x1, x2)


def logical_not(x: Any) -> Any:
    """Not."""
    return _on_arrays(np.logical_not, x)


def isnan(x: Any) -> Any:
    """Whether an element is not a number."""
    return _on_arrays(np.isnan, x)


def isinf(x: Any) -> Any:
    """Whether an element is infinite."""
    return _on_arrays(np.isinf, x)


def isfinite(x: Any) -> Any:
    """Whether an element is a finite number."""
    return _on_arrays(np.isfinite, x)


def isclose(
    x1: Any, x2: Any, rtol: float = 1e-5, atol: float = 1e-8, equal_nan: bool = False
) -> Any:
    """Whether elements are equal within tolerances."""
    return _on_arrays(np.isclose, x1, x2, rtol=rtol, atol=atol, equal_nan=equal_nan)
