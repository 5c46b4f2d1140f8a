"""Crossentropies of labels and probabilities, or of labels and what a softmax would make them of.

Where the probabilities come straight from a softmax or a sigmoid, these compute from what went
into it: exactly, where the probabilities have rounded to 0 or 1.
"""

from __future__ import annotations

from typing import Any

from edgekit.errors import ShapeError
from edgekit.train.activations import logits_of
from edgekit.train.losses.loss import Loss, NamedLoss, as_tensor, clipped, like, of_same_shape
from edgekit.train.masks import set_mask
from edgekit.train.ops import math, reductions
from edgekit.train.ops.losses import sigmoid_cross_entropy, softmax_cross_entropy
from edgekit.train.ops.shape import transpose
from edgekit.train.tensor import Tensor, wrap

__all__ = [
    "BinaryCrossentropy",
    "CategoricalCrossentropy",
    "SparseCategoricalCrossentropy",
    "binary_crossentropy",
    "categorical_crossentropy",
    "class_numbers",
    "normalized",
    "of_same_classes",
    "smoothed",
    "sparse_categorical_crossentropy",
]


def binary_crossentropy(
    y_true: Any,
    y_pred: Any,
    from_logits: bool = False,
    label_smoothing: float = 0.0,
    axis: int = -1,
) -> Tensor:
    """mean(-y log(p) - (1 - y) log(1 - p)) over `axis`."""
    y_true, y_pred = of_same_shape(y_true, y_pred, "binary_crossentropy")
    y_true = smoothed(y_true, label_smoothing, 2)
    logits = y_pred if from_logits else logits_of(y_pred, "sigmoid")
    if logits is not None:
        return reductions.mean(sigmoid_cross_entropy(logits, y_true), axis=axis)
    return reductions.mean(binary_values(y_true, y_pred), axis=axis)


def binary_values(y_true: Any, y_pred: Any) -> Any:
    """-y log(p) - (1 - y) log(1 - p), element by element."""
    p = clipped(y_pred)
    return -(y_true * math.log(p) + (1.0 - y_true) * math.log(1.0 - p))


def categorical_crossentropy(
    y_true: Any,
    y_pred: Any,
    from_logits: bool = False,
    label_smoothing: float = 0.0,
    axis: int = -1,
) -> Tensor:
    """-sum(y log(p)) over `axis`, for one-hot or soft labels."""
    y_true, y_pred = of_same_classes(y_true, y_pred, "categorical_crossentropy")
    labels = smoothed(y_true, label_smoothing, y_pred.shape[-1])
    logits = y_pred if from_logits else logits_of(y_pred, "softmax")
    if logits is not None:
        return softmax_cross_entropy(_last(logits, axis), _last(labels, axis))
    return -reductions.sum(labels * math.log(clipped(normalized(y_pred, axis))), axis=axis)


def sparse_categorical_crossentropy(
    y_true: Any,
    y_pred: Any,
    from_logits: bool = False,
    ignore_class: int | None = None,
    axis: int = -1,
) -> Tensor:
    """-log(p[y]) for class numbers y. Raises ShapeError for numbers outside [0, classes).

    Samples of `ignore_class` give 0, and carry a mask that leaves them out of means.
    """
    y_pred = as_tensor(y_pred)
    logits = y_pred if from_logits else logits_of(y_pred, "softmax")
    if logits is None:
        logits = math.log(clipped(normalized(y_pred, axis)))
    logits = _last(logits, axis)
    labels = class_numbers(as_tensor(y_true).data, logits, axis)
    if ignore_class is None:
        return softmax_cross_entropy(logits, wrap(labels))
    kept = labels != ignore_class
    values = softmax_cross_entropy(logits, wrap(labels * kept))
    values = values * wrap(kept.astype(logits.dtype))
    set_mask(values, wrap(kept))
    return values


def class_numbers(labels: Any, y_pred: Any, axis: int = -1) -> Any:
    """Integer class numbers of shape y_pred.shape[:-1]; `axis` of length 1 is dropped."""
    if labels.ndim == y_pred.ndim and labels.shape[axis] == 1:
        labels = labels.squeeze(axis)
    if labels.shape != y_pred.shape[:-1]:
        hint = (
            "; for one-hot labels use categorical_crossentropy"
            if labels.shape == y_pred.shape
            else ""
        )
        raise ShapeError(
            f"sparse_categorical_crossentropy: y_true has shape {labels.shape}, the model gives "
            f"{y_pred.shape}; expected class numbers of shape {y_pred.shape[:-1]}{hint}"
        )
    return labels if labels.dtype.kind in "iu" else labels.astype("int64")


def of_same_classes(y_true: Any, y_pred: Any, loss: str) -> tuple[Any, Any]:
    """One-hot labels in the dtype of the outputs. Raises ShapeError where the shapes differ."""
    y_true, y_pred = like(y_true, y_pred)
    if y_true.shape != y_pred.shape:
        hint = (
            "; for class numbers use sparse_categorical_crossentropy"
            if y_true.ndim < y_pred.ndim or y_true.shape[-1] == 1
            else ""
        )
        raise ShapeError(
            f"{loss}: y_true has shape {y_true.shape}, the model gives "
            f"{y_pred.shape}; they must be equal (one-hot labels){hint}"
        )
    return y_true, y_pred


def smoothed(labels: Any, smoothing: float, classes: int) -> Any:
    """Labels moved by the share `smoothing` towards 1 / classes."""
    return labels * (1.0 - smoothing) + smoothing / classes if smoothing else labels


def normalized(p: Any, axis: int) -> Any:
    """`p` divided by its sum along `axis`."""
    return p / reductions.sum(p, axis=axis, keepdims=True)


def _last(x: Any, axis: int) -> Any:
    """`x` with `axis` moved to the end."""
    axis %= x.ndim
    if axis == x.ndim - 1:
        return x
    return transpose(x, axes=(*(i for i in range(x.ndim) if i != axis), axis))


class BinaryCrossentropy(NamedLoss):
    """For labels 0 and 1, each output on its own."""

    function = staticmethod(binary_crossentropy)
    config_names = (*Loss.config_names, "from_logits", "label_smoothing", "axis")

    def __init__(
        self,
        from_logits: bool = False,
        label_smoothing: float = 0.0,
        axis: int = -1,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "binary_crossentropy",
        dtype: Any = None,
    ) -> None:
        super().__init__(reduction, name, dtype)
        self.from_logits = from_logits
        self.label_smoothing = label_smoothing
        self.axis = axis


class CategoricalCrossentropy(NamedLoss):
    """For one-hot or soft labels."""

    function = staticmethod(categorical_crossentropy)
    config_names = (*Loss.config_names, "from_logits", "label_smoothing", "axis")

    def __init__(
        self,
        from_logits: bool = False,
        label_smoothing: float = 0.0,
        axis: int = -1,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "categorical_crossentropy",
        dtype: Any = None,
    ) -> None:
        super().__init__(reduction, name, dtype)
        self.from_logits = from_logits
        self.label_smoothing = label_smoothing
        self.axis = axis


class SparseCategoricalCrossentropy(NamedLoss):
    """For class numbers; those of `ignore_class` do not count."""

    function = staticmethod(sparse_categorical_crossentropy)
    config_names = (*Loss.config_names, "from_logits", "ignore_class")
    hidden_names = ("axis",)

    def __init__(
        self,
        from_logits: bool = False,
        ignore_class: int | None = None,
        reduction: str | None = "sum_over_batch_size",
        axis: int = -1,
        name: str | None = "sparse_categorical_crossentropy",
        dtype: Any = None,
    ) -> None:
        super().__init__(reduction, name, dtype)
        self.from_logits = from_logits
        self.ignore_class = ignore_class
        self.axis = axis
