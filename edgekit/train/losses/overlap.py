"""Losses of segmentation: how much of two regions overlaps, over `axis` (None: over all)."""

from __future__ import annotations

from typing import Any

from edgekit.train.losses.loss import EPSILON, Loss, NamedLoss, of_same_shape
from edgekit.train.ops import reductions
from edgekit.train.tensor import Tensor

__all__ = ["Dice", "Tversky", "dice", "tversky"]


def dice(y_true: Any, y_pred: Any, axis: Any = None) -> Tensor:
    """1 - 2 sum(y_true y_pred) / (sum(y_true) + sum(y_pred))."""
    y_true, y_pred = of_same_shape(y_true, y_pred, "dice")
    axis = _as_axis(axis)
    both = reductions.sum(y_true * y_pred, axis=axis) * 2.0
    each = reductions.sum(y_true, axis=axis) + reductions.sum(y_pred, axis=axis)
    return 1.0 - both / (each + EPSILON)


def tversky(
    y_true: Any, y_pred: Any, alpha: float = 0.5, beta: float = 0.5, axis: Any = None
) -> Tensor:
    """1 - o / (o + alpha a + beta b): the overlap o, a of the targets alone, b of the outputs.

    Source: Salehi et al. 2017.
    """
    y_true, y_pred = of_same_shape(y_true, y_pred, "tversky")
    axis = _as_axis(axis)
    both = reductions.sum(y_true * y_pred, axis=axis)
    target_alone = reductions.sum((1.0 - y_pred) * y_true, axis=axis)
    output_alone = reductions.sum(y_pred * (1.0 - y_true), axis=axis)
    return 1.0 - both / (both + target_alone * alpha + output_alone * beta + EPSILON)


def _as_axis(axis: Any) -> Any:
    return tuple(axis) if isinstance(axis, list | tuple) else axis


class Dice(NamedLoss):
    """1 - 2 overlap / (targets + outputs). Source: Milletari et al. 2016."""

    function = staticmethod(dice)
    config_names = (*Loss.config_names, "axis")

    def __init__(
        self,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "dice",
        axis: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(reduction, name, dtype)
        self.axis = axis


class Tversky(NamedLoss):
    """As Dice, with weights for what only the targets or only the outputs have."""

    function = staticmethod(tversky)
    config_names = (*Loss.config_names, "alpha", "beta", "axis")

    def __init__(
        self,
        alpha: float = 0.5,
        beta: float = 0.5,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "tversky",
        axis: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(reduction, name, dtype)
        self.alpha = alpha
        self.beta = beta
        self.axis = axis
