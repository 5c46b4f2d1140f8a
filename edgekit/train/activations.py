"""Activation functions by Keras' names, with Keras' arguments.

They take tensors, arrays and numbers. `__all__` is the table of names; there is no second one.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np

from edgekit.errors import UnsupportedOperator
from edgekit.train.attached import Attached
from edgekit.train.custom_objects import (
    custom_object_scope,
    get_registered_name,
    is_registered,
)
from edgekit.train.deprecations import with_old_arguments
from edgekit.train.ops import activations as ops
from edgekit.train.ops import comparisons, math, slopes
from edgekit.train.serialization import Serializable, plain, resolve
from edgekit.train.tensor import Operators, Tensor

__all__ = [
    "celu", "deserialize", "elu", "exponential", "gelu", "get", "glu", "hard_shrink",
    "hard_sigmoid", "hard_silu", "hard_swish", "hard_tanh", "leaky_relu", "linear",
    "log_sigmoid", "log_softmax", "logits_of", "mish", "relu", "relu6", "selu", "serialize",
    "sigmoid", "silu", "soft_shrink", "softmax", "softplus", "softsign", "sparse_plus",
    "sparse_sigmoid", "sparsemax", "squareplus", "swish", "tanh", "tanh_shrink", "threshold",
]  # fmt: skip

# An output of softmax or sigmoid -> (name, what went in): crossentropies compute from the latter,
# which is exact where the former has rounded to 0 or 1.
_LOGITS = Attached()


def logits_of(y: Any, activation: str) -> Any:
    """What `activation` ("softmax" over the last axis, or "sigmoid") made `y` of, or None."""
    if not isinstance(y, Tensor):
        return None
    name, logits = _LOGITS.get(y, ("", None))
    return logits if name == activation else None


def _on_tensors(function: Callable[..., Any]) -> Callable[..., Any]:
    """`function`, with arrays and numbers made tensors first; integers among them are floats."""

    @functools.wraps(function)
    def call(x: Any, *args: Any, **options: Any) -> Any:
        if not isinstance(x, Operators):
            x = Tensor(x)
            if x.dtype.kind in "biu":
                x = Tensor(x, np.float32)
        return function(x, *args, **options)

    return call


def linear(x: Any) -> Any:
    """x, unchanged."""
    return x


@_on_tensors
@with_old_arguments("activations.relu")
def relu(
    x: Any, negative_slope: float = 0.0, max_value: float | None = None, threshold: float = 0.0
) -> Any:
    """max(x, 0), with a slope below `threshold` and a ceiling where they are asked for."""
    if threshold != 0.0:
        below = math.minimum(x - threshold, 0.0) * negative_slope
        above = comparisons.where(comparisons.greater(x, threshold), x, 0.0)
        x = above + below if negative_slope else above
    elif negative_slope != 0.0:
        x = ops.leaky_relu(x, negative_slope=negative_slope)
    elif max_value == 6.0:
        return ops.relu6(x)
    else:
        x = ops.relu(x)
    return x if max_value is None else math.minimum(x, max_value)


@_on_tensors
def softmax(x: Any, axis: int = -1) -> Any:
    """exp(x) / sum(exp(x)) along `axis`."""
    y = ops.softmax(x, axis=axis)
    if axis in (-1, len(x.shape) - 1) and isinstance(y, Tensor):
        _LOGITS[y] = ("softmax", x)
    return y


@_on_tensors
def sigmoid(x: Any) -> Any:
    """1 / (1 + exp(-x))."""
    y = ops.sigmoid(x)
    if isinstance(y, Tensor):
        _LOGITS[y] = ("sigmoid", x)
    return y


@_on_tensors
def leaky_relu(x: Any, negative_slope: float = 0.2) -> Any:
    """x above 0, negative_slope * x below."""
    return ops.leaky_relu(x, negative_slope=negative_slope)


@_on_tensors
def selu(x: Any) -> Any:
    """A scaled elu that keeps mean 0 and variance 1. Source: Klambauer et al. 2017."""
    return ops.elu(x, alpha=1.6732632423543772) * 1.0507009873554805


@_on_tensors
def softsign(x: Any) -> Any:
    """x / (1 + |x|)."""
    return x / (math.absolute(x) + 1.0)


@_on_tensors
def elu(x: Any, alpha: float = 1.0) -> Any:
    """x above 0, alpha * (exp(x) - 1) below. Source: Clevert et al. 2015."""
    return ops.elu(x, alpha=alpha)


@_on_tensors
def exponential(x: Any) -> Any:
    """exp(x)."""
    return math.exp(x)


@_on_tensors
def gelu(x: Any, approximate: bool = False) -> Any:
    """x times the share of a normal distribution below x; `approximate` takes a tanh for it.

    Source: Hendrycks and Gimpel 2016.
    """
    return ops.gelu(x, approximate=approximate)


@_on_tensors
def log_softmax(x: Any, axis: int = -1) -> Any:
    """log(softmax(x)), without overflow."""
    return ops.log_softmax(x, axis=axis)


@_on_tensors
def sparsemax(x: Any, axis: int = -1) -> Any:
    """The point nearest to x whose entries along `axis` are at least 0 and sum to 1.

    Source: Martins and Astudillo 2016.
    """
    return slopes.sparsemax(x, axis=axis)


hard_sigmoid = _on_tensors(ops.hard_sigmoid)
hard_silu = hard_swish = _on_tensors(ops.hard_silu)
relu6 = _on_tensors(ops.relu6)
silu = swish = _on_tensors(ops.silu)
softplus = _on_tensors(ops.softplus)
tanh = _on_tensors(ops.tanh)


@_on_tensors
def celu(x: Any, alpha: float = 1.0) -> Any:
    """x above 0, alpha * (exp(x / alpha) - 1) below. Source: Barron 2017."""
    return ops.elu(x, alpha=1.0) if alpha == 1.0 else ops.elu(x / alpha, alpha=1.0) * alpha


@_on_tensors
def glu(x: Any, axis: int = -1) -> Any:
    """The first half along `axis` times the sigmoid of the second. Source: Dauphin et al. 2016."""
    size, rank = x.shape[axis], len(x.shape)
    if size is None or size % 2:
        raise UnsupportedOperator(
            f"glu needs an even number of entries along axis {axis}; the input has shape "
            f"{tuple(x.shape)}"
        )
    halves = (slice(0, size // 2), slice(size // 2, size))
    first, second = (
        x[tuple(half if i == axis % rank else slice(None) for i in range(rank))] for half in halves
    )
    return first * ops.sigmoid(second)


glu.changes_shape = True  # type: ignore[attr-defined]  # layers run it to see what comes out


@_on_tensors
def hard_shrink(x: Any, threshold: float = 0.5) -> Any:
    """x where |x| > threshold, 0 elsewhere."""
    return comparisons.where(comparisons.greater(math.absolute(x), threshold), x, 0.0)


@_on_tensors
def hard_tanh(x: Any) -> Any:
    """x within -1 and 1."""
    return math.maximum(math.minimum(x, 1.0), -1.0)


@_on_tensors
def old_hard_sigmoid(x: Any) -> Any:
    """x / 5 + 1 / 2 within 0 and 1: what Keras 1, Keras 2 and tf.keras call hard_sigmoid."""
    return ops.hard_sigmoid(x * 1.2)


@_on_tensors
def log_sigmoid(x: Any) -> Any:
    """log(1 / (1 + exp(-x)))."""
    return -ops.softplus(-x)


@_on_tensors
def mish(x: Any) -> Any:
    """x * tanh(softplus(x)). Source: Misra 2019."""
    return x * ops.tanh(ops.softplus(x))


@_on_tensors
def soft_shrink(x: Any, threshold: float = 0.5) -> Any:
    """x - threshold above it, x + threshold below its negative, 0 between."""
    return ops.relu(x - threshold) - ops.relu(-x - threshold)


@_on_tensors
def sparse_plus(x: Any) -> Any:
    """0 up to -1, (x + 1)^2 / 4 up to 1, x from there on."""
    middle = math.minimum(ops.relu(x + 1.0), 2.0)
    return math.square(middle) * 0.25 + ops.relu(x - 1.0)


@_on_tensors
def sparse_sigmoid(x: Any) -> Any:
    """0 up to -1, (x + 1) / 2 up to 1, 1 from there on."""
    return math.minimum(ops.relu(x + 1.0), 2.0) * 0.5


@_on_tensors
def squareplus(x: Any, b: float = 4) -> Any:
    """(x + sqrt(x^2 + b)) / 2. Source: Barron 2021."""
    return (x + math.sqrt(math.square(x) + float(b))) * 0.5


@_on_tensors
def tanh_shrink(x: Any) -> Any:
    """x - tanh(x)."""
    return x - ops.tanh(x)


@_on_tensors
def threshold(x: Any, threshold: float, default_value: float) -> Any:
    """x where x > threshold, default_value elsewhere."""
    return comparisons.where(comparisons.greater(x, threshold), x, default_value)


_FUNCTIONS = {"deserialize", "get", "logits_of", "serialize"}  # which are no activations
_TABLE = {
    name: globals()[name] for name in (*__all__, "old_hard_sigmoid") if name not in _FUNCTIONS
}


def get(identifier: Any) -> Any:
    """An activation from its name or config, or the callable itself; None is `linear`."""
    if identifier is None:
        return linear
    if isinstance(identifier, dict):
        name, config = identifier.get("class_name"), identifier.get("config")
        if isinstance(config, str) or name in _TABLE:
            identifier = config if isinstance(config, str) else name
        else:  # a layer in the place of a function, or the code of a lambda
            from edgekit.train.layers import CLASSES

            return resolve(identifier, CLASSES, "activation")
    return resolve(identifier, _TABLE, "activation")


def deserialize(config: Any, custom_objects: Any = None) -> Any:
    """What `serialize` described; names in `custom_objects` are known too."""
    with custom_object_scope(custom_objects or {}):
        return get(config)


def serialize(activation: Any) -> Any:
    """The name of an activation, as configs hold it; of a layer or a lambda its config."""
    name = getattr(activation, "__name__", type(activation).__name__)
    if isinstance(activation, Serializable) or name == "<lambda>":
        return plain(activation)
    if is_registered(activation):
        function = {"module": "builtins", "class_name": "function", "registered_name": "function"}
        return {**function, "config": get_registered_name(activation)}
    return str(name)
