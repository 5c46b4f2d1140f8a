"""Weights of classes as weights of samples."""

from __future__ import annotations

from typing import Any

import numpy as np

from edgekit.errors import InputError
from edgekit.train.backend import to_numpy
from edgekit.train.data import unpack

__all__ = ["class_weights", "weighted"]


def class_weights(class_weight: dict[int, float] | None) -> np.ndarray | None:
    """The weight of each class number; classes that are not named weigh 1."""
    if class_weight is None:
        return None
    known = isinstance(class_weight, dict) and class_weight
    if not known or any(int(key) != key or key < 0 for key in class_weight):
        raise InputError(f"class_weight maps class numbers to weights. Received: {class_weight!r}")
    weights = np.ones(int(max(class_weight)) + 1, np.float32)
    for key, value in class_weight.items():
        weights[int(key)] = value
    return weights


def weighted(data: Any, weights: np.ndarray) -> tuple[Any, Any, Any]:
    """The batch with its samples weighed by class."""
    x, y, sample_weight = unpack(data)
    if isinstance(y, list | tuple | dict) or y is None:
        raise InputError("class_weight needs a model with one output and targets for it.")
    labels = to_numpy(y)
    if labels.ndim > 1:
        labels = labels[..., 0] if labels.shape[-1] == 1 else labels.argmax(axis=-1)
    labels = labels.astype(np.int64)
    known = np.minimum(labels, len(weights) - 1)
    by_class = np.where(labels < len(weights), weights[known], np.float32(1))
    return x, y, by_class if sample_weight is None else by_class * to_numpy(sample_weight)
