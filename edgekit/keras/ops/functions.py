"""Functions of one real number; integers become real numbers first."""

from __future__ import annotations

import math as scalars
from collections.abc import Callable
from typing import Any

from edgekit.keras.ops.tensors import floating, operation
from edgekit.train.ops import comparisons, elementwise, math, special

__all__ = [
    "arccos", "arccosh", "arcsin", "arcsinh", "arctan", "arctanh", "cbrt", "cos", "cosh", "deg2rad",
    "erf", "erfc", "erfinv", "exp", "exp2", "expm1", "i0", "log", "log1p", "log2", "log10",
    "rad2deg", "rsqrt", "sin", "sinc", "sinh", "sqrt", "tan",
]  # fmt: skip


def _of(primitive: Any, text: str) -> Callable[[Any], Any]:
    def call(x: Any) -> Any:
        return primitive(floating(x))

    call.__name__, call.__doc__ = primitive.__name__, text
    return call


sin, cos, tan, arcsin, arccos, arctan, sinh, cosh, arcsinh, arctanh = (
    _of(getattr(elementwise, name), f"The {name} of a number.")
    for name in (
        "sin", "cos", "tan", "arcsin", "arccos", "arctan", "sinh", "cosh", "arcsinh", "arctanh",
    )
)  # fmt: skip
exp, exp2 = _of(math.exp, "e to the power x."), _of(special.exp2, "2 to the power x.")
expm1 = _of(elementwise.expm1, "exp(x) - 1, with all its digits where x is small.")
log = _of(math.log, "The natural logarithm.")
log1p = _of(elementwise.log1p, "log(1 + x), with all its digits where x is small.")
sqrt, cbrt = _of(math.sqrt, "The square root."), _of(special.cbrt, "The cube root.")
erf = _of(special.erf, "The error function.")
erfc = _of(special.erfc, "1 - erf(x), with all its digits where that is small.")
erfinv = _of(special.erfinv, "The number whose erf is x.")
i0 = operation(
    _of(special.bessel_i, "The modified Bessel function of the first kind, of order 0."), "i0"
)


def arccosh(x: Any) -> Any:
    """The number whose cosh is x, at least 0."""
    x = floating(x)
    return math.log(x + math.sqrt(math.square(x) - 1.0))


def rsqrt(x: Any) -> Any:
    """1 / sqrt(x)."""
    return math.divide(1.0, sqrt(x))


def log2(x: Any) -> Any:
    """The logarithm to base 2."""
    return log(x) * (1 / scalars.log(2))


def log10(x: Any) -> Any:
    """The logarithm to base 10."""
    return log(x) * (1 / scalars.log(10))


def deg2rad(x: Any) -> Any:
    """Degrees as radians."""
    return floating(x) * (scalars.pi / 180)


def rad2deg(x: Any) -> Any:
    """Radians as degrees."""
    return floating(x) * (180 / scalars.pi)


def sinc(x: Any) -> Any:
    """sin(pi x) / (pi x); 1 at 0."""
    x = floating(x) * scalars.pi
    zero = comparisons.equal(x, 0.0)
    inside = comparisons.where(zero, 1.0, x)
    # near 0 by the first terms of the series, so that its derivatives are those of the function
    return comparisons.where(zero, 1.0 - math.square(x) * (1 / 6), elementwise.sin(inside) / inside)
