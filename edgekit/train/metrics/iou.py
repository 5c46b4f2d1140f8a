"""Intersection over union of predicted and true regions, from a confusion matrix."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from edgekit.errors import InputError, ShapeError
from edgekit.train.backend import array_module, asarray
from edgekit.train.metrics.metric import Metric, sums_of_buckets

__all__ = ["BinaryIoU", "IoU", "MeanIoU", "OneHotIoU", "OneHotMeanIoU"]

_ARGUMENTS = ("num_classes", "ignore_class", "sparse_y_true", "sparse_y_pred", "axis")


class IoU(Metric):
    """The mean over `target_class_ids` of hits / (true + predicted - hits), over all elements.

    ignore_class: a label that does not count. sparse_y_true, sparse_y_pred: class numbers; False:
    the largest along `axis` is the class. Classes that never occur are left out.
    """

    config_names: tuple[str, ...] = (*Metric.config_names, *_ARGUMENTS, "target_class_ids")
    _direction = "up"

    def __init__(
        self,
        num_classes: int,
        target_class_ids: Sequence[int],
        name: str | None = None,
        dtype: Any = None,
        ignore_class: int | None = None,
        sparse_y_true: bool = True,
        sparse_y_pred: bool = True,
        axis: int = -1,
    ) -> None:
        super().__init__(dtype or "int32", name)
        if max(target_class_ids) >= num_classes:
            raise InputError(
                f"target_class_ids reach {max(target_class_ids)}; there are {num_classes} classes"
            )
        self.num_classes = num_classes
        self.target_class_ids = list(target_class_ids)
        self.ignore_class = ignore_class
        self.sparse_y_true = sparse_y_true
        self.sparse_y_pred = sparse_y_pred
        self.axis = axis
        self.total_cm = self.add_variable(
            (num_classes, num_classes), dtype=self.dtype, name="total_confusion_matrix"
        )

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        y_true, y_pred = asarray(y_true), asarray(y_pred)
        labels = y_true if self.sparse_y_true else y_true.argmax(axis=self.axis)
        found = y_pred if self.sparse_y_pred else y_pred.argmax(axis=self.axis)
        labels, found = labels.reshape(-1).astype("int64"), found.reshape(-1).astype("int64")
        if labels.shape != found.shape:
            raise ShapeError(
                f"{type(self).__name__}: y_true has shape {y_true.shape}, the model gives "
                f"{y_pred.shape}"
            )
        module = array_module(found)
        n = self.num_classes
        counted = (labels >= 0) & (labels < n) & (found >= 0) & (found < n)
        if self.ignore_class is not None:
            counted &= labels != self.ignore_class
        if sample_weight is None:
            weight = module.ones(labels.shape, self.dtype)
        else:
            weight = asarray(sample_weight).reshape(-1).astype(self.dtype)
            weight = module.broadcast_to(weight, labels.shape)
        counts = sums_of_buckets(labels * n + found, counted, weight, n * n)
        self.total_cm.data += counts.reshape(n, n).astype(self.dtype)

    def result(self) -> Any:
        matrix = self.total_cm.data.astype("float32")
        hits = matrix.diagonal()[self.target_class_ids]
        union = (matrix.sum(axis=0) + matrix.sum(axis=1))[self.target_class_ids] - hits
        there = union > 1e-9
        share = array_module(matrix).where(there, hits / (union + 1e-7), 0.0)
        return share.sum() / (there.sum() + 1e-7)


class MeanIoU(IoU):
    """IoU, the mean over all classes."""

    config_names = (*Metric.config_names, *_ARGUMENTS)

    def __init__(
        self,
        num_classes: int,
        name: str | None = None,
        dtype: Any = None,
        ignore_class: int | None = None,
        sparse_y_true: bool = True,
        sparse_y_pred: bool = True,
        axis: int = -1,
    ) -> None:
        ids = list(range(num_classes))
        super().__init__(
            num_classes, ids, name, dtype, ignore_class, sparse_y_true, sparse_y_pred, axis
        )


class BinaryIoU(IoU):
    """IoU of classes 0 and 1, an output of at least `threshold` being class 1."""

    config_names = (*Metric.config_names, "target_class_ids", "threshold")

    def __init__(
        self,
        target_class_ids: Sequence[int] = (0, 1),
        threshold: float = 0.5,
        name: str | None = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(2, target_class_ids, name, dtype)
        self.threshold = threshold

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        super().update_state(y_true, asarray(y_pred) >= self.threshold, sample_weight)


class OneHotIoU(IoU):
    """IoU for one-hot labels."""

    config_names = (*Metric.config_names, "num_classes", "target_class_ids", "ignore_class",
                    "sparse_y_pred", "axis")  # fmt: skip

    def __init__(
        self,
        num_classes: int,
        target_class_ids: Sequence[int],
        name: str | None = None,
        dtype: Any = None,
        ignore_class: int | None = None,
        sparse_y_pred: bool = False,
        axis: int = -1,
    ) -> None:
        super().__init__(
            num_classes, target_class_ids, name, dtype, ignore_class, False, sparse_y_pred, axis
        )


class OneHotMeanIoU(MeanIoU):
    """MeanIoU for one-hot labels."""

    config_names = (*Metric.config_names, "num_classes", "ignore_class", "sparse_y_pred", "axis")

    def __init__(
        self,
        num_classes: int,
        name: str | None = None,
        dtype: Any = None,
        ignore_class: int | None = None,
        sparse_y_pred: bool = False,
        axis: int = -1,
    ) -> None:
        super().__init__(num_classes, name, dtype, ignore_class, False, sparse_y_pred, axis)
