"""A step of `fit` or `evaluate` on the replicas of a strategy."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from edgekit.errors import InputError
from edgekit.train.data import rows_of, unpack
from edgekit.train.distribute.mirrors import states_of

__all__ = ["ReplicatedStep"]


class ReplicatedStep:
    """`train_step` or `test_step` of a model, called for every replica with its part of a batch.

    heard: whether a callback of this process wants the logs of every batch.
    """

    def __init__(self, model: Any, step: Callable[[Any], Any], heard: bool) -> None:
        self.model = model
        self.strategy = model.distribute_strategy
        self._step = step
        self._heard = self.strategy._begin_epoch(model, heard)
        self._states: list[Any] | None = None

    def __call__(self, data: Any) -> Any:
        if self._states is None:
            self._prepare(data)
        parts = self.strategy._local_parts(data)
        logs = self.strategy._each(self.model, self._step, parts, self._states, self._heard)
        return self.strategy._joined_logs(self.model, logs, [share for share, _ in parts])

    def _prepare(self, data: Any) -> None:
        """Make the weights, which the replicas are to have in common, and find the states."""
        model = self.model
        if self.strategy.num_replicas_in_sync > 1:
            stateful = [x.name for x in model.flat_layers() if getattr(x, "stateful", False)]
            if stateful:
                raise InputError(
                    f"layers {stateful} keep a state for each sample of the batch, which cannot be "
                    "cut among replicas: train without a strategy, or with stateful=False"
                )
        if not model.built:
            first = rows_of(unpack(data)[0], slice(0, 1))
            try:
                with self.strategy._placed(self.strategy.device):
                    model(first, training=False)
            except NotImplementedError:
                pass  # a model that only knows how to train
        # an evaluation changes none
        self._states = states_of(model) if self._step == model.train_step else []

    def stops(self, flag: bool) -> bool:
        """Whether to stop after this batch: all processes stop together."""
        return self.strategy._any(flag) if self._heard else flag

    def finish(self, logs: Any) -> Any:
        """The logs of the epoch, the same in every process."""
        return self.strategy._end_epoch(self.model, logs)
