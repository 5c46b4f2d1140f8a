"""The base of losses: weighing the samples' values, and reducing them to one number."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from edgekit.errors import InputError, ShapeError
from edgekit.train.backend import array_module, asarray, is_floating
from edgekit.train.data import of_same_rank
from edgekit.train.distribute.replica import denominator, scale_of_sums
from edgekit.train.masks import apply_mask, mask_of
from edgekit.train.names import snake_case
from edgekit.train.ops import math, reductions
from edgekit.train.ops.storage import widened
from edgekit.train.serialization import Serializable
from edgekit.train.tensor import Tensor, wrap

__all__ = [
    "EPSILON",
    "Loss",
    "LossFunctionWrapper",
    "NamedLoss",
    "as_tensor",
    "clipped",
    "like",
    "of_same_shape",
    "reduce_weighted",
]

# Keras keeps probabilities this far from 0 and 1
EPSILON = 1e-7
_REDUCTIONS = ("sum_over_batch_size", "sum", "mean", "mean_with_sample_weight", "none", None)


class Loss(Serializable):
    """The base: `call(y_true, y_pred)` gives a number per sample; calling the loss reduces them.

    reduction: "sum_over_batch_size" or "mean" (the mean over samples), "sum",
    "mean_with_sample_weight" (the mean over weights), "none" or None for no reduction.
    dtype: what to compute in, float32 where nothing is said.
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
        self._dtype = None if dtype is None else np.dtype(getattr(dtype, "name", dtype))

    @property
    def dtype(self) -> str:
        """The dtype that the loss is computed in."""
        return "float32" if self._dtype is None else self._dtype.name

    def call(self, y_true: Any, y_pred: Any) -> Any:
        raise NotImplementedError(f"{type(self).__name__} has no call(y_true, y_pred)")

    def __call__(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> Tensor:
        mask = mask_of(y_pred)
        values = as_tensor(self.call(self._converted(y_true), self._converted(y_pred)))
        own_mask = mask_of(values)
        if own_mask is not None:
            own_mask = asarray(own_mask)
            mask = own_mask if mask is None else asarray(mask) & own_mask
        if mask is not None:
            sample_weight = apply_mask(sample_weight, mask, self.reduction)
        return reduce_weighted(values, sample_weight, self.reduction)

    def _converted(self, y: Any) -> Any:
        y = as_tensor(y)
        if self._dtype is not None and is_floating(y.dtype) and y.dtype != self._dtype:
            return math.cast(y, dtype=self._dtype)
        return y


class NamedLoss(Loss):
    """A class around one of the functions of this package; more arguments in `config_names`."""

    function: Callable[..., Any]
    # arguments of the function that Keras leaves out of the config
    hidden_names: tuple[str, ...] = ()

    def __init__(
        self,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(name, reduction, dtype)

    def call(self, y_true: Any, y_pred: Any) -> Any:
        names = (*self.config_names[len(Loss.config_names) :], *self.hidden_names)
        arguments = {name: getattr(self, name) for name in names}
        return type(self).function(y_true, y_pred, **arguments)


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

    def call(self, y_true: Any, y_pred: Any) -> Any:
        if isinstance(y_true, Tensor) and isinstance(y_pred, Tensor):
            y_true, y_pred = of_same_rank(y_true, y_pred)
        return self.fn(y_true, y_pred, **self.fn_kwargs)


def as_tensor(x: Any) -> Any:
    """An array, list or number as a tensor; floats become float32."""
    if isinstance(x, Tensor):
        return widened(x)
    array = asarray(x)
    return wrap(array.astype("float32") if array.dtype == "float64" else array)


def like(y_true: Any, y_pred: Any) -> tuple[Any, Any]:
    """Both as tensors, the targets in the dtype of the outputs."""
    y_true, y_pred = as_tensor(y_true), as_tensor(y_pred)
    if y_true.dtype != y_pred.dtype:
        y_true = (
            math.cast(y_true, dtype=y_pred.dtype)
            if is_floating(y_true.dtype)
            else wrap(y_true.data.astype(y_pred.dtype))
        )
    return y_true, y_pred


def of_same_shape(y_true: Any, y_pred: Any, loss: str) -> tuple[Any, Any]:
    """Targets and outputs in one rank and dtype. Raises ShapeError where the shapes differ."""
    y_true, y_pred = of_same_rank(*like(y_true, y_pred))
    if y_true.shape != y_pred.shape:
        raise ShapeError(
            f"{loss}: y_true has shape {y_true.shape}, the model gives {y_pred.shape}; "
            "they must be equal"
        )
    return y_true, y_pred


def clipped(p: Any) -> Any:
    """Probabilities away from 0 and 1, where the logarithm ends."""
    return math.minimum(math.maximum(p, EPSILON), 1.0 - EPSILON)


def _share(total: Any) -> Any:
    """1 / total, 0 where that is 0; on a GPU without waiting for it."""
    module = array_module(total)
    if module is np:
        return 1.0 / float(total) if total else 0.0
    nothing = total == 0
    return wrap((1 - nothing).astype(total.dtype) / (total + nothing))


def reduce_weighted(values: Tensor, sample_weight: Any, reduction: str | None) -> Tensor:
    """Weigh the samples' values, and reduce them."""
    if sample_weight is not None:
        weight = wrap(asarray(sample_weight, values.dtype))
        values, weight = of_same_rank(values, weight)
        weight = weight.reshape(weight.shape + (1,) * (values.ndim - weight.ndim))
        values = values * weight
        if reduction == "mean_with_sample_weight" and values.ndim:
            return reductions.sum(values) * _share(denominator(weight.data.sum()))
    if reduction in ("none", None) or values.ndim == 0 or values.shape == (0,):
        return values
    if reduction != "sum":
        return reductions.mean(values)
    scale = scale_of_sums()
    return reductions.sum(values) if scale == 1.0 else reductions.sum(values) * scale
