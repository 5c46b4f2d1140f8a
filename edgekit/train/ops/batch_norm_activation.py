"""Batch normalization, a residual and an activation as one primitive, which a GPU runs at once."""

from __future__ import annotations

from typing import Any

from edgekit.train.primitive import primitive

from .activations import relu, relu6
from .nested import _batch_norm as _composed_fixed
from .nested import _batch_norm_training as _composed_batch_norm
from .nested import composed
from .normalization import _batch_norm_inference as _fixed
from .normalization import _batch_norm_training as _batch_norm

__all__ = ["ACTIVATIONS", "batch_norm_activation", "follow"]

ACTIVATIONS = {"": None, "relu": relu, "relu6": relu6}
"""The activations that it takes; "" for none."""


@primitive(saves=True)
def batch_norm_activation(
    x,
    gamma=None,
    beta=None,
    residual=None,
    *,
    epsilon: float = 1e-3,
    activation: str = "",
    moving: Any = None,
    given: Any = None,
):
    """activation(n + residual), n being `x` (..., C) normalized by its own mean and variance.

    `gamma`, `beta` and `residual` (of the shape of x) may be None. moving: (mean, variance,
    momentum), two arrays that follow the batch's in place. given: (mean, variance) to be used
    instead of the batch's.
    """
    if given is None:
        y, saved = _batch_norm.forward(x, gamma, beta, epsilon=epsilon)
    else:
        y, saved = _fixed.forward(x, gamma, beta, *given, epsilon=epsilon), None
    if residual is not None:
        y = y + residual
    if activation:
        y = ACTIVATIONS[activation].forward(y)
    if moving is not None:
        for old, batch in zip(moving, saved[:2], strict=False):
            follow(old, batch, moving[2])
    return y, saved


@batch_norm_activation.vjp
def _(
    g, y, x, gamma=None, beta=None, residual=None, *, saved, needs, epsilon=1e-3, activation="",
    moving=None, given=None,
):  # fmt: skip
    if activation:
        (g,) = ACTIVATIONS[activation].backward(g, y, y)  # which reads the output alone
    if given is None:
        wanted: tuple[bool, ...] = (needs[0], True, True)
        found = _batch_norm.backward(
            g, None, x, gamma, beta, saved=saved, needs=wanted, epsilon=epsilon
        )
    else:
        wanted = (needs[0], gamma is not None, beta is not None, False, False)
        found = _fixed.backward(g, None, x, gamma, beta, *given, needs=wanted, epsilon=epsilon)
    return (*found[:3], g)[: len(needs)]


def follow(moving: Any, batch: Any, momentum: float) -> None:
    """moving <- moving * momentum + batch * (1 - momentum), in place."""
    moving *= moving.dtype.type(momentum)
    moving += batch * moving.dtype.type(1.0 - momentum)


def _of_parts(
    x, gamma=None, beta=None, residual=None, *, epsilon=1e-3, activation="", moving=None,
    given=None,
):  # fmt: skip
    if given is None:
        y = _composed_batch_norm(x, gamma, beta, epsilon=epsilon)
    else:
        y = _composed_fixed(x, gamma, beta, *given, epsilon=epsilon)
    y = y if residual is None else y + residual
    return ACTIVATIONS[activation](y) if activation else y


composed(batch_norm_activation, _of_parts)
