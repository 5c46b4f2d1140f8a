"""Lstm in float32, and with int8 weights ("hybrid").

At each time, with gates i (input), f (forget), g (cell) and o (output):
    sum_k = W_k x + R_k h + b_k (+ P_k * c, peephole)
    with normalization: sum_k = (sum_k - mean) / sqrt(variance + 1e-8) * n_k + b_k, b_k only here
    i, f, o = sigmoid(sum); g = activation(sum_g); i = 1 - f where there is no input gate
    c = clip(f * c + i * g);  h = o * activation(c), then clip(Q h + q) where there is a projection
The peephole of o looks at the new c. sigmoid(x) = tanh(x / 2) / 2 + 1 / 2, which cannot overflow.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ..step import Call, Floats, Step
from . import kernel, narrow_lstm, plain_lstm
from .hybrid import quantize_rows
from .recurrence import POSITIONS, Recurrence, times
from .ufuncs import clip
from .variants import lstm_variant

__all__ = ["CURVES"]

HALF, ONE = np.float32(0.5), np.float32(1.0)
SMALLEST_VARIANCE = np.float32(1e-8)
WIDEST_FLOAT32 = 1000
"""Products of integers this often are exact in float32: 1000 * 127 * 128 < 2^24."""


@kernel("Lstm", "float32")
def lstm(step: Step) -> None:
    layer = Recurrence(step)
    if plain_lstm.serves(layer):
        variant = step.choose(lstm_variant(layer.cells, layer.features))
        run_through = (narrow_lstm if variant.name == "narrow" else plain_lstm).run_through
        run_through(layer)
        return
    hidden, cell = step.output(1), step.output(2)
    width = len(layer.gates) * layer.cells
    rows = step.scratch((layer.time, layer.batch, width))
    sums = step.scratch((layer.batch, width))
    hear_x = _inputs_heard(layer, rows)
    hear_hidden = _product(layer, "recurrent", hidden, sums)
    activate = _activations(layer, sums, hidden, cell)
    walk = [(rows[t], layer.y[t]) for t in times(layer)]
    first_hidden, first_cell = (step.input(POSITIONS[role]) for role in ("hidden", "cell"))

    def run() -> None:
        np.copyto(hidden, first_hidden)
        np.copyto(cell, first_cell)
        for call in hear_x:
            call()
        for row, y in walk:
            for call in hear_hidden:
                call()
            np.add(sums, row, sums)
            for call in activate:
                call()
            np.copyto(y, hidden)

    step.call(run)


def _inputs_heard(layer: Recurrence, rows: Floats) -> list[Call]:
    """What x and the biases add to the gates' sums, for all times at once."""
    x = layer.step.scratch(layer.x.shape)
    flat = rows.reshape(-1, rows.shape[-1])
    calls: list[Call] = [lambda: np.copyto(x, layer.x)]
    calls += _product(layer, "input", x.reshape(-1, layer.features), flat)
    if not layer.has("output_norm"):
        bias = layer.per_gate("{}_bias")
        calls.append(lambda: np.add(flat, bias, flat))
    return calls


def _product(layer: Recurrence, prefix: str, x: Floats, sums: Floats) -> list[Call]:
    """Calls for `sums = x W`; with int8 weights, of x quantized row by row."""
    step = layer.step
    if prefix == "projection":
        stored, names = layer.constant(prefix).T, [prefix]
    else:
        stored, names = layer.side_by_side(prefix), [f"{prefix}_to_{g}" for g in layer.gates]
    if stored.dtype == np.float32:
        matrix = step.prepared(prefix, lambda: np.ascontiguousarray(stored))
        return [lambda: np.dot(x, matrix, sums)]
    dtype = np.float32 if x.shape[1] <= WIDEST_FLOAT32 else np.float64
    matrix = step.prepared(prefix, lambda: np.ascontiguousarray(stored, dtype))
    each = stored.shape[1] // len(names)
    weight_scales = np.repeat(np.array([layer.scale(n) for n in names], np.float32), each)
    integers, scales = np.zeros(x.shape, dtype), np.zeros((len(x), 1), np.float32)
    products, factors = np.zeros(sums.shape, dtype), np.zeros(sums.shape, np.float32)
    return [
        quantize_rows(
            x, integers, scales, "asymmetric" if layer.attrs["asymmetric"] else "symmetric"
        ),
        lambda: np.dot(integers, matrix, products),
        lambda: np.multiply(scales, weight_scales, factors),
        lambda: np.multiply(products, factors, sums, casting="same_kind"),
    ]


def _activations(layer: Recurrence, sums: Floats, hidden: Floats, cell: Floats) -> list[Call]:
    """From the sums of one time to its cell and hidden state."""
    gate = layer.parts(sums)
    other = np.zeros(cell.shape, np.float32)
    curve = CURVES[layer.attrs["activation"]]
    peephole, norm = _peephole(layer, gate, cell, other), _norm(layer, gate)
    early = [name for name in layer.gates if name != "output"]
    calls = [c for name in early for c in (*peephole.get(name, ()), *norm.get(name, ()))]
    if not peephole and not norm:
        calls += _sigmoid(sums[:, : -layer.cells])
    else:
        calls += [c for name in early if name != "cell" for c in _sigmoid(gate[name])]
    calls += curve(gate["cell"], gate["cell"])
    calls.append(lambda: np.multiply(gate["forget"], cell, cell))
    if "input" not in gate:
        calls.append(lambda: np.subtract(ONE, gate["forget"], gate["forget"]))
    share = gate.get("input", gate["forget"])
    calls.append(lambda: np.multiply(share, gate["cell"], other))
    calls.append(lambda: np.add(cell, other, cell))
    calls += _clipping(cell, layer.attrs["cell_clip"])
    if peephole or norm:
        calls += [*peephole.get("output", ()), *norm.get("output", ()), *_sigmoid(gate["output"])]
    calls += curve(cell, other)
    if not layer.has("projection"):
        calls.append(lambda: np.multiply(gate["output"], other, hidden))
        return calls
    calls.append(lambda: np.multiply(gate["output"], other, other))
    calls += _product(layer, "projection", other, hidden)
    if layer.has("projection_bias"):
        bias = layer.constant("projection_bias")
        calls.append(lambda: np.add(hidden, bias, hidden))
    return calls + _clipping(hidden, layer.attrs["projection_clip"])


def _peephole(
    layer: Recurrence, gate: dict[str, Floats], cell: Floats, other: Floats
) -> dict[str, list[Call]]:
    """What the gates see of the cell, by gate; none if there are no peepholes."""

    def look(name: str) -> list[Call]:
        weight = layer.constant(f"cell_to_{name}")
        if weight.dtype == np.int8:
            weight = weight.astype(np.float32) * layer.scale(f"cell_to_{name}")
        return [
            lambda: np.multiply(weight, cell, other),
            lambda: np.add(gate[name], other, gate[name]),
        ]

    names = [name for name in layer.gates if layer.has(f"cell_to_{name}")]
    return {name: look(name) for name in names}


def _norm(layer: Recurrence, gate: dict[str, Floats]) -> dict[str, list[Call]]:
    """The normalization of each gate's sums; none if there is none."""

    def normalize(name: str) -> list[Call]:
        weight, bias = layer.constant(f"{name}_norm"), layer.constant(f"{name}_bias")
        sums = gate[name]

        def call() -> None:
            np.subtract(sums, sums.mean(axis=1, keepdims=True, dtype=np.float32), sums)
            variance = np.square(sums).mean(axis=1, keepdims=True, dtype=np.float32)
            np.multiply(sums, ONE / np.sqrt(variance + SMALLEST_VARIANCE), sums)
            np.multiply(sums, weight, sums)
            np.add(sums, bias, sums)

        return [call]

    return {name: normalize(name) for name in layer.gates if layer.has(f"{name}_norm")}


def _clipping(x: Floats, limit: float) -> list[Call]:
    bounds = np.array(-limit, np.float32), np.array(limit, np.float32)
    return [lambda: clip(x, *bounds, x)] if limit > 0 else []


def _sigmoid(x: Floats, y: Floats | None = None) -> list[Call]:
    out = x if y is None else y
    return [
        lambda: np.multiply(x, HALF, out),
        lambda: np.tanh(out, out),
        lambda: np.multiply(out, HALF, out),
        lambda: np.add(out, HALF, out),
    ]


def _clipped(low: float, high: float) -> Callable[[Floats, Floats], list[Call]]:
    bounds = np.array(low, np.float32), np.array(high, np.float32)
    return lambda x, y: [lambda: clip(x, *bounds, y)]


CURVES: dict[str, Callable[[Floats, Floats], list[Call]]] = {
    "none": lambda x, y: [] if x is y else [lambda: np.copyto(y, x)],
    "relu": _clipped(0.0, np.inf),
    "relu6": _clipped(0.0, 6.0),
    "tanh": lambda x, y: [lambda: np.tanh(x, y)],
    "sigmoid": _sigmoid,
}
"""Calls for `y = activation(x)`, by name."""
