"""Validating and saving with the moving average of the weights."""

from __future__ import annotations

from typing import Any

from edgekit.errors import InputError
from edgekit.train.callbacks.callback import Callback

__all__ = ["SwapEMAWeights"]


class SwapEMAWeights(Callback):
    """Exchange the weights with their moving averages while the model is evaluated.

    For optimizers with `use_ema=True`. swap_on_epoch: exchange them at the end of each epoch too,
    so that checkpoints hold the averages, and back at the beginning of the next.
    """

    def __init__(self, swap_on_epoch: bool = False) -> None:
        self.swap_on_epoch = swap_on_epoch
        self._swapped = False

    def _flat(self) -> Any:
        """The flat vector of the optimizer that keeps averages."""
        optimizer = getattr(self.model.optimizer, "inner_optimizer", self.model.optimizer)
        if not getattr(optimizer, "use_ema", False):
            raise InputError("SwapEMAWeights needs an optimizer with use_ema=True.")
        if not optimizer.built:
            optimizer.build(self.model.trainable_variables)
        optimizer._flat.bind()
        return optimizer._flat

    def _swap(self) -> None:
        flat = self._flat()
        average = flat.slots["average"]
        now = flat.parameters.copy()
        flat.parameters[...] = average
        average[...] = now
        for variable in flat.variables:
            variable.version += 1
        self._swapped = not self._swapped

    def on_epoch_begin(self, epoch, logs=None):
        if self.swap_on_epoch and self._swapped:
            self._swap()

    def on_epoch_end(self, epoch, logs=None):
        if self.swap_on_epoch and not self._swapped:
            self._swap()
            if epoch == self.params["epochs"] - 1:
                flat = self._flat()
                flat.slots["average"][...] = flat.parameters

    def on_test_begin(self, logs=None):
        if not self._swapped:
            self._swap()

    def on_test_end(self, logs=None):
        if self._swapped:
            self._swap()

    def on_predict_begin(self, logs=None):
        if not self._swapped:
            self._swap()

    def on_predict_end(self, logs=None):
        if self._swapped:
            self._swap()
