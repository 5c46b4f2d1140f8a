"""Hits and misses at thresholds: what precision, recall and areas under curves are made of."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from edgekit.errors import InputError, ShapeError
from edgekit.train.backend import array_module, asarray
from edgekit.train.data import of_same_rank
from edgekit.train.metrics.metric import Metric, sums_of_buckets

__all__ = ["COUNTS", "CountsAtThresholds", "as_thresholds", "even_thresholds"]

COUNTS = ("true_positives", "false_positives", "true_negatives", "false_negatives")
# what outputs that are not among the k largest count as
_LEFT_OUT = -1e10


class CountsAtThresholds(Metric):
    """The base: adds up weighted counts of outputs above and below each threshold."""

    counted: tuple[str, ...] = COUNTS
    top_k: int | None = None
    class_id: int | None = None
    multi_label = False
    _thresholds: np.ndarray
    _evenly = False

    def _set_thresholds(self, thresholds: Any, evenly: bool) -> None:
        self._thresholds = np.asarray(thresholds, np.float32)
        self._evenly = evenly

    def _make_counts(self, shape: tuple[int, ...]) -> None:
        for name in self.counted:
            setattr(self, name, self.add_variable(shape, name=name))

    def _count(
        self, y_true: Any, y_pred: Any, sample_weight: Any = None, label_weights: Any = None
    ) -> None:
        """Add a batch to the counts."""
        y_pred, y_true = of_same_rank(asarray(y_pred), asarray(y_true))
        if y_true.shape != y_pred.shape:
            raise ShapeError(
                f"{type(self).__name__}: y_true has shape {y_true.shape}, the model gives "
                f"{y_pred.shape}"
            )
        y_pred = y_pred.astype("float32", copy=False)
        weight = _weight_like(y_pred, sample_weight)
        if self.top_k is not None:
            y_pred = _largest(y_pred, self.top_k)
        if self.class_id is not None:
            if y_pred.ndim < 2:
                raise ShapeError(
                    f"{type(self).__name__}: class_id needs outputs of shape (batch, classes). "
                    f"Received: {y_pred.shape}"
                )
            one = slice(self.class_id, self.class_id + 1)
            y_true, y_pred = y_true[..., one], y_pred[..., one]
            weight = weight[..., one]
        if label_weights is not None:
            label_weights = np.asarray(label_weights, np.float32)
            weight = weight * self._constant("label_weights", label_weights, weight)
        columns = y_pred.shape[-1] if self.multi_label else 1
        parts = [a.reshape(-1, columns) for a in (y_true != 0, y_pred, weight)]
        found = [self._counts_of(*(a[:, j] for a in parts)) for j in range(columns)]
        for i, name in enumerate(COUNTS):
            if name in self.counted:
                totals = getattr(self, name).data.reshape(-1, columns)  # seen through a view
                for j, counts in enumerate(found):
                    totals[:, j] += counts[i]

    def _counts_of(self, label: Any, p: Any, weight: Any) -> tuple[Any, Any, Any, Any]:
        """Hits, false alarms, right rejections and misses at each threshold."""
        module = array_module(p)
        n = len(self._thresholds)
        unknown = module.isnan(p)  # above no threshold
        p = module.where(unknown, np.float32(0), p)
        if self._evenly:
            bucket = module.ceil(p.clip(0.0, 1.0) * np.float32(n - 1)).astype("int64") - 1
            if self._thresholds[0] < 0:
                bucket = module.maximum(bucket, 0)
        else:
            order = self._constant("order", np.sort(self._thresholds), p)
            bucket = module.searchsorted(order, p, side="left").astype("int64") - 1
        above = (bucket >= 0) & ~unknown
        totals = []
        for kind in (label, ~label):
            sums = sums_of_buckets(bucket, kind & above, weight, n)
            together = module.where(kind, weight, np.float32(0)).sum(dtype=module.float64)
            totals.append((sums[::-1].cumsum()[::-1], together))
        (hits, positives), (alarms, negatives) = totals
        if not self._evenly:
            back = np.argsort(np.argsort(self._thresholds, kind="stable"), kind="stable")
            back = self._constant("back", back, hits)
            hits, alarms = hits[back], alarms[back]
        return hits, alarms, negatives - alarms, positives - hits


def as_thresholds(thresholds: Any, default: float) -> list[float]:
    """Thresholds as a list, each in [0, 1]."""
    if thresholds is None:
        return [default]
    found = list(thresholds) if isinstance(thresholds, Sequence | np.ndarray) else [thresholds]
    wrong = [t for t in found if t is None or not 0 <= t <= 1]
    if wrong:
        raise InputError(f"thresholds must be from 0 to 1. Received: {wrong}")
    return [float(t) for t in found]


def even_thresholds(thresholds: Sequence[float]) -> bool:
    """Whether these are 0, 1 / (n - 1), 2 / (n - 1) ... 1."""
    n = len(thresholds)
    return n >= 3 and bool(np.allclose(thresholds, np.arange(n) / (n - 1), atol=1e-7))


def _weight_like(y_pred: Any, sample_weight: Any) -> Any:
    """A weight for every output, from one for each sample."""
    module = array_module(y_pred)
    if sample_weight is None:
        return module.ones_like(y_pred)
    weight = asarray(sample_weight).astype("float32")[..., None]
    if weight.ndim == y_pred.ndim + 1:
        weight = weight[..., 0]
    return module.broadcast_to(weight, y_pred.shape)


def _largest(y_pred: Any, k: int) -> Any:
    """All but the k largest of each sample pushed below every threshold."""
    module = array_module(y_pred)
    if module is not np:
        from edgekit.train.gpu.metrics import largest_kept

        return largest_kept(y_pred, k, _LEFT_OUT)
    order = module.argsort(-y_pred, axis=-1, kind="stable")[..., :k]
    kept = module.zeros(y_pred.shape, bool)
    module.put_along_axis(kept, order, True, axis=-1)
    return module.where(kept, y_pred, np.float32(_LEFT_OUT))
