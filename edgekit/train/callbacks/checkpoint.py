"""Saving the model while it trains."""

from __future__ import annotations

import os
import warnings
from typing import Any

from edgekit.errors import InputError
from edgekit.train.callbacks.frequency import WritesRegularly
from edgekit.train.callbacks.monitor import MonitorCallback
from edgekit.train.messages import say

__all__ = ["ModelCheckpoint"]


class ModelCheckpoint(WritesRegularly, MonitorCallback):
    """Save the model (`.keras`) or its weights (`.weights.h5`) after epochs, or every n batches.

    filepath may hold names of metrics: "model-{epoch:02d}-{val_loss:.2f}.keras", and {batch} where
    save_freq is a number of batches. save_freq: "epoch", "3 epochs" or a number of batches.
    save_best_only: only when `monitor` improved, from `initial_value_threshold` on. A file is
    written whole or not at all; one called `.h5` or `.hdf5` has the layout of Keras 2.
    """

    chief_only = True
    counts_epochs = True

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
        super().__init__(monitor, mode, initial_value_threshold)
        self.filepath = os.fspath(filepath)
        ending = ".weights.h5" if save_weights_only else ".keras"
        if not self.filepath.endswith((ending, ".h5", ".hdf5")):
            raise InputError(
                f"ModelCheckpoint: the filepath must end in {ending} "
                f"(save_weights_only={save_weights_only}). Received: {self.filepath}"
            )
        self._set_frequency(save_freq)
        self.verbose = verbose
        self.save_best_only = save_best_only
        self.save_weights_only = save_weights_only
        self._current_epoch = 0

    def on_epoch_begin(self, epoch, logs=None):
        self._current_epoch = epoch

    def on_train_batch_end(self, batch, logs=None):
        if self._is_due_after_batch(batch):
            self._save(self._current_epoch, batch, logs)

    def on_epoch_end(self, epoch, logs=None):
        if self._is_due_after_epoch():
            self._save(epoch, None, logs)

    def _save(self, epoch: int, batch: int | None, logs: Any) -> None:
        path = self._path(epoch, batch, logs)
        if self.save_best_only and not self._is_best(epoch, logs):
            return
        if self.verbose:
            say(f"Epoch {epoch + 1}: saving model to {path}")
        if os.path.isdir(path):
            raise InputError(f"ModelCheckpoint: {path} is a folder; name a file.")
        if os.path.dirname(path):
            os.makedirs(os.path.dirname(path), exist_ok=True)
        if self.save_weights_only:
            self.model.save_weights(path, overwrite=True)
        else:
            self.model.save(path, overwrite=True)

    def _is_best(self, epoch: int, logs: Any) -> bool:
        current = (logs or {}).get(self.monitor)
        if current is None:
            warnings.warn(
                f"ModelCheckpoint watches {self.monitor!r}, which was not measured; the model is "
                f"saved all the same. There is: {', '.join(sorted(logs or {}))}",
                stacklevel=3,
            )
            return True
        if self._is_improvement(float(current), self.best):
            self.best = float(current)
            return True
        if self.verbose:
            say(f"Epoch {epoch + 1}: {self.monitor} did not improve from {self.best}")
        return False

    def _path(self, epoch: int, batch: int | None, logs: Any) -> str:
        numbers = {name: float(value) for name, value in (logs or {}).items()}
        if batch is not None:
            numbers.setdefault("batch", batch + 1)
        try:
            return self.filepath.format(epoch=epoch + 1, **numbers)
        except KeyError as error:
            raise InputError(
                f"ModelCheckpoint: filepath names {error}, which was not measured. "
                f"There is: epoch, {', '.join(sorted(numbers))}"
            ) from error
