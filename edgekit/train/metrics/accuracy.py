"""Accuracies: the share of samples whose label was found."""

from __future__ import annotations

from typing import Any

from edgekit.errors import ShapeError
from edgekit.train.backend import array_module, asarray
from edgekit.train.data import of_same_rank
from edgekit.train.metrics.metric import Metric
from edgekit.train.metrics.totals import MeanMetricWrapper

__all__ = [
    "Accuracy",
    "BinaryAccuracy",
    "CategoricalAccuracy",
    "SparseCategoricalAccuracy",
    "SparseTopKCategoricalAccuracy",
    "TopKCategoricalAccuracy",
    "accuracy",
    "binary_accuracy",
    "categorical_accuracy",
    "sparse_categorical_accuracy",
    "sparse_top_k_categorical_accuracy",
    "top_k_categorical_accuracy",
]


def accuracy(y_true: Any, y_pred: Any) -> Any:
    """1 where y_true == y_pred."""
    y_true, y_pred = _same_shape(asarray(y_true), asarray(y_pred), "accuracy")
    return (y_true == y_pred).astype("float32")


def binary_accuracy(y_true: Any, y_pred: Any, threshold: float = 0.5) -> Any:
    """1 where y_pred is on the label's side of `threshold`."""
    y_true, y_pred = _same_shape(asarray(y_true), asarray(y_pred), "binary_accuracy")
    return (y_true == (y_pred > threshold)).astype("float32")


def categorical_accuracy(y_true: Any, y_pred: Any) -> Any:
    """1 where the largest of y_pred is at the largest of y_true (one-hot labels)."""
    y_true, y_pred = asarray(y_true), asarray(y_pred)
    return (y_true.argmax(axis=-1) == y_pred.argmax(axis=-1)).astype("float32")


def sparse_categorical_accuracy(y_true: Any, y_pred: Any) -> Any:
    """1 where the largest of y_pred is at y_true (class numbers)."""
    y_pred = asarray(y_pred)
    labels = _class_numbers(asarray(y_true), y_pred, "sparse_categorical_accuracy")
    return (labels == y_pred.argmax(axis=-1)).astype("float32")


def sparse_top_k_categorical_accuracy(
    y_true: Any, y_pred: Any, k: int = 5, from_sorted_ids: bool = False
) -> Any:
    """1 where fewer than k outputs are larger than that of class y_true.

    With `from_sorted_ids` y_pred holds class numbers, the most likely first.
    """
    y_pred = asarray(y_pred)
    labels = _class_numbers(asarray(y_true), y_pred, "sparse_top_k_categorical_accuracy")
    if from_sorted_ids:
        return (y_pred[..., :k] == labels[..., None]).any(axis=-1).astype("float32")
    module = array_module(y_pred)
    own = module.take_along_axis(y_pred, labels[..., None].astype("int64"), axis=-1)
    found = ((y_pred > own).sum(axis=-1) < k) & module.isfinite(own[..., 0])
    return found.astype("float32")


def top_k_categorical_accuracy(y_true: Any, y_pred: Any, k: int = 5) -> Any:
    """As the sparse one, for one-hot labels."""
    return sparse_top_k_categorical_accuracy(asarray(y_true).argmax(axis=-1), y_pred, k)


def _same_shape(y_true: Any, y_pred: Any, metric: str) -> tuple[Any, Any]:
    y_true, y_pred = of_same_rank(y_true, y_pred)
    if y_true.shape != y_pred.shape:
        raise ShapeError(
            f"{metric}: y_true has shape {y_true.shape}, the model gives {y_pred.shape}"
        )
    return y_true, y_pred


def _class_numbers(y_true: Any, y_pred: Any, metric: str) -> Any:
    if y_true.ndim == y_pred.ndim and y_true.shape[-1] == 1:
        y_true = y_true[..., 0]
    if y_true.shape != y_pred.shape[:-1]:
        raise ShapeError(
            f"{metric}: expected class numbers of shape {y_pred.shape[:-1]}. "
            f"Received: {y_true.shape}"
        )
    return y_true


class Accuracy(MeanMetricWrapper):
    """The share of equal values."""

    _direction = "up"

    def __init__(self, name: str | None = "accuracy", dtype: Any = None) -> None:
        super().__init__(accuracy, name, dtype)


class BinaryAccuracy(MeanMetricWrapper):
    """The share of outputs on the label's side of `threshold`."""

    config_names = (*Metric.config_names, "threshold")
    _direction = "up"

    def __init__(
        self, name: str | None = "binary_accuracy", dtype: Any = None, threshold: float = 0.5
    ) -> None:
        super().__init__(binary_accuracy, name, dtype, threshold=threshold)
        self.threshold = threshold


class CategoricalAccuracy(MeanMetricWrapper):
    """The share of samples whose largest output is the label's (one-hot)."""

    _direction = "up"

    def __init__(self, name: str | None = "categorical_accuracy", dtype: Any = None) -> None:
        super().__init__(categorical_accuracy, name, dtype)


class SparseCategoricalAccuracy(MeanMetricWrapper):
    """The share of samples whose largest output is the label's (class number)."""

    _direction = "up"

    def __init__(self, name: str | None = "sparse_categorical_accuracy", dtype: Any = None) -> None:
        super().__init__(sparse_categorical_accuracy, name, dtype)


class TopKCategoricalAccuracy(MeanMetricWrapper):
    """The share of samples whose label (one-hot) is among the k largest outputs."""

    config_names = (*Metric.config_names, "k")
    _direction = "up"

    def __init__(
        self, k: int = 5, name: str | None = "top_k_categorical_accuracy", dtype: Any = None
    ) -> None:
        super().__init__(top_k_categorical_accuracy, name, dtype, k=k)
        self.k = k


class SparseTopKCategoricalAccuracy(MeanMetricWrapper):
    """The share of samples whose label (class number) is among the k largest outputs."""

    config_names = (*Metric.config_names, "k")
    _direction = "up"

    def __init__(
        self,
        k: int = 5,
        name: str | None = "sparse_top_k_categorical_accuracy",
        dtype: Any = None,
        from_sorted_ids: bool = False,
    ) -> None:
        super().__init__(
            sparse_top_k_categorical_accuracy, name, dtype, k=k, from_sorted_ids=from_sorted_ids
        )
        self.k = k
        self.from_sorted_ids = from_sorted_ids
