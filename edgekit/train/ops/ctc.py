"""Connectionist temporal classification, forward and backward over the lattice of labels."""

from __future__ import annotations

from typing import Any

import numpy as np

from edgekit.errors import ShapeError
from edgekit.train.backend import Array, array_module
from edgekit.train.primitive import primitive

__all__ = ["ctc_loss"]


@primitive(saves=True)
def ctc_loss(logits, labels):
    """-log(sum over all paths that spell the labels of the product of probabilities), per sample.

    logits: (batch, steps, classes), class 0 is the blank; labels: (batch, n) integers, each row
    ended by zeros. Infinite where there are fewer steps than the labels need. Computed in float64,
    in logarithms. Source: Graves et al. 2006, section 4.
    """
    module = array_module(logits)
    # on a device the host would have to wait for the answer
    checked = labels.size and module is np
    if checked and not 0 <= labels.min() <= labels.max() < logits.shape[-1]:
        raise ShapeError(
            f"ctc_loss: labels from {labels.min()} to {labels.max()}; there are "
            f"{logits.shape[-1]} classes, of which 0 is the blank"
        )
    shifted = logits.astype(module.float64)
    shifted = shifted - shifted.max(axis=-1, keepdims=True)
    log_p = shifted - module.log(module.exp(shifted).sum(axis=-1, keepdims=True))
    states, may_skip, length = _lattice(labels)
    index = module.broadcast_to(
        states[:, None, :], (logits.shape[0], logits.shape[1], states.shape[1])
    )
    emitted = module.take_along_axis(log_p, index, axis=2)
    forward = _forward(emitted, may_skip)
    rows = module.arange(len(labels))
    last = forward[:, -1]
    before = module.where(length > 0, last[rows, module.maximum(2 * length - 1, 0)], -module.inf)
    total = module.logaddexp(last[rows, 2 * length], before)
    return (-total).astype(logits.dtype), (log_p, emitted, forward, total)


def _lattice(labels: Array) -> tuple[Array, Array, Array]:
    """Blank, label, blank, label ... blank; where two states may be left out; label counts."""
    module = array_module(labels)
    batch, n = labels.shape
    length = (labels != 0).sum(axis=1)
    states = module.zeros((batch, 2 * n + 1), labels.dtype)
    states[:, 1::2] = labels
    may_skip = module.zeros(states.shape, bool)
    may_skip[:, 2:] = (states[:, 2:] != 0) & (states[:, 2:] != states[:, :-2])
    return states, may_skip, length


def _moved(x: Array, by: int) -> Array:
    """`x` shifted along the states, -inf where nothing comes in."""
    module = array_module(x)
    out = module.full_like(x, -module.inf)
    if by > 0:
        out[:, by:] = x[:, :-by]
    else:
        out[:, :by] = x[:, -by:]
    return out


def _forward(emitted: Array, may_skip: Array) -> Array:
    """The log probability of having spelt up to each state after each step."""
    module = array_module(emitted)
    alpha = module.full_like(emitted, -module.inf)
    alpha[:, 0, :2] = emitted[:, 0, :2]
    for t in range(1, emitted.shape[1]):
        was = alpha[:, t - 1]
        reached = module.logaddexp(was, _moved(was, 1))
        skipped = module.where(may_skip, _moved(was, 2), -module.inf)
        alpha[:, t] = module.logaddexp(reached, skipped) + emitted[:, t]
    return alpha


def _backward(emitted: Array, may_skip: Array, length: Array) -> Array:
    """The log probability of spelling the rest from each state after each step."""
    module = array_module(emitted)
    beta = module.full_like(emitted, -module.inf)
    rows = module.arange(len(length))
    beta[rows, -1, 2 * length] = 0.0
    beta[rows, -1, module.maximum(2 * length - 1, 0)] = 0.0
    leaves = _moved(module.where(may_skip, 0.0, -module.inf), -2)
    for t in range(emitted.shape[1] - 2, -1, -1):
        to = beta[:, t + 1] + emitted[:, t + 1]
        reached = module.logaddexp(to, _moved(to, -1))
        beta[:, t] = module.logaddexp(reached, _moved(to, -2) + leaves)
    return beta


@ctc_loss.vjp
def _(g: Any, y: Any, logits: Any, labels: Any, *, saved: Any) -> Any:
    module = array_module(logits)
    log_p, emitted, forward, total = saved
    states, may_skip, length = _lattice(labels)
    backward = _backward(emitted, may_skip, length)
    possible = module.isfinite(total)
    scale = module.where(possible, total, 0.0)[:, None, None]
    share = module.exp(forward + backward - scale)
    wanted = module.zeros_like(log_p)
    for state in range(states.shape[1]):
        rows = module.arange(len(labels))
        wanted[rows, :, states[:, state]] += share[:, :, state]
    # an impossible sequence has no direction to improve in
    gx = (module.exp(log_p) - wanted) * possible[:, None, None]
    return (gx * g[:, None, None]).astype(logits.dtype), None
