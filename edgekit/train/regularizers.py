"""Penalties on weights that are added to the loss."""

from __future__ import annotations

from typing import Any

from edgekit.train.backend import array_module
from edgekit.train.ops.math import absolute, maximum, sqrt, square
from edgekit.train.ops.reductions import sum as total
from edgekit.train.ops.shape import transpose
from edgekit.train.serialization import Serializable, plain, resolve
from edgekit.train.tensor import wrap

__all__ = [
    "L1",
    "L1L2",
    "L2",
    "OrthogonalRegularizer",
    "Regularizer",
    "deserialize",
    "get",
    "l1",
    "l1_l2",
    "l2",
    "orthogonal_regularizer",
    "serialize",
]

# vectors shorter than this are divided by it
_EPSILON = 1e-7


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


class OrthogonalRegularizer(Regularizer):
    """factor * mean(|cosine|) over the pairs of rows (or columns) of a matrix."""

    config_names = ("factor", "mode")

    def __init__(self, factor: float = 0.01, mode: str = "rows") -> None:
        if mode not in ("rows", "columns"):
            raise ValueError(f"mode must be 'rows' or 'columns'. Received: {mode!r}")
        self.factor, self.mode = _checked(factor), mode

    def __call__(self, weight):
        if len(weight.shape) != 2:
            raise ValueError(
                f"OrthogonalRegularizer is for weights of two axes. Received: {weight.shape}"
            )
        rows = weight if self.mode == "rows" else transpose(weight)
        squares = total(square(rows), axis=1, keepdims=True)
        units = rows / sqrt(maximum(squares, _EPSILON**2))
        cosines = units @ transpose(units)
        n = cosines.shape[0]
        module = array_module(cosines.data)
        others = wrap((1 - module.eye(n)).astype(cosines.dtype))
        return total(absolute(cosines * others)) * (self.factor * 0.5 / (n * (n - 1) / 2))


def _checked(factor: float) -> float:
    if not 0.0 <= float(factor) < float("inf"):
        raise ValueError(f"a regularization factor must be finite and >= 0. Received: {factor}")
    return float(factor)


def _l1(weight: Any, factor: float) -> Any:
    return total(absolute(weight)) * factor


def _l2(weight: Any, factor: float) -> Any:
    return total(square(weight)) * factor


CLASSES = {"L1": L1, "L2": L2, "L1L2": L1L2, "OrthogonalRegularizer": OrthogonalRegularizer}
_NAMES = {
    "l1": L1, "l2": L2, "l1_l2": L1L2, "l1l2": L1L2,
    "orthogonal_regularizer": OrthogonalRegularizer,
}  # fmt: skip

# the classes under the names of functions, as they are called in Keras too
l1, l2, l1_l2, orthogonal_regularizer = L1, L2, L1L2, OrthogonalRegularizer


def get(identifier: Any) -> Any:
    """A regularizer from a name, a config or itself; None stays None."""
    return resolve(identifier, {**CLASSES, **_NAMES}, "regularizer")


def serialize(regularizer: Any) -> Any:
    """A regularizer's config with the name of its class."""
    return plain(regularizer)


def deserialize(config: Any, custom_objects: Any = None) -> Any:
    """A regularizer from the result of `serialize`; custom_objects: class name -> class."""
    return resolve(config, {**CLASSES, **_NAMES, **(custom_objects or {})}, "regularizer")
