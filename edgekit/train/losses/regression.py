"""Losses for numbers: one for each sample, the mean over the last axis."""

from __future__ import annotations

import math as numbers
from typing import Any

from edgekit.train.losses.loss import EPSILON, Loss, NamedLoss, of_same_shape
from edgekit.train.ops import comparisons, math, reductions
from edgekit.train.ops.activations import softplus
from edgekit.train.tensor import Tensor

__all__ = [
    "CosineSimilarity",
    "Huber",
    "LogCosh",
    "MeanAbsoluteError",
    "MeanAbsolutePercentageError",
    "MeanSquaredError",
    "MeanSquaredLogarithmicError",
    "cosine_similarity",
    "huber",
    "log_cosh",
    "mean_absolute_error",
    "mean_absolute_percentage_error",
    "mean_squared_error",
    "mean_squared_logarithmic_error",
    "unit_vectors",
]


def mean_squared_error(y_true: Any, y_pred: Any) -> Tensor:
    """mean((y_true - y_pred)^2)."""
    y_true, y_pred = of_same_shape(y_true, y_pred, "mean_squared_error")
    return reductions.mean(math.square(y_pred - y_true), axis=-1)


def mean_absolute_error(y_true: Any, y_pred: Any) -> Tensor:
    """mean(|y_true - y_pred|)."""
    y_true, y_pred = of_same_shape(y_true, y_pred, "mean_absolute_error")
    return reductions.mean(math.absolute(y_pred - y_true), axis=-1)


def mean_absolute_percentage_error(y_true: Any, y_pred: Any) -> Tensor:
    """100 mean(|y_true - y_pred| / max(|y_true|, 1e-7))."""
    y_true, y_pred = of_same_shape(y_true, y_pred, "mean_absolute_percentage_error")
    share = (y_true - y_pred) / math.maximum(math.absolute(y_true), EPSILON)
    return reductions.mean(math.absolute(share), axis=-1) * 100.0


def mean_squared_logarithmic_error(y_true: Any, y_pred: Any) -> Tensor:
    """mean((log(1 + y_true) - log(1 + y_pred))^2), both at least 1e-7."""
    y_true, y_pred = of_same_shape(y_true, y_pred, "mean_squared_logarithmic_error")
    first, second = (math.log(math.maximum(y, EPSILON) + 1.0) for y in (y_pred, y_true))
    return reductions.mean(math.square(first - second), axis=-1)


def huber(y_true: Any, y_pred: Any, delta: float = 1.0) -> Tensor:
    """mean(e^2 / 2 where |e| <= delta, else delta * |e| - delta^2 / 2), e = y_true - y_pred."""
    y_true, y_pred = of_same_shape(y_true, y_pred, "huber")
    error = math.absolute(y_pred - y_true)
    near = math.square(error) * 0.5
    far = error * delta - 0.5 * delta * delta
    return reductions.mean(comparisons.where(error <= delta, near, far), axis=-1)


def log_cosh(y_true: Any, y_pred: Any) -> Tensor:
    """mean(log(cosh(y_pred - y_true))): about e^2 / 2 near zero, |e| - log(2) far from it."""
    y_true, y_pred = of_same_shape(y_true, y_pred, "log_cosh")
    error = y_pred - y_true
    return reductions.mean(error + softplus(error * -2.0) - numbers.log(2.0), axis=-1)


def cosine_similarity(y_true: Any, y_pred: Any, axis: int = -1) -> Tensor:
    """-sum(y_true y_pred) of vectors scaled to length 1: -1 for the same direction."""
    y_true, y_pred = of_same_shape(y_true, y_pred, "cosine_similarity")
    return -reductions.sum(unit_vectors(y_true, axis) * unit_vectors(y_pred, axis), axis=axis)


def unit_vectors(x: Any, axis: Any) -> Any:
    """`x` scaled to length 1 along `axis`; vectors shorter than 1e-7 are divided by 1e-7."""
    squares = reductions.sum(math.square(x), axis=axis, keepdims=True)
    return x / math.sqrt(math.maximum(squares, EPSILON**2))


class MeanSquaredError(NamedLoss):
    """mean((y_true - y_pred)^2)."""

    function = staticmethod(mean_squared_error)


class MeanAbsoluteError(NamedLoss):
    """mean(|y_true - y_pred|)."""

    function = staticmethod(mean_absolute_error)


class MeanAbsolutePercentageError(NamedLoss):
    """100 mean(|y_true - y_pred| / |y_true|)."""

    function = staticmethod(mean_absolute_percentage_error)


class MeanSquaredLogarithmicError(NamedLoss):
    """mean((log(1 + y_true) - log(1 + y_pred))^2)."""

    function = staticmethod(mean_squared_logarithmic_error)


class LogCosh(NamedLoss):
    """mean(log(cosh(y_pred - y_true)))."""

    function = staticmethod(log_cosh)


class CosineSimilarity(NamedLoss):
    """-1 for outputs in the direction of the targets, 0 for orthogonal ones, 1 for opposite."""

    function = staticmethod(cosine_similarity)
    hidden_names = ("axis",)

    def __init__(
        self,
        axis: int = -1,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "cosine_similarity",
        dtype: Any = None,
    ) -> None:
        super().__init__(reduction, name, dtype)
        self.axis = axis


class Huber(NamedLoss):
    """Squared near zero, linear beyond `delta`. Source: Huber 1964."""

    function = staticmethod(huber)
    config_names = (*Loss.config_names, "delta")

    def __init__(
        self,
        delta: float = 1.0,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "huber_loss",
        dtype: Any = None,
    ) -> None:
        super().__init__(reduction, name, dtype)
        self.delta = delta
