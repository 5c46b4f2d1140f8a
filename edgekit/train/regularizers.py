"""Penalties on weights that are added to the loss: L1, L2 and both."""

from __future__ import annotations

from typing import Any

from edgekit.train.ops.math import absolute, square
from edgekit.train.ops.reductions import sum as total
from edgekit.train.serialization import Serializable, resolve

__all__ = ["L1", "L1L2", "L2", "Regularizer", "get"]


class Regularizer(Serializable):
    """The base: `regularizer(weight)` gives a scalar tensor."""

    keras_module = "keras.regularizers"

    def __call__(self, weight: Any) -> Any:
        raise NotImplementedError


class L1(Regularizer):
    """l1 * sum(|w|)."""

    config_names = ("l1",)

    def __init__(self, l1: float = 0.01) -> None:
        self.l1 = _checked(l1)

    def __call__(self, weight):
        return _l1(weight, self.l1)


class L2(Regularizer):
    """l2 * sum(w^2)."""

    config_names = ("l2",)

    def __init__(self, l2: float = 0.01) -> None:
        self.l2 = _checked(l2)

    def __call__(self, weight):
        return _l2(weight, self.l2)


class L1L2(Regularizer):
    """l1 * sum(|w|) + l2 * sum(w^2)."""

    config_names = ("l1", "l2")

    def __init__(self, l1: float = 0.0, l2: float = 0.0) -> None:
        self.l1, self.l2 = _checked(l1), _checked(l2)

    def __call__(self, weight):
        return _l1(weight, self.l1) + _l2(weight, self.l2)


def _checked(factor: float) -> float:
    if not 0.0 <= float(factor) < float("inf"):
        raise ValueError(f"a regularization factor must be finite and >= 0. Received: {factor}")
    return float(factor)


def _l1(weight: Any, factor: float) -> Any:
    return total(absolute(weight)) * factor


def _l2(weight: Any, factor: float) -> Any:
    return total(square(weight)) * factor


CLASSES = {"L1": L1, "L2": L2, "L1L2": L1L2}
_NAMES = {"l1": L1, "l2": L2, "l1_l2": L1L2}


def get(identifier: Any) -> Any:
    """A regularizer from a name, a config or itself; None stays None."""
    return resolve(identifier, {**CLASSES, **_NAMES}, "regularizer")
