"""compile, and what a model does with one batch."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from edgekit.errors import InputError
from edgekit.train import optimizers
from edgekit.train.backend import current_device, to_numpy
from edgekit.train.callbacks.callback import History
from edgekit.train.class_weights import class_weights, weighted
from edgekit.train.data import as_arrays, unpack
from edgekit.train.deprecations import old_spelling
from edgekit.train.distribute.member import StrategyMember
from edgekit.train.losses.loss import as_tensor
from edgekit.train.models.compiled import Compiled, add_batch
from edgekit.train.models.logged import Logged, numbers_of
from edgekit.train.models.mistakes import first_nan, warn_of_outputs
from edgekit.train.optimizers.loss_scale import with_loss_scale
from edgekit.train.serialization import plain
from edgekit.train.structure import flatten, map_structure
from edgekit.train.tape import GradientTape

__all__ = ["Steps"]


class Steps(Logged, StrategyMember):
    """What a model does with one batch, and what it was compiled with.

    Override `train_step(data)`, `test_step(data)`, `predict_step(data)` or `compute_loss(...)` for
    a training procedure of one's own; the loops around them stay as they are.
    """

    # what the model that this is a part of has
    trainable_variables: Any
    variables: Any
    __call__: Callable[..., Any]

    _not_tracked: frozenset[str] = frozenset(
        {
            "optimizer",
            "history",
            "distribute_strategy",
            "_compiled",
            "_fit_variables",
            "_fit_layers",
            "_fit_metrics",
            "_gpu_loop",
        }
    )

    def __init__(self) -> None:
        self.optimizer: Any = None
        self.history: History | None = None
        self.stop_training = False
        self.steps_per_execution = 1
        self._compiled: Compiled | None = None
        self._join_strategy()
        # what a fit in progress trains, so that the model is not searched at every step
        self._fit_variables: list[Any] | None = None
        self._fit_layers: list[Any] | None = None
        # where the first NaN of a fit came from, in words; None while there was none
        self._nan_place: str | None = None
        # what runs the epochs on a GPU; it keeps the graphs of the steps
        self._gpu_loop: Any = None
        self.run_eagerly = False
        self.jit_compile = False  # Keras' attribute

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

        steps_per_execution: callbacks hear of every so many batches; on a GPU these steps are
        launched together. run_eagerly: on a GPU make every step operation by operation, as it is
        on a CPU in any case, and not as a captured graph. auto_scale_loss: on a GPU put a
        LossScaleOptimizer around the optimizer where layers have the policy "mixed_float16"; on a
        CPU gradients are float32 whatever the policy. jit_compile: accepted for Keras' sake.
        """
        if any(isinstance(leaf, str) or callable(leaf) for leaf in flatten(loss_weights)):
            old_spelling("metrics as the third argument of compile()", "use metrics=...")
            loss_weights, metrics = metrics, loss_weights
        self.optimizer = optimizers.get(optimizer)
        if auto_scale_loss and current_device() != "cpu":
            self.optimizer = with_loss_scale(self.optimizer, self.flat_layers())
        self.steps_per_execution = int(steps_per_execution)
        self._compiled = Compiled(loss, loss_weights, metrics, weighted_metrics)
        self.stop_training = False
        self.run_eagerly = bool(run_eagerly)
        self._gpu_loop = None

    def get_compile_config(self) -> dict[str, Any] | None:
        """What `compile` was given, as plain values; None before."""
        if self._compiled is None:
            return None
        config = {"optimizer": plain(self.optimizer)}
        config.update({name: plain(value) for name, value in self._compiled.given.items()})
        config["steps_per_execution"] = self.steps_per_execution
        return {**config, "run_eagerly": self.run_eagerly, "jit_compile": False}

    def compile_from_config(self, config: Mapping[str, Any]) -> None:
        """Compile as the result of `get_compile_config` says."""
        self.compile(
            optimizer=config.get("optimizer"),
            loss=config.get("loss"),
            loss_weights=config.get("loss_weights"),
            metrics=config.get("metrics"),
            weighted_metrics=config.get("weighted_metrics"),
            run_eagerly=bool(config.get("run_eagerly")),
            steps_per_execution=config.get("steps_per_execution") or 1,
        )

    @property
    def output_names(self) -> list[str]:
        """The names of the outputs, where they are known before the first batch."""
        return []

    @property
    def compiled(self) -> bool:
        """Whether `compile` was called."""
        return self._compiled is not None

    @property
    def loss(self) -> Any:
        """The loss as it was given to `compile`."""
        return None if self._compiled is None else self._compiled.given["loss"]

    # -- one batch --------------------------------------------------------------------------------

    def train_step(self, data: Any) -> dict[str, Any]:
        """Train on one batch; returns the metrics so far."""
        x, y, sample_weight = unpack(data)
        with GradientTape() as tape:
            y_pred = self(x, training=True)
            loss = self.compute_loss(x, y, y_pred, sample_weight, training=True)
            scaled = loss if self.optimizer is None else self.optimizer.scale_loss(loss)
        self._count_loss(loss, x, y_pred)
        variables = self._fit_variables or self.trainable_variables
        if variables:
            self.optimizer.apply(tape.gradient(scaled, variables), variables)
        return self.compute_metrics(x, y, y_pred, sample_weight)

    def test_step(self, data: Any) -> dict[str, Any]:
        """Evaluate one batch; returns the metrics so far."""
        x, y, sample_weight = unpack(data)
        y_pred = self(x, training=False)
        loss = self.compute_loss(x, y, y_pred, sample_weight, training=False)
        self._count_loss(loss, x, y_pred)
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
            warn_of_outputs(self, compiled.losses, flatten(y_pred))
        total = compiled.loss(y, y_pred, sample_weight)
        for layer in self._fit_layers or self.flat_layers():
            for penalty in layer.own_losses():
                total = as_tensor(penalty) if total is None else total + penalty
        if total is None:
            raise InputError("there is no loss to train on: pass loss=... to compile().")
        return total

    def _count_loss(self, loss: Any, x: Any, y_pred: Any) -> None:
        """Enter the loss of a batch into the mean that logs show; look whether it is a number."""
        add_batch(self._require_compiled().loss_metric, loss, len(flatten(y_pred)[0]))
        if isinstance(loss.data, np.ndarray) and math.isnan(loss.data) and self._nan_place is None:
            self._nan_place = first_nan(self, x)

    def compute_metrics(
        self, x: Any, y: Any, y_pred: Any, sample_weight: Any = None
    ) -> dict[str, Any]:
        """Show the batch to the metrics; returns their results so far."""
        self._compiled_for(y, y_pred).update_metrics(y, y_pred, sample_weight)
        return self.get_metrics_result()

    def train_on_batch(
        self,
        x: Any,
        y: Any = None,
        sample_weight: Any = None,
        class_weight: dict[int, float] | None = None,
        return_dict: bool = False,
    ) -> Any:
        """One step on one batch; what is returned tells of this batch alone."""
        self._require_compiled()
        self.reset_metrics()
        weights = class_weights(class_weight)
        data = _batch(x, y, sample_weight)
        step = self._replicas(self.train_step) or self.train_step
        logs = numbers_of(step(data if weights is None else weighted(data, weights)))
        return logs if return_dict else self._scalar_or_list(logs)

    def test_on_batch(
        self, x: Any, y: Any = None, sample_weight: Any = None, return_dict: bool = False
    ) -> Any:
        """Loss and metrics of one batch."""
        self._require_compiled()
        self.reset_metrics()
        step = self._replicas(self.test_step) or self.test_step
        logs = numbers_of(step(_batch(x, y, sample_weight)))
        return logs if return_dict else self._scalar_or_list(logs)

    def predict_on_batch(self, x: Any) -> Any:
        """The outputs for one batch, as numpy arrays."""
        with self._on_first_device():
            return map_structure(to_numpy, self.predict_step((as_arrays(x, "x"),)))

    def _require_built(self) -> None:
        if not getattr(self, "layers", True):
            raise InputError(f"model {self.name!r} is empty: add layers before using it.")


def _batch(x: Any, y: Any, sample_weight: Any) -> tuple[Any, Any, Any]:
    """One batch with lists of numbers made arrays."""
    return as_arrays(x, "x"), as_arrays(y, "y"), as_arrays(sample_weight, "sample_weight")
