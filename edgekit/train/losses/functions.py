"""Loss functions: one number per sample, the mean over the last axis of what is compared."""

from __future__ import annotations

from typing import Any

from edgekit.errors import InputError, ShapeError
from edgekit.train.activations import logits_of
from edgekit.train.losses.loss import EPSILON, as_tensor
from edgekit.train.ops import comparisons, math, reductions
from edgekit.train.ops.losses import sigmoid_cross_entropy, softmax_cross_entropy
from edgekit.train.tensor import Tensor, wrap

__all__ = [
    "binary_crossentropy",
    "categorical_crossentropy",
    "huber",
    "mean_absolute_error",
    "mean_squared_error",
    "sparse_categorical_crossentropy",
]


def _same_rank(y_true: Any, y_pred: Any, loss: str) -> tuple[Any, Any]:
    """(n,) beside (n, 1) as (n, 1); then the shapes must agree."""
    y_true, y_pred = as_tensor(y_true), as_tensor(y_pred)
    if y_true.ndim == y_pred.ndim - 1 and y_pred.shape[-1] == 1:
        y_true = y_true.reshape(*y_true.shape, 1)
    elif y_pred.ndim == y_true.ndim - 1 and y_true.shape[-1] == 1:
        y_true = y_true.reshape(*y_pred.shape)
    if y_true.shape != y_pred.shape:
        raise ShapeError(
            f"{loss}: y_true has shape {y_true.shape}, the model gives {y_pred.shape}; "
            "they must be equal"
        )
    if y_true.dtype.kind != "f":
        y_true = wrap(y_true.data.astype(y_pred.dtype))
    return y_true, y_pred


def mean_squared_error(y_true: Any, y_pred: Any) -> Tensor:
    """mean((y_true - y_pred)^2)."""
    y_true, y_pred = _same_rank(y_true, y_pred, "mean_squared_error")
    return reductions.mean(math.square(y_pred - y_true), axis=-1)


def mean_absolute_error(y_true: Any, y_pred: Any) -> Tensor:
    """mean(|y_true - y_pred|)."""
    y_true, y_pred = _same_rank(y_true, y_pred, "mean_absolute_error")
    return reductions.mean(math.absolute(y_pred - y_true), axis=-1)


def huber(y_true: Any, y_pred: Any, delta: float = 1.0) -> Tensor:
    """mean(e^2 / 2 where |e| <= delta, else delta * |e| - delta^2 / 2), e = y_true - y_pred."""
    y_true, y_pred = _same_rank(y_true, y_pred, "huber")
    error = math.absolute(y_pred - y_true)
    near = math.square(error) * 0.5
    far = error * delta - 0.5 * delta * delta
    return reductions.mean(comparisons.where(error <= delta, near, far), axis=-1)


def binary_crossentropy(
    y_true: Any,
    y_pred: Any,
    from_logits: bool = False,
    label_smoothing: float = 0.0,
    axis: int = -1,
) -> Tensor:
    """mean(-y log(p) - (1 - y) log(1 - p)) over `axis`."""
    y_true, y_pred = _same_rank(y_true, y_pred, "binary_crossentropy")
    if label_smoothing:
        y_true = y_true * (1.0 - label_smoothing) + 0.5 * label_smoothing
    logits = y_pred if from_logits else logits_of(y_pred, "sigmoid")
    if logits is not None:
        return reductions.mean(sigmoid_cross_entropy(logits, y_true), axis=axis)
    p = _clipped(y_pred)
    values = y_true * math.log(p) + (1.0 - y_true) * math.log(1.0 - p)
    return -reductions.mean(values, axis=axis)


def categorical_crossentropy(
    y_true: Any,
    y_pred: Any,
    from_logits: bool = False,
    label_smoothing: float = 0.0,
    axis: int = -1,
) -> Tensor:
    """-sum(y log(p)) for one-hot or soft labels over the last axis."""
    y_true, y_pred = as_tensor(y_true), as_tensor(y_pred)
    if y_true.shape != y_pred.shape:
        hint = (
            "; for class numbers use sparse_categorical_crossentropy"
            if y_true.ndim < y_pred.ndim or y_true.shape[-1] == 1
            else ""
        )
        raise ShapeError(
            f"categorical_crossentropy: y_true has shape {y_true.shape}, the model gives "
            f"{y_pred.shape}; they must be equal (one-hot labels){hint}"
        )
    _only_last(axis, y_pred, "categorical_crossentropy")
    labels = wrap(y_true.data.astype(y_pred.dtype)) if y_true.dtype.kind != "f" else y_true
    if label_smoothing:
        labels = labels * (1.0 - label_smoothing) + label_smoothing / y_pred.shape[-1]
    logits = y_pred if from_logits else logits_of(y_pred, "softmax")
    if logits is not None:
        return softmax_cross_entropy(logits, labels)
    return -reductions.sum(labels * math.log(_clipped(_normalized(y_pred))), axis=-1)


def sparse_categorical_crossentropy(
    y_true: Any,
    y_pred: Any,
    from_logits: bool = False,
    ignore_class: int | None = None,
    axis: int = -1,
) -> Tensor:
    """-log(p[y]) for class numbers y. Raises ShapeError for numbers outside [0, classes)."""
    y_pred = as_tensor(y_pred)
    _only_last(axis, y_pred, "sparse_categorical_crossentropy")
    labels = _class_numbers(as_tensor(y_true).data, y_pred)
    kept = None
    if ignore_class is not None:
        kept = labels != ignore_class
        labels = labels * kept
    logits = y_pred if from_logits else logits_of(y_pred, "softmax")
    if logits is None:
        logits = math.log(_clipped(_normalized(y_pred)))
    values = softmax_cross_entropy(logits, wrap(labels))
    return values if kept is None else values * wrap(kept.astype(y_pred.dtype))


def _class_numbers(labels: Any, y_pred: Any) -> Any:
    """Integer class numbers of shape y_pred.shape[:-1]."""
    if labels.ndim == y_pred.ndim and labels.shape[-1] == 1:
        labels = labels[..., 0]
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


def _only_last(axis: int, y_pred: Any, loss: str) -> None:
    if axis not in (-1, y_pred.ndim - 1):
        raise InputError(f"{loss}: the classes must be on the last axis. Received: axis={axis}")


def _normalized(p: Any) -> Any:
    return p / reductions.sum(p, axis=-1, keepdims=True)


def _clipped(p: Any) -> Any:
    return math.minimum(math.maximum(p, EPSILON), 1.0 - EPSILON)
