"""Arithmetic element by element, and numbers in other dtypes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from edgekit.errors import InputError
from edgekit.keras.ops.tensors import (
    as_tensor,
    computed_on,
    dtype_of,
    floating,
    known,
    largest_of,
    operation,
    result_dtype,
    together,
)
from edgekit.train.backend import is_floating, to_numpy
from edgekit.train.ops import comparisons, elementwise, math, special
from edgekit.train.serialization import accept_options
from edgekit.train.tensor import Tensor, wrap

__all__ = [
    "abs", "absolute", "add", "arctan2", "array", "cast", "ceil", "clip", "convert_to_numpy",
    "convert_to_tensor", "copy", "divide", "divide_no_nan", "dtype", "fabs", "floor",
    "floor_divide", "fmax", "fmin", "fmod", "gcd", "heaviside", "hypot", "is_tensor", "lcm",
    "ldexp", "logaddexp", "logaddexp2", "maximum", "minimum", "mod", "multiply", "nan_to_num",
    "negative", "nextafter", "power", "reciprocal", "round", "saturate_cast", "select", "sign",
    "signbit", "square", "squared_difference", "stop_gradient", "subtract", "true_divide", "trunc",
    "view", "where",
]  # fmt: skip


# -- dtypes and values ----------------------------------------------------------------------------


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
        return cast(clip(x, 0, 1), target)
    info: Any = np.finfo(target) if target.kind == "f" else np.iinfo(target)
    low, high = info.min, info.max
    source = dtype_of(x)
    if is_floating(source):
        # the largest integers are rounded up on their way to real numbers
        if target.kind in "iu":
            high = _below_or_at(high, source)
            return cast(comparisons.where(comparisons.greater(x, high), high, clip(x, low, high)),
                        target)  # fmt: skip
        return cast(clip(x, max(low, np.finfo(source).min), min(high, np.finfo(source).max)),
                    target)  # fmt: skip
    if target.kind == "f":
        return cast(x, target)
    own = np.iinfo(source) if source.kind in "iu" else np.iinfo(np.int8)
    return cast(clip(x, max(low, own.min), min(high, own.max)), target)


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


# -- of two numbers -------------------------------------------------------------------------------


def _of_two(primitive: Any, text: str, real: bool = False) -> Callable[[Any, Any], Any]:
    def call(x1: Any, x2: Any) -> Any:
        return primitive(*together(x1, x2, real=real))

    call.__name__, call.__doc__ = primitive.__name__, text
    return call


add = _of_two(math.add, "x1 + x2.")
subtract = _of_two(math.subtract, "x1 - x2.")
multiply = _of_two(math.multiply, "x1 * x2.")
divide = true_divide = _of_two(math.divide, "x1 / x2.", real=True)
power = _of_two(math.power, "x1 to the power x2.")
maximum = _of_two(math.maximum, "The larger of x1 and x2.")
minimum = _of_two(math.minimum, "The smaller of x1 and x2.")
mod = _of_two(special.floor_mod, "x1 - x2 floor(x1 / x2).")
fmod = _of_two(special.fmod, "x1 - x2 trunc(x1 / x2).")
arctan2 = _of_two(special.arctan2, "The angle of the point (x2, x1).", real=True)
hypot = _of_two(special.hypot, "sqrt(x1^2 + x2^2), without overflow.", real=True)


def _constant(name: str, text: str, real: bool = False) -> Callable[[Any, Any], Any]:
    def call(x1: Any, x2: Any) -> Any:
        return computed_on(name, *together(x1, x2, real=real))

    call.__name__, call.__doc__ = name, text
    return call


floor_divide = _constant("floor_divide", "The whole part of x1 / x2, rounded down.")
heaviside = _constant("heaviside", "0 below 0, 1 above it, and x2 where x1 is 0.", real=True)
gcd = _constant("gcd", "The largest number that divides both.")
lcm = _constant("lcm", "The smallest number that both divide.")


def nextafter(x1: Any, x2: Any) -> Any:
    """The number after x1 on the way to x2."""
    x1, x2 = together(x1, x2, real=True)
    found = computed_on("nextafter", x1, x2)
    # the step is a constant, and exact
    finite = computed_on("isfinite", x1)
    start = comparisons.where(finite, x1, 0.0)
    return comparisons.where(finite, start + (found - math.stop_gradient(start)), found)


def squared_difference(x1: Any, x2: Any) -> Any:
    """(x1 - x2) squared."""
    return math.square(subtract(x1, x2))


def divide_no_nan(x1: Any, x2: Any) -> Any:
    """x1 / x2; 0 where x2 is 0."""
    x1, x2 = together(x1, x2, real=True)
    zero = comparisons.equal(x2, 0)
    return comparisons.where(zero, 0.0, math.divide(x1, comparisons.where(zero, 1.0, x2)))


def fmax(x1: Any, x2: Any) -> Any:
    """The larger of x1 and x2; the other where one is NaN."""
    return _beside_nan(maximum, x1, x2)


def fmin(x1: Any, x2: Any) -> Any:
    """The smaller of x1 and x2; the other where one is NaN."""
    return _beside_nan(minimum, x1, x2)


def _beside_nan(function: Any, x1: Any, x2: Any) -> Any:
    a, b = together(x1, x2)
    first, second = computed_on("isnan", a), computed_on("isnan", b)
    return function(comparisons.where(first, b, a), comparisons.where(second, a, b))


def ldexp(x1: Any, x2: Any) -> Any:
    """x1 times 2 to the power x2."""
    x1 = floating(x1)
    return math.multiply(x1, special.exp2(cast(as_tensor(x2), dtype_of(x1))))


def logaddexp(x1: Any, x2: Any) -> Any:
    """log(exp(x1) + exp(x2)), without overflow."""
    x1, x2 = together(x1, x2, real=True)
    largest = largest_of(dtype_of(as_tensor(x1)))
    larger = clip(stop_gradient(math.maximum(x1, x2)), -largest, largest)
    return larger + math.log(math.exp(x1 - larger) + math.exp(x2 - larger))


def logaddexp2(x1: Any, x2: Any) -> Any:
    """log2(2^x1 + 2^x2), without overflow."""
    x1, x2 = together(x1, x2, real=True)
    two = float(np.log(2))
    return logaddexp(x1 * two, x2 * two) * (1 / two)


# -- of one number --------------------------------------------------------------------------------


def _of_one(primitive: Any, text: str, real: bool = False) -> Callable[[Any], Any]:
    def call(x: Any) -> Any:
        return primitive(floating(x) if real else as_tensor(x))

    call.__name__, call.__doc__ = primitive.__name__, text
    return call


abs = absolute = _of_one(math.absolute, "|x|.")
fabs = _of_one(math.absolute, "|x|, a real number.", real=True)
negative = _of_one(math.negative, "-x.")
square = _of_one(math.square, "x squared.")
sign = _of_one(elementwise.sign, "-1, 0 or 1.")
floor = _of_one(elementwise.floor, "The next whole number below.", real=True)
ceil = _of_one(elementwise.ceil, "The next whole number above.", real=True)


def trunc(x: Any) -> Any:
    """Without its fraction."""
    x = as_tensor(x)
    return computed_on("trunc", x) if is_floating(dtype_of(x)) else x


def round(x: Any, decimals: int = 0) -> Any:
    """The nearest number with so many decimals, the even one of two."""
    x = as_tensor(x)
    return elementwise.round(x) if decimals == 0 else computed_on("round", x, decimals=decimals)


def signbit(x: Any) -> Any:
    """Whether the sign is a minus, that of -0.0 too."""
    return computed_on("signbit", x)


def reciprocal(x: Any) -> Any:
    """1 / x."""
    return math.divide(1.0, floating(x))


def clip(x: Any, x_min: Any, x_max: Any) -> Any:
    """`x` within x_min .. x_max."""
    return minimum(maximum(x, x_min), x_max)


def nan_to_num(x: Any, nan: float = 0.0, posinf: Any = None, neginf: Any = None) -> Any:
    """`x` with numbers for NaN and the infinities, by default the largest of its dtype."""
    x = as_tensor(x)
    kind = dtype_of(x)
    if not is_floating(kind):
        return x
    largest = largest_of(kind)
    y = comparisons.where(computed_on("isnan", x), nan, x)
    y = comparisons.where(computed_on("isposinf", x), largest if posinf is None else posinf, y)
    return comparisons.where(computed_on("isneginf", x), -largest if neginf is None else neginf, y)


# -- choices --------------------------------------------------------------------------------------


def where(condition: Any, x1: Any = None, x2: Any = None) -> Any:
    """x1 where `condition` holds, x2 elsewhere; without them, where it holds, axis by axis."""
    if (x1 is None) != (x2 is None):
        raise InputError("where: give both x1 and x2, or neither")
    if x1 is None:
        return tuple(
            Tensor(at.astype(np.int32)) for at in np.nonzero(to_numpy(known(condition, "where")))
        )
    dtype = result_dtype(x1, x2)
    # a number beside the condition would be taken for a truth value
    x1, x2 = (np.asarray(x, dtype) if dtype_of(x) is None else x for x in together(x1, x2))
    return comparisons.where(cast(condition, bool), x1, x2)


def select(condlist: Any, choicelist: Any, default: Any = 0) -> Any:
    """Of `choicelist` what stands where the first of `condlist` holds, else `default`."""
    if len(condlist) != len(choicelist):
        raise InputError(f"select: {len(condlist)} conditions do not fit {len(choicelist)} choices")
    made = default
    for condition, choice in zip(reversed(condlist), reversed(choicelist), strict=True):
        made = where(condition, choice, made)
    return made
