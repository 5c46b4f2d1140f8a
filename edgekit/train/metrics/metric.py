"""The base of metrics, and the means most of them are."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from edgekit.train import initializers
from edgekit.train.backend import array_module, asarray
from edgekit.train.data import of_same_rank
from edgekit.train.masks import apply_mask, mask_of
from edgekit.train.names import snake_case, unique_name
from edgekit.train.serialization import Serializable
from edgekit.train.tensor import Variable

__all__ = ["Mean", "MeanMetricWrapper", "Metric", "Sum", "quotient"]


def quotient(a: Any, b: Any) -> Any:
    """a / b, and 0 where b is 0."""
    module = array_module(b)
    zero = b == 0
    return module.where(zero, 0, a / module.where(zero, 1, b))


class Metric(Serializable):
    """The base: `update_state(y_true, y_pred, sample_weight)` per batch, `result()` at the end.

    A subclass keeps its state in variables made by `add_variable`; `reset_state` sets them to 0.
    `_direction` says whether a better model has more ("up") or less ("down"), for callbacks.
    """

    keras_module = "keras.metrics"
    config_names: tuple[str, ...] = ("name", "dtype")
    _direction: str | None = None

    def __init__(self, dtype: Any = None, name: str | None = None) -> None:
        self.name = name or unique_name(snake_case(type(self).__name__))
        self._dtype = str(getattr(dtype, "name", None) or dtype or "float32")
        self._variables: list[Variable] = []

    @property
    def dtype(self) -> str:
        """The dtype of the result."""
        return self._dtype

    @property
    def variables(self) -> list[Variable]:
        """The variables of this metric, and those of the metrics in its attributes."""
        parts = [value for value in vars(self).values() if isinstance(value, Metric)]
        return [*self._variables, *(v for part in parts for v in part.variables)]

    def add_variable(
        self,
        shape: Any = (),
        initializer: Any = "zeros",
        dtype: Any = None,
        aggregation: str = "sum",
        name: str | None = None,
    ) -> Variable:
        """A state of this shape."""
        values = asarray(initializers.get(initializer or "zeros")(tuple(shape), dtype or "float32"))
        variable = Variable(values, name=name or "variable", trainable=False)
        self._variables.append(variable)
        return variable

    def add_weight(
        self, shape: Any = (), initializer: Any = None, dtype: Any = None, name: str | None = None
    ) -> Variable:
        """As `add_variable`."""
        return self.add_variable(shape, initializer, dtype, name=name)

    def reset_state(self) -> None:
        """Start over."""
        for variable in self.variables:
            variable.data[...] = 0

    def update_state(self, *args: Any, **kwargs: Any) -> Any:
        raise NotImplementedError(f"{type(self).__name__} has no update_state()")

    def result(self) -> Any:
        raise NotImplementedError(f"{type(self).__name__} has no result()")

    def state(self) -> list[Any]:
        """The arrays that the result is made of, to be given to `restore`."""
        return [variable.data for variable in self.variables]

    def restore(self, state: list[Any]) -> None:
        """Go on from what `state` gave."""
        for variable, value in zip(self.variables, state, strict=True):
            variable.data[...] = value

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Update, and give the result so far."""
        self.update_state(*args, **kwargs)
        return self.result()


def _per_sample(values: Any, sample_weight: Any, reduce: str) -> tuple[Any, Any]:
    """Values and weights reduced ("sum" or "mean") to one for each sample."""
    mask = mask_of(values)
    values = asarray(values)
    if sample_weight is not None:
        if mask is not None:
            sample_weight = apply_mask(sample_weight, mask, "sum")
        weight = asarray(sample_weight)
        values, weight = of_same_rank(values, weight)
        if values.ndim > weight.ndim:
            values = getattr(values, reduce)(axis=tuple(range(weight.ndim, values.ndim)))
        sample_weight = array_module(values).broadcast_to(weight, values.shape)
        values = values * sample_weight
        if sample_weight.ndim > 1:
            sample_weight = getattr(sample_weight, reduce)(axis=tuple(range(1, sample_weight.ndim)))
    if values.ndim > 1:
        values = getattr(values, reduce)(axis=tuple(range(1, values.ndim)))
    return values, sample_weight


class _Totals(Metric):
    """Totals kept in float64, and where the values are: on a GPU nothing is copied to the host
    before `result()` is turned into a number.
    """

    total_names: tuple[str, ...]

    def __init__(self, dtype: Any, name: str | None) -> None:
        super().__init__(dtype, name)
        self.reset_state()

    def reset_state(self) -> None:
        for name in self.total_names:
            setattr(self, name, 0.0)
        for variable in self._variables:
            variable.data[...] = 0

    @property
    def variables(self) -> list[Variable]:
        """The totals as they are now, and the variables of a subclass."""
        totals = []
        for name in self.total_names:
            value = getattr(self, name)
            value = value if hasattr(value, "dtype") else np.asarray(value, np.float64)
            totals.append(Variable(value, name=name, trainable=False))
        return [*totals, *super().variables]

    def restore(self, state: list[Any]) -> None:
        for name, value in zip(self.total_names, state, strict=False):
            setattr(self, name, value)
        for variable, value in zip(self._variables, state[len(self.total_names) :], strict=True):
            variable.data[...] = value


class Mean(_Totals):
    """The weighted mean of all values it was given."""

    total_names = ("total", "count")

    def __init__(self, name: str | None = "mean", dtype: Any = None) -> None:
        self.total: Any = 0.0
        self.count: Any = 0.0
        super().__init__(dtype, name)

    def update_state(self, values: Any, sample_weight: Any = None) -> None:
        """Add values; a weight is one number, or one for each value or sample."""
        array = asarray(values)
        if array.ndim == 0 and isinstance(sample_weight, int | float):  # the loss of a batch
            self.total = self.total + array.astype(np.float64) * sample_weight
            self.count = self.count + sample_weight
            return
        if array.ndim <= 1 and sample_weight is None:
            values, weight = array, None
        else:
            values, weight = _per_sample(values, sample_weight, "mean")
        module = array_module(values)
        self.total = self.total + values.sum(dtype=module.float64)
        if weight is None:
            self.count = self.count + (values.shape[0] if values.ndim else 1)
        else:
            self.count = self.count + weight.sum(dtype=module.float64)

    def result(self) -> Any:
        """The mean, 0 before the first value."""
        if isinstance(self.count, float | int) and self.count == 0:
            return 0.0
        return self.total / self.count if self.count else 0.0


class Sum(_Totals):
    """The weighted sum of all values it was given."""

    total_names = ("total",)

    def __init__(self, name: str | None = "sum", dtype: Any = None) -> None:
        self.total: Any = 0.0
        super().__init__(dtype, name)

    def update_state(self, values: Any, sample_weight: Any = None) -> None:
        """Add values; a weight is one number, or one for each value or sample."""
        values, _ = _per_sample(values, sample_weight, "sum")
        self.total = self.total + values.sum(dtype=array_module(values).float64)

    def result(self) -> Any:
        """The sum."""
        return self.total


class MeanMetricWrapper(Mean):
    """The mean of a function of (y_true, y_pred) that gives a number per sample."""

    def __init__(
        self, fn: Callable[..., Any], name: str | None = None, dtype: Any = None, **kwargs: Any
    ) -> None:
        super().__init__(name or str(getattr(fn, "__name__", "metric")), dtype)
        self.fn = fn
        self.fn_kwargs = kwargs

    def update_state(  # type: ignore[override]  # Keras gives the wrapper another signature
        self, y_true: Any, y_pred: Any, sample_weight: Any = None
    ) -> None:
        mask = mask_of(y_pred)
        if mask is not None:
            sample_weight = apply_mask(sample_weight, mask, "sum")
        super().update_state(self.fn(y_true, y_pred, **self.fn_kwargs), sample_weight)
