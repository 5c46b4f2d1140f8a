"""Precision, recall, and the counts behind them; the best of one under a bound on the other."""

from __future__ import annotations

from typing import Any

from edgekit.errors import InputError
from edgekit.train.backend import array_module
from edgekit.train.metrics.metric import Metric, quotient
from edgekit.train.metrics.thresholds import (
    CountsAtThresholds,
    as_thresholds,
    even_thresholds,
)

__all__ = [
    "FalseNegatives",
    "FalsePositives",
    "Precision",
    "PrecisionAtRecall",
    "Recall",
    "RecallAtPrecision",
    "SensitivityAtSpecificity",
    "SpecificityAtSensitivity",
    "TrueNegatives",
    "TruePositives",
]


class _Count(CountsAtThresholds):
    """One of the four counts, at one threshold or several."""

    config_names = (*Metric.config_names, "thresholds")

    def __init__(self, thresholds: Any = None, name: str | None = None, dtype: Any = None) -> None:
        super().__init__(dtype, name)
        self.thresholds = thresholds
        found = as_thresholds(thresholds, 0.5)
        self._set_thresholds(found, even_thresholds(found))
        self._make_counts((len(found),))

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        self._count(y_true, y_pred, sample_weight)

    def result(self) -> Any:
        counts = self._variables[0].data
        return counts[0] if len(counts) == 1 else counts


class TruePositives(_Count):
    """Outputs above the threshold whose label is true."""

    counted = ("true_positives",)
    _direction = "up"


class FalsePositives(_Count):
    """Outputs above the threshold whose label is false."""

    counted = ("false_positives",)
    _direction = "down"


class TrueNegatives(_Count):
    """Outputs not above the threshold whose label is false."""

    counted = ("true_negatives",)
    _direction = "up"


class FalseNegatives(_Count):
    """Outputs not above the threshold whose label is true."""

    counted = ("false_negatives",)
    _direction = "down"


class _Share(CountsAtThresholds):
    """true_positives / (true_positives + the other count)."""

    config_names = (*Metric.config_names, "thresholds", "top_k", "class_id")
    _direction = "up"

    def __init__(
        self,
        thresholds: Any = None,
        top_k: int | None = None,
        class_id: int | None = None,
        name: str | None = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(dtype, name)
        self.thresholds = thresholds
        self.top_k = top_k
        self.class_id = class_id
        found = as_thresholds(thresholds, 0.5 if top_k is None else -1e10)
        self._set_thresholds(found, even_thresholds(found))
        self._make_counts((len(found),))

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        self._count(y_true, y_pred, sample_weight)

    def result(self) -> Any:
        hits, others = (variable.data for variable in self._variables)
        share = quotient(hits, hits + others)
        return share[0] if len(share) == 1 else share


class Precision(_Share):
    """The share of true labels among the outputs above the threshold.

    top_k: only the k largest outputs of a sample count as found. class_id: only this output.
    """

    counted = ("true_positives", "false_positives")


class Recall(_Share):
    """The share of the true labels whose output is above the threshold. Arguments of Precision."""

    counted = ("true_positives", "false_negatives")


class _BestUnderBound(CountsAtThresholds):
    """The largest of one rate among the thresholds where another is at least a bound."""

    bound_name: str
    _direction = "up"

    def __init__(
        self,
        bound: float,
        num_thresholds: int = 200,
        class_id: int | None = None,
        name: str | None = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(dtype, name)
        if not 0 <= bound <= 1:
            raise InputError(f"{self.bound_name} must be from 0 to 1. Received: {bound}")
        if num_thresholds <= 0:
            raise InputError(f"num_thresholds must be positive. Received: {num_thresholds}")
        setattr(self, self.bound_name, bound)
        self.value = bound
        self.num_thresholds = num_thresholds
        self.class_id = class_id
        steps = num_thresholds - 1
        self.thresholds = [i / steps for i in range(num_thresholds)] if steps else [0.5]
        self._set_thresholds(self.thresholds, steps > 0)
        self._make_counts((len(self.thresholds),))

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        self._count(y_true, y_pred, sample_weight)

    def _rates(self) -> tuple[Any, Any]:
        """(the rate that is bounded, the rate that is wanted), at every threshold."""
        raise NotImplementedError

    def result(self) -> Any:
        bounded, wanted = self._rates()
        return array_module(wanted).where(bounded >= self.value, wanted, 0).max()

    def _precision(self) -> Any:
        hits, alarms, _, _ = (variable.data for variable in self._variables)
        return quotient(hits, hits + alarms)

    def _sensitivity(self) -> Any:
        hits, _, _, misses = (variable.data for variable in self._variables)
        return quotient(hits, hits + misses)

    def _specificity(self) -> Any:
        _, alarms, rejections, _ = (variable.data for variable in self._variables)
        return quotient(rejections, rejections + alarms)


def _config(bound: str) -> tuple[str, ...]:
    return (*Metric.config_names, "num_thresholds", bound, "class_id")


class SensitivityAtSpecificity(_BestUnderBound):
    """The best recall at a threshold where the specificity is at least `specificity`."""

    bound_name, config_names = "specificity", _config("specificity")

    def __init__(self, specificity, num_thresholds=200, class_id=None, name=None, dtype=None):
        super().__init__(specificity, num_thresholds, class_id, name, dtype)

    def _rates(self) -> tuple[Any, Any]:
        return self._specificity(), self._sensitivity()


class SpecificityAtSensitivity(_BestUnderBound):
    """The best specificity at a threshold where the recall is at least `sensitivity`."""

    bound_name, config_names = "sensitivity", _config("sensitivity")

    def __init__(self, sensitivity, num_thresholds=200, class_id=None, name=None, dtype=None):
        super().__init__(sensitivity, num_thresholds, class_id, name, dtype)

    def _rates(self) -> tuple[Any, Any]:
        return self._sensitivity(), self._specificity()


class PrecisionAtRecall(_BestUnderBound):
    """The best precision at a threshold where the recall is at least `recall`."""

    bound_name, config_names = "recall", _config("recall")

    def __init__(self, recall, num_thresholds=200, class_id=None, name=None, dtype=None):
        super().__init__(recall, num_thresholds, class_id, name, dtype)

    def _rates(self) -> tuple[Any, Any]:
        return self._sensitivity(), self._precision()


class RecallAtPrecision(_BestUnderBound):
    """The best recall at a threshold where the precision is at least `precision`."""

    bound_name, config_names = "precision", _config("precision")

    def __init__(self, precision, num_thresholds=200, class_id=None, name=None, dtype=None):
        super().__init__(precision, num_thresholds, class_id, name, dtype)

    def _rates(self) -> tuple[Any, Any]:
        return self._precision(), self._sensitivity()
