"""Errors and crossentropies as metrics: means of the loss functions of the same name."""

from __future__ import annotations

import math
from typing import Any

from edgekit.train import losses
from edgekit.train.metrics.metric import MeanMetricWrapper, Metric

__all__ = [
    "BinaryCrossentropy",
    "CategoricalCrossentropy",
    "MeanAbsoluteError",
    "MeanSquaredError",
    "RootMeanSquaredError",
    "SparseCategoricalCrossentropy",
]


class MeanSquaredError(MeanMetricWrapper):
    """The mean of (y_true - y_pred)^2."""

    def __init__(self, name: str = "mean_squared_error", dtype: Any = None) -> None:
        super().__init__(losses.mean_squared_error, name, dtype)


class RootMeanSquaredError(MeanMetricWrapper):
    """The square root of the mean of (y_true - y_pred)^2."""

    def __init__(self, name: str = "root_mean_squared_error", dtype: Any = None) -> None:
        super().__init__(losses.mean_squared_error, name, dtype)

    def result(self) -> Any:
        return math.sqrt(float(super().result()))


class MeanAbsoluteError(MeanMetricWrapper):
    """The mean of |y_true - y_pred|."""

    def __init__(self, name: str = "mean_absolute_error", dtype: Any = None) -> None:
        super().__init__(losses.mean_absolute_error, name, dtype)


class BinaryCrossentropy(MeanMetricWrapper):
    """The mean of losses.binary_crossentropy."""

    config_names = (*Metric.config_names, "from_logits", "label_smoothing")

    def __init__(
        self, name: str = "binary_crossentropy", dtype: Any = None,
        from_logits: bool = False, label_smoothing: float = 0.0,
    ) -> None:  # fmt: skip
        self.from_logits, self.label_smoothing = from_logits, label_smoothing
        arguments = {"from_logits": from_logits, "label_smoothing": label_smoothing}
        super().__init__(losses.binary_crossentropy, name, dtype, **arguments)


class CategoricalCrossentropy(MeanMetricWrapper):
    """The mean of losses.categorical_crossentropy."""

    config_names = (*Metric.config_names, "from_logits", "label_smoothing", "axis")

    def __init__(
        self, name: str = "categorical_crossentropy", dtype: Any = None,
        from_logits: bool = False, label_smoothing: float = 0.0, axis: int = -1,
    ) -> None:  # fmt: skip
        self.from_logits, self.label_smoothing, self.axis = from_logits, label_smoothing, axis
        arguments = {"from_logits": from_logits, "label_smoothing": label_smoothing, "axis": axis}
        super().__init__(losses.categorical_crossentropy, name, dtype, **arguments)


class SparseCategoricalCrossentropy(MeanMetricWrapper):
    """The mean of losses.sparse_categorical_crossentropy."""

    config_names = (*Metric.config_names, "from_logits", "axis")

    def __init__(
        self, name: str = "sparse_categorical_crossentropy", dtype: Any = None,
        from_logits: bool = False, axis: int = -1,
    ) -> None:  # fmt: skip
        self.from_logits, self.axis = from_logits, axis
        arguments = {"from_logits": from_logits, "axis": axis}
        super().__init__(losses.sparse_categorical_crossentropy, name, dtype, **arguments)
