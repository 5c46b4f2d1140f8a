"""What `compile` was given, spread over the outputs of the model: losses, weights, metrics."""

from __future__ import annotations

from typing import Any

from edgekit.errors import InputError, lookup
from edgekit.train import losses, metrics
from edgekit.train.deprecations import old_spelling
from edgekit.train.losses.loss import as_tensor
from edgekit.train.metrics.metric import result_of
from edgekit.train.structure import is_nested

__all__ = ["Compiled", "add_batch"]


class Compiled:
    """Losses and metrics, one list entry for each output.

    Names are checked at once; what depends on shapes ("accuracy") is chosen at the first batch.
    """

    def __init__(self, loss: Any, loss_weights: Any, metrics_: Any, weighted_metrics: Any) -> None:
        self.given = {
            "loss": _read(loss, losses.get, ("crossentropy", "ce")),
            "loss_weights": loss_weights,
            "metrics": _read(metrics_, metrics.get, metrics.BY_SHAPE),
            "weighted_metrics": _read(weighted_metrics, metrics.get, metrics.BY_SHAPE),
        }
        self.built = False
        self.loss_metric = metrics.Mean(name="loss")
        self.output_names: list[str] = []
        self._losses: list[Any] = []
        self._weights: list[float] = []
        self._output_losses: dict[int, Any] = {}  # where several outputs have one
        self._plain: list[list[Any]] = []
        self._weighted: list[list[Any]] = []
        self._public_names: dict[int, str] = {}

    @property
    def losses(self) -> list[Any]:
        """The loss of each output, None where there is none; empty before the first batch."""
        return self._losses

    @property
    def metrics(self) -> list[Any]:
        """Every metric, the loss first."""
        found = [self.loss_metric, *self._output_losses.values()]
        for plain, weighted in zip(self._plain, self._weighted, strict=True):
            found += [*plain, *weighted]
        return found

    def name_of(self, metric: Any) -> str:
        """The metric's name in logs: with the output's name where there are several outputs."""
        return self._public_names.get(id(metric), metric.name)

    def build(self, output_names: list[str], y: Any, y_pred: Any) -> None:
        """Choose losses and metrics for outputs of these shapes."""
        leaves = _outputs(y_pred)
        names = output_names or _names_of(y_pred)
        self.output_names = names
        self._output_losses = {}
        many = len(names) > 1
        y_leaves = self.aligned(y, "y")
        given = self.given
        specs = _spread(given["loss"], names, "loss")
        self._losses = [
            _loss_for(spec, t, p) for spec, t, p in zip(specs, y_leaves, leaves, strict=True)
        ]
        self._weights = [
            1.0 if w is None else float(w)
            for w in _spread(given["loss_weights"], names, "loss_weights")
        ]
        self._plain, self._weighted = (
            [
                [_metric_for(one, t, p) for one in _as_list(spec)]
                for spec, t, p in zip(
                    _spread_metrics(given[key], names, key), y_leaves, leaves, strict=True
                )
            ]
            for key in ("metrics", "weighted_metrics")
        )
        named = bool(output_names) or isinstance(y_pred, dict)
        self._name_losses(names if named else [_label(spec) for spec in specs])
        self._name_metrics([f"{name}_" if many and named else "" for name in names])
        self.built = True

    def _name_losses(self, labels: list[str]) -> None:
        """The means of the outputs' losses, where several have one: under the names of the
        outputs, or those of the losses where outputs have no names.
        """
        with_loss = [i for i, loss in enumerate(self._losses) if loss is not None]
        for i in with_loss if len(with_loss) > 1 else ():
            twin = labels[:i].count(labels[i])
            name = f"{labels[i]}_{twin}_loss" if twin else f"{labels[i]}_loss"
            self._output_losses[i] = metrics.Mean(name=name)

    def _name_metrics(self, prefixes: list[str]) -> None:
        """Names for logs, as Keras gives them: those that are taken get "weighted_" or a number."""
        taken: set[str] = set()
        for groups, what in ((self._plain, ""), (self._weighted, "weighted_")):
            for prefix, group in zip(prefixes, groups, strict=True):
                for metric in group:
                    name = f"{prefix}{metric.name}"
                    if name in taken:
                        name = f"{prefix}{what}{metric.name}"
                    count, first = 0, name
                    while name in taken:
                        count += 1
                        name = f"{first}_{count}"
                    taken.add(name)
                    self._public_names[id(metric)] = name

    def aligned(self, value: Any, what: str) -> list[Any]:
        """A structure of targets or weights as a list in the order of the outputs."""
        names = self.output_names
        if len(names) == 1 and not is_nested(value):
            return [value]
        if value is None:
            return [None] * len(names)
        if isinstance(value, dict):
            for name in value:
                lookup(dict.fromkeys(names), name, f"output (in {what})", InputError)
            return [value.get(name) for name in names]
        if isinstance(value, list | tuple):
            if len(value) != len(names):
                raise InputError(
                    f"the model has {len(names)} output(s) {names}. Received: {len(value)} "
                    f"in {what}"
                )
            return list(value)
        return [value] * (len(names) if what == "sample_weight" else 1)

    def loss(self, y: Any, y_pred: Any, sample_weight: Any) -> Any:
        """The weighted sum of the outputs' losses, a scalar tensor; None without a loss."""
        total = None
        weights = self.aligned(sample_weight, "sample_weight")
        targets = self.aligned(y, "y")
        for i, p in enumerate(_outputs(y_pred)):
            if self._losses[i] is None:
                continue
            if targets[i] is None:
                raise InputError(f"no target was given for output {self.output_names[i]!r}.")
            value = self._losses[i](targets[i], p, sample_weight=weights[i])
            if i in self._output_losses:
                add_batch(self._output_losses[i], value, len(p))
            value = value if self._weights[i] == 1.0 else value * self._weights[i]
            total = value if total is None else total + value
        return total

    def update_metrics(self, y: Any, y_pred: Any, sample_weight: Any) -> None:
        """Show a batch to every metric but the losses."""
        weights = self.aligned(sample_weight, "sample_weight")
        targets = self.aligned(y, "y")
        for i, p in enumerate(_outputs(y_pred)):
            if not (self._plain[i] or self._weighted[i]):
                continue
            target = as_tensor(targets[i])
            for metric in self._plain[i]:
                metric.update_state(target, p)
            for metric in self._weighted[i]:
                metric.update_state(target, p, sample_weight=weights[i])

    def reset(self) -> None:
        """Start every metric over."""
        for metric in self.metrics:
            metric.reset_state()

    def results(self) -> dict[str, Any]:
        """Metric name -> value so far, the loss first."""
        found: dict[str, Any] = {}
        for metric in self.metrics:
            value = result_of(metric)
            if isinstance(value, dict):
                found.update(value)
            else:
                found[self.name_of(metric)] = value
        return found


def add_batch(mean: Any, value: Any, count: int) -> None:
    """Count the mean over a batch of `count` samples."""
    mean.add_batch(value.data, count)


def _outputs(y_pred: Any) -> list[Any]:
    if isinstance(y_pred, dict):
        return [y_pred[key] for key in sorted(y_pred)]
    return list(y_pred) if isinstance(y_pred, list | tuple) else [y_pred]


def _names_of(y_pred: Any) -> list[str]:
    if isinstance(y_pred, dict):
        return sorted(y_pred)
    count = len(_outputs(y_pred))
    return [f"output_{i + 1}" for i in range(count)]


def _as_list(spec: Any) -> list[Any]:
    if spec is None:
        return []
    return list(spec) if isinstance(spec, list | tuple) else [spec]


def _spread(spec: Any, names: list[str], what: str) -> list[Any]:
    """One entry for each output from one for all, a list, or a dict by output name."""
    if isinstance(spec, dict) and "class_name" not in spec:
        for name in spec:
            lookup(dict.fromkeys(names), name, f"output (in {what})", InputError)
        return [spec.get(name) for name in names]
    if isinstance(spec, list | tuple):
        if len(spec) != len(names):
            raise InputError(
                f"{what} has {len(spec)} entries, the model {len(names)} output(s): {names}"
            )
        return list(spec)
    return [spec] * len(names)


def _spread_metrics(spec: Any, names: list[str], what: str) -> list[Any]:
    """As `_spread`; with one output a list is all its metrics."""
    if isinstance(spec, list | tuple) and len(names) == 1:
        return [spec[0] if len(spec) == 1 and is_nested(spec[0]) else spec]
    of_names = isinstance(spec, list | tuple) and all(isinstance(one, str) for one in spec)
    if of_names and len(spec) != len(names):
        old_spelling(f"{what}={spec!r} for several outputs", f"use {what}={{output: [...]}}")
        return [spec] * len(names)
    return _spread(spec, names, what)


def _read(spec: Any, get: Any, by_shape: tuple[str, ...]) -> Any:
    """What was given, with configs made objects; raises for a misspelt name before any training."""
    if isinstance(spec, dict) and "class_name" not in spec:
        return {key: _read(one, get, by_shape) for key, one in spec.items()}
    if isinstance(spec, list | tuple):
        return [_read(one, get, by_shape) for one in spec]
    if isinstance(spec, str) and spec in by_shape:
        return spec
    found = get(spec)
    return found if isinstance(spec, dict) else spec


def _kind(y: Any, y_pred: Any) -> str:
    """ "binary", "sparse" or "categorical", from the shapes of targets and outputs as in Keras."""
    if y_pred.shape[-1] == 1:
        return "binary"
    shape = () if y is None else tuple(y.shape)
    return "sparse" if len(shape) < y_pred.ndim or shape[-1] == 1 else "categorical"


def _label(spec: Any) -> str:
    """The name of a loss as it was given."""
    if isinstance(spec, str) or spec is None:
        return str(spec)
    return str(getattr(spec, "name", None) or getattr(spec, "__name__", type(spec).__name__))


def _loss_for(spec: Any, y: Any, y_pred: Any) -> Any:
    if isinstance(spec, str) and spec.lower() in ("crossentropy", "ce"):
        prefix = {"binary": "binary_", "sparse": "sparse_categorical_"}
        spec = prefix.get(_kind(y, y_pred), "categorical_") + "crossentropy"
    return losses.get(spec)


def _metric_for(spec: Any, y: Any, y_pred: Any) -> Any:
    if isinstance(spec, str) and spec.lower() in metrics.BY_SHAPE:
        prefix = {"binary": "binary_", "sparse": "sparse_categorical_"}
        kind = "accuracy" if spec.lower() in ("accuracy", "acc") else "crossentropy"
        made = metrics.get(prefix.get(_kind(y, y_pred), "categorical_") + kind)
        made.name = spec
        return made
    return metrics.get(spec)
