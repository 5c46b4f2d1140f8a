"""GRU over a whole sequence, and back through time, as one primitive."""

from __future__ import annotations

from typing import Any

from edgekit.train.backend import Array, array_module, where
from edgekit.train.primitive import primitive
from edgekit.train.products import matmul

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

__all__ = ["gru"]


@primitive(saves=True)
def gru(
    x,
    kernel,
    recurrent,
    bias=None,
    hidden=None,
    mask=None,
    dropped=None,
    *,
    activation: str = "tanh",
    recurrent_activation: str = "sigmoid",
    reset_after: bool = True,
    sequences: bool = False,
    state: bool = False,
    backwards: bool = False,
    zero_output: bool = False,
):
    """z, r = gates of x and hidden; hidden = z * hidden + (1 - z) * new, where new comes of x and
    of r * (hidden @ recurrent) with `reset_after`, else of (r * hidden) @ recurrent.

    x (batch, time, inputs), kernel (inputs, 3 units), recurrent (units, 3 units), bias (3 units,),
    with `reset_after` (2, 3 units): of x and of hidden; gates in the order z, r, new. The rest is
    as in `lstm`, with one state.
    """
    xp = array_module(x)
    of_x = bias[0] if bias is not None and reset_after else bias
    x, rows = projected(x, kernel, of_x, backwards)
    time, batch, units = len(rows), rows.shape[1], recurrent.shape[0]
    masked = Mask(mask, x, backwards, zero_output)
    hiddens = xp.empty((time + 1, batch, units), rows.dtype)
    hiddens[0] = initial(hidden, batch, units, rows)
    inner = xp.empty((time, batch, units), rows.dtype)  # what the reset gate is multiplied with
    names = recurrent_activation, activation
    if reset_after:
        hearing: Any = Hearing(recurrent, dropped, batch, rows.dtype)
        device = device_loops(rows, recurrent, bias)
        walk = _reset_after if device is None else device.gru_forward
        walk(rows, hiddens, inner, hearing, None if bias is None else bias[1], names, masked)
    else:
        hearing = tuple(
            _hearing(recurrent, dropped, gates, batch, rows.dtype) for gates in ((0, 2), (2, 3))
        )
        _reset_before(rows, hiddens, inner, hearing, names, masked)
    y = packed(hiddens[1:], (hiddens[-1],), masked, sequences, state)
    return y, (x, rows, hiddens, inner, masked, hearing)


def _hearing(
    recurrent: Array, dropped: Array | None, gates: tuple[int, int], batch: int, dtype: Any
) -> Hearing:
    """Of the gates from the first to before the last."""
    (first, last), units = gates, len(recurrent)
    part = array_module(recurrent).ascontiguousarray(recurrent[:, first * units : last * units])
    return Hearing(part, None if dropped is None else dropped[first:last], batch, dtype)


def _reset_after(
    rows: Array, hiddens: Array, inner: Array, hearing: Hearing, bias: Array | None,
    names: tuple[str, str], masked: Mask,
) -> None:  # fmt: skip
    """`rows` become the gates z, r and new; `inner` becomes hidden's share of new before r."""
    xp = array_module(rows)
    units = hiddens.shape[-1]
    two = 2 * units
    gate, squash = (curve(name).apply for name in names)
    for t, row in enumerate(rows):
        heard = hearing.hear(hiddens[t])
        if bias is not None:
            xp.add(heard, bias, out=heard)
        gates, new, share = row[:, :two], row[:, two:], inner[t]
        xp.add(gates, heard[:, :two], out=gates)
        gate(xp, gates)
        share[...] = heard[:, two:]
        after = hiddens[t + 1]
        xp.multiply(gates[:, units:], share, out=after)
        xp.add(new, after, out=new)
        squash(xp, new)
        _mixed(xp, gates[:, :units], hiddens[t], new, after)
        if masked.given:
            masked.keep(t, hiddens[t], after)


def _reset_before(
    rows: Array, hiddens: Array, inner: Array, hearing: Any, names: tuple[str, str],
    masked: Mask,
) -> None:  # fmt: skip
    """As `_reset_after`; `inner` becomes r * hidden."""
    xp = array_module(rows)
    units = hiddens.shape[-1]
    two = 2 * units
    gate, squash = (curve(name).apply for name in names)
    gates_hear, new_hears = hearing
    for t, row in enumerate(rows):
        gates, new = row[:, :two], row[:, two:]
        xp.add(gates, gates_hear.hear(hiddens[t]), out=gates)
        gate(xp, gates)
        xp.multiply(gates[:, units:], hiddens[t], out=inner[t])
        xp.add(new, new_hears.hear(inner[t]), out=new)
        squash(xp, new)
        after = hiddens[t + 1]
        _mixed(xp, gates[:, :units], hiddens[t], new, after)
        if masked.given:
            masked.keep(t, hiddens[t], after)


def _mixed(xp: Any, z: Array, before: Array, new: Array, after: Array) -> None:
    """after = z * before + (1 - z) * new."""
    xp.subtract(before, new, out=after)
    xp.multiply(after, z, out=after)
    xp.add(after, new, out=after)


@gru.vjp
def _(
    g, y, x, kernel, recurrent, bias=None, hidden=None, mask=None, dropped=None, *, saved, needs,
    activation="tanh", recurrent_activation="sigmoid", reset_after=True, sequences=False,
    state=False, backwards=False, zero_output=False,
):  # fmt: skip
    steps, rows, hiddens, inner, masked, hearing = saved
    xp = array_module(g)
    units = hiddens.shape[-1]
    given, ends = unpacked(g, 1, len(rows), masked, sequences, state)
    slopes = curve(activation).slope, curve(recurrent_activation).slope
    walk = _back_after if reset_after else _back_before
    dh, sums, gr = walk(given, ends[0], slopes, saved, sequences)
    asked = needs[0], needs[1], len(needs) > 3 and needs[3]
    turned = None if kernel is None else xp.roll(kernel, units, axis=1)
    gx, gk, gb = input_gradients(steps, sums[:, : 3 * units], turned, backwards, asked)
    if kernel is None:
        gx = xp.roll(gx, -units, axis=2)
    gk, gb = (None if one is None else xp.roll(one, -units, axis=-1) for one in (gk, gb))
    if gb is not None and reset_after:
        gb = xp.stack([gb, matmul(xp.ones(len(sums), sums.dtype), sums[:, units:])])
    gd = None
    if len(needs) > 6 and needs[6] and reset_after:
        gd = hearing.gradient_of_dropped(hiddens[:-1], sums[:, units:])
    elif len(needs) > 6 and needs[6]:
        of_gates = hearing[0].gradient_of_dropped(hiddens[:-1], sums[:, units:])
        of_new = hearing[1].gradient_of_dropped(inner, sums[:, :units])
        gd = xp.concatenate([of_gates, of_new])
    return (gx, gk, gr, gb, dh, None, gd)[: len(needs)]


def _ends_and_keeps(saved: Any, rows: Array, end: Array | None) -> tuple[Array, Array, Array]:
    """The gradient of the last state; the gates z that it is kept by; and 1 - z, zero where a
    sample does not take part.
    """
    _, gates, hiddens, _, masked, _ = saved
    z = gates[..., : hiddens.shape[-1]]
    fresh = z.dtype.type(1) - z
    if masked.given:
        fresh *= ~masked.skipped
        z = where(masked.skipped, z.dtype.type(1), z)
    return rows[-1].copy() if end is None else rows[-1] + end, z, fresh


def _back_after(
    rows: Array, end: Array | None, slopes: Any, saved: Any, sequences: bool
) -> tuple[Array, Array, Array]:
    """The gradients of the first state, of the sums (new, z, r, hidden's share of new) and of the
    recurrent weights. All four sums are the state's gradient times what is known beforehand.
    """
    _, gates, hiddens, inner, masked, hearing = saved
    xp = array_module(gates)
    time, batch, units = inner.shape
    slope, gate_slope = slopes
    r, new = gates[..., units : 2 * units], gates[..., 2 * units :]
    dh, kept, fresh = _ends_and_keeps(saved, rows, end)
    sums = xp.empty((time, batch, 4, units), gates.dtype)
    of_gates = gate_slope(xp, gates[..., : 2 * units]).reshape(time, batch, 2, units)
    xp.multiply(slope(xp, new), fresh, out=sums[:, :, 0])
    xp.multiply(hiddens[:-1] - new, of_gates[:, :, 0], out=sums[:, :, 1])
    if masked.given:
        sums[:, :, 1] *= ~masked.skipped
    xp.multiply(inner, of_gates[:, :, 1], out=sums[:, :, 2])
    sums[:, :, 2] *= sums[:, :, 0]
    xp.multiply(sums[:, :, 0], r, out=sums[:, :, 3])
    device = device_loops(sums, dh, rows)
    walk = _walk if device is None else device.gru_backward
    dh = walk(rows, dh, kept, sums, hearing.back, sequences)
    matrix = sums.reshape(-1, 4 * units)
    return dh, matrix, hearing.gradient(hiddens[:-1], matrix[:, units:])


def _walk(rows: Array, dh: Array, kept: Array, sums: Array, back: Any, sequences: bool) -> Array:
    """From the last time to the first: `sums` times the state's gradient, which is returned for
    the first state.
    """
    xp = array_module(sums)
    time, batch, _, units = sums.shape
    flat = sums.reshape(time, batch, 4 * units)
    for t in range(time - 1, -1, -1):
        row = sums[t]
        xp.multiply(row, dh[:, None], out=row)
        xp.multiply(dh, kept[t], out=dh)
        xp.add(dh, back(flat[t, :, units:]), out=dh)
        if sequences and t:
            xp.add(dh, rows[t - 1], out=dh)
    return dh


def _back_before(
    rows: Array, end: Array | None, slopes: Any, saved: Any, sequences: bool
) -> tuple[Array, Array, Array]:
    """As `_back_after`; the sums are new, z, r."""
    _, gates, hiddens, inner, masked, (gates_hear, new_hears) = saved
    xp = array_module(gates)
    time, batch, units = inner.shape
    slope, gate_slope = slopes
    r, new = gates[..., units : 2 * units], gates[..., 2 * units :]
    dh, kept, fresh = _ends_and_keeps(saved, rows, end)
    sums = xp.empty((time, batch, 3, units), gates.dtype)
    of_gates = gate_slope(xp, gates[..., : 2 * units]).reshape(time, batch, 2, units)
    xp.multiply(slope(xp, new), fresh, out=sums[:, :, 0])
    xp.multiply(hiddens[:-1] - new, of_gates[:, :, 0], out=sums[:, :, 1])
    if masked.given:
        sums[:, :, 1] *= ~masked.skipped
    xp.multiply(hiddens[:-1], of_gates[:, :, 1], out=sums[:, :, 2])
    flat = sums.reshape(time, batch, 3 * units)
    for t in range(time - 1, -1, -1):
        pair = sums[t, :, :2]
        xp.multiply(pair, dh[:, None], out=pair)
        reset = new_hears.back(flat[t, :, :units])
        xp.multiply(sums[t, :, 2], reset, out=sums[t, :, 2])
        xp.multiply(dh, kept[t], out=dh)
        xp.multiply(reset, r[t], out=reset)
        xp.add(dh, reset, out=dh)
        xp.add(dh, gates_hear.back(flat[t, :, units:]), out=dh)
        if sequences and t:
            xp.add(dh, rows[t - 1], out=dh)
    matrix = flat.reshape(time * batch, 3 * units)
    of_gates_weights = gates_hear.gradient(hiddens[:-1], matrix[:, units:])
    of_new_weights = new_hears.gradient(inner, matrix[:, :units])
    return dh, matrix, xp.concatenate([of_gates_weights, of_new_weights], axis=1)
