"""The activations of networks, and class numbers as rows of zeros and ones."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

from edgekit.errors import InputError
from edgekit.keras.ops.shapes import moveaxis
from edgekit.keras.ops.tensors import as_tensor, dtype_of, floating, operation
from edgekit.train import activations
from edgekit.train.backend import array_module, asarray
from edgekit.train.dtype_policies import floatx
from edgekit.train.ops import activations as ops
from edgekit.train.ops import math
from edgekit.train.serialization import accept_options
from edgekit.train.tensor import wrap

__all__ = [
    "celu", "elu", "gelu", "glu", "hard_shrink", "hard_sigmoid", "hard_silu", "hard_swish",
    "hard_tanh", "leaky_relu", "log_sigmoid", "log_softmax", "multi_hot", "one_hot", "relu",
    "relu6", "selu", "sigmoid", "silu", "soft_shrink", "softmax", "softplus", "softsign",
    "sparse_plus", "sparse_sigmoid", "sparsemax", "squareplus", "swish", "tanh", "tanh_shrink",
    "threshold",
]  # fmt: skip


_OF_INTEGERS = ("hard_tanh", "relu")  # which stay integers


def _named(name: str, count: int | None = None) -> Callable[..., Any]:
    """The activation of that name, with its first `count` parameters."""
    function = activations.get(name)
    parameters = list(inspect.signature(function).parameters.values())[:count]
    signature = inspect.Signature(
        [p.replace(kind=p.POSITIONAL_OR_KEYWORD, annotation=p.empty) for p in parameters]
    )

    def call(*args: Any, **kwargs: Any) -> Any:
        if not kwargs and len(args) == 1 and getattr(dtype_of(args[0]), "kind", "") == "f":
            return function(as_tensor(args[0]))
        given = dict(signature.bind(*args, **kwargs).arguments)
        x = given.pop("x")
        if name not in _OF_INTEGERS:
            return function(floating(x), **given)
        x = as_tensor(x)
        x = math.cast(x, dtype="int32") if dtype_of(x).kind == "b" else x
        return math.cast(function(x, **given), dtype=str(dtype_of(x)))

    call.__name__ = call.__qualname__ = name
    call.__doc__ = function.__doc__
    call.__signature__ = signature  # type: ignore[attr-defined]
    return call


(celu, glu, hard_shrink, hard_sigmoid, hard_silu, hard_tanh, leaky_relu, log_sigmoid, relu6, selu,
 sigmoid, silu, soft_shrink, softplus, softsign, sparse_plus, sparse_sigmoid, sparsemax, squareplus,
 tanh, tanh_shrink, threshold) = map(_named, (
    "celu", "glu", "hard_shrink", "hard_sigmoid", "hard_silu", "hard_tanh", "leaky_relu",
    "log_sigmoid", "relu6", "selu", "sigmoid", "silu", "soft_shrink", "softplus", "softsign",
    "sparse_plus", "sparse_sigmoid", "sparsemax", "squareplus", "tanh", "tanh_shrink", "threshold",
))  # fmt: skip
relu = _named("relu", 1)
swish, hard_swish = silu, hard_silu


def elu(x: Any, alpha: float = 1.0) -> Any:
    """x above 0, alpha * (exp(x) - 1) below."""
    return ops.elu(floating(x), alpha=alpha)


def gelu(x: Any, approximate: bool = True) -> Any:
    """x times the share of a normal distribution below x; `approximate` takes a tanh for it."""
    return ops.gelu(floating(x), approximate=approximate)


def softmax(x: Any, axis: Any = -1) -> Any:
    """exp(x) / sum(exp(x)) along one axis or several."""
    x = floating(x)
    if not isinstance(axis, int):
        return _softmax_over_axes(x, axis)
    return activations.softmax(x, axis=axis) if len(x.shape) > 1 else ops.softmax(x, axis=axis)


def log_softmax(x: Any, axis: Any = -1) -> Any:
    """log(softmax(x)), without overflow."""
    x = floating(x)
    if not isinstance(axis, int):
        return _log_softmax_over_axes(x, axis)
    return ops.log_softmax(x, axis=axis)


def _over_axes(function: Any, x: Any, axis: Any) -> Any:
    """A function along one axis, of several as if they were one."""
    axes = range(len(x.shape)) if axis is None else axis
    ends = tuple(range(-len(axes), 0))
    moved = moveaxis(x, tuple(axes), ends)
    rows = moved.reshape(*moved.shape[: -len(axes)], -1)
    return moveaxis(function(rows, axis=-1).reshape(*moved.shape), ends, tuple(axes))


_softmax_over_axes = operation(lambda x, axis: _over_axes(ops.softmax, x, axis), "softmax")
_log_softmax_over_axes = operation(
    lambda x, axis: _over_axes(ops.log_softmax, x, axis), "log_softmax"
)


# -- class numbers --------------------------------------------------------------------------------


@operation
def one_hot(
    x: Any, num_classes: int, axis: int = -1, dtype: Any = None, sparse: bool = False
) -> Any:
    """Class numbers as rows of zeros with a one; a number out of range gives zeros."""
    accept_options("keras.ops.one_hot", {"sparse": sparse})
    numbers = asarray(as_tensor(x))
    module = array_module(numbers)
    rows = numbers[..., None] == module.arange(num_classes)
    return wrap(module.moveaxis(rows, -1, axis).astype(dtype or floatx()))


@operation
def multi_hot(
    inputs: Any,
    num_classes: int | None = None,
    axis: int = -1,
    dtype: Any = None,
    sparse: bool = False,
    **kwargs: Any,
) -> Any:
    """Ones at all class numbers that stand along the last axis of `inputs`, zeros elsewhere; the
    classes are along `axis`.
    """
    num_classes = kwargs.pop("num_tokens", num_classes)
    accept_options("keras.ops.multi_hot", kwargs)
    if num_classes is None:
        raise InputError("multi_hot: give num_classes")
    rows = one_hot(inputs, num_classes, dtype=dtype, sparse=sparse).data
    rows = rows.max(axis=-2 if rows.ndim > 1 else 0)
    return wrap(array_module(rows).moveaxis(rows, -1, axis))
