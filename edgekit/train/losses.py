"""Loss functions and classes, under Keras' names.

A function gives one number per sample (the mean over the last axis of what it compares); a class
weighs these and reduces them to the scalar that is trained on.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from edgekit.errors import InputError, ShapeError
from edgekit.train.activations import logits_of
from edgekit.train.backend import array_module, asarray
from edgekit.train.names import snake_case
from edgekit.train.ops import comparisons, math, reductions
from edgekit.train.ops.losses import sigmoid_cross_entropy, softmax_cross_entropy
from edgekit.train.serialization import Serializable, resolve
from edgekit.train.tensor import Tensor, wrap

__all__ = [
    "BinaryCrossentropy",
    "CategoricalCrossentropy",
    "Huber",
    "Loss",
    "LossFunctionWrapper",
    "MeanAbsoluteError",
    "MeanSquaredError",
    "SparseCategoricalCrossentropy",
    "binary_crossentropy",
    "categorical_crossentropy",
    "get",
    "huber",
    "mean_absolute_error",
    "mean_squared_error",
    "sparse_categorical_crossentropy",
]

# Keras keeps probabilities this far from 0 and 1
EPSILON = 1e-7
_REDUCTIONS = ("sum_over_batch_size", "sum", "mean", "mean_with_sample_weight", "none", None)


class Loss(Serializable):
    """The base: `call(y_true, y_pred)` gives a number per sample; calling the loss reduces them.

    reduction: "sum_over_batch_size" (the mean over samples), "sum", "mean_with_sample_weight"
    (the mean over weights), or None for no reduction.
    """

    keras_module = "keras.losses"
    config_names = ("name", "reduction")

    def __init__(
        self,
        name: str | None = None,
        reduction: str | None = "sum_over_batch_size",
        dtype: Any = None,
    ) -> None:
        if reduction not in _REDUCTIONS:
            raise InputError(
                f"a loss' reduction must be one of {_REDUCTIONS}. Received: {reduction!r}"
            )
        self.name = name or snake_case(type(self).__name__)
        self.reduction = reduction

    def call(self, y_true: Any, y_pred: Any) -> Any:
        raise NotImplementedError(f"{type(self).__name__} has no call(y_true, y_pred)")

    def __call__(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> Tensor:
        values = self.call(as_tensor(y_true), as_tensor(y_pred))
        return reduce_weighted(as_tensor(values), sample_weight, self.reduction)


class LossFunctionWrapper(Loss):
    """A loss made of a function of (y_true, y_pred), with further arguments."""

    def __init__(
        self,
        fn: Callable[..., Any],
        reduction: str | None = "sum_over_batch_size",
        name: str | None = None,
        dtype: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(name or getattr(fn, "__name__", None), reduction, dtype)
        self.fn = fn
        self.fn_kwargs = kwargs

    def call(self, y_true, y_pred):
        return self.fn(y_true, y_pred, **self.fn_kwargs)


def as_tensor(x: Any) -> Any:
    """An array, list or number as a tensor; floats become float32."""
    if isinstance(x, Tensor):
        return x
    array = asarray(x)
    return wrap(array.astype("float32") if array.dtype == "float64" else array)


def reduce_weighted(values: Tensor, sample_weight: Any, reduction: str | None) -> Tensor:
    """Weigh the samples' values, and reduce them."""
    count = values.size
    if sample_weight is not None:
        weight = asarray(sample_weight, values.dtype)
        if weight.ndim > values.ndim and weight.shape[-1] == 1:
            weight = weight[..., 0]
        weight = weight.reshape(weight.shape + (1,) * (values.ndim - weight.ndim))
        values = values * wrap(weight)
        if reduction == "mean_with_sample_weight":
            spread = array_module(weight).broadcast_to(weight, values.shape)
            return reductions.sum(values) * (1.0 / max(float(spread.sum()), EPSILON))
    if reduction in ("none", None) or values.ndim == 0:
        return values
    if reduction == "sum":
        return reductions.sum(values)
    return (
        reductions.sum(values) * (1.0 / max(count, 1))
        if sample_weight is not None
        else (reductions.mean(values))
    )


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


class _Named(Loss):
    """A class around one of the functions above."""

    function: Callable[..., Any]

    def _arguments(self) -> dict[str, Any]:
        base = set(Loss.config_names)
        return {name: getattr(self, name) for name in self.config_names if name not in base}

    def call(self, y_true, y_pred):
        return type(self).function(y_true, y_pred, **self._arguments())


class MeanSquaredError(_Named):
    """mean((y_true - y_pred)^2)."""

    function = staticmethod(mean_squared_error)

    def __init__(self, reduction="sum_over_batch_size", name="mean_squared_error", dtype=None):
        super().__init__(name, reduction, dtype)


class MeanAbsoluteError(_Named):
    """mean(|y_true - y_pred|)."""

    function = staticmethod(mean_absolute_error)

    def __init__(self, reduction="sum_over_batch_size", name="mean_absolute_error", dtype=None):
        super().__init__(name, reduction, dtype)


class Huber(_Named):
    """Squared near zero, linear beyond `delta`. Source: Huber 1964."""

    function = staticmethod(huber)
    config_names = (*Loss.config_names, "delta")

    def __init__(self, delta=1.0, reduction="sum_over_batch_size", name="huber_loss", dtype=None):
        super().__init__(name, reduction, dtype)
        self.delta = delta


class BinaryCrossentropy(_Named):
    """For labels 0 and 1, each output on its own."""

    function = staticmethod(binary_crossentropy)
    config_names = (*Loss.config_names, "from_logits", "label_smoothing", "axis")

    def __init__(
        self, from_logits=False, label_smoothing=0.0, axis=-1,
        reduction="sum_over_batch_size", name="binary_crossentropy", dtype=None,
    ):  # fmt: skip
        super().__init__(name, reduction, dtype)
        self.from_logits = from_logits
        self.label_smoothing = label_smoothing
        self.axis = axis


class CategoricalCrossentropy(_Named):
    """For one-hot or soft labels."""

    function = staticmethod(categorical_crossentropy)
    config_names = (*Loss.config_names, "from_logits", "label_smoothing", "axis")

    def __init__(
        self, from_logits=False, label_smoothing=0.0, axis=-1,
        reduction="sum_over_batch_size", name="categorical_crossentropy", dtype=None,
    ):  # fmt: skip
        super().__init__(name, reduction, dtype)
        self.from_logits = from_logits
        self.label_smoothing = label_smoothing
        self.axis = axis


class SparseCategoricalCrossentropy(_Named):
    """For class numbers."""

    function = staticmethod(sparse_categorical_crossentropy)
    config_names = (*Loss.config_names, "from_logits", "ignore_class")

    def __init__(
        self, from_logits=False, ignore_class=None, reduction="sum_over_batch_size", axis=-1,
        name="sparse_categorical_crossentropy", dtype=None,
    ):  # fmt: skip
        super().__init__(name, reduction, dtype)
        self.from_logits = from_logits
        self.ignore_class = ignore_class
        if axis != -1:
            raise InputError(f"the classes must be on the last axis. Received: axis={axis}")


CLASSES: dict[str, type[Loss]] = {
    cls.__name__: cls
    for cls in (
        BinaryCrossentropy, CategoricalCrossentropy, Huber, MeanAbsoluteError, MeanSquaredError,
        SparseCategoricalCrossentropy,
    )
}  # fmt: skip
FUNCTIONS: dict[str, Callable[..., Any]] = {
    "binary_crossentropy": binary_crossentropy,
    "categorical_crossentropy": categorical_crossentropy,
    "huber": huber,
    "mae": mean_absolute_error,
    "mean_absolute_error": mean_absolute_error,
    "mean_squared_error": mean_squared_error,
    "mse": mean_squared_error,
    "sparse_categorical_crossentropy": sparse_categorical_crossentropy,
}
_NAMES = {**FUNCTIONS, "MAE": mean_absolute_error, "MSE": mean_squared_error, **CLASSES}


def get(identifier: Any) -> Any:
    """A loss from a name, a config, a callable or itself; None stays None."""
    found = resolve(identifier, _NAMES, "loss")
    if found is None or isinstance(found, Loss):
        return found
    name = identifier if isinstance(identifier, str) else None
    return LossFunctionWrapper(found, name=name)
