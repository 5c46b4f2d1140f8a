"""Saving the model while it trains."""

from __future__ import annotations

import os
from typing import Any

from edgekit.errors import InputError
from edgekit.train.callbacks.callback import Callback, is_better, monitored

__all__ = ["ModelCheckpoint"]


class ModelCheckpoint(Callback):
    """Save the model (`.keras`) or its weights (`.weights.h5`) after epochs, or every n batches.

    filepath may hold names of metrics: "model-{epoch:02d}-{val_loss:.2f}.keras".
    """

    def __init__(
        self,
        filepath: Any,
        monitor: str = "val_loss",
        verbose: int = 0,
        save_best_only: bool = False,
        save_weights_only: bool = False,
        mode: str = "auto",
        save_freq: Any = "epoch",
        initial_value_threshold: float | None = None,
    ) -> None:
        self.filepath = os.fspath(filepath)
        ending = ".weights.h5" if save_weights_only else ".keras"
        if not self.filepath.endswith(ending):
            raise InputError(
                f"ModelCheckpoint: the filepath must end in {ending} "
                f"(save_weights_only={save_weights_only}). Received: {self.filepath}"
            )
        if save_freq != "epoch" and (not isinstance(save_freq, int) or save_freq <= 0):
            raise InputError(
                f"save_freq must be 'epoch' or a number of batches. Received: {save_freq!r}"
            )
        self.monitor = monitor
        self.verbose = verbose
        self.save_best_only = save_best_only
        self.save_weights_only = save_weights_only
        self.save_freq = save_freq
        self.best = initial_value_threshold
        self._improves = is_better(monitor, mode)
        self._epoch = 0
        self._batches = 0

    def on_epoch_begin(self, epoch, logs=None):
        self._epoch = epoch

    def on_train_batch_end(self, batch, logs=None):
        if self.save_freq != "epoch":
            self._batches += 1
            if self._batches % self.save_freq == 0:
                self._save(self._epoch, logs)

    def on_epoch_end(self, epoch, logs=None):
        if self.save_freq == "epoch":
            self._save(epoch, logs)

    def _save(self, epoch: int, logs: Any) -> None:
        if self.save_best_only:
            current = monitored("ModelCheckpoint", self.monitor, logs)
            if current is None or not self._improves(current, self.best):
                return
            self.best = current
        numbers = {name: float(value) for name, value in (logs or {}).items()}
        try:
            path = self.filepath.format(epoch=epoch + 1, **numbers)
        except KeyError as error:
            raise InputError(
                f"ModelCheckpoint: filepath names {error}, which was not measured. "
                f"There is: epoch, {', '.join(sorted(numbers))}"
            ) from error
        if self.verbose:
            print(f"Epoch {epoch + 1}: saving model to {path}")
        if self.save_weights_only:
            self.model.save_weights(path)
        else:
            self.model.save(path)
