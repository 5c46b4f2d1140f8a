"""What a model has of the strategy in whose scope it was made."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

from edgekit.train.distribute.replica import current

__all__ = ["StrategyMember"]


class StrategyMember:
    """A part of a model. Without a strategy nothing of it costs more than asking for one."""

    distribute_strategy: Any = None

    def _join_strategy(self) -> None:
        """Belong to the strategy whose scope this is."""
        if current.strategies:
            self.distribute_strategy = current.strategies[-1]
            self.distribute_strategy._adopt(self)

    def _replicas(self, step: Any, heard: bool = True) -> Any:
        """The step on the replicas of the strategy; None where there is but one.

        heard: whether somebody wants to know the logs of every batch.
        """
        strategy = self.distribute_strategy
        if strategy is None or not strategy.distributes:
            return None
        from edgekit.train.distribute.steps import ReplicatedStep

        return ReplicatedStep(self, step, heard)

    def _on_first_device(self) -> Any:
        """The context in which the model computes without other replicas."""
        strategy = self.distribute_strategy
        return contextlib.nullcontext() if strategy is None else strategy._placed(strategy.device)

    @contextlib.contextmanager
    def _distributed(self, batches: Any) -> Iterator[None]:
        """Within the block a fit goes on, in all processes of the strategy."""
        strategy = self.distribute_strategy
        if strategy is None:
            yield
            return
        try:
            strategy._begin_fit(self, batches)
            yield
            strategy._end_fit(self)
        except BaseException as error:
            strategy._failed(error)
            raise

    def _stops(self, flag: bool) -> bool:
        """Whether training stops in any process of the strategy."""
        strategy = self.distribute_strategy
        return flag if strategy is None else strategy._any(flag)
