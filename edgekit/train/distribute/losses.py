"""Means over the joined batch, for training loops of one's own."""

from __future__ import annotations

from typing import Any

from edgekit.train.distribute.strategy import get_strategy
from edgekit.train.ops import reductions
from edgekit.train.structure import flatten
from edgekit.train.tensor import Tensor

__all__ = ["compute_average_loss", "scale_regularization_loss"]


def compute_average_loss(
    per_example_loss: Any, sample_weight: Any = None, global_batch_size: int | None = None
) -> Tensor:
    """The sum of the samples' losses divided by the size of the joined batch.

    Without `global_batch_size` all replicas are taken to have as many samples as this one.
    """
    from edgekit.train.losses.loss import as_tensor, reduce_weighted

    losses = as_tensor(per_example_loss)
    count = len(losses) if losses.ndim else 1
    if global_batch_size is None:
        global_batch_size = count * get_strategy().num_replicas_in_sync
    total = reductions.sum(reduce_weighted(losses, sample_weight, None))
    return total * (1.0 / global_batch_size)


def scale_regularization_loss(regularization_loss: Any) -> Tensor:
    """The penalties divided by the number of replicas, over which they will be summed."""
    from edgekit.train.losses.loss import as_tensor

    penalties = [reductions.sum(as_tensor(one)) for one in flatten(regularization_loss)]
    total = sum(penalties[1:], start=penalties[0]) if penalties else as_tensor(0.0)
    return total * (1.0 / get_strategy().num_replicas_in_sync)
