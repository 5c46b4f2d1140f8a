"""Recurrent layers time by time, by PyTorch."""

from __future__ import annotations

import torch
import torch.nn.functional as F

CURVES = {
    "tanh": torch.tanh,
    "sigmoid": torch.sigmoid,
    "relu": torch.relu,
    "hard_sigmoid": lambda x: F.relu6(x + 3) / 6,
}


def _zeros(state, x, units):
    return x.new_zeros(len(x), units) if state is None else state


def _hear(state, weights, dropped, gates):
    """The products of the state with each gate's weights, the state times its own factors."""
    parts = weights.chunk(gates, dim=1)
    factors = [1.0] * gates if dropped is None else dropped
    return [(state * factor) @ part for factor, part in zip(factors, parts, strict=True)]


def _walk(step, x, states, mask, sequences, state, backwards, zero_output):
    """Run a step over the times with masks as Keras has them, and lay the results out."""
    order = range(x.shape[1])[::-1] if backwards else range(x.shape[1])
    before, shown = torch.zeros_like(states[0]), []
    for t in order:
        new = step(x[:, t], states)
        y = new[0]
        if mask is not None:
            taken = mask[:, t, None]
            new = [torch.where(taken, a, b) for a, b in zip(new, states, strict=True)]
            y = torch.where(taken, y, torch.zeros_like(y) if zero_output else before)
        before, states = y, new
        shown.append(y)
    result = torch.stack(shown, dim=1) if sequences else shown[-1]
    if not state:
        return result
    result = result if sequences else result[:, None]
    return torch.cat([result, *(s[:, None] for s in states)], dim=1)


def lstm(
    x, kernel, recurrent, bias=None, hidden=None, cell=None, mask=None, dropped=None, *,
    activation="tanh", recurrent_activation="sigmoid", sequences=False, state=False,
    backwards=False, zero_output=False,
):  # fmt: skip
    curve, gate = CURVES[activation], CURVES[recurrent_activation]

    def step(row, states):
        sums = row if kernel is None else row @ kernel
        sums = sums if bias is None else sums + bias
        heard = _hear(states[0], recurrent, dropped, 4)
        i, f, g, o = (a + b for a, b in zip(sums.chunk(4, dim=1), heard, strict=True))
        new = gate(f) * states[1] + gate(i) * curve(g)
        return [gate(o) * curve(new), new]

    states = [_zeros(s, x, len(recurrent)) for s in (hidden, cell)]
    return _walk(step, x, states, mask, sequences, state, backwards, zero_output)


def gru(
    x, kernel, recurrent, bias=None, hidden=None, mask=None, dropped=None, *, activation="tanh",
    recurrent_activation="sigmoid", reset_after=True, sequences=False, state=False,
    backwards=False, zero_output=False,
):  # fmt: skip
    curve, gate = CURVES[activation], CURVES[recurrent_activation]
    of_x, of_state = bias if bias is not None and reset_after else (bias, None)

    def step(row, states):
        before = states[0]
        sums = row if kernel is None else row @ kernel
        sums = sums if of_x is None else sums + of_x
        heard = torch.cat(_hear(before, recurrent, dropped, 3), dim=1)
        heard = heard if of_state is None else heard + of_state
        (xz, xr, xn), (hz, hr, hn) = sums.chunk(3, dim=1), heard.chunk(3, dim=1)
        z, r = gate(xz + hz), gate(xr + hr)
        share = r * hn if reset_after else _hear(r * before, recurrent, dropped, 3)[2]
        return [z * before + (1 - z) * curve(xn + share)]

    states = [_zeros(hidden, x, len(recurrent))]
    return _walk(step, x, states, mask, sequences, state, backwards, zero_output)


def simple_rnn(
    x, kernel, recurrent, bias=None, hidden=None, mask=None, dropped=None, *, activation="tanh",
    sequences=False, state=False, backwards=False, zero_output=False,
):  # fmt: skip
    def step(row, states):
        sums = row if kernel is None else row @ kernel
        sums = sums if bias is None else sums + bias
        return [CURVES[activation](sums + _hear(states[0], recurrent, dropped, 1)[0])]

    states = [_zeros(hidden, x, len(recurrent))]
    return _walk(step, x, states, mask, sequences, state, backwards, zero_output)


TORCH = {
    "lstm": lstm,
    "gru": gru,
    "simple_rnn": simple_rnn,
    "embed": lambda table, numbers: F.embedding(numbers.long(), table),
    "fold_time": lambda x: x.flatten(0, 1),
    "unfold_time": lambda x, time: x.unflatten(0, (-1, time)),
    "flip": lambda x, axis=1: x.flip(axis),
}
