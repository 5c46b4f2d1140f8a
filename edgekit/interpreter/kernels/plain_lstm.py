"""Lstm in float32 with nothing but its four gates, as most networks have it: ten calls a time.

sigmoid(x) = tanh(x / 2) / 2 + 1 / 2: the halves go into the weights of i, f and o, which is exact,
so that one tanh serves all gates. Gates and cell lie in one line, i f o g c: then i f times g c is
one product. y is written where it belongs and read from there at the next time.
"""

from __future__ import annotations

from functools import partial

import numpy as np

from ..step import Call, Floats
from .recurrence import POSITIONS, Recurrence, times
from .ufuncs import clip

__all__ = ["run_through", "serves"]

HALF = np.array(0.5, np.float32)
LONGEST = 512
"""Times whose calls are laid end to end; a longer sequence takes the general way."""


def serves(layer: Recurrence) -> bool:
    more = ("cell_to_output", "output_norm", "projection")
    plain = layer.has("input_to_input") and not any(map(layer.has, more))
    floats = layer.constant("input_to_cell").dtype == np.float32
    return plain and floats and layer.attrs["activation"] == "tanh" and layer.time <= LONGEST


def run_through(layer: Recurrence) -> None:
    step, n = layer.step, layer.cells
    halves = np.repeat(np.array([0.5, 0.5, 0.5, 1.0], np.float32), n)

    def weights(prefix: str) -> Floats:
        halved: Floats = np.ascontiguousarray(layer.side_by_side(prefix) * halves, np.float32)
        return halved

    hear_x = step.prepared("input", partial(weights, "input"))
    hear_hidden = step.prepared("recurrent", partial(weights, "recurrent"))
    bias = layer.per_gate("{}_bias") * halves
    x = step.scratch(layer.x.shape)
    rows = step.scratch((layer.time, layer.batch, 4 * n))
    flat = rows.reshape(-1, 4 * n)
    first, cell = (step.input(POSITIONS[role]) for role in ("hidden", "cell"))
    line = step.scratch((layer.batch, 5 * n))
    products, shares = step.scratch((layer.batch, 4 * n)), step.scratch((layer.batch, 2 * n))
    step.call(np.copyto, x, layer.x)
    step.call(np.dot, x.reshape(-1, layer.features), hear_x, flat)
    step.call(np.add, flat, bias, flat)
    step.call(np.copyto, line[:, 4 * n :], cell)
    hidden = first
    if len(first) != layer.batch:  # one row that every sample begins with
        hidden = step.scratch((layer.batch, n))
        step.call(np.copyto, hidden, first)
    update = _update(layer, line, shares)
    for t in times(layer):
        step.call(np.dot, hidden, hear_hidden, products)
        step.call(np.add, products, rows[t], line[:, : 4 * n])
        step.calls.extend(update)
        hidden = layer.y[t]
        step.call(np.multiply, line[:, 2 * n : 3 * n], shares[:, :n], hidden)
    step.call(np.copyto, step.output(1), hidden)
    step.call(np.copyto, step.output(2), line[:, 4 * n :])


def _update(layer: Recurrence, line: Floats, shares: Floats) -> list[Call]:
    """From the sums in `line` to the gates and the new cell there, and its tanh in `shares`."""
    n = layer.cells
    sigmoids, gates, cell = line[:, : 3 * n], line[:, : 4 * n], line[:, 4 * n :]
    calls: list[Call] = [
        partial(np.tanh, gates, gates),
        partial(np.multiply, sigmoids, HALF, sigmoids),
        partial(np.add, sigmoids, HALF, sigmoids),
        partial(np.multiply, line[:, : 2 * n], line[:, 3 * n :], shares),
        partial(np.add, shares[:, :n], shares[:, n:], cell),
    ]
    limit = layer.attrs["cell_clip"]
    if limit > 0:
        low, high = np.array(-limit, np.float32), np.array(limit, np.float32)
        calls.append(partial(clip, cell, low, high, cell))
    return [*calls, partial(np.tanh, cell, shares[:, :n])]
