"""Activation functions by Keras' names."""

from __future__ import annotations

import weakref
from typing import Any

from edgekit.errors import UnsupportedOperator
from edgekit.train.ops import activations as ops
from edgekit.train.ops import comparisons, math
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
        above = x * comparisons.greater(x, threshold)
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


_TABLE: dict[str, Any] = {
    "elu": ops.elu,
    "exponential": math.exp,
    "gelu": ops.gelu,
    "hard_sigmoid": ops.hard_sigmoid,
    "hard_silu": ops.hard_silu,
    "leaky_relu": leaky_relu,
    "linear": linear,
    "log_softmax": ops.log_softmax,
    "relu": relu,
    "relu6": ops.relu6,
    "selu": selu,
    "sigmoid": sigmoid,
    "silu": ops.silu,
    "softmax": softmax,
    "softplus": ops.softplus,
    "softsign": softsign,
    "tanh": ops.tanh,
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
