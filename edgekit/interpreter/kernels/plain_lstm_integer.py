"""Lstm in integers with nothing but its four gates: the formulas of `lstm_integer.py` in float64.

Every number on the way is an integer, or one divided by a power of two, that float64 holds exactly;
so these are the same bits with two thirds of the calls.

* M(R u): the multiplier goes into the weights; floor(sum + 1/2) is the first rounding.
* R(x, b), halves away from zero: rint(x * 2^-b * (1 + 2^-40)). The last factor moves halves away
  from zero, and nothing else across a half, for x has 30 bits.
* h = M(o * tanh(c)): rint(n * f +- d). The product has more bits than float64, so that all places
  where the exact result steps from one integer to the next are tried beforehand (`Line`).
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from edgekit.ir import fixed_point

from .. import fixed_curves
from ..step import Call
from .integer_calls import saturation
from .recurrence import POSITIONS, times
from .ufuncs import clip

if TYPE_CHECKING:
    from .lstm_integer import IntegerLstm

__all__ = ["run_through", "serves"]

Integers = np.ndarray[Any, np.dtype[np.int64]]
Reals = np.ndarray[Any, np.dtype[np.float64]]
INT16, INT8 = (-(2**15), 2**15 - 1), (-128, 127)
HALF = np.array(0.5)
AWAY = 1.0 + 2.0**-40
LONGEST = 512
"""Times whose calls are laid end to end; a longer sequence takes the general way."""
MOST = 2**21
"""So large a sum, times 31 bits of multiplier, is exact in float64."""
FURTHEST = 2**30
"""No output gate times tanh is larger."""


class Line:
    """`rint(n * factor + copysign(offset, n))` in the place of M(n, ratio), within the limits.

    up: halves are rounded up, as they meet with a factor that is a power of two.
    """

    def __init__(self, ratio: float, limits: tuple[int, int], up: bool = False) -> None:
        self.up = up
        self.multiplier, self.shift = fixed_point.multiplier_and_shift(ratio)
        self.limits = limits
        self.factor = np.array(self.multiplier * 2.0 ** (self.shift - 31))
        self.offset = np.array(0.5 * 2.0 ** min(self.shift, 0))

    def holds(self) -> bool:
        """Both never fall with n, so they are equal if they step to each integer at one n."""
        # int64 by name: their distance has 32 bits, and a 32-bit processor's own integers are short
        steps = np.arange(self.limits[0] + 1, self.limits[1] + 1, dtype=np.int64)
        below, at = np.full_like(steps, -FURTHEST - 1), np.full_like(steps, FURTHEST + 1)
        while (at - below > 1).any():  # at: the smallest n that reaches the step
            middle = (below + at) // 2
            reached = fixed_point.scale(middle, self.multiplier, self.shift) >= steps
            at, below = np.where(reached, middle, at), np.where(reached, below, middle)
        first, last = at > -FURTHEST, at <= FURTHEST
        return bool(
            (self(at)[last] >= steps[last]).all() and (self(at - 1)[first] < steps[first]).all()
        )

    def __call__(self, n: np.ndarray[Any, np.dtype[np.int64]]) -> Reals:
        real = n.astype(np.float64)
        moved = real * self.factor + np.copysign(self.offset, real)
        rounded: Reals = np.floor(moved + HALF) if self.up else np.rint(moved)
        return rounded


def serves(layer: IntegerLstm) -> bool:
    more = ("cell_to_output", "output_norm", "projection")
    if not layer.has("input_to_input") or any(map(layer.has, more)) or layer.time > LONGEST:
        return False
    largest = np.abs(layer.matrix("recurrent")).sum(axis=0).max() * 255
    _, shifts = layer.scaling("recurrent", layer.unit_scale)
    within = largest * 2.0 ** max(int(shifts.max()), 0) < MOST
    return bool(within) and _output_line(layer) is not None


def _output_line(layer: IntegerLstm) -> Line | None:
    ratio = float(np.float32(2.0**-15 / float(layer.hidden_scale) * 2.0**-15))
    limits = (INT8[0] - layer.hidden_zero, INT8[1] - layer.hidden_zero)
    lines = (Line(ratio, limits, up) for up in (False, True))
    return next((line for line in lines if line.holds()), None)


def run_through(layer: IntegerLstm, heard: Integers, fill: Call) -> None:
    """heard: what the inputs add to the gates' sums, at each time; `fill` computes it."""
    step, n = layer.step, layer.cells
    multipliers, shifts = layer.scaling("recurrent", layer.unit_scale)
    factors = multipliers * 2.0 ** (np.maximum(shifts, 0) - 31.0)
    matrix = step.prepared("scaled", lambda: layer.matrix("recurrent") * factors)
    away = np.tile(np.minimum(shifts, 0), (layer.batch, 1))
    halve = 2.0**away * AWAY if away.any() else None
    shape = (layer.batch, 4 * n)
    rows = np.zeros(heard.shape)
    sums, index = np.zeros(shape), np.zeros(shape, np.intp)
    line, found = np.zeros((layer.batch, 5 * n)), np.zeros((layer.batch, n))
    states = np.zeros((layer.time + 1, layer.batch, n))  # before the first time, and after each
    hidden, cell = states[0], line[:, 4 * n :]
    zero = np.repeat([2.0**15, 2.0**15, 2.0**15, 3 * 2.0**15], n)
    low, high = (np.tile(zero + bound, (layer.batch, 1)) for bound in INT16)
    tables = np.concatenate([fixed_curves.sigmoid_table(), fixed_curves.tanh_table(3)])
    look_up = tables.astype(np.float64).take
    first_hidden, first_cell = (step.input(POSITIONS[role]) for role in ("hidden", "cell"))
    step.calls.append(fill)
    step.call(np.add, heard, zero, rows)
    step.call(np.copyto, hidden, first_hidden)
    step.call(np.copyto, cell, first_cell)
    update, finish = _update(layer, line, found), _finish(layer, found)
    for t in times(layer):
        step.call(np.dot, hidden, matrix, sums)
        step.call(np.add, sums, HALF, sums)
        step.call(np.floor, sums, sums)
        if halve is not None:
            step.call(np.multiply, sums, halve, sums)
            step.call(np.rint, sums, sums)
        step.call(np.add, sums, rows[t], sums)
        step.call(clip, sums, low, high, sums)
        step.call(np.copyto, index, sums, "unsafe")
        step.call(look_up, index, None, line[:, : 4 * n], "clip")
        step.calls.extend(update)
        hidden = states[t + 1]
        step.calls.extend(finish(hidden))
    step.call(np.copyto, layer.y, states[1:], "same_kind")
    step.call(np.copyto, step.output(1), hidden, "same_kind")
    step.call(np.copyto, step.output(2), cell, "same_kind")


def _update(layer: IntegerLstm, line: Reals, found: Reals) -> list[Call]:
    """From the gates in `line` (i f o g c) to the new cell there; `found` becomes o * tanh(c)."""
    n = layer.cells
    products, index = np.zeros((layer.batch, 2 * n)), np.zeros((layer.batch, n), np.intp)
    cell, output = line[:, 4 * n :], line[:, 2 * n : 3 * n]
    bits = np.repeat([30.0 + layer.exponent, 15.0], n)
    table = np.roll(fixed_curves.tanh_table(15 + layer.exponent), 2**15).astype(np.float64)
    limit = layer.cell_limit
    return [
        partial(np.multiply, line[:, : 2 * n], line[:, 3 * n :], products),
        partial(np.multiply, products, np.tile(2.0**-bits * AWAY, (layer.batch, 1)), products),
        partial(np.rint, products, products),
        partial(np.add, products[:, :n], products[:, n:], cell),
        saturation(cell, (-limit, limit) if limit else INT16),
        partial(np.copyto, index, cell, "unsafe"),
        partial(table.take, index, None, found, "wrap"),  # below 0 from the table's end
        partial(np.multiply, found, output, found),
    ]


def _finish(layer: IntegerLstm, found: Reals) -> Callable[[Reals], list[Call]]:
    """Calls from o * tanh(c), which is lost, to a hidden state."""
    line, offsets = _output_line(layer), np.zeros(found.shape)
    assert line is not None
    low, high = (np.array(float(limit)) for limit in line.limits)
    move = np.array(float(layer.hidden_zero - layer.unit_zero))
    common: list[Call] = [
        partial(np.copysign, line.offset, found, offsets),
        partial(np.multiply, found, line.factor, found),
        partial(np.add, found, offsets, found),
    ]
    if line.up:
        common += [partial(np.add, found, HALF, found), partial(np.floor, found, found)]
    else:
        common.append(partial(np.rint, found, found))

    def calls(hidden: Reals) -> list[Call]:
        moved: list[Call] = [partial(np.add, hidden, move, hidden)] if move else []
        return [*common, partial(clip, found, low, high, hidden), *moved]

    return calls
