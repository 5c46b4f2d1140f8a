"""The base of losses: weighing the samples' values, and reducing them to one number."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from edgekit.errors import InputError
from edgekit.train.backend import array_module, asarray
from edgekit.train.masks import apply_mask, mask_of
from edgekit.train.names import snake_case
from edgekit.train.ops import reductions
from edgekit.train.ops.storage import stored
from edgekit.train.serialization import Serializable
from edgekit.train.tensor import Tensor, wrap

__all__ = ["EPSILON", "Loss", "LossFunctionWrapper", "as_tensor", "reduce_weighted"]

# Keras keeps probabilities this far from 0 and 1
EPSILON = 1e-7
_REDUCTIONS = ("sum_over_batch_size", "sum", "mean", "mean_with_sample_weight", "none", None)


class Loss(Serializable):
    """The base: `call(y_true, y_pred)` gives a number per sample; calling the loss reduces them.

    reduction: "sum_over_batch_size" (the mean over samples), "sum", "mean_with_sample_weight"
    (the mean over weights), or None for no reduction.
    """

    keras_module = "keras.losses"
    config_names: tuple[str, ...] = ("name", "reduction")

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
        values = as_tensor(self.call(as_tensor(y_true), as_tensor(y_pred)))
        mask = mask_of(y_pred)
        if mask is not None:
            sample_weight = apply_mask(sample_weight, mask, self.reduction)
        return reduce_weighted(values, sample_weight, self.reduction)


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
        return stored(x, dtype="float32") if x.data.dtype == "float16" else x
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
