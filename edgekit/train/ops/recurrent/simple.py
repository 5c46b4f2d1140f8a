"""The plain recurrent layer over a whole sequence, and back through time, as one primitive."""

from __future__ import annotations

from edgekit.train.backend import Array, array_module
from edgekit.train.primitive import primitive

from .steps import (
    Hearing,
    Mask,
    curve,
    device_loops,
    initial,
    input_gradients,
    packed,
    projected,
    unpacked,
)

__all__ = ["simple_rnn"]


@primitive(saves=True)
def simple_rnn(
    x,
    kernel,
    recurrent,
    bias=None,
    hidden=None,
    mask=None,
    dropped=None,
    *,
    activation: str = "tanh",
    sequences: bool = False,
    state: bool = False,
    backwards: bool = False,
    zero_output: bool = False,
):
    """hidden = activation(x @ kernel + hidden @ recurrent + bias), time by time.

    x (batch, time, inputs), kernel (inputs, units), recurrent (units, units). The rest is as in
    `lstm`, with one state.
    """
    xp = array_module(x)
    x, rows = projected(x, kernel, bias, backwards)
    time, batch, units = rows.shape
    masked = Mask(mask, x, backwards, zero_output)
    hearing = Hearing(recurrent, dropped, batch, rows.dtype)
    hiddens = xp.empty((time + 1, batch, units), rows.dtype)
    hiddens[0] = initial(hidden, batch, units, rows)
    device = device_loops(rows, recurrent)
    walk = _forward if device is None else device.rnn_forward
    walk(rows, hiddens, hearing, activation, masked)
    y = packed(hiddens[1:], (hiddens[-1],), masked, sequences, state)
    return y, (x, hiddens, masked, hearing)


def _forward(rows: Array, hiddens: Array, hearing: Hearing, activation: str, masked: Mask) -> None:
    """Fill `hiddens` from the first on; `rows` are what x adds to the sums."""
    xp, squash = array_module(rows), curve(activation).apply
    for t in range(len(rows)):
        after = hiddens[t + 1]
        xp.add(rows[t], hearing.hear(hiddens[t]), out=after)
        squash(xp, after)
        if masked.given:
            masked.keep(t, hiddens[t], after)


def _walk(
    rows: Array, dh: Array, slopes: Array, masked: Mask, hearing: Hearing, sequences: bool
) -> Array:
    """From the last time to the first: `slopes` become the gradients of the sums; that of the
    first state is returned.
    """
    xp = array_module(slopes)
    for t in range(len(slopes) - 1, -1, -1):
        row = slopes[t]
        xp.multiply(row, dh, out=row)
        back = hearing.back(row)
        if masked.given:
            back += dh * masked.skipped[t]
        dh = back
        if sequences and t:
            xp.add(dh, rows[t - 1], out=dh)
    return dh


@simple_rnn.vjp
def _(
    g, y, x, kernel, recurrent, bias=None, hidden=None, mask=None, dropped=None, *, saved, needs,
    activation="tanh", sequences=False, state=False, backwards=False, zero_output=False,
):  # fmt: skip
    steps, hiddens, masked, hearing = saved
    xp = array_module(g)
    time, units = len(hiddens) - 1, hiddens.shape[2]
    rows, ends = unpacked(g, 1, time, masked, sequences, state)
    slopes = curve(activation).slope(xp, hiddens[1:])
    if masked.given:
        slopes *= ~masked.skipped
    dh = rows[-1].copy() if ends[0] is None else rows[-1] + ends[0]
    device = device_loops(slopes, dh, rows)
    walk = _walk if device is None else device.rnn_backward
    dh = walk(rows, dh, slopes, masked, hearing, sequences)
    sums = slopes.reshape(-1, units)
    asked = needs[0], needs[1], len(needs) > 3 and needs[3]
    gx, gk, gb = input_gradients(steps, sums, kernel, backwards, asked)
    gr = hearing.gradient(hiddens[:-1], sums) if needs[2] else None
    asked_dropped = len(needs) > 6 and needs[6]
    gd = hearing.gradient_of_dropped(hiddens[:-1], sums) if asked_dropped else None
    return (gx, gk, gr, gb, dh, None, gd)[: len(needs)]
