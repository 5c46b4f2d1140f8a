"""The area under the ROC curve, the precision-recall curve, or its gains."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from edgekit.errors import InputError, ShapeError
from edgekit.train.backend import array_module, asarray
from edgekit.train.metrics.metric import Metric, quotient
from edgekit.train.metrics.thresholds import COUNTS, CountsAtThresholds, even_thresholds
from edgekit.train.ops.activations import sigmoid

__all__ = ["AUC"]

_CURVES = ("ROC", "PR", "PRGAIN")
_SUMMATIONS = ("interpolation", "minoring", "majoring")


class AUC(CountsAtThresholds):
    """The area, summed over thresholds that are evenly spread or given.

    curve: "ROC", "PR" or "PRGAIN". summation_method: "interpolation" (the trapezoidal rule; for
    "PR" the curve of Davis and Goadrich 2006), "minoring" or "majoring" steps. multi_label: an area
    for each output, then their mean, weighted by `label_weights`; otherwise all outputs count
    together. from_logits: outputs go through a sigmoid first.
    """

    config_names = (
        *Metric.config_names, "num_thresholds", "curve", "summation_method", "multi_label",
        "num_labels", "label_weights", "from_logits",
    )  # fmt: skip
    _direction = "up"

    def __init__(
        self,
        num_thresholds: int = 200,
        curve: str = "ROC",
        summation_method: str = "interpolation",
        name: str | None = None,
        dtype: Any = None,
        thresholds: Sequence[float] | None = None,
        multi_label: bool = False,
        num_labels: int | None = None,
        label_weights: Any = None,
        from_logits: bool = False,
    ) -> None:
        super().__init__(dtype, name)
        self.curve = _chosen("curve", str(curve).upper(), _CURVES)
        self.summation_method = _chosen(
            "summation_method", str(summation_method).lower(), _SUMMATIONS
        )
        self.given_thresholds = None if thresholds is None else sorted(map(float, thresholds))
        inner = self.given_thresholds
        if inner is None:
            if num_thresholds <= 1:
                raise InputError(f"num_thresholds must be above 1. Received: {num_thresholds}")
            inner = [(i + 1) / (num_thresholds - 1) for i in range(num_thresholds - 2)]
        evenly = self.given_thresholds is None or even_thresholds([0.0, *inner, 1.0])
        self.num_thresholds = len(inner) + 2
        self._set_thresholds([-1e-7, *inner, 1.0 + 1e-7], evenly)
        self.multi_label = multi_label
        self.num_labels = num_labels
        self.label_weights = label_weights
        self.from_logits = from_logits
        if num_labels and not multi_label:
            raise InputError("num_labels is for multi_label=True only.")
        self._built = False
        if not multi_label or num_labels:
            self._build(num_labels)

    @property
    def thresholds(self) -> list[float]:
        """All thresholds, the first below 0 and the last above 1."""
        return [float(t) for t in self._thresholds]

    def _build(self, labels: int | None) -> None:
        columns = () if not self.multi_label else (int(labels or 0),)
        self._make_counts((self.num_thresholds, *columns))
        self._built = True

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        if self.from_logits:
            y_pred = sigmoid(y_pred)
        y_pred = asarray(y_pred)
        if self.multi_label and y_pred.ndim != 2:
            raise ShapeError(
                f"AUC: multi_label needs outputs of shape (batch, labels). Received: {y_pred.shape}"
            )
        if not self._built:
            self._build(y_pred.shape[1])
        weights = None if self.multi_label else self.label_weights
        self._count(y_true, y_pred, sample_weight, weights)

    def result(self) -> Any:
        if not self._built:
            return 0.0
        hits, alarms, rejections, misses = (getattr(self, name).data for name in COUNTS)
        if self.curve == "PR" and self.summation_method == "interpolation":
            return self._mean(_interpolated(hits, alarms, misses))
        x, y = _CURVE[self.curve](hits, alarms, rejections, misses)
        module = array_module(y)
        if self.summation_method == "interpolation":
            heights = (y[:-1] + y[1:]) / 2.0
        elif self.summation_method == "minoring":
            heights = module.minimum(y[:-1], y[1:])
        else:
            heights = module.maximum(y[:-1], y[1:])
        return self._mean((x[:-1] - x[1:]) * heights)

    def _mean(self, parts: Any) -> Any:
        """The sum of the parts, and the weighted mean over labels where these are apart."""
        areas = parts.sum(axis=0)
        if not self.multi_label:
            return areas
        if self.label_weights is None:
            return areas.mean()
        weights = np.asarray(self.label_weights, np.float32)
        weights = self._constant("label_weights", weights, areas)
        return quotient((areas * weights).sum(), weights.sum())

    def get_config(self) -> dict[str, Any]:
        config = super().get_config()
        if self.label_weights is not None:
            config["label_weights"] = np.asarray(self.label_weights).tolist()
        if self.given_thresholds is not None:
            config["thresholds"] = self.given_thresholds
        return config


def _chosen(what: str, value: str, known: tuple[str, ...]) -> str:
    if value not in known:
        raise InputError(f"AUC: {what} must be one of {known}. Received: {value!r}")
    return value


def _roc(hits: Any, alarms: Any, rejections: Any, misses: Any) -> tuple[Any, Any]:
    return quotient(alarms, alarms + rejections), quotient(hits, hits + misses)


def _precision_recall(hits: Any, alarms: Any, rejections: Any, misses: Any) -> tuple[Any, Any]:
    return quotient(hits, hits + misses), quotient(hits, hits + alarms)


def _gains(hits: Any, alarms: Any, rejections: Any, misses: Any) -> tuple[Any, Any]:
    """Source: Flach and Kull 2015."""
    module = array_module(hits)
    odds = quotient(hits + misses, rejections + alarms)
    none = hits == 0
    recall = module.where(none, 0.0, 1.0 - odds * quotient(misses, hits))
    precision = module.where(none, 1.0, 1.0 - odds * quotient(alarms, hits))
    return module.maximum(recall, 0.0), precision


_CURVE = {"ROC": _roc, "PR": _precision_recall, "PRGAIN": _gains}


def _interpolated(hits: Any, alarms: Any, misses: Any) -> Any:
    """The areas between thresholds where hits grow linearly with what is found."""
    module = array_module(hits)
    found = hits + alarms
    more_hits = hits[:-1] - hits[1:]
    slope = quotient(more_hits, module.maximum(found[:-1] - found[1:], 0))
    intercept = hits[1:] - slope * found[1:]
    both = (found[:-1] > 0) & (found[1:] > 0)
    ratio = module.where(both, quotient(found[:-1], module.maximum(found[1:], 0)), 1.0)
    area = slope * (more_hits + intercept * module.log(ratio))
    return quotient(area, module.maximum(hits[1:] + misses[1:], 0))
