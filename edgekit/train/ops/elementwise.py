"""Functions of one number that custom layers and losses use, and sums along the way."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from edgekit.train.backend import array_module
from edgekit.train.primitive import primitive
from edgekit.train.tensor import PRIMITIVES

__all__ = [
    "arccos", "arcsin", "arcsinh", "arctan", "arctanh", "ceil", "cos", "cosh", "cumsum",
    "expm1", "floor", "log1p", "round", "sign", "sin", "sinh", "tan",
]  # fmt: skip


def _of(name: str, x: Any) -> Any:
    """The function of an array or of a tensor."""
    if hasattr(x, "__edgekit_tensor__"):
        return PRIMITIVES[name](x)
    return getattr(array_module(x), name)(x)


def _function(name: str, slope: Callable[[Any, Any], Any]) -> Any:
    """A primitive of numpy's function `name`; `slope(x, y)` is its derivative."""

    def forward(x):
        return getattr(array_module(x), name)(x)

    forward.__name__, forward.__doc__ = name, f"{name}(x), element by element."
    made = primitive(forward)

    @made.vjp(on_tensors=True)
    def _(g, y, x):
        return (g * slope(x, y),)

    return made


sin = _function("sin", lambda x, y: _of("cos", x))
cos = _function("cos", lambda x, y: -_of("sin", x))
tan = _function("tan", lambda x, y: 1 + y * y)
arcsin = _function("arcsin", lambda x, y: 1 / _of("sqrt", 1 - x * x))
arccos = _function("arccos", lambda x, y: -1 / _of("sqrt", 1 - x * x))
arctan = _function("arctan", lambda x, y: 1 / (1 + x * x))
sinh = _function("sinh", lambda x, y: _of("cosh", x))
cosh = _function("cosh", lambda x, y: _of("sinh", x))
arcsinh = _function("arcsinh", lambda x, y: 1 / _of("sqrt", x * x + 1))
arctanh = _function("arctanh", lambda x, y: 1 / (1 - x * x))
log1p = _function("log1p", lambda x, y: 1 / (1 + x))
expm1 = _function("expm1", lambda x, y: y + 1)


def _step(name: str) -> Any:
    """A primitive that is flat wherever it has a derivative: a constant to every tape."""

    def forward(x):
        return getattr(array_module(x), name)(x)

    forward.__name__, forward.__doc__ = name, f"{name}(x), element by element."
    return primitive(forward, differentiable=False)


floor, ceil, sign, round = (_step(name) for name in ("floor", "ceil", "sign", "round"))


@primitive
def cumsum(x, *, axis: int):
    """The sums of the first elements along `axis`."""
    return x.cumsum(axis=axis)


@cumsum.vjp(on_tensors=True)
def _(g, y, x, *, axis):
    turned = (slice(None),) * (axis % len(x.shape)) + (slice(None, None, -1),)
    g = g[turned]
    summed = cumsum(g, axis=axis) if hasattr(g, "__edgekit_tensor__") else g.cumsum(axis=axis)
    return (summed[turned],)
