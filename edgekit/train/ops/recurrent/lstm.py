"""LSTM over a whole sequence, and back through time, as one primitive."""

from __future__ import annotations

from typing import Any

from edgekit.train.backend import Array, array_module, where
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

__all__ = ["begin", "gates_inside", "gradients", "lstm", "slopes_of"]

# Keras has the gates input, forget, cell, output; here the output gate comes first, so that the
# three sigmoids lie side by side, and so do the three gates that the cell's gradient goes into.
# These are the gates that come first inside, and first when they are put back.
INSIDE, BACK = 3, 1


def _gates(weights: Array | None, first: int) -> Array | None:
    """The gates on the last axis turned round, so that the gate `first` comes first."""
    if weights is None:
        return None
    start = weights.shape[-1] // 4 * first
    return array_module(weights).concatenate([weights[..., start:], weights[..., :start]], axis=-1)


def _turned(dropped: Array, first: int) -> Array:
    """The same of factors, whose first axis is that of the gates."""
    return array_module(dropped).concatenate([dropped[first:], dropped[:first]])


def gates_inside(weights: Array | None) -> Array | None:
    """What has the gates on its last axis, in the order in which they are kept here."""
    return _gates(weights, INSIDE)


@primitive(saves=True)
def lstm(
    x,
    kernel,
    recurrent,
    bias=None,
    hidden=None,
    cell=None,
    mask=None,
    dropped=None,
    *,
    activation: str = "tanh",
    recurrent_activation: str = "sigmoid",
    sequences: bool = False,
    state: bool = False,
    backwards: bool = False,
    zero_output: bool = False,
):
    """i, f, g, o = the gates of x @ kernel + hidden @ recurrent + bias; cell = f * cell + i * g;
    hidden = o * activation(cell).

    x (batch, time, inputs), kernel (inputs, 4 units), recurrent (units, 4 units), bias (4 units,),
    in the order of gates i, f, g, o; hidden and cell (batch, units), zeros when None; mask
    (batch, time); dropped (4, batch, units): factors for the hidden state. With kernel None, x
    holds the products. Gives the hidden state at the last time (batch, units), with `sequences`
    at all times (batch, time, units), and with `state` two rows more: the last hidden and cell.
    """
    begun = begin(x, kernel, recurrent, bias, hidden, cell, mask, dropped, backwards, zero_output)
    x, z, hiddens, cells, masked, hearing = begun
    curves = curve(recurrent_activation).apply, curve(activation).apply
    if (device := device_loops(z, recurrent)) is not None:
        names = recurrent_activation, activation
        gates, curved = device.lstm_forward(z, hiddens, cells, hearing, names, masked)
    else:
        gates, curved = _forward(z, hiddens, cells, hearing, curves, masked)
    y = packed(hiddens[1:], (hiddens[-1], cells[-1]), masked, sequences, state)
    return y, (x, gates, hiddens, cells, curved, masked, hearing)


def begin(
    x: Array, kernel: Array | None, recurrent: Array, bias: Array | None, hidden: Array | None,
    cell: Array | None, mask: Array | None, dropped: Array | None, backwards: bool,
    zero_output: bool,
) -> tuple[Array, Array, Array, Array, Mask, Hearing]:  # fmt: skip
    """What a walk over the times begins with: x with time first, what it adds to the gates' sums,
    hiddens and cells (time + 1, batch, units) with the first of each, mask, recurrent weights.
    """
    xp = array_module(x)
    x, z = projected(x, gates_inside(kernel), None, backwards)
    if kernel is None:
        z = gates_inside(z)
    if bias is not None:
        z += gates_inside(bias)
    time, batch, units = len(z), z.shape[1], recurrent.shape[0]
    masked = Mask(mask, x, backwards, zero_output)
    order = None if dropped is None else _turned(dropped, INSIDE)
    hearing = Hearing(gates_inside(recurrent), order, batch, z.dtype)
    hiddens, cells = (xp.empty((time + 1, batch, units), z.dtype) for _ in range(2))
    hiddens[0], cells[0] = (initial(given, batch, units, z) for given in (hidden, cell))
    return x, z, hiddens, cells, masked, hearing


def _forward(
    z: Array, hiddens: Array, cells: Array, hearing: Hearing, curves: Any, masked: Mask
) -> tuple[Array, Array]:
    """Fill hiddens and cells from their first on; `z` is what x adds to the gates' sums. Returns
    the gates (time, 4, batch, units) and the activated cells.
    """
    xp = array_module(z)
    time, batch, units = len(z), z.shape[1], hiddens.shape[2]
    gates = xp.empty((time, 4, batch, units), z.dtype)
    curved = xp.empty((time, batch, units), z.dtype)
    gate, squash = curves

    def by_gate(sums: Array) -> Array:
        return sums.reshape(batch, 4, units).swapaxes(0, 1)

    for t in range(time):
        hearing.hear(hiddens[t])
        xp.add(by_gate(z[t]), by_gate(hearing.products), out=gates[t])
        gate(xp, gates[t, :3])
        squash(xp, gates[t, 3])
        o, i, f, new = gates[t]
        after, bent = cells[t + 1], curved[t]
        xp.multiply(f, cells[t], out=after)
        xp.multiply(i, new, out=bent)
        xp.add(after, bent, out=after)
        bent[...] = after
        squash(xp, bent)
        xp.multiply(o, bent, out=hiddens[t + 1])
        if masked.given:
            masked.keep(t, hiddens[t], hiddens[t + 1])
            masked.keep(t, cells[t], after)
    return gates, curved


@lstm.vjp
def _(
    g, y, x, kernel, recurrent, bias=None, hidden=None, cell=None, mask=None, dropped=None,
    *, saved, needs, activation="tanh", recurrent_activation="sigmoid", sequences=False,
    state=False, backwards=False, zero_output=False,
):  # fmt: skip
    rows, ends = unpacked(g, 2, len(saved[1]), saved[5], sequences, state)
    slopes = slopes_of(saved, curve(activation).slope, curve(recurrent_activation).slope)
    return gradients(rows, ends, slopes, saved, kernel, needs, sequences, backwards)


def gradients(
    rows: Array, ends: Any, slopes: Any, saved: Any, kernel: Array | None, needs: Any,
    sequences: bool, backwards: bool, heard: Array | None = None,
) -> tuple[Any, ...]:  # fmt: skip
    """The gradients of all inputs, from those of the states and what `slopes_of` gives.

    `heard` says which of the sums (time, batch, 4 units) x has a share in; None: all.
    """
    steps, _, hiddens, _, _, masked, hearing = saved
    device = device_loops(slopes[0], rows, *ends)
    walk = _walk if device is None else device.lstm_backward
    dh, dc, sums = walk(rows, ends, slopes, masked, hearing, sequences)
    sums = sums.reshape(-1, hearing.width)
    asked = needs[0], needs[1], len(needs) > 3 and needs[3]
    of_x = sums if heard is None else sums * heard.reshape(sums.shape)
    gx, gk, gb = input_gradients(steps, of_x, gates_inside(kernel), backwards, asked)
    if kernel is None:
        gx = _gates(gx, BACK)
    gr = _gates(hearing.gradient(hiddens[:-1], sums), BACK) if needs[2] else None
    gd = None
    if len(needs) > 7 and needs[7]:
        gd = _turned(hearing.gradient_of_dropped(hiddens[:-1], sums), BACK)
    found = (gx, _gates(gk, BACK), gr, _gates(gb, BACK), dh, dc, None, gd)
    return found[: len(needs)]


def slopes_of(saved: Any, slope: Any, gate_slope: Any) -> tuple[Array, Array, Array]:
    """For all times at once: what the gradients of hidden (output gate) and cell (the others) are
    multiplied with to give those of the sums; what takes hidden's to the cell's; and what remains
    of the cell's at the time before.
    """
    _, gates, _, cells, curved, masked, _ = saved
    xp = array_module(gates)
    o, i, f, new = (gates[:, k] for k in range(4))
    slopes = xp.empty_like(gates)
    slopes[:, :3] = gate_slope(xp, gates[:, :3])
    slopes[:, 0] *= curved
    slopes[:, 1] *= new
    slopes[:, 2] *= cells[:-1]
    xp.multiply(slope(xp, new), i, out=slopes[:, 3])
    through = slope(xp, curved)
    through *= o
    if masked.given:
        slopes *= ~masked.skipped[:, None]
        through *= ~masked.skipped
        f = where(masked.skipped, f.dtype.type(1), f)
    return slopes, through, f


def _walk(
    rows: Array, ends: Any, slopes: Any, masked: Mask, hearing: Hearing, sequences: bool
) -> tuple[Array, Array, Array]:
    """From the last time to the first: the gradients of the initial hidden and cell, and of the
    gates' sums (time, batch, 4, units).
    """
    by_gate, through, kept = slopes
    xp = array_module(through)
    time, batch, units = through.shape
    sums = xp.empty((time, batch, 4, units), through.dtype)
    dh = rows[-1].copy() if ends[0] is None else rows[-1] + ends[0]
    dc = xp.zeros_like(dh) if ends[1] is None else ends[1].copy()
    share = xp.empty_like(dh)
    for t in range(time - 1, -1, -1):
        slope, row = by_gate[t], sums[t]
        xp.multiply(dh, through[t], out=share)
        xp.add(dc, share, out=dc)
        xp.multiply(slope[0], dh, out=row[:, 0])
        xp.multiply(slope[1:], dc, out=row[:, 1:].swapaxes(0, 1))
        xp.multiply(dc, kept[t], out=dc)
        back = hearing.back(row.reshape(batch, 4 * units))
        if masked.given:
            back += dh * masked.skipped[t]
        dh = back
        if sequences and t:
            xp.add(dh, rows[t - 1], out=dh)
    return dh, dc, sums
