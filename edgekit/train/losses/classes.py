"""The loss functions as classes, with their arguments."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from edgekit.errors import InputError
from edgekit.train.losses.functions import (
    binary_crossentropy,
    categorical_crossentropy,
    huber,
    mean_absolute_error,
    mean_squared_error,
    sparse_categorical_crossentropy,
)
from edgekit.train.losses.loss import Loss

__all__ = [
    "BinaryCrossentropy",
    "CategoricalCrossentropy",
    "Huber",
    "MeanAbsoluteError",
    "MeanSquaredError",
    "SparseCategoricalCrossentropy",
]


class _Named(Loss):
    """A class around one of the functions above."""

    function: Callable[..., Any]

    def _arguments(self) -> dict[str, Any]:
        base = set(Loss.config_names)
        return {name: getattr(self, name) for name in self.config_names if name not in base}

    def call(self, y_true, y_pred):
        return type(self).function(y_true, y_pred, **self._arguments())


class MeanSquaredError(_Named):
    """mean((y_true - y_pred)^2)."""

    function = staticmethod(mean_squared_error)

    def __init__(self, reduction="sum_over_batch_size", name="mean_squared_error", dtype=None):
        super().__init__(name, reduction, dtype)


class MeanAbsoluteError(_Named):
    """mean(|y_true - y_pred|)."""

    function = staticmethod(mean_absolute_error)

    def __init__(self, reduction="sum_over_batch_size", name="mean_absolute_error", dtype=None):
        super().__init__(name, reduction, dtype)


class Huber(_Named):
    """Squared near zero, linear beyond `delta`. Source: Huber 1964."""

    function = staticmethod(huber)
    config_names = (*Loss.config_names, "delta")

    def __init__(self, delta=1.0, reduction="sum_over_batch_size", name="huber_loss", dtype=None):
        super().__init__(name, reduction, dtype)
        self.delta = delta


class BinaryCrossentropy(_Named):
    """For labels 0 and 1, each output on its own."""

    function = staticmethod(binary_crossentropy)
    config_names = (*Loss.config_names, "from_logits", "label_smoothing", "axis")

    def __init__(
        self, from_logits=False, label_smoothing=0.0, axis=-1,
        reduction="sum_over_batch_size", name="binary_crossentropy", dtype=None,
    ):  # fmt: skip
        super().__init__(name, reduction, dtype)
        self.from_logits = from_logits
        self.label_smoothing = label_smoothing
        self.axis = axis


class CategoricalCrossentropy(_Named):
    """For one-hot or soft labels."""

    function = staticmethod(categorical_crossentropy)
    config_names = (*Loss.config_names, "from_logits", "label_smoothing", "axis")

    def __init__(
        self, from_logits=False, label_smoothing=0.0, axis=-1,
        reduction="sum_over_batch_size", name="categorical_crossentropy", dtype=None,
    ):  # fmt: skip
        super().__init__(name, reduction, dtype)
        self.from_logits = from_logits
        self.label_smoothing = label_smoothing
        self.axis = axis


class SparseCategoricalCrossentropy(_Named):
    """For class numbers."""

    function = staticmethod(sparse_categorical_crossentropy)
    config_names = (*Loss.config_names, "from_logits", "ignore_class")

    def __init__(
        self, from_logits=False, ignore_class=None, reduction="sum_over_batch_size", axis=-1,
        name="sparse_categorical_crossentropy", dtype=None,
    ):  # fmt: skip
        super().__init__(name, reduction, dtype)
        self.from_logits = from_logits
        self.ignore_class = ignore_class
        if axis != -1:
            raise InputError(f"the classes must be on the last axis. Received: axis={axis}")
