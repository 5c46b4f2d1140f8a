"""The share of the targets' variance that the outputs explain."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np

from edgekit.errors import InputError, ShapeError
from edgekit.train.backend import array_module, asarray
from edgekit.train.data import of_same_rank
from edgekit.train.metrics.metric import Metric

__all__ = ["R2Score"]

_AGGREGATIONS = (None, "uniform_average", "variance_weighted_average")


class R2Score(Metric):
    """1 - squared errors / squared distances from the mean, for outputs of shape (batch, n).

    class_aggregation: "uniform_average" or "variance_weighted_average" over the n outputs, None
    for one score each. num_regressors: the number of inputs, for the adjusted score.
    """

    config_names = (*Metric.config_names, "class_aggregation", "num_regressors")
    _direction = "up"

    def __init__(
        self,
        class_aggregation: str | None = "uniform_average",
        num_regressors: int = 0,
        name: str | None = "r2_score",
        dtype: Any = None,
    ) -> None:
        super().__init__(dtype, name)
        if class_aggregation not in _AGGREGATIONS:
            raise InputError(
                f"class_aggregation must be one of {_AGGREGATIONS}. Received: {class_aggregation!r}"
            )
        if num_regressors < 0:
            raise InputError(f"num_regressors must not be negative. Received: {num_regressors}")
        self.class_aggregation = class_aggregation
        self.num_regressors = num_regressors
        self.num_samples = self.add_variable(name="num_samples")
        self._built = False

    def _build(self, shape: tuple[int, ...]) -> None:
        if len(shape) != 2:
            raise ShapeError(f"R2Score: expected outputs of shape (batch, n). Received: {shape}")
        names = ("squared_sum", "sum", "residual", "count")
        self.squared_sum, self.sum, self.total_mse, self.count = (
            self.add_variable(shape[1:], dtype="float64", name=name) for name in names
        )
        self._built = True

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        y_true, y_pred = of_same_rank(asarray(y_true), asarray(y_pred))
        if not self._built:
            self._build(y_pred.shape)
        y_true = y_true.astype("float64")
        weight: Any = 1.0
        if sample_weight is not None:
            weight = asarray(sample_weight).astype("float64")
            weight = weight[:, None] if weight.ndim == 1 else weight
            weight = array_module(y_pred).broadcast_to(weight, y_true.shape)
        self.sum.data += (y_true * weight).sum(axis=0)
        self.squared_sum.data += (y_true * y_true * weight).sum(axis=0)
        self.total_mse.data += ((y_true - y_pred) ** 2 * weight).sum(axis=0)
        self.count.data += len(y_true) if sample_weight is None else weight.sum(axis=0)
        self.num_samples.data += y_true.size

    def result(self) -> Any:
        if not self._built:
            return 0.0
        module = array_module(self.sum.data)
        with np.errstate(divide="ignore", invalid="ignore"):
            total = self.squared_sum.data - self.sum.data**2 / self.count.data
            scores = 1 - self.total_mse.data / total
        scores = module.where(module.isinf(scores), 0.0, scores)
        if self.class_aggregation == "uniform_average":
            scores = scores.mean()
        elif self.class_aggregation == "variance_weighted_average":
            scores = (total * scores).sum() / total.sum()
        return self._adjusted(scores)

    def _adjusted(self, score: Any) -> Any:
        """Less for every regressor, by the number of samples."""
        p = self.num_regressors
        if p == 0:
            return score
        n = float(self.num_samples.data)
        if p >= n - 1:
            warnings.warn(
                f"R2Score: {p} regressors for {n:.0f} samples; the score is not adjusted",
                stacklevel=3,
            )
            return score
        return 1.0 - (1.0 - score) * (n - 1.0) / (n - p - 1.0)
