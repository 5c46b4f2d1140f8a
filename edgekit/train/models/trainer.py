"""fit, evaluate and predict: the loops around the steps."""

from __future__ import annotations

import math
import sys
import warnings
from contextlib import nullcontext
from typing import Any

import numpy as np

from edgekit.errors import InputError
from edgekit.train.backend import array_module, current_device, device, to_numpy
from edgekit.train.batches import batches_of, batches_to_validate, count_of
from edgekit.train.blas import one_blas_thread
from edgekit.train.callbacks.callback import History
from edgekit.train.callbacks.callback_list import Running
from edgekit.train.class_weights import class_weights, weighted
from edgekit.train.data import split_for_validation, unpack
from edgekit.train.models.logged import numbers_of
from edgekit.train.models.mistakes import warn_of_inputs
from edgekit.train.models.steps import Steps
from edgekit.train.random import generator
from edgekit.train.structure import flatten, pack

__all__ = ["Trainer"]


class Trainer(Steps):
    """The training half of a model."""

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
        shuffle: bool | str = True,
        class_weight: dict[int, float] | None = None,
        sample_weight: Any = None,
        initial_epoch: int = 0,
        steps_per_epoch: int | None = None,
        validation_steps: int | None = None,
        validation_batch_size: int | None = None,
        validation_freq: Any = 1,
    ) -> History:
        """Train for `epochs` passes over the data; returns the History of all metrics.

        x: an array, a list or dict of arrays, or batches (x, y[, sample_weight]) from a generator
        or an indexable object. verbose: 0 silent, 1 a progress bar, 2 a line per epoch, "auto" a
        bar on a terminal and lines elsewhere. shuffle: samples, or "batch" for batches as they are.
        validation_freq: every so many epochs, or the list of the epochs (the first is 1).
        """
        self._require_compiled()
        with self._data_place():
            if validation_split and validation_data is None:
                (x, y, sample_weight), validation_data = split_for_validation(
                    validation_split, x, y, sample_weight
                )
            random = generator() if shuffle else None
            batches = batches_of(
                x, y, sample_weight, batch_size, steps_per_epoch, random, shuffle == "batch"
            )
            size = validation_batch_size or batch_size
            held = batches_to_validate(validation_data, size, validation_steps)
        running = Running(callbacks, self, verbose, epochs, count_of(batches))
        weights = class_weights(class_weight)
        self._run_epochs(
            range(initial_epoch, epochs), batches, weights, held, validation_freq, running
        )
        return running.history

    def _run_epochs(
        self,
        epochs: range,
        batches: Any,
        weights: Any,
        held: Any,
        validation_freq: Any,
        running: Running,
    ) -> None:
        """Train and validate epoch by epoch, until the last or until a callback stops."""
        self.history = running.history
        self.stop_training = False
        self._nan_place = None
        logs: dict[str, float] = {}
        with self._distributed(batches), one_blas_thread(), self._on_gpu():
            running.on_train_begin()
            epochs = running.resume(epochs, batches)
            try:
                for epoch in epochs:
                    running.on_epoch_begin(epoch)
                    logs = self._train_epoch(batches, weights, running)
                    if held is not None and _is_due(epoch + 1, validation_freq):
                        found = self._test_epoch(held, running)
                        logs.update({f"val_{name}": value for name, value in found.items()})
                    running.on_epoch_end(epoch, logs)
                    if self._stops(self.stop_training):
                        break
            finally:
                self._fit_variables = None
                self._remember(None)
            if self.optimizer is not None and len(epochs):
                self.optimizer.finalize_variable_values(self.trainable_variables)
            running.on_train_end(logs)

    def _train_epoch(self, batches: Any, weights: Any, running: Running) -> dict[str, float]:
        loop = self._loop_of_gpu()
        if loop is not None:
            return self._checked(loop.train_epoch(batches, weights, running), running)
        self.reset_metrics()
        logs: Any = {}
        together, step = self.steps_per_execution, -1
        replicas = self._replicas(self.train_step, running.hears("on_train_batch_end"))
        train_step = replicas or self.train_step
        with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
            for step, data in running.remaining(batches):
                if step % together == 0:
                    running.on_train_batch_begin(step)
                logs = train_step(data if weights is None else weighted(data, weights))
                if self._fit_variables is None:
                    self._begin_fit(data)
                if (step + 1) % together == 0:
                    running.on_train_batch_end(step, logs)
                if replicas.stops(self.stop_training) if replicas else self.stop_training:
                    break
        if replicas is not None and step >= 0:
            logs = replicas.finish(logs)
        if (step + 1) % together:
            running.on_train_batch_end(step, logs)
        found = numbers_of(logs if step >= 0 else self.get_metrics_result())
        return self._checked(found, running)

    def _checked(self, found: dict[str, float], running: Running) -> dict[str, float]:
        """The numbers of an epoch; warns once where the loss is none."""
        if not running.has_nan_guard and math.isnan(found.get("loss", 0.0)):
            running.has_nan_guard = True
            self._warn_of_nan()
        return found

    def _begin_fit(self, data: Any) -> None:
        """After the first step, when everything is built."""
        self._fit_variables = self.trainable_variables
        self._remember(self.flat_layers())
        warn_of_inputs(self, unpack(data)[0])

    def _warn_of_nan(self) -> None:
        place = f" What is known: {self._nan_place}." if self._nan_place else ""
        warnings.warn(
            f"the loss is NaN.{place} Usual reasons: a learning rate that is too high, NaN or very "
            "large numbers in the inputs or targets, a target range that does not fit the last "
            "activation. callbacks.TerminateOnNaN() stops training at the first NaN",
            RuntimeWarning,
            stacklevel=6,
        )

    def _test_epoch(self, batches: Any, running: Running) -> dict[str, float]:
        loop = self._loop_of_gpu()
        if loop is not None:
            return loop.test_epoch(batches, running)
        self.reset_metrics()
        logs: Any = {}
        running.on_test_begin()
        replicas = self._replicas(self.test_step, running.hears("on_test_batch_end"))
        test_step = replicas or self.test_step
        quiet = np.errstate(over="ignore", invalid="ignore", divide="ignore")
        in_fit = self._fit_layers
        try:
            with quiet, one_blas_thread():
                for step, data in enumerate(batches):
                    running.on_test_batch_begin(step)
                    logs = test_step(data)
                    if self._fit_layers is None:  # after the first step, when all are built
                        self._remember(self.flat_layers())
                    running.on_test_batch_end(step, logs)
        finally:
            self._remember(in_fit)
        if replicas is not None:
            logs = replicas.finish(logs)
        found = numbers_of(logs)
        running.on_test_end(found)
        return found

    # -- on a GPU ---------------------------------------------------------------------------------

    def _loop_of_gpu(self) -> Any:
        """What runs the epochs where new arrays are made on a GPU; None on the CPU.

        None too where a strategy cuts the batches: its replicas step operation by operation.
        """
        if current_device() == "cpu":
            return None
        strategy = self.distribute_strategy
        if strategy is not None and strategy.distributes:
            return None
        from edgekit.train.gpu.fit import loop_of

        return loop_of(self)

    def _on_gpu(self) -> Any:
        """The context of a fit: on a GPU its stream and its memory."""
        loop = self._loop_of_gpu()
        return nullcontext() if loop is None else loop.entered()

    def _data_place(self) -> Any:
        """The context in which data are taken in: a GPU gets them later, and not all at once."""
        if "cupy" in sys.modules:
            self._check_place()
        return nullcontext() if self._loop_of_gpu() is None else device("cpu")

    def _check_place(self) -> None:
        """Refuse weights that are on another side than the data will be."""
        strategy = self.distribute_strategy
        if strategy is not None and strategy.distributes:
            return
        on_cpu = {array_module(v.data) is np for v in self.variables}
        if on_cpu and on_cpu != {current_device() == "cpu"}:
            where = "some on the CPU, some on a GPU" if len(on_cpu) == 2 else "on the CPU"
            where = "on a GPU" if on_cpu == {False} else where
            raise InputError(
                f"the weights of model {self.name!r} are {where}, and new arrays are made on "
                f"{current_device()!r}: call set_device before the model is made, and train it "
                "on the device that it was made on"
            )

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
        with self._data_place():
            batches = batches_of(x, y, sample_weight, batch_size, steps)
        running = Running(callbacks, self, verbose, 1, count_of(batches), doing="evaluate")
        with self._on_gpu():
            found = self._test_epoch(batches, running)
        return found if return_dict else self._scalar_or_list(found)

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
        with self._data_place():
            batches = batches_of(x, None, None, batch_size, steps)
        running = Running(callbacks, self, verbose, 1, count_of(batches), doing="predict")
        loop = self._loop_of_gpu()
        if loop is not None:
            with loop.entered():
                return loop.predict(batches, running)
        structure, parts = None, []
        running.on_predict_begin()
        with one_blas_thread():
            for step, data in enumerate(batches):
                running.on_predict_batch_begin(step)
                with self._on_first_device():
                    structure = self.predict_step(data)
                parts.append([to_numpy(leaf) for leaf in flatten(structure)])
                running.on_predict_batch_end(step, {"outputs": structure})
        running.on_predict_end()
        return pack(structure, [np.concatenate(leaves) for leaves in zip(*parts, strict=True)])


def _is_due(epoch: int, freq: Any) -> bool:
    """Whether to validate after this epoch, the first being 1."""
    return epoch in freq if isinstance(freq, list | tuple | set) else epoch % freq == 0
