"""Bounds on weights, put into force after every update.

A constraint is called with a weight and gives one that fits. Norms are over `axis`: 0 for the
kernel of a Dense layer (each unit's incoming weights), (0, 1, 2) for that of a Conv2D.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from edgekit.errors import InputError
from edgekit.train.backend import array_module, asarray
from edgekit.train.serialization import Serializable, plain, resolve
from edgekit.train.tensor import Tensor, wrap

__all__ = [
    "Constraint",
    "MaxNorm",
    "MinMaxNorm",
    "NonNeg",
    "UnitNorm",
    "deserialize",
    "get",
    "max_norm",
    "min_max_norm",
    "non_neg",
    "serialize",
    "unit_norm",
]

# Keras keeps quotients this far from a division by zero
_EPSILON = np.float32(1e-7)


class Constraint(Serializable):
    """The base: `constraint(weight)` gives a tensor of the same shape."""

    keras_module = "keras.constraints"

    def __call__(self, w: Any) -> Any:
        raise NotImplementedError(f"{type(self).__name__} has no __call__(w)")


class NonNeg(Constraint):
    """max(w, 0)."""

    def __call__(self, w: Any) -> Tensor:
        array = asarray(w)
        return wrap(array * (array >= 0))


class MaxNorm(Constraint):
    """Weights whose norm is above `max_value` are scaled down to it.

    Source: Srivastava et al. 2014.
    """

    config_names = ("max_value", "axis")

    def __init__(self, max_value: float = 2, axis: Any = 0) -> None:
        self.max_value = max_value
        self.axis = axis

    def __call__(self, w: Any) -> Tensor:
        array, norms = _with_norms(w, self.axis)
        bounded = array_module(array).clip(norms, 0, np.float32(self.max_value))
        return wrap(array * (bounded / (_EPSILON + norms)))


class UnitNorm(Constraint):
    """Weights are scaled to a norm of 1."""

    config_names = ("axis",)

    def __init__(self, axis: Any = 0) -> None:
        self.axis = axis

    def __call__(self, w: Any) -> Tensor:
        array, norms = _with_norms(w, self.axis)
        return wrap(array / (_EPSILON + norms))


class MinMaxNorm(Constraint):
    """Norms are moved into [min_value, max_value], by the share `rate` of the way."""

    config_names = ("min_value", "max_value", "rate", "axis")

    def __init__(
        self,
        min_value: float = 0.0,
        max_value: float = 1.0,
        rate: float = 1.0,
        axis: Any = 0,
    ) -> None:
        if not 0 <= rate <= 1:
            raise InputError(f"MinMaxNorm: rate must be from 0 to 1. Received: {rate}")
        self.min_value = min_value
        self.max_value = max_value
        self.rate = rate
        self.axis = axis

    def __call__(self, w: Any) -> Tensor:
        array, norms = _with_norms(w, self.axis)
        low, high = np.float32(self.min_value), np.float32(self.max_value)
        bounded = array_module(array).clip(norms, low, high) * np.float32(self.rate)
        wanted = bounded + norms * np.float32(1 - self.rate)
        return wrap(array * (wanted / (_EPSILON + norms)))


def _with_norms(w: Any, axis: Any) -> tuple[Any, Any]:
    """The array, and its norms over `axis`, kept as axes of length 1."""
    array = asarray(w)
    axes = tuple(axis) if isinstance(axis, list | tuple) else axis
    return array, array_module(array).sqrt((array * array).sum(axis=axes, keepdims=True))


max_norm, min_max_norm, non_neg, unit_norm = MaxNorm, MinMaxNorm, NonNeg, UnitNorm

CLASSES: dict[str, type[Constraint]] = {
    "MaxNorm": MaxNorm, "MinMaxNorm": MinMaxNorm, "NonNeg": NonNeg, "UnitNorm": UnitNorm,
}  # fmt: skip
_NAMES = {
    "max_norm": MaxNorm, "min_max_norm": MinMaxNorm, "non_neg": NonNeg, "unit_norm": UnitNorm,
    "maxnorm": MaxNorm, "nonneg": NonNeg, "unitnorm": UnitNorm,
}  # fmt: skip


def get(identifier: Any) -> Any:
    """A constraint from a name ("max_norm"), a class name, a config or itself; None stays None."""
    return resolve(identifier, {**CLASSES, **_NAMES}, "constraint")


def serialize(constraint: Any) -> Any:
    """A constraint's config with the name of its class."""
    return plain(constraint)


def deserialize(config: Any, custom_objects: Any = None) -> Any:
    """A constraint from the result of `serialize`; custom_objects: class name -> class."""
    return resolve(config, {**CLASSES, **_NAMES, **(custom_objects or {})}, "constraint")
