"""Metrics that are a total, or a total and a count: sums, and the means that most of them are."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from edgekit.train.backend import array_module, asarray, current_device, is_here
from edgekit.train.data import of_same_rank
from edgekit.train.masks import apply_mask, mask_of
from edgekit.train.metrics.metric import Metric
from edgekit.train.tensor import Variable, array_of

__all__ = ["Mean", "MeanMetricWrapper", "Sum"]


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
    """Totals kept in float64, where the values are.

    On the host they are attributes with numbers. On a GPU they are the elements of one array that
    stays in its place, so that captured steps add to it, and the attributes are views of it; it is
    copied to the host when `result()` is turned into a number.
    """

    total_names: tuple[str, ...]
    _sums: Any = None

    def __init__(self, dtype: Any, name: str | None) -> None:
        super().__init__(dtype, name)
        self.reset_state()

    def reset_state(self) -> None:
        sums = self._sums_in_place()
        if sums is not None:
            sums.values.fill(0)
            self._show(sums)
        else:
            self._sums = None
            for name in self.total_names:
                setattr(self, name, 0.0)
        for variable in self._variables:
            variable.data[...] = 0

    def _sums_in_place(self) -> Any:
        """The array on the GPU that is current, to be written where it stands; None without one."""
        sums = self._sums
        here = sums is not None and current_device() != "cpu" and is_here(sums.values)
        return sums if here else None

    def _show(self, sums: Any) -> None:
        for i, name in enumerate(self.total_names):
            setattr(self, name, sums.values[i : i + 1].reshape(()))

    def _on_device(self) -> Any:
        """The totals in the memory of the GPU that is current."""
        sums = self._sums
        if sums is None or not is_here(sums.values):
            from edgekit.train.gpu.metrics import new_sums

            before = [getattr(self, name) for name in self.total_names]
            self._sums = sums = new_sums(len(before))
            for i, value in enumerate(before):
                if array_module(value) is not np or value:
                    sums.values[i] = value
            self._show(sums)
        return sums

    def _add(self, values: Any, weight: Any) -> None:
        """Add device arrays: all values, and all weights; None where each value counts once."""
        from edgekit.train.gpu.metrics import add_values

        sums = self._on_device()
        if not add_values(sums, values, weight):
            module = array_module(values)
            amounts = values, module.ones_like(values) if weight is None else weight
            for i in range(sums.values.size):
                sums.values[i] += amounts[i].sum(dtype=module.float64)

    @property
    def variables(self) -> list[Variable]:
        """The totals as they are now, and the variables of a subclass."""
        totals = []
        for name in self.total_names:
            value = getattr(self, name)
            value = value if hasattr(value, "dtype") else np.asarray(value, np.float64)
            total = Variable(value, name=name, trainable=False)
            total.path = f"{self.name}/{name}"
            totals.append(total)
        return [*totals, *super().variables]

    def restore(self, state: list[Any]) -> None:
        sums = self._sums_in_place()
        if sums is not None:
            for i, value in enumerate(state[: len(self.total_names)]):
                sums.values[i] = value  # where captured steps look for it
            self._show(sums)
        else:
            self._sums = None
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
            self.add_batch(array, sample_weight)
            return
        if array.ndim <= 1 and sample_weight is None:
            values, weight = array, None
        else:
            values, weight = _per_sample(values, sample_weight, "mean")
        if not isinstance(values, np.ndarray):
            self._add(values, weight)
            return
        self.total = self.total + values.sum(dtype=np.float64)
        if weight is None:
            self.count = self.count + (values.shape[0] if values.ndim else 1)
        else:
            self.count = self.count + weight.sum(dtype=np.float64)

    def add_batch(self, mean: Any, count: float) -> None:
        """Add the mean over a batch, an array without dimensions, as that of `count` values."""
        if isinstance(mean, np.ndarray):
            self.total = self.total + float(mean) * count
            self.count = self.count + count
            return
        from edgekit.train.gpu.metrics import add_number

        if not add_number(self._on_device(), mean, count):
            self._add(mean.astype("float64").reshape(1) * count, None)
            self.count += count - 1

    def result(self) -> Any:
        """The mean, 0 before the first value."""
        if not isinstance(self.total, float) and array_module(self.total) is not np:
            from edgekit.train.gpu.metrics import mean_of

            with self.total.device:
                return mean_of(self._on_device())
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
        if isinstance(values, np.ndarray):
            self.total = self.total + values.sum(dtype=np.float64)
        else:
            self._add(values, None)

    def result(self) -> Any:
        """The sum."""
        return self.total.copy() if hasattr(self.total, "copy") else self.total


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
        if sample_weight is None and not isinstance(array_of(y_pred), np.ndarray):
            y_true, y_pred = asarray(y_true), asarray(y_pred)
            if array_module(y_pred) is not np:
                from edgekit.train.gpu.metrics import add_matches

                if add_matches(self._on_device(), self.fn, y_true, y_pred, **self.fn_kwargs):
                    return
        super().update_state(self.fn(y_true, y_pred, **self.fn_kwargs), sample_weight)
