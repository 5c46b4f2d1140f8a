"""Arithmetic element by element."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from edgekit.errors import InputError
from edgekit.keras.ops.casting import cast, stop_gradient
from edgekit.keras.ops.tensors import (
    as_tensor,
    computed_on,
    dtype_of,
    floating,
    known,
    largest_of,
    operation,
    result_dtype,
    tensors_of,
    together,
)
from edgekit.train.backend import is_floating, to_numpy
from edgekit.train.ops import comparisons, elementwise, math, special
from edgekit.train.tensor import Tensor

__all__ = [
    "abs", "absolute", "add", "arctan2", "ceil", "clip", "divide", "divide_no_nan", "fabs",
    "floor", "floor_divide", "fmax", "fmin", "fmod", "gcd", "heaviside", "hypot", "lcm", "ldexp",
    "logaddexp", "logaddexp2", "maximum", "minimum", "mod", "multiply", "nan_to_num", "negative",
    "nextafter", "power", "reciprocal", "round", "select", "sign", "signbit", "square",
    "squared_difference", "subtract", "true_divide", "trunc", "where",
]  # fmt: skip


# -- of two numbers -------------------------------------------------------------------------------


def _of_two(primitive: Any, text: str, real: bool = False) -> Callable[[Any, Any], Any]:
    def call(x1: Any, x2: Any) -> Any:
        return primitive(*together(x1, x2, real=real))

    call.__name__, call.__doc__ = primitive.__name__, text
    return call


def _of_numbers(primitive: Any, text: str) -> Callable[[Any, Any], Any]:
    """As `_of_two`, of two truth values as integers."""

    def call(x1: Any, x2: Any) -> Any:
        if result_dtype(x1, x2) == np.bool_:
            x1, x2 = tensors_of(x1, x2, least="int32")
        return primitive(*together(x1, x2))

    call.__name__, call.__doc__ = primitive.__name__, text
    return call


add = _of_two(math.add, "x1 + x2.")
subtract = _of_two(math.subtract, "x1 - x2.")
multiply = _of_two(math.multiply, "x1 * x2.")
divide = true_divide = _of_two(math.divide, "x1 / x2.", real=True)
power = _of_numbers(math.power, "x1 to the power x2.")
maximum = _of_two(math.maximum, "The larger of x1 and x2.")
minimum = _of_two(math.minimum, "The smaller of x1 and x2.")
mod = _of_numbers(special.floor_mod, "x1 - x2 floor(x1 / x2).")
fmod = _of_numbers(special.fmod, "x1 - x2 trunc(x1 / x2).")
arctan2 = _of_two(special.arctan2, "The angle of the point (x2, x1).", real=True)
hypot = _of_two(special.hypot, "sqrt(x1^2 + x2^2), without overflow.", real=True)


def _constant(name: str, text: str, real: bool = False) -> Callable[[Any, Any], Any]:
    def call(x1: Any, x2: Any) -> Any:
        return computed_on(name, *together(x1, x2, real=real))

    call.__name__, call.__doc__ = name, text
    return operation(call)


floor_divide = _of_numbers(
    lambda x1, x2: computed_on("floor_divide", x1, x2), "The whole part of x1 / x2, rounded down."
)
heaviside = _constant("heaviside", "0 below 0, 1 above it, and x2 where x1 is 0.", real=True)
gcd = _constant("gcd", "The largest number that divides both.")
lcm = _constant("lcm", "The smallest number that both divide.")


@operation
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
    x1, x2 = tensors_of(x1, x2, real=True)
    zero = comparisons.equal(x2, 0)
    return comparisons.where(zero, 0.0, math.divide(x1, comparisons.where(zero, 1.0, x2)))


def fmax(x1: Any, x2: Any) -> Any:
    """The larger of x1 and x2; the other where one is NaN."""
    return _beside_nan(maximum, x1, x2)


def fmin(x1: Any, x2: Any) -> Any:
    """The smaller of x1 and x2; the other where one is NaN."""
    return _beside_nan(minimum, x1, x2)


def _beside_nan(function: Any, x1: Any, x2: Any) -> Any:
    a, b = tensors_of(x1, x2)
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
sign = _of_one(elementwise.sign, "-1, 0 or 1.")
floor = _of_one(elementwise.floor, "The next whole number below.", real=True)
ceil = _of_one(elementwise.ceil, "The next whole number above.", real=True)


def square(x: Any) -> Any:
    """x squared."""
    x = as_tensor(x)
    return math.square(math.cast(x, dtype="int32") if dtype_of(x).kind == "b" else x)


def trunc(x: Any) -> Any:
    """Without its fraction."""
    x = as_tensor(x)
    return computed_on("trunc", x) if is_floating(dtype_of(x)) else x


@operation
def round(x: Any, decimals: int = 0) -> Any:
    """The nearest number with so many decimals, the even one of two."""
    x = as_tensor(x)
    return elementwise.round(x) if decimals == 0 else computed_on("round", x, decimals=decimals)


@operation
def signbit(x: Any) -> Any:
    """Whether the sign is a minus, that of -0.0 too."""
    return computed_on("signbit", x)


def reciprocal(x: Any) -> Any:
    """1 / x."""
    return math.divide(1.0, floating(x))


def clip(x: Any, x_min: Any, x_max: Any) -> Any:
    """`x` within x_min .. x_max."""
    return minimum(maximum(x, x_min), x_max)


@operation
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
    # a number beside the condition would be taken for a truth value
    dtype = result_dtype(x1, x2)
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
