"""What estimators share: parameters, tags, and what scikit-learn asks before it trusts one."""

from __future__ import annotations

import inspect
from typing import Any

import numpy as np

from edgekit.errors import EdgekitError, InputError, require

__all__ = ["Estimator", "accuracy", "classes_of", "r2", "taken"]


class Estimator:
    """The base; `kind` is "classifier", "regressor" or "transformer". scikit-learn is asked for its
    own classes only when it asks for tags.
    """

    kind = ""

    @property
    def _estimator_type(self) -> str:
        return self.kind

    def __sklearn_tags__(self) -> Any:
        tags = require("sklearn.utils", extra="dev")
        return tags.Tags(
            estimator_type=self.kind,
            target_tags=tags.TargetTags(required=True),
            transformer_tags=tags.TransformerTags(preserves_dtype=[])
            if self.kind == "transformer"
            else None,
            classifier_tags=tags.ClassifierTags() if self.kind == "classifier" else None,
            regressor_tags=tags.RegressorTags() if self.kind == "regressor" else None,
        )

    def __sklearn_is_fitted__(self) -> bool:
        return getattr(self, "model_", None) is not None

    def _fitted(self) -> Any:
        model = getattr(self, "model_", None)
        if model is None:
            raise _not_fitted(f"this {type(self).__name__} is not fitted yet: call fit(x, y)")
        return model

    def __repr__(self) -> str:
        return f"{type(self).__name__}()"


def _not_fitted(message: str) -> Exception:
    """scikit-learn's error where it is installed, for those who catch it."""
    try:
        kind = require("sklearn.exceptions", extra="dev").NotFittedError
    except EdgekitError:
        kind = InputError
    made: Exception = kind(message)
    return made


def taken(function: Any, options: dict[str, Any]) -> dict[str, Any]:
    """The options that a function has parameters for."""
    known = inspect.signature(function).parameters
    return {name: value for name, value in options.items() if name in known}


def classes_of(y: Any) -> tuple[np.ndarray, np.ndarray]:
    """(classes, the number of each sample's class) of labels, or of rows with a one."""
    labels = np.asarray(y)
    if labels.ndim == 2 and labels.shape[1] > 1:
        return np.arange(labels.shape[1]), labels.argmax(axis=1)
    classes, numbers = np.unique(labels.reshape(-1), return_inverse=True)
    return classes, numbers


def accuracy(y: Any, predicted: Any, weights: Any = None) -> float:
    """The share of samples whose class is right."""
    labels = np.asarray(y)
    if labels.ndim == 2 and labels.shape[1] > 1 and np.asarray(predicted).ndim == 1:
        labels = labels.argmax(axis=1)
    right = labels == np.asarray(predicted)
    right = right.all(axis=1) if right.ndim > 1 else right
    return float(np.average(right, weights=weights))


def r2(y: Any, predicted: Any, weights: Any = None) -> float:
    """1 - the share of the variance that is left."""
    truth = np.asarray(y, np.float64)
    rest = np.asarray(predicted, np.float64).reshape(truth.shape)
    w = np.ones(len(truth)) if weights is None else np.asarray(weights, np.float64)
    w = w.reshape(-1, *(1,) * (truth.ndim - 1))
    mean = (truth * w).sum(axis=0) / w.sum(axis=0)
    spread = (w * (truth - mean) ** 2).sum(axis=0)
    left = (w * (truth - rest) ** 2).sum(axis=0)
    scores = 1 - left / np.where(spread == 0, 1, spread)
    return float(np.mean(np.where((spread == 0) & (left > 0), 0.0, scores)))
