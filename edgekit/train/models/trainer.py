"""compile, fit, evaluate and predict."""

from __future__ import annotations

import math
import warnings
from typing import Any

import numpy as np

from edgekit.errors import InputError
from edgekit.train import optimizers
from edgekit.train.backend import to_numpy
from edgekit.train.callbacks.callback import CallbackList, History
from edgekit.train.data import batches_of, split_for_validation, unpack
from edgekit.train.losses import as_tensor
from edgekit.train.models.compiled import Compiled
from edgekit.train.random import generator
from edgekit.train.structure import flatten, map_structure, pack
from edgekit.train.tape import GradientTape

__all__ = ["Trainer"]


class Trainer:
    """The training half of a model.

    Override `train_step(data)`, `test_step(data)`, `predict_step(data)` or `compute_loss(...)` for
    a training procedure of one's own; the loops around them stay as they are.
    """

    _not_tracked: frozenset[str] = frozenset(
        {"optimizer", "history", "_compiled", "_fit_variables", "_fit_layers"}
    )

    def __init__(self) -> None:
        self.optimizer: Any = None
        self.history: History | None = None
        self.stop_training = False
        self._compiled: Compiled | None = None
        # what a fit in progress trains, so that the model is not searched at every step
        self._fit_variables: list[Any] | None = None
        self._fit_layers: list[Any] | None = None

    def compile(
        self,
        optimizer: Any = "rmsprop",
        loss: Any = None,
        loss_weights: Any = None,
        metrics: Any = None,
        weighted_metrics: Any = None,
        run_eagerly: bool = False,
        steps_per_execution: int = 1,
        jit_compile: Any = "auto",
        auto_scale_loss: bool = True,
    ) -> None:
        """Choose what to train with. Names are checked here: a misspelt one says what is near.

        `run_eagerly`, `steps_per_execution`, `jit_compile` and `auto_scale_loss` are accepted for
        Keras' sake: training is always eager.
        """
        self.optimizer = optimizers.get(optimizer)
        self._compiled = Compiled(loss, loss_weights, metrics, weighted_metrics)
        self.stop_training = False

    @property
    def compiled(self) -> bool:
        """Whether `compile` was called."""
        return self._compiled is not None

    @property
    def metrics(self) -> list[Any]:
        """The metrics, the loss first."""
        return [] if self._compiled is None else self._compiled.metrics

    @property
    def metrics_names(self) -> list[str]:
        """The names under which the metrics stand in logs."""
        return [] if self._compiled is None else list(self._compiled.results())

    @property
    def loss(self) -> Any:
        """The loss as it was given to `compile`."""
        return None if self._compiled is None else self._compiled.given["loss"]

    def reset_metrics(self) -> None:
        """Start every metric over."""
        for metric in self.metrics:
            metric.reset_state()

    # -- one batch --------------------------------------------------------------------------------

    def train_step(self, data: Any) -> dict[str, Any]:
        """Train on one batch; returns the metrics so far."""
        x, y, sample_weight = unpack(data)
        self._forget_losses()
        with GradientTape() as tape:
            y_pred = self(x, training=True)
            loss = self.compute_loss(x, y, y_pred, sample_weight, training=True)
        variables = self._fit_variables or self.trainable_variables
        if variables:
            self.optimizer.apply(tape.gradient(loss, variables), variables)
        return self.compute_metrics(x, y, y_pred, sample_weight)

    def test_step(self, data: Any) -> dict[str, Any]:
        """Evaluate one batch; returns the metrics so far."""
        x, y, sample_weight = unpack(data)
        self._forget_losses()
        y_pred = self(x, training=False)
        self.compute_loss(x, y, y_pred, sample_weight, training=False)
        return self.compute_metrics(x, y, y_pred, sample_weight)

    def predict_step(self, data: Any) -> Any:
        """The outputs for one batch."""
        return self(unpack(data)[0], training=False)

    def compute_loss(
        self,
        x: Any = None,
        y: Any = None,
        y_pred: Any = None,
        sample_weight: Any = None,
        training: bool = True,
    ) -> Any:
        """The scalar that is trained on: the losses of the outputs, and the layers' penalties."""
        compiled = self._require_compiled()
        if not compiled.built:
            compiled.build(self.output_names, y, y_pred)
        total = compiled.loss(y, y_pred, sample_weight)
        for layer in self._fit_layers or self.flat_layers():
            for penalty in layer.own_losses():
                total = as_tensor(penalty) if total is None else total + penalty
        if total is None:
            raise InputError("there is no loss to train on: pass loss=... to compile().")
        compiled.loss_metric.update_state(total, len(flatten(y_pred)[0]))
        return total

    def _forget_losses(self) -> None:
        """Drop what layers gave to `add_loss` in an earlier call."""
        for layer in self._fit_layers or self.flat_layers():
            if layer._losses:
                layer._losses.clear()

    def compute_metrics(
        self, x: Any, y: Any, y_pred: Any, sample_weight: Any = None
    ) -> dict[str, Any]:
        """Show the batch to the metrics; returns their results so far."""
        compiled = self._require_compiled()
        if not compiled.built:
            compiled.build(self.output_names, y, y_pred)
        compiled.update_metrics(y, y_pred, sample_weight)
        return self.get_metrics_result()

    def get_metrics_result(self) -> dict[str, Any]:
        """Metric name -> value so far."""
        return self._require_compiled().results()

    # -- fit --------------------------------------------------------------------------------------

    def fit(
        self,
        x: Any = None,
        y: Any = None,
        batch_size: int | None = None,
        epochs: int = 1,
        verbose: Any = "auto",
        callbacks: Any = None,
        validation_split: float = 0.0,
        validation_data: Any = None,
        shuffle: bool = True,
        class_weight: dict[int, float] | None = None,
        sample_weight: Any = None,
        initial_epoch: int = 0,
        steps_per_epoch: int | None = None,
        validation_steps: int | None = None,
        validation_batch_size: int | None = None,
        validation_freq: int = 1,
    ) -> History:
        """Train for `epochs` passes over the data; returns the History of all metrics.

        x: an array, a list or dict of arrays, or batches (x, y[, sample_weight]) from a generator
        or an indexable object. verbose: 0 silent, 1 a progress bar, 2 a line per epoch, "auto" a
        bar on a terminal and lines elsewhere.
        """
        self._require_compiled()
        if validation_split and validation_data is None:
            (x, y, sample_weight), validation_data = split_for_validation(
                validation_split, x, y, sample_weight
            )
        random = generator() if shuffle else None
        batches = batches_of(x, y, sample_weight, batch_size, steps_per_epoch, random)
        held = _validation(validation_data, validation_batch_size or batch_size, validation_steps)
        weights = _class_weights(class_weight)
        steps = _steps_of(batches)
        running = CallbackList(callbacks, self, verbose, epochs, steps)
        self.history = running.history
        self.stop_training = False
        self._fit_variables = self._fit_layers = None
        running.on_train_begin()
        logs: dict[str, float] = {}
        with np.errstate(over="ignore", invalid="ignore", divide="ignore", under="ignore"):
            for epoch in range(initial_epoch, epochs):
                running.on_epoch_begin(epoch)
                logs = self._train_epoch(batches, weights, running)
                if held is not None and (epoch + 1) % validation_freq == 0:
                    found = self._test_epoch(held, running)
                    logs.update({f"val_{name}": value for name, value in found.items()})
                running.on_epoch_end(epoch, logs)
                if self.stop_training:
                    break
        self._fit_variables = self._fit_layers = None
        running.on_train_end(logs)
        return running.history

    def _train_epoch(self, batches: Any, weights: Any, running: CallbackList) -> dict[str, float]:
        self.reset_metrics()
        logs: Any = {}
        for step, data in enumerate(batches):
            running.on_train_batch_begin(step)
            logs = self.train_step(data if weights is None else _weighted(data, weights))
            if self._fit_variables is None:
                self._fit_variables = self.trainable_variables
                self._fit_layers = self.flat_layers()
            running.on_train_batch_end(step, logs)
            if self.stop_training:
                break
        found = _numbers(logs)
        if math.isnan(found.get("loss", 0.0)) and not running.has_nan_guard:
            running.has_nan_guard = True
            warnings.warn(
                "the loss is NaN. Usual reasons: a learning rate that is too high, NaN or very "
                "large numbers in the inputs or targets, a target range that does not fit the last "
                "activation. callbacks.TerminateOnNaN() stops training at the first NaN",
                RuntimeWarning,
                stacklevel=3,
            )
        return found

    def _test_epoch(self, batches: Any, running: CallbackList) -> dict[str, float]:
        self.reset_metrics()
        logs: Any = {}
        running.on_test_begin()
        for step, data in enumerate(batches):
            running.on_test_batch_begin(step)
            logs = self.test_step(data)
            running.on_test_batch_end(step, logs)
        found = _numbers(logs)
        running.on_test_end(found)
        return found

    # -- evaluate and predict ---------------------------------------------------------------------

    def evaluate(
        self,
        x: Any = None,
        y: Any = None,
        batch_size: int | None = None,
        verbose: Any = "auto",
        sample_weight: Any = None,
        steps: int | None = None,
        callbacks: Any = None,
        return_dict: bool = False,
    ) -> Any:
        """The loss, or a list of loss and metrics (a dict with `return_dict`)."""
        self._require_compiled()
        batches = batches_of(x, y, sample_weight, batch_size, steps)
        running = CallbackList(callbacks, self, verbose, 1, _steps_of(batches), doing="evaluate")
        found = self._test_epoch(batches, running)
        if return_dict:
            return found
        values = list(found.values())
        return values[0] if len(values) == 1 else values

    def predict(
        self,
        x: Any,
        batch_size: int | None = None,
        verbose: Any = "auto",
        steps: int | None = None,
        callbacks: Any = None,
    ) -> Any:
        """The outputs for all samples, as numpy arrays in the structure of the outputs."""
        self._require_built()
        batches = batches_of(x, None, None, batch_size, steps)
        running = CallbackList(callbacks, self, verbose, 1, _steps_of(batches), doing="predict")
        structure, parts = None, []
        running.on_predict_begin()
        for step, data in enumerate(batches):
            running.on_predict_batch_begin(step)
            structure = self.predict_step(data)
            parts.append([to_numpy(leaf) for leaf in flatten(structure)])
            running.on_predict_batch_end(step, {"outputs": structure})
        running.on_predict_end()
        return pack(structure, [np.concatenate(leaves) for leaves in zip(*parts, strict=True)])

    def train_on_batch(
        self,
        x: Any,
        y: Any = None,
        sample_weight: Any = None,
        class_weight: dict[int, float] | None = None,
        return_dict: bool = False,
    ) -> Any:
        """One step on one batch; the metrics go on from the last `reset_metrics`."""
        self._require_compiled()
        weights = _class_weights(class_weight)
        data = (x, y, sample_weight)
        logs = _numbers(self.train_step(data if weights is None else _weighted(data, weights)))
        return logs if return_dict else _scalar_or_list(logs)

    def test_on_batch(
        self, x: Any, y: Any = None, sample_weight: Any = None, return_dict: bool = False
    ) -> Any:
        """Loss and metrics of one batch; the metrics go on from the last `reset_metrics`."""
        self._require_compiled()
        logs = _numbers(self.test_step((x, y, sample_weight)))
        return logs if return_dict else _scalar_or_list(logs)

    def predict_on_batch(self, x: Any) -> Any:
        """The outputs for one batch, as numpy arrays."""
        return map_structure(to_numpy, self.predict_step((x,)))

    def _require_compiled(self) -> Compiled:
        if self._compiled is None:
            raise InputError(
                f"model {self.name!r} must be compiled first: "
                'model.compile(optimizer="adam", loss="...", metrics=["accuracy"])'
            )
        return self._compiled

    def _require_built(self) -> None:
        if not getattr(self, "layers", True):
            raise InputError(f"model {self.name!r} is empty: add layers before using it.")


def _validation(data: Any, batch_size: int | None, steps: int | None) -> Any:
    if data is None:
        return None
    if isinstance(data, list | tuple) and 1 <= len(data) <= 3:
        x, y, weight = unpack(data)
        return batches_of(x, y, weight, batch_size, steps)
    return batches_of(data, None, None, batch_size, steps)


def _steps_of(batches: Any) -> int | None:
    try:
        return len(batches)
    except InputError:
        return None


def _class_weights(class_weight: dict[int, float] | None) -> np.ndarray | None:
    """The weight of each class number; classes that are not named weigh 1."""
    if class_weight is None:
        return None
    if not class_weight or any(int(key) != key or key < 0 for key in class_weight):
        raise InputError(f"class_weight maps class numbers to weights. Received: {class_weight!r}")
    weights = np.ones(int(max(class_weight)) + 1, np.float32)
    for key, value in class_weight.items():
        weights[int(key)] = value
    return weights


def _weighted(data: Any, weights: np.ndarray) -> tuple[Any, Any, Any]:
    """The batch with its samples weighed by class."""
    x, y, sample_weight = unpack(data)
    if isinstance(y, list | tuple | dict) or y is None:
        raise InputError("class_weight needs a model with one output and targets for it.")
    labels = to_numpy(y)
    if labels.ndim > 1:
        labels = labels[..., 0] if labels.shape[-1] == 1 else labels.argmax(axis=-1)
    labels = labels.astype(np.int64)
    known = np.minimum(labels, len(weights) - 1)
    by_class = np.where(labels < len(weights), weights[known], np.float32(1))
    return x, y, by_class if sample_weight is None else by_class * to_numpy(sample_weight)


def _numbers(logs: Any) -> dict[str, float]:
    """Logs as plain numbers; this is where a GPU is waited for."""
    return {name: float(to_numpy(value)) for name, value in (logs or {}).items()}


def _scalar_or_list(logs: dict[str, float]) -> Any:
    values = list(logs.values())
    return values[0] if len(values) == 1 else values
