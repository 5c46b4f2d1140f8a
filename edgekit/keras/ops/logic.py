"""Comparisons, truth values, bits."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from edgekit.keras.ops.tensors import as_tensor, computed_on, dtype_of, operation, together
from edgekit.train.ops import comparisons

__all__ = [
    "allclose", "bitwise_and", "bitwise_invert", "bitwise_left_shift", "bitwise_not", "bitwise_or",
    "bitwise_right_shift", "bitwise_xor", "equal", "greater", "greater_equal", "isclose",
    "isfinite", "isin", "isinf", "isnan", "isneginf", "isposinf", "isreal", "left_shift", "less",
    "less_equal", "logical_and", "logical_not", "logical_or", "logical_xor", "not_equal",
    "right_shift",
]  # fmt: skip


def _compared(primitive: Any, text: str) -> Callable[[Any, Any], Any]:
    def call(x1: Any, x2: Any) -> Any:
        return primitive(*together(x1, x2))

    call.__name__, call.__doc__ = primitive.__name__, text
    return call


equal = _compared(comparisons.equal, "x1 == x2.")
not_equal = _compared(comparisons.not_equal, "x1 != x2.")
greater = _compared(comparisons.greater, "x1 > x2.")
greater_equal = _compared(comparisons.greater_equal, "x1 >= x2.")
less = _compared(comparisons.less, "x1 < x2.")
less_equal = _compared(comparisons.less_equal, "x1 <= x2.")


# -- truth values ---------------------------------------------------------------------------------


def truth_of(x: Any) -> Any:
    """Whether each element is not 0."""
    x = as_tensor(x)
    return x if dtype_of(x).kind == "b" else comparisons.not_equal(x, 0)


def _both(name: str, text: str) -> Callable[[Any, Any], Any]:
    def call(x1: Any, x2: Any) -> Any:
        return computed_on(name, truth_of(x1), truth_of(x2))

    call.__name__, call.__doc__ = name, text
    return call


logical_and = _both("logical_and", "Both.")
logical_or = _both("logical_or", "Either.")


def logical_xor(x1: Any, x2: Any) -> Any:
    """Exactly one."""
    return comparisons.not_equal(truth_of(x1), truth_of(x2))


def logical_not(x: Any) -> Any:
    """Not."""
    return computed_on("logical_not", truth_of(x))


def isnan(x: Any) -> Any:
    """Whether an element is not a number."""
    return computed_on("isnan", x)


def isinf(x: Any) -> Any:
    """Whether an element is infinite."""
    return computed_on("isinf", x)


@operation
def isposinf(x: Any) -> Any:
    """Whether an element is infinite and positive."""
    return computed_on("isposinf", x)


@operation
def isneginf(x: Any) -> Any:
    """Whether an element is infinite and negative."""
    return computed_on("isneginf", x)


def isfinite(x: Any) -> Any:
    """Whether an element is a finite number."""
    return computed_on("isfinite", x)


@operation
def isreal(x: Any) -> Any:
    """Whether an element has no imaginary part."""
    return computed_on("isreal", x)


@operation
def isclose(
    x1: Any, x2: Any, rtol: float = 1e-5, atol: float = 1e-8, equal_nan: bool = False
) -> Any:
    """Whether elements are equal within tolerances."""
    return computed_on("isclose", *together(x1, x2), rtol=rtol, atol=atol, equal_nan=equal_nan)


@operation
def allclose(
    x1: Any, x2: Any, rtol: float = 1e-5, atol: float = 1e-8, equal_nan: bool = False
) -> Any:
    """Whether all elements are equal within tolerances."""
    return computed_on("all", isclose(x1, x2, rtol, atol, equal_nan))


@operation
def isin(x1: Any, x2: Any, assume_unique: bool = False, invert: bool = False) -> Any:
    """Whether an element of x1 is one of x2."""
    values = as_tensor(x2)
    return computed_on("isin", x1, values, assume_unique=assume_unique, invert=invert)


# -- bits -----------------------------------------------------------------------------------------


def _bits(name: str, text: str) -> Callable[[Any, Any], Any]:
    def call(x: Any, y: Any) -> Any:
        return computed_on(name, *together(x, y))

    call.__name__, call.__doc__ = name, text
    return operation(call)


bitwise_and = _bits("bitwise_and", "The bits that are set in both.")
bitwise_or = _bits("bitwise_or", "The bits that are set in either.")
bitwise_xor = _bits("bitwise_xor", "The bits that are set in one of them alone.")
left_shift = bitwise_left_shift = _bits("left_shift", "The bits of x moved up by y places.")
right_shift = bitwise_right_shift = _bits("right_shift", "The bits of x moved down by y places.")


@operation
def bitwise_not(x: Any) -> Any:
    """Every bit turned."""
    return computed_on("invert", x)


bitwise_invert = bitwise_not
