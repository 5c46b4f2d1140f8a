"""Rnn: h = activation(b + W x + R h) at each time, in float32 and with int8 weights (`hybrid.py`).

With int8 weights the products are added to the bias one after the other, as TFLite does: first of
what is heard, then of the hidden state.
"""

from __future__ import annotations

import numpy as np

from ..step import Call, Floats, Step
from . import kernel
from .hybrid import Rounding, quantize_rows
from .lstm import CURVES

__all__: list[str] = []

X, WEIGHT, RECURRENT, BIAS, HIDDEN = range(5)


@kernel("Rnn", "float32")
def rnn(step: Step) -> None:
    x, y, hidden = step.input(X), step.output(), step.output(1)
    if not step.attrs["time_major"]:
        x, y = x.swapaxes(0, 1), y.swapaxes(0, 1)
    time, batch, features = x.shape
    heard = step.scratch((time, batch, features))
    sums, part = step.scratch(hidden.shape), step.scratch(hidden.shape)
    rows = step.scratch((time, batch, hidden.shape[1]))
    first, bias = step.input(HIDDEN), step.constant(BIAS)
    flat = rows.reshape(-1, rows.shape[-1])
    hear = _product(step, WEIGHT, heard.reshape(-1, features), flat)
    hear_hidden = _product(step, RECURRENT, hidden, part)
    activate = CURVES[step.attrs["activation"]](sums, hidden)
    order = range(time)[:: -1 if step.attrs["reverse"] else 1]

    def run() -> None:
        np.copyto(heard, x)
        np.copyto(hidden, first)
        for call in hear:
            call()
        np.add(flat, bias, flat)
        for t in order:
            for call in hear_hidden:
                call()
            np.add(rows[t], part, sums)
            for call in activate:
                call()
            np.copyto(y[t], hidden)

    step.call(run)


def _product(step: Step, position: int, x: Floats, sums: Floats) -> list[Call]:
    """Calls for `sums = x W`; with int8 weights, of x quantized row by row."""
    stored = step.constant(position).T
    if stored.dtype == np.float32:
        matrix = step.prepared(f"weight {position}", lambda: np.ascontiguousarray(stored))
        return [lambda: np.dot(x, matrix, sums)]
    exact = step.prepared(f"weight {position}", lambda: np.ascontiguousarray(stored, np.float64))
    integers, scales = np.zeros(x.shape, np.float64), np.zeros((len(x), 1), np.float32)
    products = np.zeros(sums.shape, np.float64)
    scale = np.float32(step.input_quant(position).scale[0])
    rounding: Rounding = "asymmetric" if step.attrs["asymmetric"] else "symmetric"
    return [
        quantize_rows(x, integers, scales, rounding),
        lambda: np.dot(integers, exact, products),
        lambda: np.multiply(scales, scale, scales),
        lambda: np.multiply(products, scales, sums, casting="same_kind"),
    ]
