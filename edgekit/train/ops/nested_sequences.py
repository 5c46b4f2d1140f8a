"""Recurrent primitives, tables and pictures for gradients of gradients (see `nested.py`).

The walks over time are written step by step with primitives: slow, and differentiable as often as
one likes. So they are a second, plain statement of what the fused ones compute.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from edgekit.train.primitive import primitive
from edgekit.train.tensor import Tensor, array_of, wrap

from . import activations, gather, images
from .bilinear import linear
from .nested import composed
from .recurrent.gru import gru
from .recurrent.lstm import lstm
from .recurrent.simple import simple_rnn
from .shape import concat

__all__ = ["walk"]

CURVES: dict[str, Any] = {
    "tanh": activations.tanh,
    "sigmoid": activations.sigmoid,
    "relu": activations.relu,
    "linear": lambda x: x,
    "hard_sigmoid": activations.hard_sigmoid,
}


def walk(x: Any, first: list[Any], mask: Any, step: Any, attrs: Any, units: int) -> Any:
    """The states of `step(row, states)` at all times, laid out as the recurrent primitives do."""
    x = x if isinstance(x, Tensor) else wrap(x)
    batch, time = x.shape[:2]
    kept = None if mask is None else np.asarray(array_of(mask))
    kept = None if kept is None else kept.reshape(batch, time).astype(bool)
    states = [wrap(np.zeros((batch, units), x.dtype)) if s is None else s for s in first]
    shown, outputs = np.zeros((batch, 1), bool), []
    for t in reversed(range(time)) if attrs.get("backwards") else range(time):
        new = step(x[:, t], states)
        if kept is not None:
            here = kept[:, t : t + 1]
            takes = here.astype(x.dtype)
            new = [n * takes + s * (1 - takes) for n, s in zip(new, states, strict=True)]
            shown = here if attrs.get("zero_output") else shown | here
        outputs.append(new[0] if kept is None else new[0] * shown.astype(x.dtype))
        states = new
    rows = outputs if attrs.get("sequences") else outputs[-1:]
    if attrs.get("state"):
        rows = [*rows, *states]
    elif not attrs.get("sequences"):
        return rows[0]
    return concat([row.reshape(batch, 1, units) for row in rows], axis=1)


def _heard(state: Any, recurrent: Any, dropped: Any, gate: int, units: int) -> Any:
    """The product of the state with the weights of one gate."""
    part = slice(gate * units, (gate + 1) * units)
    state = state if dropped is None else state * dropped[gate]
    return state @ recurrent[:, part]


def _projected(row: Any, kernel: Any, bias: Any, units: int) -> list[Any]:
    """The products of the input with the kernel and the bias, gate by gate."""
    z = row if kernel is None else row @ kernel
    z = z if bias is None else z + bias
    return [z[:, k * units : (k + 1) * units] for k in range(z.shape[1] // units)]


def _simple(x, kernel, recurrent, bias=None, hidden=None, mask=None, dropped=None, **attrs):
    units, curve = recurrent.shape[0], CURVES[attrs.get("activation", "tanh")]

    def step(row, states):
        z = _projected(row, kernel, bias, units)[0]
        return [curve(z + _heard(states[0], recurrent, dropped, 0, units))]

    return walk(x, [hidden], mask, step, attrs, units)


def _lstm(
    x, kernel, recurrent, bias=None, hidden=None, cell=None, mask=None, dropped=None, **attrs
):
    units, curve = recurrent.shape[0], CURVES[attrs.get("activation", "tanh")]
    gate = CURVES[attrs.get("recurrent_activation", "sigmoid")]

    def step(row, states):
        z = [
            part + _heard(states[0], recurrent, dropped, k, units)
            for k, part in enumerate(_projected(row, kernel, bias, units))
        ]
        c = gate(z[1]) * states[1] + gate(z[0]) * curve(z[2])
        return [gate(z[3]) * curve(c), c]

    return walk(x, [hidden, cell], mask, step, attrs, units)


def _gru(x, kernel, recurrent, bias=None, hidden=None, mask=None, dropped=None, **attrs):
    units, curve = recurrent.shape[0], CURVES[attrs.get("activation", "tanh")]
    gate = CURVES[attrs.get("recurrent_activation", "sigmoid")]
    after = attrs.get("reset_after", True)
    of_x, of_h = (bias[0], bias[1]) if bias is not None and after else (bias, None)

    def heard(state, k):
        product = _heard(state, recurrent, dropped, k, units)
        return product if of_h is None else product + of_h[k * units : (k + 1) * units]

    def step(row, states):
        h = states[0]
        z = _projected(row, kernel, of_x, units)
        update, reset = gate(z[0] + heard(h, 0)), gate(z[1] + heard(h, 1))
        new = curve(z[2] + (reset * heard(h, 2) if after else heard(reset * h, 2)))
        return [update * h + (1.0 - update) * new]

    return walk(x, [hidden], mask, step, attrs, units)


composed(simple_rnn, _simple)
composed(lstm, _lstm)
composed(gru, _gru)
linear(images.resize_images)
linear(images.warp_images)


# -- rows of a table ------------------------------------------------------------------------------


@primitive
def embed_gradient(g, numbers, table):
    """(rows, width), where row n is the sum of the rows of `g` whose number is n."""
    return gather.embed.backward(g, None, table, numbers)[0]


@gather.embed.nested_vjp
def _(g, y, table, numbers):
    return embed_gradient(g, numbers, array_of(table)), None


@embed_gradient.vjp
def _(u, y, g, numbers, table):
    return u[numbers], None, None


@embed_gradient.nested_vjp
def _(u, y, g, numbers, table):
    return gather.embed(u, numbers), None, None
