"""F scores: precision and recall in one number."""

from __future__ import annotations

from typing import Any

from edgekit.errors import InputError, ShapeError
from edgekit.train.backend import array_module, asarray
from edgekit.train.metrics.metric import Metric
from edgekit.train.tensor import Variable

__all__ = ["F1Score", "FBetaScore"]

_AVERAGES = (None, "micro", "macro", "weighted")
_EPSILON = 1e-7


class FBetaScore(Metric):
    """(1 + beta^2) precision recall / (beta^2 precision + recall), for outputs (batch, classes).

    average: None for one score per class, "macro" their mean, "weighted" their mean by the number
    of true labels, "micro" one score over all. threshold: what counts as found; None takes the
    largest output of each sample.
    """

    config_names: tuple[str, ...] = (*Metric.config_names, "average", "beta", "threshold")
    _direction = "up"
    true_positives: Variable
    false_positives: Variable
    false_negatives: Variable
    intermediate_weights: Variable

    def __init__(
        self,
        average: str | None = None,
        beta: float = 1.0,
        threshold: float | None = None,
        name: str | None = "fbeta_score",
        dtype: Any = None,
    ) -> None:
        super().__init__(dtype, name)
        if average not in _AVERAGES:
            raise InputError(f"average must be one of {_AVERAGES}. Received: {average!r}")
        if not isinstance(beta, float) or beta <= 0:
            raise InputError(f"beta must be a positive float. Received: {beta!r}")
        if threshold is not None and (not isinstance(threshold, float) or not 0 < threshold <= 1):
            raise InputError(f"threshold must be a float in (0, 1]. Received: {threshold!r}")
        self.average = average
        self.beta = beta
        self.threshold = threshold
        self.axis = None if average == "micro" else 0
        self._built = False

    def _build(self, shape: tuple[int, ...]) -> None:
        if len(shape) != 2:
            raise ShapeError(
                f"{type(self).__name__}: expected outputs of shape (batch, classes). "
                f"Received: {shape}"
            )
        names = ("true_positives", "false_positives", "false_negatives", "intermediate_weights")
        for name in names:
            size = () if self.average == "micro" else shape[1:]
            setattr(self, name, self.add_variable(size, name=name))
        self._built = True

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        y_true, y_pred = asarray(y_true), asarray(y_pred)
        if not self._built:
            self._build(y_pred.shape)
        if y_true.shape != y_pred.shape:
            raise ShapeError(
                f"{type(self).__name__}: y_true has shape {y_true.shape}, the model gives "
                f"{y_pred.shape}; they must be equal (one-hot labels)"
            )
        if self.threshold is None:
            found = (y_pred >= y_pred.max(axis=-1, keepdims=True)) & (abs(y_pred) > 1e-9)
        else:
            found = y_pred > self.threshold
        found, wanted = found.astype("float32"), y_true.astype("float32")
        weight = 1.0 if sample_weight is None else asarray(sample_weight)[:, None]
        for name, counted in (
            ("true_positives", found * wanted),
            ("false_positives", found * (1 - wanted)),
            ("false_negatives", (1 - found) * wanted),
            ("intermediate_weights", wanted),
        ):
            getattr(self, name).data += (counted * weight).sum(axis=self.axis)

    def result(self) -> Any:
        if not self._built:
            return 0.0
        hits = self.true_positives.data
        precision = hits / (hits + self.false_positives.data + _EPSILON)
        recall = hits / (hits + self.false_negatives.data + _EPSILON)
        square = self.beta**2
        score = precision * recall / (square * precision + recall + _EPSILON) * (1 + square)
        if self.average == "weighted":
            weights = self.intermediate_weights.data
            return (score * (weights / (weights.sum() + _EPSILON))).sum()
        return score if self.average is None else array_module(score).mean(score)


class F1Score(FBetaScore):
    """2 precision recall / (precision + recall)."""

    config_names = (*Metric.config_names, "average", "threshold")

    def __init__(
        self,
        average: str | None = None,
        threshold: float | None = None,
        name: str | None = "f1_score",
        dtype: Any = None,
    ) -> None:
        super().__init__(average, 1.0, threshold, name, dtype)
