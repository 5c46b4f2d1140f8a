"""The base of metrics, and the means most of them are."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from edgekit.train import initializers
from edgekit.train.backend import array_module, asarray
from edgekit.train.masks import apply_mask, mask_of
from edgekit.train.names import snake_case, unique_name
from edgekit.train.serialization import Serializable
from edgekit.train.tensor import Tensor, Variable

__all__ = ["Mean", "MeanMetricWrapper", "Metric", "Sum", "array_of"]


def array_of(x: Any) -> Any:
    """The array of a tensor, or of anything that can be one."""
    return x.data if isinstance(x, Tensor) else asarray(x)


class Metric(Serializable):
    """The base: `update_state(y_true, y_pred, sample_weight)` per batch, `result()` at the end.

    A subclass keeps its state in variables made by `add_variable`; `reset_state` sets them to 0.
    """

    keras_module = "keras.metrics"
    config_names: tuple[str, ...] = ("name",)

    def __init__(self, dtype: Any = None, name: str | None = None) -> None:
        self.name = name or unique_name(snake_case(type(self).__name__))
        self.variables: list[Variable] = []

    def add_variable(
        self, shape: Any = (), initializer: Any = "zeros", dtype: Any = None, name: str = "state"
    ) -> Variable:
        """A state of this shape."""
        values = asarray(initializers.get(initializer)(tuple(shape), dtype or "float32"))
        variable = Variable(values, name=f"{self.name}/{name}", trainable=False)
        self.variables.append(variable)
        return variable

    def add_weight(self, shape: Any = (), initializer: Any = "zeros", **options: Any) -> Variable:
        """As `add_variable`."""
        return self.add_variable(
            shape, initializer, options.get("dtype"), options.get("name") or "state"
        )

    def reset_state(self) -> None:
        """Start over."""
        for variable in self.variables:
            variable.data[...] = 0

    def update_state(self, *args: Any, **kwargs: Any) -> None:
        raise NotImplementedError(f"{type(self).__name__} has no update_state()")

    def result(self) -> Any:
        raise NotImplementedError(f"{type(self).__name__} has no result()")

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Update, and give the result so far."""
        self.update_state(*args, **kwargs)
        return self.result()


class Mean(Metric):
    """The weighted mean of all values it was given.

    Totals are kept in float64, and where the values are: on a GPU nothing is copied to the host
    before `result()` is turned into a number.
    """

    def __init__(self, name: str = "mean", dtype: Any = None) -> None:
        super().__init__(dtype, name)
        self.total: Any = 0.0
        self.count: Any = 0.0

    def reset_state(self) -> None:
        self.total, self.count = 0.0, 0.0

    def update_state(self, values: Any, sample_weight: Any = None) -> None:
        """Add values; a weight is one number, or one for each value or sample."""
        values = array_of(values)
        module = array_module(values)
        if sample_weight is None:
            self.total = self.total + values.sum(dtype=module.float64)
            self.count = self.count + values.size
            return
        weight = array_of(sample_weight)
        if weight.ndim > values.ndim and weight.shape[-1] == 1:
            weight = weight[..., 0]
        if weight.ndim < values.ndim and weight.ndim:
            axes = tuple(range(weight.ndim, values.ndim))
            values = values.mean(axis=axes)
        weight = module.broadcast_to(weight, values.shape)
        self.total = self.total + (values * weight).sum(dtype=module.float64)
        self.count = self.count + weight.sum(dtype=module.float64)

    def result(self) -> Any:
        """The mean, 0 before the first value."""
        if isinstance(self.count, float | int) and self.count == 0:
            return 0.0
        return self.total / self.count if self.count else 0.0


class Sum(Metric):
    """The weighted sum of all values it was given."""

    def __init__(self, name: str = "sum", dtype: Any = None) -> None:
        super().__init__(dtype, name)
        self.total: Any = 0.0

    def reset_state(self) -> None:
        self.total = 0.0

    def update_state(self, values: Any, sample_weight: Any = None) -> None:
        values = array_of(values)
        if sample_weight is not None:
            values = values * array_of(sample_weight)
        self.total = self.total + values.sum(dtype=array_module(values).float64)

    def result(self) -> Any:
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
        sample_weight = apply_mask(sample_weight, mask_of(y_pred), "sum")
        super().update_state(self.fn(y_true, y_pred, **self.fn_kwargs), sample_weight)
