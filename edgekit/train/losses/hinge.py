"""Losses that are 0 beyond a margin, for labels -1 and 1 (0 and 1 are taken for these)."""

from __future__ import annotations

from typing import Any

import numpy as np

from edgekit.train.backend import array_module
from edgekit.train.losses.loss import NamedLoss, like, of_same_shape
from edgekit.train.ops import math, reductions
from edgekit.train.tensor import Tensor, wrap

__all__ = [
    "CategoricalHinge",
    "Hinge",
    "SquaredHinge",
    "categorical_hinge",
    "hinge",
    "squared_hinge",
]


def hinge(y_true: Any, y_pred: Any) -> Tensor:
    """mean(max(1 - y_true y_pred, 0))."""
    return reductions.mean(_margins(y_true, y_pred, "hinge"), axis=-1)


def squared_hinge(y_true: Any, y_pred: Any) -> Tensor:
    """mean(max(1 - y_true y_pred, 0)^2)."""
    return reductions.mean(math.square(_margins(y_true, y_pred, "squared_hinge")), axis=-1)


def categorical_hinge(y_true: Any, y_pred: Any) -> Tensor:
    """max(1 + largest wrong output - right output, 0), for one-hot labels."""
    y_true, y_pred = like(y_true, y_pred)
    right = reductions.sum(y_true * y_pred, axis=-1)
    wrong = reductions.max((1.0 - y_true) * y_pred, axis=-1)
    return math.maximum(wrong - right + 1.0, 0.0)


def _margins(y_true: Any, y_pred: Any, loss: str) -> Any:
    y_true, y_pred = of_same_shape(y_true, y_pred, loss)
    labels = y_true.data
    binary = ((labels == 0) | (labels == 1)).all()
    if not isinstance(labels, np.ndarray):  # on a GPU nothing is asked: that would wait for it
        y_true = wrap(array_module(labels).where(binary, labels * 2.0 - 1.0, labels))
    elif binary:
        y_true = y_true * 2.0 - 1.0
    return math.maximum(1.0 - y_true * y_pred, 0.0)


class Hinge(NamedLoss):
    """mean(max(1 - y_true y_pred, 0))."""

    function = staticmethod(hinge)


class SquaredHinge(NamedLoss):
    """mean(max(1 - y_true y_pred, 0)^2)."""

    function = staticmethod(squared_hinge)


class CategoricalHinge(NamedLoss):
    """max(1 + largest wrong output - right output, 0). Source: Weston and Watkins 1999."""

    function = staticmethod(categorical_hinge)
