"""Functions of one or two numbers beyond the elementary ones, each with its derivative."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from edgekit.train.backend import Array, array_module
from edgekit.train.primitive import primitive

from . import activations
from .elementwise import _function, _of
from .reductions import unbroadcast

__all__ = ["arctan2", "bessel_i", "cbrt", "erf", "erfc", "erfinv", "exp2", "floor_mod", "fmod",
           "hypot"]  # fmt: skip

cbrt = _function("cbrt", lambda x, y: 1 / (y * y * 3))
exp2 = _function("exp2", lambda x, y: y * x.dtype.type(math.log(2)))


# -- the normal distribution ----------------------------------------------------------------------


@primitive
def erf(x):
    """The error function, 2 / sqrt(pi) times the integral of exp(-t^2) from 0 to x."""
    return activations.erf(x)


@erf.vjp(on_tensors=True)
def _(g, y, x):
    return (g * _of("exp", -(x * x)) * x.dtype.type(2 / math.sqrt(math.pi)),)


@primitive
def erfc(x):
    """1 - erf(x), with all its digits where that is small."""
    module = array_module(x)
    wide = x.astype(module.float64)
    tail = activations.erf_tail(module.absolute(wide))
    return module.where(wide < 0, 2 - tail, tail).astype(x.dtype)


@erfc.vjp(on_tensors=True)
def _(g, y, x):
    return (g * _of("exp", -(x * x)) * x.dtype.type(-2 / math.sqrt(math.pi)),)


@primitive
def erfinv(x):
    """The number whose erf is x; infinite at -1 and 1."""
    module = array_module(x)
    wide = module.absolute(x.astype(module.float64))
    inside = module.minimum(wide, 1 - 2**-53)
    y = _near_erfinv(inside, module)
    for _ in range(3):  # Newton's steps on log(erfc), which is nearly a parabola
        tail = activations.erf_tail(y)
        slope = module.exp(-y * y) * (2 / math.sqrt(math.pi)) / tail
        y = y + (module.log(tail) - module.log1p(-inside)) / slope
    near_zero = inside * (math.sqrt(math.pi) / 2) * (1 + inside * inside * (math.pi / 12))
    y = module.where(inside < 1e-4, near_zero, y)
    y = module.where(wide < 1, y, module.where(wide == 1, math.inf, math.nan))
    return module.copysign(y, x).astype(x.dtype)


def _near_erfinv(x: Array, module: Any) -> Array:
    """erfinv of numbers from 0 on, within a few thousandths. Source: Winitzki 2008."""
    a = 0.147
    log = module.log1p(-x) + module.log1p(x)
    half = 2 / (math.pi * a) + log / 2
    return module.sqrt(module.sqrt(half * half - log / a) - half)


@erfinv.vjp(on_tensors=True)
def _(g, y, x):
    return (g * _of("exp", y * y) * x.dtype.type(math.sqrt(math.pi) / 2),)


# -- Bessel's functions ---------------------------------------------------------------------------


@primitive
def bessel_i(x, *, order: int = 0):
    """The modified Bessel function of the first kind, of a whole order.

    It is the mean of exp(x cos t) cos(order t) over a circle, and the mean of n points of the
    circle is off by the function of order n, which falls like exp(-n^2 / 2x).
    """
    module = array_module(x)
    wide = x.astype(module.float64)
    largest = 710.0  # where exp overflows; a device would have to be waited for
    if module is np:
        largest = float(np.absolute(wide).max(initial=0.0))
    points = 32 + 2 * int(math.sqrt(80 * min(largest, 1e4)))
    total = module.zeros_like(wide)
    for place in range(points):
        angle = 2 * math.pi * place / points
        total += module.exp(wide * math.cos(angle)) * math.cos(order * angle)
    return (total / points).astype(x.dtype)


@bessel_i.vjp(on_tensors=True)
def _(g, y, x, *, order=0):
    of = bessel_i if hasattr(x, "__edgekit_tensor__") else bessel_i.forward
    return (g * (of(x, order=abs(order - 1)) + of(x, order=order + 1)) * x.dtype.type(0.5),)


# -- of two numbers -------------------------------------------------------------------------------


def _function_of_two(name: str, slopes: Callable[[Any, Any, Any], Any], text: str) -> Any:
    """A primitive of numpy's function `name`; `slopes(a, b, y)` are its derivatives."""

    def forward(a, b):
        module = array_module(a if hasattr(a, "shape") else b)
        return getattr(module, name)(a, b)

    forward.__name__, forward.__doc__ = name, text
    made = primitive(forward, name="floor_mod" if name == "remainder" else name)

    @made.vjp(on_tensors=True)
    def _(g, y, a, b, *, needs):
        by_a, by_b = slopes(a, b, y)
        return (
            unbroadcast(g * by_a, a) if needs[0] else None,
            unbroadcast(g * by_b, b) if needs[1] else None,
        )

    return made


def _whole(name: str, x: Any) -> Any:
    """`x` without its fraction, as a constant."""
    data = x.data if hasattr(x, "__edgekit_tensor__") else x
    return getattr(array_module(data), name)(data)


def _arctan2_slopes(a: Any, b: Any, y: Any) -> Any:
    length = a * a + b * b
    return b / length, -(a / length)


def _ones(y: Any) -> Any:
    data = y.data if hasattr(y, "__edgekit_tensor__") else y
    return array_module(data).ones_like(data)


arctan2 = _function_of_two("arctan2", _arctan2_slopes, "The angle of the point (b, a).")
hypot = _function_of_two("hypot", lambda a, b, y: (a / y, b / y), "sqrt(a^2 + b^2).")
fmod = _function_of_two(
    "fmod", lambda a, b, y: (_ones(y), -_whole("trunc", a / b)), "a - b trunc(a / b)."
)
floor_mod = _function_of_two(
    "remainder", lambda a, b, y: (_ones(y), -_whole("floor", a / b)), "a - b floor(a / b)."
)
