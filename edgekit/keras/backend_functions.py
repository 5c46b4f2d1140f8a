"""Functions of Keras 2's backend that `keras.ops` has under another signature: other names of the
parameters, and above all other defaults (`K.argmax` takes the last axis, `ops.argmax` all).
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

from edgekit.keras import ops
from edgekit.train import activations
from edgekit.train.structure import map_structure

__all__ = [
    "arange", "argmax", "argmin", "clip", "concatenate", "conv2d", "cumsum", "dot", "elu", "equal",
    "expand_dims", "eye", "greater", "greater_equal", "hard_sigmoid", "less", "less_equal", "max",
    "maximum", "min", "minimum", "not_equal", "one_hot", "ones", "ones_like", "pow", "relu",
    "reshape", "reverse", "sigmoid", "softmax", "softplus", "softsign", "squeeze", "stop_gradient",
    "tanh", "tile", "transpose", "zeros", "zeros_like",
]  # fmt: skip

_PLACE = inspect.Parameter.POSITIONAL_OR_KEYWORD


def _taking(function: Callable[..., Any], *parameters: str | tuple[str, Any]) -> Any:
    """`function`, called by place, under other names of its parameters and with other defaults."""
    signature = inspect.Signature(
        [
            inspect.Parameter(p, _PLACE)
            if isinstance(p, str)
            else inspect.Parameter(p[0], _PLACE, default=p[1])
            for p in parameters
        ]
    )

    def call(*args: Any, **kwargs: Any) -> Any:
        bound = signature.bind(*args, **kwargs)
        bound.apply_defaults()
        return function(*bound.args)

    call.__name__ = call.__qualname__ = function.__name__
    call.__doc__ = function.__doc__
    call.__signature__ = signature  # type: ignore[attr-defined]
    return call


def _without_name(function: Callable[..., Any]) -> Callable[..., Any]:
    """Leave out the last argument, the name that TensorFlow's graph had for the result."""

    def call(*args: Any) -> Any:
        return function(*args[:-1])

    call.__name__, call.__doc__ = function.__name__, function.__doc__
    return call


def _stopped(variables: Any) -> Any:
    """A tensor through which no gradient goes; a list of them for a list."""
    return map_structure(ops.stop_gradient, variables)


def _identity(size: int, dtype: Any) -> Any:
    """Ones on a diagonal."""
    return ops.eye(size, dtype=dtype)


_AXIS = ("axis", -1)
_ALL = (("axis", None), ("keepdims", False))
_NAMED = (("dtype", None), ("name", None))

arange = _taking(ops.arange, "start", ("stop", None), ("step", 1), ("dtype", "int32"))
argmax, argmin = (_taking(f, "x", _AXIS) for f in (ops.argmax, ops.argmin))
clip = _taking(ops.clip, "x", "min_value", "max_value")
concatenate = _taking(ops.concatenate, "tensors", _AXIS)
conv2d = _taking(
    ops.conv, "x", "kernel", ("strides", (1, 1)), ("padding", "valid"), ("data_format", None),
    ("dilation_rate", (1, 1)),
)  # fmt: skip
cumsum = _taking(ops.cumsum, "x", ("axis", 0))
dot = _taking(ops.dot, "x", "y")
elu = _taking(ops.elu, "x", ("alpha", 1.0))
equal, not_equal = (_taking(f, "x", "y") for f in (ops.equal, ops.not_equal))
expand_dims = _taking(ops.expand_dims, "x", _AXIS)
eye = _taking(_without_name(_identity), "size", *_NAMED)
greater, greater_equal = (_taking(f, "x", "y") for f in (ops.greater, ops.greater_equal))
hard_sigmoid = _taking(activations.old_hard_sigmoid, "x")
less, less_equal = (_taking(f, "x", "y") for f in (ops.less, ops.less_equal))
max, min = (_taking(f, "x", *_ALL) for f in (ops.max, ops.min))
maximum, minimum = (_taking(f, "x", "y") for f in (ops.maximum, ops.minimum))
one_hot = _taking(ops.one_hot, "indices", "num_classes")
ones, zeros = (_taking(_without_name(f), "shape", *_NAMED) for f in (ops.ones, ops.zeros))
ones_like, zeros_like = (
    _taking(_without_name(f), "x", *_NAMED) for f in (ops.ones_like, ops.zeros_like)
)
pow = _taking(ops.power, "x", "a")
relu = _taking(activations.relu, "x", ("alpha", 0.0), ("max_value", None), ("threshold", 0.0))
reshape = _taking(ops.reshape, "x", "shape")
reverse = _taking(ops.flip, "x", "axes")
sigmoid, tanh = (_taking(f, "x") for f in (ops.sigmoid, ops.tanh))
softmax = _taking(ops.softmax, "x", _AXIS)
softplus, softsign = (_taking(f, "x") for f in (ops.softplus, ops.softsign))
squeeze = _taking(ops.squeeze, "x", "axis")
stop_gradient = _taking(_stopped, "variables")
tile = _taking(ops.tile, "x", "n")
transpose = _taking(ops.transpose, "x")
