"""Lstm in integers with nothing but its four gates: the formulas of `lstm_integer.py` in float64.

Every number on the way is an integer, or one divided by a power of two, that float64 holds exactly,
or is known to lie far enough from where it would be rounded otherwise; so these are the same bits
with half of the calls.

* M(R u): the multiplier goes into the weights; floor(sum + 1/2) is the first rounding, its half a
  weight of 1, which stands behind u.
* R(x, b), halves away from zero: rint(x * 2^-b * (1 + d)), d as small as `AWAY` says. The last
  factor moves halves away from zero, and nothing else across a half, for x has 30 bits, of sums 21.
  Where tables give a factor of x they hold 2^-b (1 + d) already.
* a = int16(a + M(R u)): the rint is a half added to the first a, as numbers are cut for an index.
* h = M(o * tanh(c)): rint(o * t + d), t from a table of tanh(c) times a factor, which float64 does
  not hold exactly: `Line` looks for a d beside which that does not matter.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from edgekit.ir import fixed_point

from .. import fixed_curves
from ..arena import bound
from ..step import Call
from .integer_calls import saturation
from .recurrence import POSITIONS, order
from .ufuncs import clip

if TYPE_CHECKING:
    from .lstm_integer import IntegerLstm

__all__ = ["run_through", "serves"]

Integers = np.ndarray[Any, np.dtype[np.int64]]
Reals = np.ndarray[Any, np.dtype[np.float64]]
INT16, INT8 = (-(2**15), 2**15 - 1), (-128, 127)
AWAY, AWAY_OF_SUMS = 1.0 + 2.0**-40, 1.0 + 2.0**-24
"""The latter is still seen beside a number of 16 bits."""
LONGEST = 512
"""Times whose calls are laid end to end; a longer sequence takes the general way."""
MOST, FURTHEST_SHIFT = 2**21, 24
"""So large a sum, times 31 bits of multiplier, is exact in float64, and so it is after a shift."""
FURTHEST = 2**30
"""No output gate times tanh is larger."""
LEAST_ROOM = 2.0**-40
"""Between numbers that are rounded apart; three operations on numbers up to 255 err by 2^-43."""


class Line:
    """`rint(n * factor + copysign(signed, n) + fixed)` in the place of M(n, ratio), within limits.

    holds: whether there are such offsets, with room for the error of a factor that was rounded.
    """

    def __init__(self, ratio: float, limits: tuple[int, int]) -> None:
        multiplier, shift = fixed_point.multiplier_and_shift(ratio)
        self.limits, self.factor = limits, multiplier * 2.0 ** (shift - 31)
        steps, at = _steps(multiplier, shift, limits)
        least, most = steps - 0.5 - at * self.factor, steps - 0.5 - (at - 1) * self.factor
        least[at > FURTHEST], most[at <= -FURTHEST] = -0.5, 0.5  # a step that no n makes
        low, high = least[at > 0].max(initial=-0.5), most[at > 0].min(initial=0.5)
        below, above = least[at <= 0].max(initial=-0.5), most[at <= 0].min(initial=0.5)
        alike = max(low, below), min(high, above)
        mirrored = max(low, -above), min(high, -below)
        up, down = (low + high) / 2, (below + above) / 2
        self.signed, self.fixed = (up - down) / 2, (up + down) / 2
        self.holds = min(high - low, above - below) > LEAST_ROOM
        if alike[1] - alike[0] > LEAST_ROOM:  # one call less
            self.signed, self.fixed = 0.0, sum(alike) / 2
        elif mirrored[1] - mirrored[0] > LEAST_ROOM:
            self.signed, self.fixed = sum(mirrored) / 2, 0.0

    def rounded(self, real: Reals) -> Reals:
        """real: `n * factor`, or that but for the errors of two products."""
        whole: Reals = np.rint(real + np.copysign(self.signed, real) + self.fixed)
        return whole


def _steps(multiplier: int, shift: int, limits: tuple[int, int]) -> tuple[Integers, Integers]:
    """The integers within the limits, and the smallest n whose M(n) reaches each."""
    # int64 by name: their distance has 32 bits, and a 32-bit processor's own integers are short
    steps = np.arange(limits[0] + 1, limits[1] + 1, dtype=np.int64)
    below, at = np.full_like(steps, -FURTHEST - 1), np.full_like(steps, FURTHEST + 1)
    while (at - below > 1).any():  # M never falls
        middle = (below + at) // 2
        reached = fixed_point.scale(middle, multiplier, shift) >= steps
        at, below = np.where(reached, middle, at), np.where(reached, below, middle)
    return steps, at


def serves(layer: IntegerLstm) -> bool:
    more = ("cell_to_output", "output_norm", "projection")
    if not layer.has("input_to_input") or any(map(layer.has, more)) or layer.time > LONGEST:
        return False
    largest = np.abs(layer.matrix("recurrent")).sum(axis=0).max() * 255
    _, shifts = layer.scaling("recurrent", layer.unit_scale)
    within = largest * 2.0 ** max(int(shifts.max()), 0) < MOST and shifts.min() >= -FURTHEST_SHIFT
    return bool(within) and _output_line(layer).holds


def _output_line(layer: IntegerLstm) -> Line:
    ratio = float(np.float32(2.0**-15 / float(layer.hidden_scale) * 2.0**-15))
    return Line(ratio, (INT8[0] - layer.hidden_zero, INT8[1] - layer.hidden_zero))


def run_through(layer: IntegerLstm, heard: Integers, fill: Call) -> None:
    """heard: what the inputs add to the gates' sums, at each time; `fill` computes it."""
    step, n = layer.step, layer.cells
    matrix, halve = _recurrent(layer)
    shape = (layer.batch, 4 * n)
    rows = np.zeros(heard.shape)
    sums, index = np.zeros(shape), np.zeros(shape, np.intp)
    line, found = np.zeros((layer.batch, 5 * n)), np.zeros((layer.batch, n))
    states = np.ones((layer.time + 1, layer.batch, n + 1))  # before the first time, and after each
    hidden, cell = states[..., :n], line[:, 4 * n :]
    zero = np.repeat([2.0**15, 2.0**15, 3 * 2.0**15, 5 * 2.0**15], n)
    low, high = (np.tile(zero + limit, (layer.batch, 1)) for limit in INT16)
    look_up = step.prepared("curves", lambda: _curves(layer)).take
    first_hidden, first_cell = (step.input(POSITIONS[role]) for role in ("hidden", "cell"))
    step.calls.append(fill)
    step.call(np.add, heard, zero if halve is None else zero + 0.5, rows)
    step.call(np.copyto, hidden[0], first_hidden)
    step.call(np.copyto, cell, first_cell)
    output = _output_line(layer)
    update, finish = _update(layer, output, line, found), _finish(layer, output, found)
    for now, row, then in zip(states, rows[order(layer)], hidden[1:], strict=False):
        step.call(np.dot, now, matrix, sums)
        if halve is not None:
            step.call(np.floor, sums, sums)
            step.call(np.multiply, sums, halve, sums)
        step.call(np.add, sums, row, sums)
        step.call(clip, sums, low, high, sums)
        step.call(np.copyto, index, sums, "unsafe")
        step.call(look_up, index, None, line[:, : 4 * n], "clip")
        step.calls.extend(update)
        step.calls.extend(finish(then))
    step.call(np.copyto, layer.y[order(layer)], hidden[1:], "same_kind")
    step.call(np.copyto, step.output(1), hidden[-1], "same_kind")
    step.call(np.copyto, step.output(2), cell, "same_kind")


def _recurrent(layer: IntegerLstm) -> tuple[Reals, Reals | None]:
    """What [u, 1] is multiplied with, and the second rounding's factors if there is one."""
    multipliers, shifts = layer.scaling("recurrent", layer.unit_scale)
    factors = multipliers * 2.0 ** (np.maximum(shifts, 0) - 31.0)
    halves = np.full((1, 4 * layer.cells), 0.5)
    matrix = layer.step.prepared(
        "scaled", lambda: np.concatenate([layer.matrix("recurrent") * factors, halves])
    )
    away = np.tile(np.minimum(shifts, 0), (layer.batch, 1))
    return matrix, 2.0**away * AWAY_OF_SUMS if away.any() else None


def _curves(layer: IntegerLstm) -> Reals:
    """What i and f can be, whose products are rounded; then o; then g, with a factor likewise."""
    sigmoid, tanh = fixed_curves.sigmoid_table(), fixed_curves.tanh_table(3)
    exponent = 15.0 + layer.exponent
    return np.concatenate([sigmoid * (2.0**-15 * AWAY), sigmoid, tanh * 2.0**-exponent])


def _update(layer: IntegerLstm, output: Line, line: Reals, found: Reals) -> list[Call]:
    """From the gates in `line` (i f o g c) to the new cell there; `found` becomes o * t."""
    n = layer.cells
    products, index = np.zeros((layer.batch, 2 * n)), np.zeros((layer.batch, n), np.intp)
    cell, gate = line[:, 4 * n :], line[:, 2 * n : 3 * n]
    tanh = np.roll(fixed_curves.tanh_table(15 + layer.exponent), 2**15)
    table = tanh * output.factor
    limit = layer.cell_limit
    return [
        partial(np.multiply, line[:, : 2 * n], line[:, 3 * n :], products),
        partial(np.rint, products, products),
        partial(np.add, products[:, :n], products[:, n:], cell),
        saturation(cell, (-limit, limit) if limit else INT16),
        bound(np.copyto, index, cell, "unsafe"),
        partial(table.take, index, None, found, "wrap"),  # below 0 from the table's end
        partial(np.multiply, found, gate, found),
    ]


def _finish(layer: IntegerLstm, line: Line, found: Reals) -> Callable[[Reals], list[Call]]:
    """Calls from o * t, which is lost, to a hidden state."""
    offsets = np.zeros(found.shape)
    low, high = (np.array(float(limit)) for limit in line.limits)
    move = np.array(float(layer.hidden_zero - layer.unit_zero))
    common: list[Call] = []
    if line.signed:
        common.append(partial(np.copysign, np.array(line.signed), found, offsets))
        common.append(partial(np.add, found, offsets, found))
    if line.fixed:
        common.append(partial(np.add, found, np.array(line.fixed), found))
    common.append(partial(np.rint, found, found))

    def calls(hidden: Reals) -> list[Call]:
        moved: list[Call] = [partial(np.add, hidden, move, hidden)] if move else []
        return [*common, partial(clip, found, low, high, hidden), *moved]

    return calls
