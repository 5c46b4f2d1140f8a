"""Losses between distributions, and of counts."""

from __future__ import annotations

from typing import Any

from edgekit.train.losses.loss import EPSILON, NamedLoss, of_same_shape
from edgekit.train.ops import math, reductions
from edgekit.train.tensor import Tensor

__all__ = ["KLDivergence", "Poisson", "kl_divergence", "poisson"]


def kl_divergence(y_true: Any, y_pred: Any) -> Tensor:
    """sum(y_true log(y_true / y_pred)), both between 1e-7 and 1."""
    y_true, y_pred = of_same_shape(y_true, y_pred, "kl_divergence")
    p, q = (math.minimum(math.maximum(y, EPSILON), 1.0) for y in (y_true, y_pred))
    return reductions.sum(p * math.log(p / q), axis=-1)


def poisson(y_true: Any, y_pred: Any) -> Tensor:
    """mean(y_pred - y_true log(y_pred + 1e-7))."""
    y_true, y_pred = of_same_shape(y_true, y_pred, "poisson")
    return reductions.mean(y_pred - y_true * math.log(y_pred + EPSILON), axis=-1)


class KLDivergence(NamedLoss):
    """sum(y_true log(y_true / y_pred)). Source: Kullback and Leibler 1951."""

    function = staticmethod(kl_divergence)


class Poisson(NamedLoss):
    """For counts: -log of the Poisson distribution, but for what does not depend on y_pred."""

    function = staticmethod(poisson)
