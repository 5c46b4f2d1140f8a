"""An LSTM in the steps of the device, with the gradient straight through all roundings.

The formulas are those of `interpreter/kernels/lstm_integer.py`: weights have one scale for each
gate, sums of gates are 16-bit numbers in steps of 2^-12, sigmoid and tanh are read from its tables,
the cell has 16 bits in steps of a power of two, and the hidden state is rounded to int8 before the
next time hears of it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import numpy as np

from edgekit.interpreter.fixed_curves import sigmoid_table, tanh_table
from edgekit.ir import QuantParams
from edgekit.quantize.scales import BIAS_LIMIT, NEARLY_ZERO, WEIGHT_LIMIT
from edgekit.train.backend import Array, array_module, constant
from edgekit.train.ops.recurrent.lstm import begin, gates_inside, gradients, slopes_of
from edgekit.train.ops.recurrent.steps import Hearing, curve, packed, unpacked
from edgekit.train.ops.storage import widened
from edgekit.train.primitive import Primitive
from edgekit.train.tensor import Tensor, wrap

from .fake_quantize import fake_quantize, fake_quantize_weight

__all__ = ["rounded_inputs", "rounded_lstm"]

GATE_STEPS, CURVE_STEPS = 2.0**12, 2.0**15
LOWEST, HIGHEST = -(2**15), 2**15 - 1
GATES = 4


def rounded_inputs(
    inputs: Sequence[Any], x: QuantParams, hidden: QuantParams, cell_scale: float
) -> list[Any]:
    """The inputs of `lstm` as those of `rounded_lstm`: weights, bias and first states rounded."""
    found = [widened(x) if isinstance(x, Tensor) else x for x in inputs]
    found += [None] * (8 - len(found))
    scales: list[Any] = [None, None]
    for k, heard in enumerate((x, hidden)):
        if found[1 + k] is not None:
            found[1 + k], scales[k] = _rounded_weight(found[1 + k], heard.scale[0])
    if found[3] is not None and scales[0] is not None:
        found[3] = fake_quantize_weight(found[3], wrap(scales[0]), limit=BIAS_LIMIT)
    if found[4] is not None:
        quant = {"scale": hidden.scale[0], "zero_point": hidden.zero_point[0]}
        found[4] = fake_quantize(found[4], **quant)
    if found[5] is not None:
        found[5] = fake_quantize(found[5], scale=cell_scale, zero_point=0, low=LOWEST, high=HIGHEST)
    return [*found, *scales]


def _rounded_weight(weight: Any, input_scale: float) -> tuple[Any, Array]:
    """A kernel (inputs, 4 units) on the steps that the converter chooses for each gate, and the
    scale of its products with steps of `input_scale`, (4 units,).
    """
    xp, data = array_module(weight.data), weight.data
    number, each = data.dtype.type, data.shape[1] // GATES
    largest = xp.abs(data).reshape(len(data), GATES, -1).max(axis=(0, 2))
    scales = xp.maximum(largest, number(NEARLY_ZERO / 2)) / number(WEIGHT_LIMIT)
    scales = xp.repeat(scales, each)
    return fake_quantize_weight(weight, wrap(scales[None])), scales * number(input_scale)


def _rounded_lstm(
    x,
    kernel,
    recurrent,
    bias=None,
    hidden=None,
    cell=None,
    mask=None,
    dropped=None,
    input_scales=None,
    state_scales=None,
    *,
    hidden_scale: float,
    hidden_zero_point: int,
    cell_scale: float,
    activation: str = "tanh",
    recurrent_activation: str = "sigmoid",
    sequences: bool = False,
    state: bool = False,
    backwards: bool = False,
    zero_output: bool = False,
):
    """As `lstm` with tanh and sigmoid and without a mask, on weights that were rounded before.

    input_scales, state_scales: of the products with kernel and recurrent, by `rounded_inputs`.
    """
    begun = begin(x, kernel, recurrent, bias, hidden, cell, mask, dropped, backwards, zero_output)
    x, z, hiddens, cells, masked, hearing = begun
    z = _stepped(z, _finer(input_scales))
    scales = hidden_scale, hidden_zero_point, cell_scale
    finer = _finer(state_scales)
    sums, gates, reached, curved, shown = _forward(z, hiddens, cells, hearing, finer, scales)
    y = packed(hiddens[1:], (hiddens[-1], cells[-1]), masked, sequences, state)
    before = z, sums, reached, shown
    return y, ((x, gates, hiddens, cells, curved, masked, hearing), before)


# it takes the place of `lstm` alone, whose second derivatives are no concern here
rounded_lstm = Primitive(_rounded_lstm, "rounded_lstm", saves=True, differentiable=True)


def _forward(
    z: Array, hiddens: Array, cells: Array, hearing: Hearing, finer: Array | None,
    scales: tuple[float, int, float],
) -> tuple[Array, ...]:  # fmt: skip
    """Fill hiddens and cells from their first on. `z` is what x adds to the gates' sums, in steps.

    Returns the sums in steps (time, 4, batch, units) and the gates, the cells in steps, the
    activated cells, and the hiddens; sums, cells and hiddens as they are before they are cut off.
    """
    xp, number = array_module(z), z.dtype.type
    time, batch, units = len(z), z.shape[1], hiddens.shape[2]
    hidden_scale, zero_point, cell_scale = scales
    sums, gates = (xp.empty((time, GATES, batch, units), z.dtype) for _ in range(2))
    reached, curved, shown = (xp.empty((time, batch, units), z.dtype) for _ in range(3))
    integer_bits = 15 + round(math.log2(cell_scale))
    sigmoid, tanh, bent = (constant(_table(b, z.dtype), z) for b in (None, 3, integer_bits))
    cell_steps, hidden_steps = number(1 / cell_scale), number(1 / hidden_scale)
    low, high = number(LOWEST), number(HIGHEST)
    heard_x = xp.clip(z, low, high)

    def by_gate(rows: Array) -> Array:
        return rows.reshape(batch, GATES, units).swapaxes(0, 1)

    for t in range(time):
        heard = _stepped(hearing.hear(hiddens[t]), finer)
        xp.add(by_gate(heard), by_gate(heard_x[t]), out=sums[t])
        index = xp.clip(sums[t], low, high).astype(np.int32)
        gates[t, :3], gates[t, 3] = sigmoid[index[:3]], tanh[index[3]]
        o, i, f, new = gates[t]
        xp.add(xp.rint(f * cells[t] * cell_steps), xp.rint(i * new * cell_steps), out=reached[t])
        cell = xp.clip(reached[t], low, high)
        xp.multiply(cell, number(cell_scale), out=cells[t + 1])
        curved[t] = bent[cell.astype(np.int32)]
        xp.multiply(o, curved[t], out=shown[t])
        steps = xp.rint(shown[t] * hidden_steps)
        steps = xp.clip(steps, number(-128 - zero_point), number(127 - zero_point))
        xp.multiply(steps, number(hidden_scale), out=hiddens[t + 1])
    return sums, gates, reached, curved, shown


def _finer(scales: Array | None) -> Array | None:
    """How many times finer than steps of the gates' sums products of these scales are rounded
    first: `fixed_point.scale` rounds twice where its factor is less than a half.
    """
    if scales is None:
        return None
    xp = array_module(scales)
    _, exponents = xp.frexp(gates_inside(scales) * scales.dtype.type(GATE_STEPS))
    return xp.ldexp(xp.ones(scales.shape, scales.dtype), xp.maximum(-exponents, 0))


def _stepped(products: Array, finer: Array | None) -> Array:
    """Products of weights in steps of the gates' sums; the second rounding takes halves away
    from zero.
    """
    xp, number = array_module(products), products.dtype.type
    if finer is None:
        return xp.rint(products * number(GATE_STEPS))
    steps = xp.rint(products * (finer * number(GATE_STEPS)))
    steps /= finer
    steps += xp.copysign(number(0.5), steps)
    return xp.trunc(steps, out=steps)


@lru_cache(maxsize=16)
def _table(integer_bits: int | None, dtype: np.dtype[Any]) -> np.ndarray:
    """tanh by its 16-bit argument, sigmoid without bits; negative arguments stand at the end."""
    table = sigmoid_table() if integer_bits is None else tanh_table(integer_bits)
    return (np.roll(table, -len(table) // 2) / CURVE_STEPS).astype(dtype)


@rounded_lstm.vjp
def _(
    g, y, x, kernel, recurrent, bias=None, hidden=None, cell=None, mask=None, dropped=None,
    input_scales=None, state_scales=None, *, saved, needs, hidden_scale, hidden_zero_point,
    cell_scale, activation="tanh", recurrent_activation="sigmoid", sequences=False, state=False,
    backwards=False, zero_output=False,
):  # fmt: skip
    walked, (z, sums, reached, shown) = saved
    xp, gates = array_module(g), walked[1]
    rows, ends = unpacked(g, 2, len(gates), walked[5], sequences, state)
    slopes, through, kept = slopes_of(walked, curve("tanh").slope, curve("sigmoid").slope)
    steps = xp.rint(shown * shown.dtype.type(1 / hidden_scale))
    rounded = (steps >= -128 - hidden_zero_point) & (steps <= 127 - hidden_zero_point)
    held = _within(reached)
    slopes *= _within(sums)
    slopes[:, 0] *= rounded
    slopes[:, 1:] *= held[:, None]
    through *= rounded
    changed = slopes, through, kept * held
    found = gradients(
        rows, ends, changed, walked, kernel, needs[:8], sequences, backwards, _within(z)
    )
    return (*found, None, None)[: len(needs)]


def _within(x: Array) -> Array:
    return (x >= LOWEST) & (x <= HIGHEST)
