"""What a model logs: its metrics, their names, and their order."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from edgekit.errors import InputError
from edgekit.train.backend import to_numpy
from edgekit.train.data import number_of
from edgekit.train.deprecations import old_spelling
from edgekit.train.metrics.metric import Metric, result_of
from edgekit.train.models.compiled import Compiled, add_batch
from edgekit.train.structure import flatten, unique

__all__ = ["Logged", "numbers_of"]


class Logged:
    """The metrics of a model, from `compile` and from attributes."""

    name: str
    output_names: Any
    flat_layers: Callable[[], list[Any]]
    own_metrics: Callable[[], list[Any]]
    _compiled: Compiled | None = None
    # the layers, while epochs go on, so that the model is not searched at every step
    _fit_layers: list[Any] | None = None
    _fit_metrics: list[Any] | None = None

    @property
    def metrics(self) -> list[Any]:
        """The metrics, the loss first, and those in attributes of the model and of its layers."""
        own = self._own_metrics()
        return own if self._compiled is None else [*self._compiled.metrics, *own]

    def _own_metrics(self) -> list[Metric]:
        """The metrics in attributes: of the model, and of the user's layers inside of it."""
        if self._fit_metrics is not None:
            return self._fit_metrics
        found = self.own_metrics()
        for layer in self._fit_layers or self.flat_layers():
            if layer._is_users and not isinstance(layer, Logged):
                found += layer.own_metrics()
        return unique(found) if found else found

    def _remember(self, layers: list[Any] | None) -> None:
        """Keep the layers, and the metrics in them, while epochs go on; None: no longer."""
        self._fit_metrics = None
        self._fit_layers = layers
        if layers is not None:
            self._fit_metrics = self._own_metrics()

    @property
    def metrics_names(self) -> list[str]:
        """The names under which the metrics stand in logs, in the order of `evaluate`."""
        return [] if self._compiled is None else list(self._in_order(self.get_metrics_result()))

    def reset_metrics(self) -> None:
        """Start every metric over."""
        for metric in self.metrics:
            metric.reset_state()

    def get_metrics_result(self) -> dict[str, Any]:
        """Metric name -> value so far."""
        found = self._require_compiled().results()
        for metric in self._own_metrics():
            value = result_of(metric)
            found.update(value if isinstance(value, dict) else {metric.name: value})
        return found

    def _in_order(self, logs: dict[str, Any]) -> dict[str, Any]:
        """Logs in the order of `metrics`, those of other names after them by their names."""
        names = [metric.name for metric in self.metrics]
        return {name: logs[name] for name in (*names, *sorted(logs)) if name in logs}

    def _scalar_or_list(self, logs: dict[str, float]) -> Any:
        values = list(self._in_order(logs).values())
        return values[0] if len(values) == 1 else values

    def _require_compiled(self) -> Compiled:
        if self._compiled is None:
            raise InputError(
                f"model {self.name!r} must be compiled first: "
                'model.compile(optimizer="adam", loss="...", metrics=["accuracy"])'
            )
        return self._compiled

    def _compiled_for(self, y: Any, y_pred: Any) -> Compiled:
        """What `compile` made, with its losses and metrics chosen for these outputs."""
        compiled = self._require_compiled()
        if not compiled.built:
            compiled.build(self.output_names, y, y_pred)
        return compiled

    # -- what a train_step of 2020 calls ----------------------------------------------------------

    def compiled_loss(
        self, y: Any, y_pred: Any, sample_weight: Any = None, regularization_losses: Any = None
    ) -> Any:
        """An old spelling: the loss of a batch, and the penalties given; it is logged as "loss"."""
        old_spelling("Model.compiled_loss()", "use compute_loss(x, y, y_pred, sample_weight)")
        compiled = self._compiled_for(y, y_pred)
        total = sum(flatten(regularization_losses or []), compiled.loss(y, y_pred, sample_weight))
        add_batch(compiled.loss_metric, total, len(flatten(y_pred)[0]))
        return total

    @property
    def compiled_metrics(self) -> Any:
        """An old spelling: what has `update_state(y, y_pred, sample_weight)` for all metrics."""
        old_spelling("Model.compiled_metrics", "use compute_metrics(x, y, y_pred, sample_weight)")
        return None if self._compiled is None else _CompiledMetrics(self)


class _CompiledMetrics:
    """The metrics given to `compile`, as one."""

    def __init__(self, model: Logged) -> None:
        self._model = model

    @property
    def metrics(self) -> list[Any]:
        return self._model._require_compiled().metrics

    def update_state(self, y: Any, y_pred: Any, sample_weight: Any = None) -> None:
        self._model._compiled_for(y, y_pred).update_metrics(y, y_pred, sample_weight)


def numbers_of(logs: Any) -> dict[str, Any]:
    """Logs as plain numbers, by their names; this is where a GPU is waited for."""
    return {name: number_of(to_numpy(value)) for name, value in sorted((logs or {}).items())}
