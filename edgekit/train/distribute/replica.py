"""Which replica this thread computes for: what optimizers and losses ask in a distributed step."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from typing import Any

__all__ = [
    "ReduceOp",
    "ReplicaContext",
    "current",
    "denominator",
    "get_replica_context",
    "scale_of_sums",
    "within",
]


class ReduceOp:
    """How values of several replicas become one: their sum, or their mean."""

    SUM = "SUM"
    MEAN = "MEAN"

    @staticmethod
    def checked(given: Any) -> str:
        """ "SUM" or "MEAN" for any spelling of them. Raises InputError for others."""
        from edgekit.errors import InputError

        name = str(getattr(given, "value", given)).rpartition(".")[2].upper()
        if name not in ("SUM", "MEAN"):
            raise InputError(f"values are reduced by 'SUM' or 'MEAN'. Received: {given!r}")
        return name


class ReplicaContext:
    """The replica that a function given to `Strategy.run` computes for.

    share: the share of this replica's samples in the joined batch, by which `fit` weighs its mean
    loss; None in loops of one's own, where gradients are summed as they are.
    """

    def __init__(self, strategy: Any, number: int, share: float | None = None) -> None:
        self.strategy = strategy
        self.replica_id_in_sync_group = number
        self.share = share

    @property
    def num_replicas_in_sync(self) -> int:
        """How many replicas there are in all."""
        return self.strategy.num_replicas_in_sync

    def all_reduce(self, reduce_op: Any, value: Any, options: Any = None) -> Any:
        """The sum or mean of `value` over all replicas; each of them must ask for it."""
        return self.strategy._all_reduce(self, ReduceOp.checked(reduce_op), value)

    def apply(self, optimizer: Any, grads: Any, variables: Any) -> None:
        """Apply the gradients of all replicas, once."""
        self.strategy._apply_once(self, optimizer, grads, variables)


class _State(threading.local):
    def __init__(self) -> None:
        self.context: ReplicaContext | None = None
        self.strategies: list[Any] = []


current = _State()


@contextlib.contextmanager
def within(context: ReplicaContext | None) -> Iterator[None]:
    """Within the block this thread computes for a replica."""
    before, current.context = current.context, context
    try:
        yield
    finally:
        current.context = before


def get_replica_context() -> ReplicaContext | None:
    """The replica that this thread computes for; None outside of `Strategy.run` and `fit`."""
    return current.context


def denominator(count: Any) -> Any:
    """What a sum over this replica's part of a batch is to be divided by to give a mean.

    Without replicas `count` itself. With them the count of the joined batch times this replica's
    share, so that the replicas' means, weighed by their shares, add up to the joined batch's.
    """
    context = current.context
    if context is None or context.share is None:
        return count
    own = count if context.share else count * 0  # a part without samples counts nothing
    return context.all_reduce(ReduceOp.SUM, own) * context.share


def scale_of_sums() -> float:
    """What a loss that is a sum is multiplied by, as `fit` weighs losses by the replica's share."""
    context = current.context
    if context is None or context.share is None:
        return 1.0
    return 1.0 / context.share if context.share else 0.0
