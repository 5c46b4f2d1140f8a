"""Callbacks that change the learning rate."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from edgekit.errors import InputError
from edgekit.train.callbacks.callback import Callback, is_better, monitored

__all__ = ["LearningRateScheduler", "ReduceLROnPlateau"]


class LearningRateScheduler(Callback):
    """Before each epoch set the rate to `schedule(epoch, rate)`."""

    def __init__(self, schedule: Callable[..., Any], verbose: int = 0) -> None:
        self.schedule = schedule
        self.verbose = verbose

    def on_epoch_begin(self, epoch, logs=None):
        rate = self.schedule(epoch, float(self.model.optimizer.learning_rate))
        try:
            rate = float(rate)
        except (TypeError, ValueError) as error:
            raise InputError(
                f"LearningRateScheduler: the schedule must return a number. Received: {rate!r}"
            ) from error
        self.model.optimizer.learning_rate = rate
        if self.verbose:
            print(f"Epoch {epoch + 1}: learning rate {rate}.")

    def on_epoch_end(self, epoch, logs=None):
        if logs is not None:
            logs["learning_rate"] = float(self.model.optimizer.learning_rate)


class ReduceLROnPlateau(Callback):
    """Multiply the rate by `factor` when `monitor` has not improved for `patience` epochs."""

    def __init__(
        self,
        monitor: str = "val_loss",
        factor: float = 0.1,
        patience: int = 10,
        verbose: int = 0,
        mode: str = "auto",
        min_delta: float = 0.0001,
        cooldown: int = 0,
        min_lr: float = 0.0,
        **options: Any,
    ) -> None:
        if options:
            raise InputError(f"ReduceLROnPlateau has no argument {', '.join(sorted(options))}.")
        if factor >= 1.0:
            raise InputError(f"ReduceLROnPlateau needs a factor below 1. Received: {factor}")
        self.monitor = monitor
        self.factor = factor
        self.patience = patience
        self.verbose = verbose
        self.cooldown = cooldown
        self.min_lr = min_lr
        self._improves = is_better(monitor, mode, min_delta)

    def on_train_begin(self, logs=None):
        self.wait = 0
        self.cooldown_counter = 0
        self.best: float | None = None

    def on_epoch_end(self, epoch, logs=None):
        optimizer = self.model.optimizer
        old = float(optimizer.learning_rate)
        if logs is not None:
            logs["learning_rate"] = old
        current = monitored("ReduceLROnPlateau", self.monitor, logs)
        if current is None:
            return
        if self.cooldown_counter > 0:
            self.cooldown_counter -= 1
            self.wait = 0
        if self._improves(current, self.best):
            self.best = current
            self.wait = 0
        elif self.cooldown_counter <= 0:
            self.wait += 1
            if self.wait >= self.patience and old > self.min_lr:
                optimizer.learning_rate = max(old * self.factor, self.min_lr)
                self.cooldown_counter = self.cooldown
                self.wait = 0
                if self.verbose:
                    print(f"Epoch {epoch + 1}: learning rate {float(optimizer.learning_rate)}.")
