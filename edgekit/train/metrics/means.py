"""Metrics that are means of loss functions: crossentropies, errors, hinges, correlations."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from edgekit.train import losses
from edgekit.train.backend import asarray
from edgekit.train.data import of_same_rank
from edgekit.train.metrics.metric import Metric
from edgekit.train.metrics.totals import Mean, MeanMetricWrapper

__all__ = [
    "BinaryCrossentropy",
    "CategoricalCrossentropy",
    "CategoricalHinge",
    "ConcordanceCorrelation",
    "CosineSimilarity",
    "Hinge",
    "KLDivergence",
    "LogCoshError",
    "MeanAbsoluteError",
    "MeanAbsolutePercentageError",
    "MeanSquaredError",
    "MeanSquaredLogarithmicError",
    "PearsonCorrelation",
    "Poisson",
    "RootMeanSquaredError",
    "SparseCategoricalCrossentropy",
    "SquaredHinge",
    "concordance_correlation",
    "cosine_similarity",
    "pearson_correlation",
]


class _MeanOf(MeanMetricWrapper):
    """The mean of the loss function `function`."""

    function: Callable[..., Any]
    default_name: str
    _direction = "down"

    def __init__(self, name: str | None = None, dtype: Any = None, **kwargs: Any) -> None:
        super().__init__(type(self).function, name or self.default_name, dtype, **kwargs)


class MeanSquaredError(_MeanOf):
    """The mean of (y_true - y_pred)^2."""

    function, default_name = staticmethod(losses.mean_squared_error), "mean_squared_error"


class MeanAbsoluteError(_MeanOf):
    """The mean of |y_true - y_pred|."""

    function, default_name = staticmethod(losses.mean_absolute_error), "mean_absolute_error"


class MeanAbsolutePercentageError(_MeanOf):
    """The mean of 100 |y_true - y_pred| / |y_true|."""

    function = staticmethod(losses.mean_absolute_percentage_error)
    default_name = "mean_absolute_percentage_error"


class MeanSquaredLogarithmicError(_MeanOf):
    """The mean of (log(1 + y_true) - log(1 + y_pred))^2."""

    function = staticmethod(losses.mean_squared_logarithmic_error)
    default_name = "mean_squared_logarithmic_error"


class LogCoshError(_MeanOf):
    """The mean of log(cosh(y_pred - y_true))."""

    function, default_name = staticmethod(losses.log_cosh), "logcosh"


class Hinge(_MeanOf):
    """The mean of max(1 - y_true y_pred, 0)."""

    function, default_name = staticmethod(losses.hinge), "hinge"


class SquaredHinge(_MeanOf):
    """The mean of max(1 - y_true y_pred, 0)^2."""

    function, default_name = staticmethod(losses.squared_hinge), "squared_hinge"


class CategoricalHinge(_MeanOf):
    """The mean of max(1 + largest wrong output - right output, 0)."""

    function, default_name = staticmethod(losses.categorical_hinge), "categorical_hinge"


class KLDivergence(_MeanOf):
    """The mean of sum(y_true log(y_true / y_pred))."""

    function, default_name = staticmethod(losses.kl_divergence), "kl_divergence"


class Poisson(_MeanOf):
    """The mean of y_pred - y_true log(y_pred)."""

    function, default_name = staticmethod(losses.poisson), "poisson"


class RootMeanSquaredError(Mean):
    """The square root of the mean of (y_true - y_pred)^2."""

    _direction = "down"

    def __init__(self, name: str | None = "root_mean_squared_error", dtype: Any = None) -> None:
        super().__init__(name, dtype)

    def update_state(  # type: ignore[override]  # Keras gives it another signature than Mean's
        self, y_true: Any, y_pred: Any, sample_weight: Any = None
    ) -> None:
        y_true, y_pred = of_same_rank(asarray(y_true), asarray(y_pred))
        error = y_pred - y_true.astype(y_pred.dtype)
        super().update_state(error * error, sample_weight)

    def result(self) -> Any:
        return super().result() ** 0.5


class BinaryCrossentropy(_MeanOf):
    """The mean of losses.binary_crossentropy."""

    function, default_name = staticmethod(losses.binary_crossentropy), "binary_crossentropy"
    config_names = (*Metric.config_names, "from_logits", "label_smoothing")

    def __init__(
        self,
        name: str | None = "binary_crossentropy",
        dtype: Any = None,
        from_logits: bool = False,
        label_smoothing: float = 0,
    ) -> None:
        self.from_logits, self.label_smoothing = from_logits, label_smoothing
        super().__init__(name, dtype, from_logits=from_logits, label_smoothing=label_smoothing)


class CategoricalCrossentropy(_MeanOf):
    """The mean of losses.categorical_crossentropy."""

    function = staticmethod(losses.categorical_crossentropy)
    default_name = "categorical_crossentropy"
    config_names = (*Metric.config_names, "from_logits", "label_smoothing", "axis")

    def __init__(
        self,
        name: str | None = "categorical_crossentropy",
        dtype: Any = None,
        from_logits: bool = False,
        label_smoothing: float = 0,
        axis: int = -1,
    ) -> None:
        self.from_logits, self.label_smoothing, self.axis = from_logits, label_smoothing, axis
        arguments = {"from_logits": from_logits, "label_smoothing": label_smoothing, "axis": axis}
        super().__init__(name, dtype, **arguments)


class SparseCategoricalCrossentropy(_MeanOf):
    """The mean of losses.sparse_categorical_crossentropy."""

    function = staticmethod(losses.sparse_categorical_crossentropy)
    default_name = "sparse_categorical_crossentropy"
    config_names = (*Metric.config_names, "from_logits", "ignore_class", "axis")

    def __init__(
        self,
        name: str | None = "sparse_categorical_crossentropy",
        dtype: Any = None,
        from_logits: bool = False,
        ignore_class: int | None = None,
        axis: int = -1,
    ) -> None:
        self.from_logits, self.ignore_class, self.axis = from_logits, ignore_class, axis
        arguments = {"from_logits": from_logits, "ignore_class": ignore_class, "axis": axis}
        super().__init__(name, dtype, **arguments)


def cosine_similarity(y_true: Any, y_pred: Any, axis: int = -1) -> Any:
    """sum(y_true y_pred) of vectors scaled to length 1: 1 for the same direction."""
    return -losses.cosine_similarity(y_true, y_pred, axis=axis)


def pearson_correlation(y_true: Any, y_pred: Any, axis: int = -1) -> Any:
    """The covariance along `axis` divided by both standard deviations."""
    y_true, y_pred = _centred(y_true, y_pred, axis)
    spread = y_true.std(axis=axis, keepdims=True) * y_pred.std(axis=axis, keepdims=True)
    return (y_true * y_pred / spread).mean(axis=axis)


def concordance_correlation(y_true: Any, y_pred: Any, axis: int = -1) -> Any:
    """Twice the covariance, divided by both variances and the squared distance of the means.

    Source: Lin 1989.
    """
    true, pred = of_same_rank(asarray(y_true), asarray(y_pred))
    distance = true.mean(axis=axis, keepdims=True) - pred.mean(axis=axis, keepdims=True)
    true, pred = _centred(true, pred, axis)
    spread = true.var(axis=axis, keepdims=True) + pred.var(axis=axis, keepdims=True)
    both = 2 * (true + distance) * pred
    return (both / (spread + distance * distance + np.float32(1e-7))).mean(axis=axis)


def _centred(y_true: Any, y_pred: Any, axis: int) -> tuple[Any, Any]:
    true, pred = of_same_rank(asarray(y_true), asarray(y_pred))
    true = true.astype(pred.dtype)
    return true - true.mean(axis=axis, keepdims=True), pred - pred.mean(axis=axis, keepdims=True)


class _Along(_MeanOf):
    """A similarity along `axis`."""

    config_names = (*Metric.config_names, "axis")
    _direction = "up"

    def __init__(self, name: str | None = None, dtype: Any = None, axis: int = -1) -> None:
        self.axis = axis
        super().__init__(name, dtype, axis=axis)


class CosineSimilarity(_Along):
    """The mean of the cosine of the angle between targets and outputs."""

    function, default_name = staticmethod(cosine_similarity), "cosine_similarity"
    config_names = Metric.config_names


class PearsonCorrelation(_Along):
    """The mean of the correlation of targets and outputs."""

    function, default_name = staticmethod(pearson_correlation), "pearson_correlation"


class ConcordanceCorrelation(_Along):
    """The mean of the agreement of targets and outputs."""

    function, default_name = staticmethod(concordance_correlation), "concordance_correlation"
