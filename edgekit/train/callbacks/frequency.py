"""When a callback writes its files: after epochs, or after batches counted over epochs."""

from __future__ import annotations

from typing import Any

from edgekit.errors import InputError
from edgekit.train.callbacks.callback import Callback

__all__ = ["WritesRegularly"]


class WritesRegularly(Callback):
    """A callback with `save_freq`: "epoch", a number of batches or, where it counts epochs too,
    "3 epochs".

    What it has counted stands in plain attributes, so that a backup holds it.
    """

    counts_epochs = False

    def _set_frequency(self, save_freq: Any) -> None:
        self.save_freq = save_freq
        self._period = self._epochs_of(save_freq)
        is_number = isinstance(save_freq, int) and not isinstance(save_freq, bool)
        if not self._period and not (is_number and save_freq > 0):
            more = ", a number of batches, or '3 epochs'" if self.counts_epochs else (
                " or a number of batches"
            )  # fmt: skip
            raise InputError(f"save_freq must be 'epoch'{more}. Received: {save_freq!r}")
        self._epochs_seen = 0
        self._last_batch_seen: int | None = None
        self._batches_seen = 0

    def _epochs_of(self, save_freq: Any) -> int:
        """After how many epochs a file is written; 0 where batches are counted."""
        if save_freq == "epoch":
            return 1
        number, _, unit = str(save_freq).partition(" ")
        is_known = self.counts_epochs and unit == "epochs" and number.isdigit()
        return int(number) if is_known else 0

    @property
    def every_batch(self) -> bool:
        return not self._period

    def _is_due_after_batch(self, batch: int) -> bool:
        """Whether `save_freq` batches have passed since the last time, over the ends of epochs."""
        if self._period:
            return False
        last = self._last_batch_seen
        self._batches_seen += batch + 1 if last is None or batch <= last else batch - last
        self._last_batch_seen = batch
        is_due: bool = self._batches_seen >= self.save_freq
        self._batches_seen = 0 if is_due else self._batches_seen
        return is_due

    def _is_due_after_epoch(self) -> bool:
        """Whether as many epochs have passed as `save_freq` says."""
        self._epochs_seen += 1
        is_due = 0 < self._period <= self._epochs_seen
        self._epochs_seen = 0 if is_due else self._epochs_seen
        return is_due
