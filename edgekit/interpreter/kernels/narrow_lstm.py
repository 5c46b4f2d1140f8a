"""Lstm in float32 with few cells and nothing but its four gates: six calls a time.

Of so few numbers a call takes longer than its arithmetic. With t_k = tanh(sum_k / 2), which is
2 sigmoid(sum_k) - 1, and g = tanh(sum_g),

    o = (t_o + 1) / 2        c = (g + c + t_i g + t_f c) / 2        h = o tanh(c)

so that sums and halves go into matrices: the gates' sums are a product with [h, x, 1], o and c are
one with [t_o, g, c, t_i g, t_f c, 1]. Each time has a row for either, where these lie end to end.
"""

from __future__ import annotations

from functools import partial

import numpy as np

from ..arena import bound
from ..step import Call, Floats
from .recurrence import POSITIONS, Recurrence, order
from .ufuncs import clip

__all__ = ["run_through"]


def run_through(layer: Recurrence) -> None:
    step, n = layer.step, layer.cells
    rows = (layer.time + 1, layer.batch)  # what each time reads, and what the last one leaves
    heard = np.ones((*rows, n + layer.features + 1), np.float32)
    lines = np.ones((*rows, 7 * n + 1), np.float32)
    hidden, cells = heard[..., :n], lines[..., 4 * n : 5 * n]
    step.call(np.copyto, hidden[0], step.input(POSITIONS["hidden"]))
    step.call(np.copyto, cells[0], step.input(POSITIONS["cell"]))
    step.call(np.copyto, heard[:-1, :, n:-1], layer.x[order(layer)])
    step.calls += _times(layer, heard, lines)
    step.call(np.copyto, layer.y[order(layer)], hidden[1:])
    step.call(np.copyto, step.output(1), hidden[-1])
    step.call(np.copyto, step.output(2), cells[-1])


def _times(layer: Recurrence, heard: Floats, lines: Floats) -> list[Call]:
    """The calls of all times. A line is t_i, t_f, t_o, g, c, t_i g, t_f c, 1; and before g, o."""
    n, calls = layer.cells, list[Call]()
    gates, cells = layer.step.prepared("gates", lambda: _gates(layer)), _cells(n)
    sums, curve = (np.zeros((layer.batch, size * n), np.float32) for size in (4, 1))
    found = np.zeros((layer.batch, 2 * n), np.float32)
    limit = layer.attrs["cell_clip"]
    low, high = np.array(-limit, np.float32), np.array(limit, np.float32)
    for now, then, line, after in zip(heard, heard[1:], lines, lines[1:], strict=False):
        if layer.batch == 1:
            found = after[:, 3 * n : 5 * n]  # else it has gaps, and np.dot does not write there
        output, cell = found[:, :n], found[:, n:]
        calls += [
            bound(np.dot, now, gates, sums),
            partial(np.tanh, sums, line[:, : 4 * n]),
            partial(np.multiply, line[:, : 2 * n], line[:, 3 * n : 5 * n], line[:, 5 * n : -1]),
            bound(np.dot, line[:, 2 * n :], cells, found),
        ]
        if limit > 0:
            calls.append(partial(clip, cell, low, high, cell))
        if layer.batch > 1:
            calls.append(bound(np.copyto, after[:, 4 * n : 5 * n], cell))
        calls += [partial(np.tanh, cell, curve), partial(np.multiply, output, curve, then[:, :n])]
    return calls


def _gates(layer: Recurrence) -> Floats:
    """The weights of h, x and 1; half of a sigmoid's, whose sum is halved."""
    parts = [layer.side_by_side("recurrent"), layer.side_by_side("input")]
    halves = np.repeat(np.array([0.5, 0.5, 0.5, 1.0], np.float32), layer.cells)
    weights = np.concatenate([*parts, layer.per_gate("{}_bias")[np.newaxis]]) * halves
    return np.ascontiguousarray(weights, np.float32)


def _cells(n: int) -> Floats:
    """What makes o and c of t_o, g, c, t_i g, t_f c and 1."""
    half, halves = np.eye(n, dtype=np.float32) / 2, np.zeros((5 * n + 1, 2 * n), np.float32)
    halves[:n, :n] = half
    halves[-1, :n] = 0.5
    halves[n:-1, n:] = np.tile(half, (4, 1))
    return halves
