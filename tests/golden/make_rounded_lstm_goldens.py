"""Make quantization/rounded_lstm.npz: an LSTM in the steps of the device and its gradients.

    PYTHONPATH=. python tests/golden/make_rounded_lstm_goldens.py

Needs PyTorch; the tests need only the file. Written out gate by gate and time by time in float64,
with a gradient that goes straight through each rounding and ends where a number is cut off. The
tables of sigmoid and tanh are the interpreter's, which LiteRT's kernels were held against.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import torch

from edgekit.interpreter.fixed_curves import sigmoid_table, tanh_table

TARGET = Path(__file__).parent / "quantization" / "rounded_lstm.npz"
GATE, INT16, INT8 = 2.0**-12, (-(2**15), 2**15 - 1), (-128, 127)
BATCH, TIME, FEATURES, UNITS = 3, 5, 4, 3

# hidden scale and zero point, cell scale, size of the weights, what else is given
CASES: dict[str, dict[str, Any]] = {
    "sequences": {"sequences": True},
    "last": {},
    "backwards": {"backwards": True, "sequences": True},
    "states": {"first": True, "state": True},
    "no_bias": {"bias": False},
    "dropped": {"dropped": True, "sequences": True},
    "products": {"kernel": False, "sequences": True},
    "cut_off": {"size": 6.0, "hidden": (2.0**-8, 100), "cell": 2.0**-15, "sequences": True},
    "two_roundings": {"finer": True, "sequences": True, "first": True},
}


class Rounded(torch.autograd.Function):
    """Whole steps, halves away from zero, cut off at the ends."""

    @staticmethod
    def forward(ctx: Any, x: Any, scale: float, low: int, high: int, finer: Any) -> Any:
        steps = torch.round(x / scale * finer) / finer
        steps = torch.trunc(steps + torch.copysign(torch.tensor(0.5), steps))
        ctx.save_for_backward((steps >= low) & (steps <= high))
        return steps.clamp(low, high) * scale

    @staticmethod
    def backward(ctx: Any, g: Any) -> Any:
        return g * ctx.saved_tensors[0], None, None, None, None


class Curve(torch.autograd.Function):
    """A table of 16-bit numbers; the slope is that of the curve where it has this height."""

    @staticmethod
    def forward(ctx: Any, x: Any, scale: float, table: np.ndarray, is_sigmoid: bool) -> Any:
        index = torch.round(x / scale).to(torch.int64) + 2**15
        y = torch.tensor(table.astype(np.float64))[index] / 2.0**15
        ctx.save_for_backward(y * (1 - y) if is_sigmoid else 1 - y * y)
        return y

    @staticmethod
    def backward(ctx: Any, g: Any) -> Any:
        return g * ctx.saved_tensors[0], None, None, None


def rounded(x: Any, scale: float, limits: tuple[int, int], finer: Any = 1.0) -> Any:
    return Rounded.apply(x, scale, *limits, torch.as_tensor(finer))


def lstm(given: dict[str, Any], case: dict[str, Any], finer: Any) -> Any:
    hidden_scale, zero = case.get("hidden", (2.0**-7, 3))
    cell_scale = case.get("cell", 2.0**-13)
    tanh_of_cell = tanh_table(15 + round(np.log2(cell_scale)))
    wide = (-(2**40), 2**40)
    x, h, c = (given.get(name) for name in ("x", "hidden", "cell"))
    h = torch.zeros(BATCH, UNITS, dtype=torch.float64) if h is None else h
    c = torch.zeros(BATCH, UNITS, dtype=torch.float64) if c is None else c
    shown = []
    for t in range(TIME)[::-1] if case.get("backwards") else range(TIME):
        gates = []
        for k in range(4):
            part = slice(k * UNITS, (k + 1) * UNITS)
            of_x = x[:, t, part] if "kernel" not in given else x[:, t] @ given["kernel"][:, part]
            of_x = of_x + given["bias"][part] if "bias" in given else of_x
            state = h * given["dropped"][k] if "dropped" in given else h
            of_h = state @ given["recurrent"][:, part]
            total = rounded(of_x, GATE, INT16, finer[k]) + rounded(of_h, GATE, wide, finer[k])
            total = rounded(total, GATE, INT16)
            table = tanh_table(3) if k == 2 else sigmoid_table()
            gates.append(Curve.apply(total, GATE, table, k != 2))
        i, f, new, o = gates
        c = rounded(f * c, cell_scale, wide) + rounded(i * new, cell_scale, wide)
        c = rounded(c, cell_scale, INT16)
        h = o * Curve.apply(c, cell_scale, tanh_of_cell, False)
        h = rounded(h, hidden_scale, (INT8[0] - zero, INT8[1] - zero))
        shown.append(h)
    rows = shown if case.get("sequences") else shown[-1:]
    if case.get("state"):
        rows = [*rows, h, c]
    return torch.stack(rows, 1) if case.get("sequences") or case.get("state") else rows[0]


def inputs_of(case: dict[str, Any], rng: np.random.Generator) -> dict[str, np.ndarray]:
    size, width = case.get("size", 0.7), 4 * UNITS
    found = {"x": rng.normal(size=(BATCH, TIME, FEATURES)), "recurrent": None}
    if case.get("kernel", True):
        found["kernel"] = rng.normal(0, size, (FEATURES, width))
    else:
        found["x"] = rng.normal(size=(BATCH, TIME, width))
    found["recurrent"] = rng.normal(0, size, (UNITS, width))
    if case.get("bias", True):
        found["bias"] = rng.normal(0, size / 2, width)
    if case.get("first"):
        found["hidden"] = rng.integers(-60, 60, (BATCH, UNITS)) * 2.0**-7
        found["cell"] = rng.integers(-9000, 9000, (BATCH, UNITS)) * 2.0**-13
    if case.get("dropped"):
        found["dropped"] = (rng.uniform(size=(4, BATCH, UNITS)) < 0.7) / 0.7
    return found


def main() -> None:
    rng = np.random.default_rng(0)
    stored: dict[str, np.ndarray] = {}
    for name, case in CASES.items():
        given = inputs_of(case, rng)
        finer = 2.0 ** np.arange(4) if "finer" in case else np.ones(4)
        tensors = {key: torch.tensor(array, requires_grad=True) for key, array in given.items()}
        y = lstm(tensors, case, finer)
        g = rng.normal(size=y.shape)
        y.backward(torch.tensor(g))
        stored.update({f"{name}/{key}": array for key, array in given.items()})
        stored.update({f"{name}/d_{key}": t.grad.numpy() for key, t in tensors.items()})
        stored |= {f"{name}/y": y.detach().numpy(), f"{name}/g": g, f"{name}/finer": finer}
    np.savez_compressed(TARGET, **stored)


if __name__ == "__main__":
    main()
