"""Activation functions by Keras' names."""

from __future__ import annotations

import weakref
from typing import Any

from edgekit.errors import UnsupportedOperator
from edgekit.train.ops import activations as ops
from edgekit.train.ops import comparisons, math, slopes
from edgekit.train.serialization import resolve
from edgekit.train.tensor import Tensor

__all__ = ["get", "linear", "logits_of", "relu", "serialize", "sigmoid", "softmax"]

# An output of softmax or sigmoid -> (name, what went in): crossentropies compute from the latter,
# which is exact where the former has rounded to 0 or 1.
_LOGITS: weakref.WeakKeyDictionary[Tensor, tuple[str, Tensor]] = weakref.WeakKeyDictionary()


def logits_of(y: Any, activation: str) -> Any:
    """What `activation` ("softmax" over the last axis, or "sigmoid") made `y` of, or None."""
    if not isinstance(y, Tensor):
        return None
    name, logits = _LOGITS.get(y, ("", None))
    return logits if name == activation else None


def linear(x: Any) -> Any:
    """x, unchanged."""
    return x


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


def softmax(x: Any, axis: int = -1) -> Any:
    """exp(x) / sum(exp(x)) along `axis`."""
    if len(x.shape) < 2:
        raise UnsupportedOperator(
            f"softmax needs an axis beside the batch; the input has shape {tuple(x.shape)}"
        )
    y = ops.softmax(x, axis=axis)
    if axis in (-1, len(x.shape) - 1) and isinstance(y, Tensor):
        _LOGITS[y] = ("softmax", x)
    return y


def sigmoid(x: Any) -> Any:
    """1 / (1 + exp(-x))."""
    y = ops.sigmoid(x)
    if isinstance(y, Tensor):
        _LOGITS[y] = ("sigmoid", x)
    return y


def leaky_relu(x: Any, negative_slope: float = 0.2) -> Any:
    """x above 0, negative_slope * x below."""
    return ops.leaky_relu(x, negative_slope=negative_slope)


def selu(x: Any) -> Any:
    """A scaled elu that keeps mean 0 and variance 1. Source: Klambauer et al. 2017."""
    return ops.elu(x, alpha=1.6732632423543772) * 1.0507009873554805


def softsign(x: Any) -> Any:
    """x / (1 + |x|)."""
    return x / (math.absolute(x) + 1.0)


def celu(x: Any, alpha: float = 1.0) -> Any:
    """x above 0, alpha * (exp(x / alpha) - 1) below. Source: Barron 2017."""
    return ops.elu(x, alpha=1.0) if alpha == 1.0 else ops.elu(x / alpha, alpha=1.0) * alpha


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


def hard_shrink(x: Any, threshold: float = 0.5) -> Any:
    """x where |x| > threshold, 0 elsewhere."""
    return comparisons.where(comparisons.greater(math.absolute(x), threshold), x, 0.0)


def hard_tanh(x: Any) -> Any:
    """x within -1 and 1."""
    return math.maximum(math.minimum(x, 1.0), -1.0)


def old_hard_sigmoid(x: Any) -> Any:
    """x / 5 + 1 / 2 within 0 and 1: what Keras 1, Keras 2 and tf.keras call hard_sigmoid."""
    return ops.hard_sigmoid(x * 1.2)


def log_sigmoid(x: Any) -> Any:
    """log(1 / (1 + exp(-x)))."""
    return -ops.softplus(-x)


def mish(x: Any) -> Any:
    """x * tanh(softplus(x)). Source: Misra 2019."""
    return x * ops.tanh(ops.softplus(x))


def soft_shrink(x: Any, threshold: float = 0.5) -> Any:
    """x - threshold above it, x + threshold below its negative, 0 between."""
    return ops.relu(x - threshold) - ops.relu(-x - threshold)


def sparse_plus(x: Any) -> Any:
    """0 up to -1, (x + 1)^2 / 4 up to 1, x from there on."""
    middle = math.minimum(ops.relu(x + 1.0), 2.0)
    return math.square(middle) * 0.25 + ops.relu(x - 1.0)


def sparse_sigmoid(x: Any) -> Any:
    """0 up to -1, (x + 1) / 2 up to 1, 1 from there on."""
    return math.minimum(ops.relu(x + 1.0), 2.0) * 0.5


def squareplus(x: Any, b: float = 4) -> Any:
    """(x + sqrt(x^2 + b)) / 2. Source: Barron 2021."""
    return (x + math.sqrt(math.square(x) + float(b))) * 0.5


def tanh_shrink(x: Any) -> Any:
    """x - tanh(x)."""
    return x - ops.tanh(x)


def threshold(x: Any, threshold: float, default_value: float) -> Any:
    """x where x > threshold, default_value elsewhere."""
    return comparisons.where(comparisons.greater(x, threshold), x, default_value)


_TABLE: dict[str, Any] = {
    "celu": celu,
    "elu": ops.elu,
    "exponential": math.exp,
    "gelu": ops.gelu,
    "glu": glu,
    "hard_shrink": hard_shrink,
    "hard_sigmoid": ops.hard_sigmoid,
    "hard_silu": ops.hard_silu,
    "hard_tanh": hard_tanh,
    "leaky_relu": leaky_relu,
    "linear": linear,
    "log_sigmoid": log_sigmoid,
    "log_softmax": ops.log_softmax,
    "mish": mish,
    "old_hard_sigmoid": old_hard_sigmoid,
    "relu": relu,
    "relu6": ops.relu6,
    "selu": selu,
    "sigmoid": sigmoid,
    "silu": ops.silu,
    "soft_shrink": soft_shrink,
    "softmax": softmax,
    "softplus": ops.softplus,
    "softsign": softsign,
    "sparse_plus": sparse_plus,
    "sparse_sigmoid": sparse_sigmoid,
    "sparsemax": slopes.sparsemax,
    "squareplus": squareplus,
    "tanh": ops.tanh,
    "tanh_shrink": tanh_shrink,
    "threshold": threshold,
}
_ALIASES = {"hard_swish": "hard_silu", "swish": "silu"}
_NAMES = {id(function): name for name, function in _TABLE.items()}


def get(identifier: Any) -> Any:
    """An activation from its name, or the callable itself; None is `linear`."""
    if identifier is None:
        return linear
    known = {**_TABLE, **{alias: _TABLE[name] for alias, name in _ALIASES.items()}}
    if isinstance(identifier, dict):
        identifier = (
            identifier.get("config")
            if isinstance(identifier.get("config"), str)
            else identifier.get("class_name")
        )
    return resolve(identifier, known, "activation")


def serialize(activation: Any) -> str:
    """The name of an activation, as configs hold it."""
    if id(activation) in _NAMES:
        return _NAMES[id(activation)]
    return str(getattr(activation, "__name__", type(activation).__name__))
