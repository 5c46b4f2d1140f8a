"""The base of metrics."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np

from edgekit.train import initializers
from edgekit.train.backend import (
    array_module,
    asarray,
    current_device,
    device,
    is_here,
    same_place,
)
from edgekit.train.names import snake_case, unique_name
from edgekit.train.serialization import Serializable
from edgekit.train.structure import NESTED
from edgekit.train.tensor import Tensor, Variable, array_of, wrap

__all__ = ["Metric", "PendingResult", "quotient", "result_of", "sums_of_buckets"]

_STRUCTURES = (Tensor, *NESTED)
_FLOATING = frozenset({"bfloat16", "float16", "float32", "float64"})


def quotient(a: Any, b: Any) -> Any:
    """a / b, and 0 where b is 0."""
    module = array_module(b)
    zero = b == 0
    return module.where(zero, 0, a / module.where(zero, 1, b))


class PendingResult(Tensor):
    """The result of a metric, computed when its values are read: on a GPU that may wait."""

    __slots__ = ("_device", "_metric")

    def __init__(self, metric: Metric) -> None:
        self._metric = metric
        self._device = current_device()

    @property
    def data(self) -> Any:  # instead of the attribute of tensors
        with device(self._device):
            found = array_of(self._metric.result())
        return found if hasattr(found, "dtype") else np.asarray(found, np.float64)


def sums_of_buckets(bucket: Any, counts: Any, weight: Any, n: int) -> Any:
    """The sum of weights in each of n buckets (float64), of the elements that count."""
    module = array_module(bucket)
    if module is np:
        return np.bincount(bucket[counts], weights=weight[counts], minlength=n)
    from edgekit.train.gpu.metrics import weights_of_buckets

    return weights_of_buckets(module.where(counts, bucket, -1), weight, n)


def result_of(metric: Metric) -> Any:
    """A metric's result for the logs of a batch; on a GPU edgekit's are computed when read."""
    own = type(metric).__module__.startswith("edgekit.train.metrics.")
    return PendingResult(metric) if own and current_device() != "cpu" else metric.result()


class Metric(Serializable):
    """The base: `update_state(y_true, y_pred, sample_weight)` per batch, `result()` at the end.

    A subclass keeps its state in variables made by `add_variable`; `reset_state` sets them to 0.
    `_direction` says whether a better model has more ("up") or less ("down"), for callbacks.
    """

    keras_module = "keras.metrics"
    config_names: tuple[str, ...] = ("name", "dtype")
    _direction: str | None = None

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        if "result" in vars(cls):
            cls.result = _giving_tensors(cls.result)  # type: ignore[assignment, method-assign]

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
        variable.path = f"{self.name}/{variable.name}"
        self._variables.append(variable)
        return variable

    def add_weight(
        self, shape: Any = (), initializer: Any = None, dtype: Any = None, name: str | None = None
    ) -> Variable:
        """As `add_variable`."""
        return self.add_variable(shape, initializer, dtype, name=name)

    def _constant(self, name: str, values: Any, like: Any) -> Any:
        """An array of this metric that never changes, where `like` is; copied to a GPU once."""
        if array_module(like) is np:
            return values
        kept = vars(self).setdefault("_constants", {})
        if name not in kept or not is_here(kept[name]):
            kept[name] = same_place(values, like)
        return kept[name]

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

    def __repr__(self) -> str:
        return f"<{type(self).__name__} name={self.name}>"


def _giving_tensors(result: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """A `result` whose numbers and arrays are tensors, as Keras' are: in the metric's dtype where
    that has fractions."""

    @functools.wraps(result)
    def tensors(self: Metric) -> Any:
        found = result(self)
        dtype = self._dtype if self._dtype in _FLOATING else "float32"
        if type(found) is float:  # at every step
            return wrap(np.asarray(found, dtype))
        return found if isinstance(found, _STRUCTURES) else wrap(asarray(found, dtype))

    return tensors
