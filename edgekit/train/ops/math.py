"""Arithmetic and elementwise functions, with numpy's broadcasting undone in the gradients."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from edgekit.train.backend import Array, array_module, is_floating
from edgekit.train.primitive import primitive

from .reductions import argmax as argmax
from .reductions import broadcast_to as broadcast_to
from .reductions import max as max
from .reductions import mean as mean
from .reductions import min as min
from .reductions import sum as sum
from .reductions import unbroadcast

__all__ = [
    "absolute",
    "add",
    "argmax",
    "broadcast_to",
    "cast",
    "divide",
    "exp",
    "log",
    "matmul",
    "max",
    "maximum",
    "mean",
    "min",
    "minimum",
    "multiply",
    "negative",
    "power",
    "sqrt",
    "square",
    "stop_gradient",
    "subtract",
    "sum",
]


@primitive
def add(a, b):
    """a + b."""
    return a + b


@add.vjp(on_tensors=True, reads_inputs=False)
def _(g, y, a, b, *, needs):
    return unbroadcast(g, a) if needs[0] else None, unbroadcast(g, b) if needs[1] else None


@primitive
def subtract(a, b):
    """a - b."""
    return a - b


@subtract.vjp(on_tensors=True, reads_inputs=False)
def _(g, y, a, b, *, needs):
    return unbroadcast(g, a) if needs[0] else None, unbroadcast(-g, b) if needs[1] else None


@primitive
def multiply(a, b):
    """a * b."""
    return a * b


@multiply.vjp(on_tensors=True)
def _(g, y, a, b, *, needs):
    return (
        unbroadcast(g * b, a) if needs[0] else None,
        unbroadcast(g * a, b) if needs[1] else None,
    )


@primitive
def divide(a, b):
    """a / b."""
    return a / b


@divide.vjp(on_tensors=True)
def _(g, y, a, b, *, needs):
    ga = g / b
    return (unbroadcast(ga, a) if needs[0] else None), unbroadcast(-(ga * y), b) if needs[
        1
    ] else None


@primitive
def negative(x):
    """-x."""
    return -x


@negative.vjp(on_tensors=True)
def _(g, y, x):
    return (-g,)


@primitive
def power(a, b):
    """a to the power b. A gradient by `b` exists where a > 0, as log(a) is needed."""
    return a**b


@power.vjp(on_tensors=True)
def _(g, y, a, b, *, needs):
    return (
        unbroadcast(g * b * a ** (b - 1), a) if needs[0] else None,
        unbroadcast(g * y * _log(a), b) if needs[1] else None,
    )


def _log(x: Any) -> Any:
    return log(x) if hasattr(x, "__edgekit_tensor__") else array_module(x).log(x)


@primitive
def matmul(a, b):
    """The matrix product of the last two axes, as numpy's `@`."""
    return a @ b


@matmul.vjp(on_tensors=True)
def _(g, y, a, b, *, needs):
    rows = a.reshape(1, -1) if len(a.shape) == 1 else a
    columns = b.reshape(-1, 1) if len(b.shape) == 1 else b
    shape = list(g.shape)  # a vector stands for a matrix of one row, or of one column
    if len(a.shape) == 1:
        shape.insert(len(shape) - (len(b.shape) > 1), 1)
    if len(b.shape) == 1:
        shape.append(1)
    g = g.reshape(tuple(shape))
    ga = unbroadcast(g @ columns.swapaxes(-1, -2), rows) if needs[0] else None
    gb = unbroadcast(rows.swapaxes(-1, -2) @ g, columns) if needs[1] else None
    return (
        None if ga is None else ga.reshape(a.shape),
        None if gb is None else gb.reshape(b.shape),
    )


@primitive
def exp(x):
    """e to the power x."""
    return array_module(x).exp(x)


@exp.vjp(on_tensors=True)
def _(g, y, x):
    return (g * y,)


@primitive
def log(x):
    """The natural logarithm."""
    return array_module(x).log(x)


@log.vjp(on_tensors=True)
def _(g, y, x):
    return (g / x,)


@primitive
def sqrt(x):
    """The square root."""
    return array_module(x).sqrt(x)


@sqrt.vjp(on_tensors=True)
def _(g, y, x):
    return (g / (y + y),)


@primitive
def square(x):
    """x * x."""
    return x * x


@square.vjp(on_tensors=True)
def _(g, y, x):
    return (g * (x + x),)


@primitive
def absolute(x):
    """|x|; the derivative at 0 is 0."""
    return array_module(x).absolute(x)


@absolute.vjp
def _(g, y, x):
    return (g * array_module(x).sign(x),)


@primitive
def maximum(a, b):
    """The larger of a and b, element by element; equal ones get half the gradient each."""
    return array_module(a if hasattr(a, "shape") else b).maximum(a, b)


@maximum.vjp
def _(g, y, a, b, *, needs):
    return _share(g, y, a, b, needs)


@primitive
def minimum(a, b):
    """The smaller of a and b, element by element. Where they are equal each gets half the
    gradient.
    """
    return array_module(a if hasattr(a, "shape") else b).minimum(a, b)


@minimum.vjp
def _(g, y, a, b, *, needs):
    return _share(g, y, a, b, needs)


def _share(g: Array, y: Array, a: Array, b: Array, needs: Sequence[bool]) -> tuple[Any, Any]:
    """`g` to whichever operand the result was taken from, half to each where both."""
    weight = (a == y) * (1 - (b == y) * g.dtype.type(0.5))
    ga = unbroadcast(g * weight, a) if needs[0] else None
    return ga, unbroadcast(g * (1 - weight), b) if needs[1] else None


@primitive
def cast(x, *, dtype: Any):
    """`x` in another dtype. A gradient comes back in the dtype of `x`; through integers none does,
    and asking for it is an error.
    """
    return x.astype(dtype)


@cast.vjp
def _(g, y, x, *, dtype):
    return (g.astype(x.dtype) if is_floating(x.dtype) and is_floating(y.dtype) else None,)


@primitive(differentiable=False)
def stop_gradient(x):
    """`x`, as a constant to every tape."""
    return x
