"""Activation functions. Their derivatives use the output where that is enough."""

from __future__ import annotations

import functools
import math
from typing import Any

import numpy as np

from edgekit.train.backend import Array, array_module
from edgekit.train.primitive import primitive

__all__ = [
    "elu",
    "erf",
    "gelu",
    "hard_sigmoid",
    "hard_silu",
    "hard_swish",
    "leaky_relu",
    "log_softmax",
    "relu",
    "relu6",
    "sigmoid",
    "silu",
    "softmax",
    "softplus",
    "tanh",
]


SMALL_ELEMENTS = 4096
"""Up to this many, the call of a function costs as much as its work."""


@primitive
def relu(x):
    """max(x, 0); the derivative at 0 is 0."""
    if x.size > SMALL_ELEMENTS and x.dtype.kind == "f":
        return x.clip(0, math.inf)  # a third of the time of maximum with a single number
    return array_module(x).maximum(x, 0)


@relu.vjp(on_tensors=True)
def _(g, y, x):
    return (g * (y > 0),)


@primitive
def relu6(x):
    """min(max(x, 0), 6); the derivative at 0 and at 6 is 0."""
    return x.clip(0, 6)


@relu6.vjp
def _(g, y, x):
    inside = y > 0
    inside &= y < 6
    return (g * inside,)


@primitive
def leaky_relu(x, *, negative_slope: float = 0.3):
    """x where x > 0, negative_slope * x elsewhere."""
    module = array_module(x)
    return module.where(x > 0, x, x * x.dtype.type(negative_slope))


@leaky_relu.vjp
def _(g, y, x, *, negative_slope=0.3):
    return (array_module(x).where(x > 0, g, g * g.dtype.type(negative_slope)),)


@primitive
def elu(x, *, alpha: float = 1.0):
    """x where x > 0, alpha * (exp(x) - 1) elsewhere."""
    module = array_module(x)
    return module.where(x > 0, x, module.expm1(module.minimum(x, 0)) * x.dtype.type(alpha))


@elu.vjp
def _(g, y, x, *, alpha=1.0):
    return (array_module(x).where(x > 0, g, g * (y + g.dtype.type(alpha))),)


def _sigmoid(x: Array) -> Array:
    """1 / (1 + exp(-x)), with an exponential that cannot overflow."""
    module = array_module(x)
    e = module.exp(-module.absolute(x))
    return module.where(x >= 0, x.dtype.type(1), e) / (e + x.dtype.type(1))


@primitive
def sigmoid(x):
    """1 / (1 + exp(-x))."""
    return _sigmoid(x)


@sigmoid.vjp(on_tensors=True)
def _(g, y, x):
    return (g * (y - y * y),)


@primitive
def tanh(x):
    """The hyperbolic tangent."""
    return array_module(x).tanh(x)


@tanh.vjp(on_tensors=True)
def _(g, y, x):
    return (g * (1 - y * y),)


@primitive
def softplus(x):
    """log(1 + exp(x))."""
    return array_module(x).logaddexp(x, x.dtype.type(0))


@softplus.vjp
def _(g, y, x):
    return (g * _sigmoid(x),)


@primitive(saves=True)
def silu(x):
    """x * sigmoid(x), also called swish."""
    s = _sigmoid(x)
    return x * s, s


@silu.vjp
def _(g, y, x, *, saved):
    return (g * (saved + y * (1 - saved)),)


@primitive
def hard_sigmoid(x):
    """relu6(x + 3) / 6."""
    return (x + x.dtype.type(3)).clip(0, 6) / x.dtype.type(6)


@hard_sigmoid.vjp
def _(g, y, x):
    return (g * ((y > 0) & (y < 1)) / g.dtype.type(6),)


@primitive
def hard_silu(x):
    """x * relu6(x + 3) / 6, also called hard swish."""
    return x * (x + x.dtype.type(3)).clip(0, 6) / x.dtype.type(6)


@hard_silu.vjp
def _(g, y, x):
    three = x.dtype.type(3)
    slope = array_module(x).where(x >= three, x.dtype.type(1), (x + x + three) / x.dtype.type(6))
    return (g * slope * (x > -three),)


hard_swish = hard_silu


@primitive
def softmax(x, *, axis: int = -1):
    """exp(x) / sum(exp(x)) along `axis`."""
    module = array_module(x)
    y = x - x.max(axis=axis, keepdims=True)
    module.exp(y, out=y)
    y /= y.sum(axis=axis, keepdims=True)
    return y


@softmax.vjp(on_tensors=True)
def _(g, y, x, *, axis=-1):
    gy = g * y
    return (gy - y * gy.sum(axis=axis, keepdims=True),)


@primitive
def log_softmax(x, *, axis: int = -1):
    """x - log(sum(exp(x))) along `axis`."""
    module = array_module(x)
    y = x - x.max(axis=axis, keepdims=True)
    y -= module.log(module.exp(y).sum(axis=axis, keepdims=True))
    return y


@log_softmax.vjp
def _(g, y, x, *, axis=-1):
    return (g - array_module(y).exp(y) * g.sum(axis=axis, keepdims=True),)


@primitive(saves=True)
def gelu(x, *, approximate: bool = False):
    """x * Phi(x), Phi being the normal distribution; `approximate` takes the tanh formula.

    Hendrycks and Gimpel, "Gaussian Error Linear Units", 2016.
    """
    number = x.dtype.type
    if approximate:
        inner = number(math.sqrt(2 / math.pi)) * (x + number(0.044715) * x * x * x)
        phi = number(0.5) + number(0.5) * array_module(x).tanh(inner)
    else:
        phi = number(0.5) + number(0.5) * erf(x * number(math.sqrt(0.5)))
    return x * phi, phi


@gelu.vjp
def _(g, y, x, *, saved, approximate=False):
    number = x.dtype.type
    if approximate:
        slope = number(math.sqrt(2 / math.pi)) * (1 + number(3 * 0.044715) * x * x)
        density = number(2) * saved * (1 - saved) * slope
    else:
        density = array_module(x).exp(x * x * number(-0.5)) * number(1 / math.sqrt(2 * math.pi))
    return (g * (saved + x * density),)


def erf(x: Array) -> Array:
    """The error function of an array, within a few units of the last place of 1."""
    module = array_module(x)
    return module.copysign(x.dtype.type(1) - erf_tail(module.absolute(x)), x)


def erf_tail(z: Array) -> Array:
    """erfc(z) = 1 - erf(z) of an array of numbers from 0 on.

    It is t exp(p(t) - z^2) with t = 2 / (2 + z); p is interpolated at Chebyshev points, 28 of
    them for float64 and 12 for float32. numpy has no erf of its own.
    """
    module = array_module(z)
    number = z.dtype.type
    t = number(2) / (z + number(2))
    coefficients = _erfc_polynomial(12 if z.dtype == np.float32 else 28)
    twice = number(4) * t - number(2)
    before, now = module.zeros_like(z), module.full_like(z, number(coefficients[-1]))
    for c in coefficients[-2:0:-1]:  # Clenshaw's recurrence
        before, now = now, twice * now - before + number(c)
    exponent = twice * number(0.5) * now - before + number(coefficients[0]) - z * z
    return t * module.exp(exponent)


@functools.lru_cache(maxsize=2)
def _erfc_polynomial(count: int) -> tuple[float, ...]:
    """Chebyshev coefficients of log(erfc(z) / t) + z^2 as a function of u = 2t - 1 in [-1, 1]."""

    def scaled(u: Any) -> Any:
        z = 4 / (np.asarray(u) + 1) - 2
        return np.array([_log_erfcx(v) for v in z]) - np.log((np.asarray(u) + 1) / 2)

    return tuple(float(c) for c in np.polynomial.chebyshev.chebinterpolate(scaled, count - 1))


def _log_erfcx(z: float) -> float:
    """log(erfc(z) exp(z^2)); beyond z = 20 by the asymptotic series, as erfc underflows."""
    if z < 20:
        return math.log(math.erfc(z)) + z * z
    q = 1 / (2 * z * z)
    return math.log((1 - q + 3 * q * q - 15 * q**3 + 105 * q**4) / (z * math.sqrt(math.pi)))
