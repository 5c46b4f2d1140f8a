"""Lstm in integers: int8 activations and weights, 16-bit gates and cell (TFLite's 8x8_16).

Both arithmetics compute this alike. u = q - zero_point; M(n, s) scales n by the real s with the two
roundings of `fixed_point`; R(n, b) is n / 2^b rounded half away from zero; int16() and int8()
saturate. Scales are float32, multiplied and divided from left to right.

Sums have 2^-12 as their scale s_k, or gate_scales[k] where they are normalized:
    a = int16(M(W_k u_x + b_k, s_W * s_x / s_k))                     b_k only without normalization
    a = int16(a + M(R_k u_h, s_R * s_h / s_k))
    a = int16(a + M(P_k * c, s_c * s_P / s_k))                       peephole
    normalization: m = trunc(sum(a) * 1024 / n), v = trunc((sum(a^2) * (2^20 // n) - m^2) / 2^20),
        the smallest v being max(1, trunc(10000 * s_n)); a' = M(1024 * a - m, 1 / sqrt(v)) by
        `inverse_sqrt`; a = int16(M(trunc((a' * n_k + b_k +- 512) / 1024), s_n * 2^12))
Gates: i, f, o = sigmoid(a), g = tanh(a) by `fixed_curves.py`; with no input gate i = 32767 - f.
Cell, with the scale 2^e: c = int16(R(f * c, 15) + R(i * g, 30 + e)), clipped to
    trunc(cell_clip / 2^e).
Output: h = M(o * tanh(c), 2^-30 / s_hidden), int8 with hidden_zero_point. With a projection this is
    h' and h = int8(M(Q u_h' + q, s_Q * s_hidden / s_h) + z_h), clipped to trunc(clip / s_h).
"""

from __future__ import annotations

import math
from functools import partial
from typing import Any

import numpy as np

from edgekit.ir import QuantParams, fixed_point

from .. import fixed_curves
from ..step import Array, Call, Step
from . import kernel, plain_lstm_integer
from .integer_calls import halving, operand, rescaling, saturation
from .layer_norm import normalization
from .recurrence import POSITIONS, Recurrence, times

__all__: list[str] = []

Integers = np.ndarray[Any, np.dtype[np.int64]]
Reals = np.ndarray[Any, np.dtype[np.float64]]
Scaling = tuple[Integers, Integers]
INT16, INT8 = (-(2**15), 2**15 - 1), (-128, 127)
ONE = np.int64(2**15 - 1)
GATE_SCALE = np.float32(2.0**-12)
GATE_ORDER = ("input", "forget", "cell", "output")
"""The order of gate_scales."""
HALF_TABLE = 2**15
"""Where 0 stands in a table of all 16-bit numbers."""


class IntegerLstm(Recurrence):
    """The constants of the formulas above."""

    def __init__(self, step: Step) -> None:
        super().__init__(step)
        self.exponent = math.frexp(self.quant("cell").scale[0])[1] - 1
        self.unit_scale = np.float32(self.quant("hidden").scale[0])
        self.unit_zero = self.quant("hidden").zero_point[0]
        self.hidden_scale = np.float32(step.attrs["hidden_scale"])
        self.hidden_zero = int(step.attrs["hidden_zero_point"])

    def quant(self, role: str) -> QuantParams:
        return self.step.input_quant(POSITIONS[role])

    def gate_scale(self, gate: str) -> np.float32:
        if not self.has("output_norm"):
            return GATE_SCALE
        return np.float32(self.attrs["gate_scales"][GATE_ORDER.index(gate)])

    def scaling(self, prefix: str, scale: np.float32) -> Scaling:
        """Multiplier and shift of each column of the gates' sums, of an input with this scale."""
        ratios = [self.scale(f"{prefix}_to_{g}") * scale / self.gate_scale(g) for g in self.gates]
        multipliers, shifts = fixed_point.multipliers_and_shifts(map(float, ratios))
        return np.repeat(multipliers, self.cells), np.repeat(shifts, self.cells)

    @property
    def cell_limit(self) -> int:
        """Of the cell, in its own steps; 0 for none."""
        return _clip_steps(self.attrs["cell_clip"], self.quant("cell").scale[0], INT16)

    def matrix(self, prefix: str) -> Array:
        """The gates' weights in float64, in which every sum of their products is exact."""
        return self.step.prepared(
            prefix, lambda: np.ascontiguousarray(self.side_by_side(prefix), np.float64)
        )


@kernel("Lstm", "int8")
def lstm_integer(step: Step) -> None:
    layer = IntegerLstm(step)
    n, width = layer.cells, len(layer.gates) * layer.cells
    shape = (layer.batch, width)
    rows = _inputs_heard(layer)
    if plain_lstm_integer.serves(layer):
        plain_lstm_integer.run_through(layer, rows, _rows_call(layer, rows))
        return
    sums, products = np.zeros(shape, np.int64), np.zeros(shape, np.float64)
    hidden = np.zeros((layer.batch, layer.units), np.float64)
    # The gates and the cell, side by side: the cell gate comes last and the cell right behind it.
    line = np.zeros((layer.batch, width + n), np.int64)
    cell = line[:, width:]
    row = np.zeros(shape, np.int64)
    advance: list[Call] = [
        partial(np.dot, hidden, layer.matrix("recurrent"), products),
        partial(np.copyto, sums, products, "unsafe"),
        *rescaling(sums, *layer.scaling("recurrent", layer.unit_scale)),
        partial(np.add, sums, row, sums),
        *_activations(layer, sums, line, hidden),
    ]
    walk = [(rows[t], layer.y[t]) for t in times(layer)]
    first_hidden, first_cell = (step.input(POSITIONS[role]) for role in ("hidden", "cell"))
    last_hidden, last_cell = step.output(1), step.output(2)
    fill_rows = _rows_call(layer, rows)

    def run() -> None:
        np.copyto(hidden, first_hidden)
        np.copyto(cell, first_cell, "unsafe")
        fill_rows()
        for heard, y in walk:
            np.copyto(row, heard)
            for call in advance:
                call()
            np.copyto(y, hidden, "same_kind")
        np.copyto(last_hidden, hidden, "same_kind")
        np.copyto(last_cell, cell, "same_kind")

    step.call(run)


def _inputs_heard(layer: IntegerLstm) -> Integers:
    width = len(layer.gates) * layer.cells
    return np.zeros((layer.time, layer.batch, width), np.int64)


def _rows_call(layer: IntegerLstm, rows: Integers) -> Call:
    """What x and the biases add to the gates' sums, for all times at once."""
    x = np.zeros(layer.x.shape, np.float64)
    flat = rows.reshape(-1, rows.shape[-1])
    products = np.zeros(flat.shape, np.float64)
    normalized = layer.has("output_norm")
    bias = np.float64(0) if normalized else layer.per_gate("{}_bias").astype(np.float64)
    scale = np.float32(layer.quant("x").scale[0])
    calls: list[Call] = [
        partial(np.copyto, x, layer.x),
        partial(np.dot, x.reshape(-1, layer.features), layer.matrix("input"), products),
        partial(np.add, products, bias, products),
        partial(np.copyto, flat, products, "unsafe"),
        *rescaling(flat, *layer.scaling("input", scale)),
        saturation(flat, INT16),
    ]

    def run() -> None:
        for call in calls:
            call()

    return run


def _activations(layer: IntegerLstm, sums: Integers, line: Integers, hidden: Reals) -> list[Call]:
    """From the sums of one time to its cell and hidden state."""
    width = sums.shape[1]
    gate, cell = line[:, :width], line[:, width:]
    parts = layer.parts(gate)
    early = [name for name in layer.gates if name != "output"]
    calls = [saturation(sums, INT16)]
    calls += _peepholes(layer, sums, cell, early)
    calls += _norms(layer, sums, early)
    calls += _look_up(sums, gate, _offsets(layer), _tables())
    calls += _cell_update(layer, parts, line)
    if layer.has("cell_to_output") or layer.has("output_norm"):
        calls += _peepholes(layer, sums, cell, ["output"])
        calls += _norms(layer, sums, ["output"])
        only, sigmoid = layer.parts(sums)["output"], fixed_curves.sigmoid_table()
        calls += _look_up(only, parts["output"], np.int64(HALF_TABLE), sigmoid)
    curve, tanh = np.zeros(cell.shape, np.int64), fixed_curves.tanh_table(15 + layer.exponent)
    calls += _look_up(cell, curve, np.int64(HALF_TABLE), tanh)
    calls.append(partial(np.multiply, curve, parts["output"], curve))
    return calls + _hidden_state(layer, curve, hidden)


def _offsets(layer: IntegerLstm) -> Integers:
    """Where 0 stands for each column in the tables of sigmoid and tanh, laid end to end."""
    tanh = np.array([gate == "cell" for gate in layer.gates], np.int64)
    return np.repeat(HALF_TABLE + 2 * HALF_TABLE * tanh, layer.cells)


def _tables() -> Array:
    return np.concatenate([fixed_curves.sigmoid_table(), fixed_curves.tanh_table(3)])


def _look_up(x: Integers, y: Integers, zero: Integers | np.int64, table: Array) -> list[Call]:
    """Calls for `y = table[x + zero]`."""
    index, wide = np.zeros(x.shape, np.intp), table.astype(np.int64)
    return [
        partial(np.add, x, operand(zero, x), index),
        partial(wide.take, index, None, y, "clip"),
    ]


def _cell_update(layer: IntegerLstm, parts: dict[str, Integers], line: Integers) -> list[Call]:
    """`line` holds the gates and, behind the cell gate, the cell, which becomes the new cell."""
    n = layer.cells
    pair, product = line[:, -2 * n :], np.zeros((len(line), 2 * n), np.int64)
    bits = np.repeat(np.array([30 + layer.exponent, 15], np.int64), n)
    calls: list[Call] = []
    share = line[:, : 2 * n]  # input and forget gate
    if "input" not in parts:
        share = np.zeros(product.shape, np.int64)
        calls.append(partial(np.subtract, ONE, parts["forget"], share[:, :n]))
        calls.append(partial(np.copyto, share[:, n:], parts["forget"]))
    calls.append(partial(np.multiply, share, pair, product))
    calls += halving(product, bits)
    cell = pair[:, n:]
    calls.append(partial(np.add, product[:, :n], product[:, n:], cell))
    limit = layer.cell_limit
    return [*calls, saturation(cell, (-limit, limit) if limit else INT16)]


def _clip_steps(limit: float, scale: float, bounds: tuple[int, int]) -> int:
    """A limit in steps of `scale`, rounded towards zero; 0 for none."""
    steps = np.float32(limit) / np.float32(scale)
    return int(min(max(steps, np.float32(bounds[0])), np.float32(bounds[1])))


def _hidden_state(layer: IntegerLstm, product: Integers, hidden: Reals) -> list[Call]:
    """From output gate times activated cell to the hidden state, as q - zero_point."""
    ratio = np.float32(2.0**-15 / float(layer.hidden_scale) * 2.0**-15)
    scaling = fixed_point.multiplier_and_shift(float(ratio))
    zero = layer.hidden_zero
    calls = rescaling(product, *scaling)
    if not layer.has("projection"):
        calls.append(saturation(product, (INT8[0] - zero, INT8[1] - zero)))
        if zero != layer.unit_zero:
            calls.append(partial(np.add, product, np.int64(zero - layer.unit_zero), product))
        return [*calls, partial(np.copyto, hidden, product, "same_kind")]
    # TFLite stores q = u - zero here, and takes that sign into account when it multiplies.
    calls.append(saturation(product, (INT8[0] + zero, INT8[1] + zero)))
    return calls + _projection(layer, product, hidden)


def _projection(layer: IntegerLstm, product: Integers, hidden: Reals) -> list[Call]:
    weight = np.ascontiguousarray(layer.constant("projection").T, np.float64)
    bias = np.zeros(layer.units)
    if layer.has("projection_bias"):
        bias += layer.constant("projection_bias")
    ratio = layer.scale("projection") * layer.hidden_scale / layer.unit_scale
    wide = np.zeros(product.shape, np.float64)
    projected = np.zeros(hidden.shape, np.int64)
    zero = layer.unit_zero
    calls: list[Call] = [
        partial(np.copyto, wide, product),
        partial(np.dot, wide, weight, hidden),
        partial(np.add, hidden, bias, hidden),
        partial(np.copyto, projected, hidden, "unsafe"),
        *rescaling(projected, *fixed_point.multiplier_and_shift(float(ratio))),
    ]
    limit = _clip_steps(layer.attrs["projection_clip"], float(layer.unit_scale), INT8)
    low, high = (-limit, limit) if limit else INT8
    calls.append(saturation(projected, (low - zero, high - zero)))
    return [*calls, partial(np.copyto, hidden, projected, "same_kind")]


def _peepholes(layer: IntegerLstm, sums: Integers, cell: Integers, names: list[str]) -> list[Call]:
    """What some gates see of the cell. TFLite counts units where it should count cells."""
    calls: list[Call] = []
    seen = layer.batch * min(layer.units, layer.cells)
    for name in names:
        if not layer.has(f"cell_to_{name}"):
            continue
        ratio = np.float32(
            2.0**layer.exponent * float(layer.scale(f"cell_to_{name}")) / layer.gate_scale(name)
        )
        weight = layer.constant(f"cell_to_{name}").astype(np.int64)[: layer.units]
        factors = np.zeros(layer.batch * layer.cells, np.int64)
        factors[:seen] = np.resize(weight, seen)
        factors = factors.reshape(layer.batch, layer.cells)
        share, target = np.zeros(cell.shape, np.int64), layer.parts(sums)[name]
        calls.append(partial(np.multiply, factors, cell, share))
        calls += rescaling(share, *fixed_point.multiplier_and_shift(float(ratio)))
        calls.append(partial(np.add, target, share, target))
        calls.append(saturation(target, INT16))
    return calls


def _norms(layer: IntegerLstm, sums: Integers, names: list[str]) -> list[Call]:
    if not layer.has("output_norm"):
        return []
    parts = layer.parts(sums)
    return [
        call
        for name in names
        for call in normalization(
            parts[name],
            layer.constant(f"{name}_norm"),
            layer.constant(f"{name}_bias"),
            layer.scale(f"{name}_norm"),
        )
    ]
