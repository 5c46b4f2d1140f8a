"""Arithmetic, elementwise functions and reductions, with numpy's broadcasting undone in the gradients."""

from __future__ import annotations

from typing import Any

import numpy as np

from edgekit.train.backend import Array, array_module
from edgekit.train.primitive import primitive

__all__ = [
    "absolute",
    "add",
    "argmax",
    "cast",
    "divide",
    "equal",
    "exp",
    "greater",
    "greater_equal",
    "less",
    "less_equal",
    "log",
    "matmul",
    "max",
    "maximum",
    "mean",
    "min",
    "minimum",
    "multiply",
    "negative",
    "not_equal",
    "power",
    "sqrt",
    "square",
    "stop_gradient",
    "subtract",
    "sum",
    "where",
]

Axis = int | tuple[int, ...] | None


def unbroadcast(g: Any, x: Any) -> Any:
    """The gradient `g`, summed over the axes along which `x` was repeated, in the shape of `x`.

    Takes arrays and tensors; a number has no gradient and gives None.
    """
    shape = getattr(x, "shape", None)
    if shape is None or g.shape == shape:
        return g if shape is not None else None
    extra = len(g.shape) - len(shape)
    axes = tuple(range(extra)) + tuple(
        i + extra for i, n in enumerate(shape) if n == 1 and g.shape[i + extra] != 1
    )
    return g.sum(axis=axes).reshape(shape)


@primitive
def add(a, b):
    """a + b."""
    return a + b


@add.vjp(on_tensors=True)
def _(g, y, a, b):
    return unbroadcast(g, a), unbroadcast(g, b)


@primitive
def subtract(a, b):
    """a - b."""
    return a - b


@subtract.vjp(on_tensors=True)
def _(g, y, a, b):
    return unbroadcast(g, a), unbroadcast(-g, b)


@primitive
def multiply(a, b):
    """a * b."""
    return a * b


@multiply.vjp(on_tensors=True)
def _(g, y, a, b):
    return unbroadcast(g * b, a), unbroadcast(g * a, b)


@primitive
def divide(a, b):
    """a / b."""
    return a / b


@divide.vjp(on_tensors=True)
def _(g, y, a, b):
    ga = g / b
    return unbroadcast(ga, a), unbroadcast(-(ga * y), b)


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
def _(g, y, a, b):
    ga = g * b * a ** (b - 1)
    if getattr(b, "shape", ()) == () and not hasattr(b, "swapaxes"):
        return ga, None
    module = array_module(getattr(y, "data", y) if hasattr(y, "__edgekit_tensor__") else y)
    return unbroadcast(ga, a), unbroadcast(g * y * module.log(a), b)


@primitive
def matmul(a, b):
    """The matrix product of the last two axes, as numpy's `@`."""
    return a @ b


@matmul.vjp(on_tensors=True)
def _(g, y, a, b):
    if len(a.shape) < 2 or len(b.shape) < 2:
        return _matmul_vector_gradients(g, a, b)
    return unbroadcast(g @ b.swapaxes(-1, -2), a), unbroadcast(a.swapaxes(-1, -2) @ g, b)


def _matmul_vector_gradients(g: Any, a: Any, b: Any) -> tuple[Any, Any]:
    """Gradients where an operand is a vector: it stands for a matrix with one row or column."""
    rows = a.reshape(1, -1) if len(a.shape) == 1 else a
    columns = b.reshape(-1, 1) if len(b.shape) == 1 else b
    if len(a.shape) == 1:
        g = g.reshape(*g.shape[: len(g.shape) - (len(b.shape) > 1)], 1, *g.shape[-1:]) if len(
            b.shape
        ) > 1 else g.reshape(1)
    if len(b.shape) == 1:
        g = g.reshape(*g.shape, 1)
    ga = unbroadcast(g @ columns.swapaxes(-1, -2), rows)
    gb = unbroadcast(rows.swapaxes(-1, -2) @ g, columns)
    return ga.reshape(a.shape), gb.reshape(b.shape)


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
    """The larger of a and b, element by element. Where they are equal each gets half the gradient."""
    return array_module(a if hasattr(a, "shape") else b).maximum(a, b)


@maximum.vjp
def _(g, y, a, b):
    return _share(g, y, a, b)


@primitive
def minimum(a, b):
    """The smaller of a and b, element by element. Where they are equal each gets half the gradient."""
    return array_module(a if hasattr(a, "shape") else b).minimum(a, b)


@minimum.vjp
def _(g, y, a, b):
    return _share(g, y, a, b)


def _share(g: Array, y: Array, a: Array, b: Array) -> tuple[Array, Array]:
    """`g` to whichever operand the result was taken from, half to each where both."""
    from_a, from_b = a == y, b == y
    half = g.dtype.type(0.5)
    one = g.dtype.type(1)
    weight_a = from_a * (one - half * from_b)
    return unbroadcast(g * weight_a, a), unbroadcast(g * (one - weight_a), b)


@primitive
def sum(x, *, axis: Axis = None, keepdims: bool = False):
    """The sum along `axis` (all axes when None)."""
    return x.sum(axis=axis, keepdims=keepdims)


@sum.vjp(on_tensors=True)
def _(g, y, x, *, axis=None, keepdims=False):
    return (_spread(g, x, axis, keepdims),)


@primitive
def mean(x, *, axis: Axis = None, keepdims: bool = False):
    """The mean along `axis` (all axes when None)."""
    return x.mean(axis=axis, keepdims=keepdims)


@mean.vjp(on_tensors=True)
def _(g, y, x, *, axis=None, keepdims=False):
    return (_spread(g / (x.size / y.size), x, axis, keepdims),)


def _spread(g: Any, x: Any, axis: Axis, keepdims: bool) -> Any:
    """The gradient of a reduction, repeated along the reduced axes to the shape of `x`."""
    if not keepdims:
        g = g.reshape(_kept_shape(x.shape, axis))
    return g + g.dtype.type(0) * x if hasattr(g, "__edgekit_tensor__") else _repeat(g, x)


def _repeat(g: Array, x: Array) -> Array:
    return array_module(x).broadcast_to(g, x.shape)


def _kept_shape(shape: tuple[int, ...], axis: Axis) -> tuple[int, ...]:
    """The shape after a reduction with keepdims."""
    if axis is None:
        return (1,) * len(shape)
    axes = {a % len(shape) for a in (axis if isinstance(axis, tuple | list) else (axis,))}
    return tuple(1 if i in axes else n for i, n in enumerate(shape))


@primitive
def max(x, *, axis: Axis = None, keepdims: bool = False):
    """The largest along `axis`. Where several are equal they share the gradient."""
    return x.max(axis=axis, keepdims=keepdims)


@max.vjp
def _(g, y, x, *, axis=None, keepdims=False):
    return (_share_reduced(g, y, x, axis),)


@primitive
def min(x, *, axis: Axis = None, keepdims: bool = False):
    """The smallest along `axis`. Where several are equal they share the gradient."""
    return x.min(axis=axis, keepdims=keepdims)


@min.vjp
def _(g, y, x, *, axis=None, keepdims=False):
    return (_share_reduced(g, y, x, axis),)


def _share_reduced(g: Array, y: Array, x: Array, axis: Axis) -> Array:
    shape = _kept_shape(x.shape, axis)
    taken = x == y.reshape(shape)
    count = taken.sum(axis=axis, keepdims=True)
    return taken * (g.reshape(shape) / count.astype(g.dtype))


@primitive
def cast(x, *, dtype: Any):
    """`x` in another dtype. The gradient comes back in the dtype of `x`; through integers there is none."""
    return x.astype(dtype)


@cast.vjp
def _(g, y, x, *, dtype):
    return (g.astype(x.dtype) if x.dtype.kind == "f" and y.dtype.kind == "f" else None,)


@primitive
def where(condition, a, b):
    """a where `condition` holds, b elsewhere."""
    return array_module(condition).where(condition, a, b)


@where.vjp
def _(g, y, condition, a, b):
    return None, unbroadcast(g * condition, a), unbroadcast(g * ~condition, b)


@primitive(differentiable=False)
def stop_gradient(x):
    """`x`, as a constant to every tape."""
    return x


@primitive(differentiable=False)
def argmax(x, *, axis: int = -1):
    """The index of the largest along `axis`."""
    return x.argmax(axis=axis)


@primitive(differentiable=False)
def greater(a, b):
    """a > b."""
    return a > b


@primitive(differentiable=False)
def greater_equal(a, b):
    """a >= b."""
    return a >= b


@primitive(differentiable=False)
def less(a, b):
    """a < b."""
    return a < b


@primitive(differentiable=False)
def less_equal(a, b):
    """a <= b."""
    return a <= b


@primitive(differentiable=False)
def equal(a, b):
    """a == b."""
    return a == b


@primitive(differentiable=False)
def not_equal(a, b):
    """a != b."""
    return a != b
