"""Losses for classes that count the easy samples less, or forgive wrong labels."""

from __future__ import annotations

from typing import Any

from edgekit.errors import InputError
from edgekit.train.backend import array_module
from edgekit.train.losses.crossentropies import (
    binary_values,
    class_numbers,
    normalized,
    of_same_classes,
    smoothed,
)
from edgekit.train.losses.loss import Loss, NamedLoss, as_tensor, clipped, of_same_shape
from edgekit.train.ops import math, reductions
from edgekit.train.ops.activations import sigmoid, softmax
from edgekit.train.tensor import Tensor, wrap

__all__ = [
    "BinaryFocalCrossentropy",
    "CategoricalFocalCrossentropy",
    "CategoricalGeneralizedCrossEntropy",
    "binary_focal_crossentropy",
    "categorical_focal_crossentropy",
    "categorical_generalized_cross_entropy",
]


def binary_focal_crossentropy(
    y_true: Any,
    y_pred: Any,
    apply_class_balancing: bool = False,
    alpha: float = 0.25,
    gamma: float = 2.0,
    from_logits: bool = False,
    label_smoothing: float = 0.0,
    axis: int = -1,
) -> Tensor:
    """mean((1 - q)^gamma crossentropy), q the probability of the true label.

    With `apply_class_balancing` label 1 weighs alpha, label 0 1 - alpha. Source: Lin et al. 2017.
    """
    y_true, y_pred = of_same_shape(y_true, y_pred, "binary_focal_crossentropy")
    y_true = smoothed(y_true, label_smoothing, 2)
    p = sigmoid(y_pred) if from_logits else y_pred
    found = y_true * p + (1.0 - y_true) * (1.0 - p)
    values = (1.0 - found) ** gamma * binary_values(y_true, p)
    if apply_class_balancing:
        values = values * (y_true * alpha + (1.0 - y_true) * (1.0 - alpha))
    return reductions.mean(values, axis=axis)


def categorical_focal_crossentropy(
    y_true: Any,
    y_pred: Any,
    alpha: float = 0.25,
    gamma: float = 2.0,
    from_logits: bool = False,
    label_smoothing: float = 0.0,
    axis: int = -1,
) -> Tensor:
    """-sum(alpha (1 - p)^gamma y log(p)) over `axis`. Source: Lin et al. 2017."""
    y_true, y_pred = of_same_classes(y_true, y_pred, "categorical_focal_crossentropy")
    y_true = smoothed(y_true, label_smoothing, y_true.shape[-1])
    p = softmax(y_pred, axis=axis) if from_logits else y_pred
    p = clipped(normalized(p, axis))
    values = -y_true * math.log(p) * ((1.0 - p) ** gamma * _shaped(alpha))
    return reductions.sum(values, axis=axis)


def _shaped(alpha: Any) -> Any:
    """One weight, or one for each class."""
    return alpha if isinstance(alpha, int | float) else as_tensor(alpha)


def categorical_generalized_cross_entropy(y_true: Any, y_pred: Any, q: float) -> Tensor:
    """(1 - p^q) / q for the probability p of class number y_true: bounded, unlike -log(p).

    Source: Zhang and Sabuncu 2018.
    """
    y_pred = as_tensor(y_pred)
    labels = class_numbers(as_tensor(y_true).data, y_pred)
    classes = wrap(
        (labels[..., None] == array_module(labels).arange(y_pred.shape[-1])).astype(y_pred.dtype)
    )
    p = reductions.sum(y_pred * classes, axis=-1)
    return (1.0 - p**q) / q


class BinaryFocalCrossentropy(NamedLoss):
    """The binary crossentropy, with samples that are right already weighing little."""

    function = staticmethod(binary_focal_crossentropy)
    config_names = (
        *Loss.config_names, "from_logits", "label_smoothing", "axis", "apply_class_balancing",
        "alpha", "gamma",
    )  # fmt: skip

    def __init__(
        self,
        apply_class_balancing: bool = False,
        alpha: float = 0.25,
        gamma: float = 2.0,
        from_logits: bool = False,
        label_smoothing: float = 0.0,
        axis: int = -1,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "binary_focal_crossentropy",
        dtype: Any = None,
    ) -> None:
        super().__init__(reduction, name, dtype)
        self.apply_class_balancing = apply_class_balancing
        self.alpha = alpha
        self.gamma = gamma
        self.from_logits = from_logits
        self.label_smoothing = label_smoothing
        self.axis = axis


class CategoricalFocalCrossentropy(NamedLoss):
    """The categorical crossentropy, with samples that are right already weighing little."""

    function = staticmethod(categorical_focal_crossentropy)
    config_names = (*Loss.config_names, "from_logits", "label_smoothing", "axis", "alpha", "gamma")

    def __init__(
        self,
        alpha: float = 0.25,
        gamma: float = 2.0,
        from_logits: bool = False,
        label_smoothing: float = 0.0,
        axis: int = -1,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "categorical_focal_crossentropy",
        dtype: Any = None,
    ) -> None:
        super().__init__(reduction, name, dtype)
        self.alpha = alpha
        self.gamma = gamma
        self.from_logits = from_logits
        self.label_smoothing = label_smoothing
        self.axis = axis


class CategoricalGeneralizedCrossEntropy(NamedLoss):
    """For class numbers some of which are wrong; q near 1 forgives most."""

    function = staticmethod(categorical_generalized_cross_entropy)
    config_names = (*Loss.config_names, "q")

    def __init__(
        self,
        q: float = 0.5,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "categorical_generalized_cross_entropy",
        dtype: Any = None,
    ) -> None:
        if not 0 < q < 1:
            raise InputError(f"q must be between 0 and 1. Received: {q}")
        super().__init__(reduction, name, dtype)
        self.q = q
