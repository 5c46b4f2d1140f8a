"""Graphs of one recurrent layer with random weights, in every form that there is."""

from __future__ import annotations

from typing import Any

import numpy as np

from edgekit.ir import Graph, GraphBuilder, QuantParams, per_tensor
from edgekit.ir.recurrent_shapes import LSTM_INPUTS

GATES = ("input", "forget", "cell", "output")
KINDS = ("float", "hybrid", "integer")


def lstm_graph(
    kind: str = "float",
    *,
    seed: int = 0,
    batch: int = 1,
    time: int = 5,
    features: int = 6,
    cells: int = 8,
    units: int | None = None,
    coupled: bool = False,
    peephole: bool = False,
    norm: bool = False,
    projection_bias: bool = True,
    cell_exponent: int = -12,
    zero_point: int = -3,
    kept: bool = True,
    **attrs: Any,
) -> Graph:
    """An Lstm layer that keeps its memories, or (`kept` False) takes and gives them.

    units: how many units a projection leaves; None for no projection. coupled: no input gate.
    """
    rng = np.random.default_rng(seed)
    g = GraphBuilder("lstm")
    integer, outputs = kind == "integer", cells if units is None else units
    shape = (time, batch, features) if attrs.get("time_major") else (batch, time, features)
    x_quant, hidden_quant = per_tensor(0.02, 5), per_tensor(1 / 128, zero_point)
    cell_quant = per_tensor(2.0**cell_exponent)
    dtype = "int8" if integer else "float32"
    weights = _Weights(g, rng, kind)
    inputs: dict[str, str | None] = dict.fromkeys(r.rstrip("?") for r in LSTM_INPUTS)
    inputs["x"] = g.input("x", shape, dtype, x_quant if integer else None)
    for gate in [gate for gate in GATES if not (coupled and gate == "input")]:
        inputs[f"input_to_{gate}"] = weights.matrix(f"input_to_{gate}", (cells, features))
        inputs[f"recurrent_to_{gate}"] = weights.matrix(f"recurrent_to_{gate}", (cells, outputs))
        inputs[f"{gate}_bias"] = weights.bias(f"{gate}_bias", cells, norm)
        if peephole and gate != "cell":
            inputs[f"cell_to_{gate}"] = weights.peephole(f"cell_to_{gate}", cells)
        if norm:
            inputs[f"{gate}_norm"] = weights.norm(f"{gate}_norm", cells)
    if units is not None:
        inputs["projection"] = weights.matrix("projection", (units, cells))
        if projection_bias:
            inputs["projection_bias"] = weights.bias("projection_bias", units, False)
    memory = (
        g.state
        if kept
        else lambda name, data, quant: g.input(name, data.shape, data.dtype.name, quant)
    )
    hidden = np.full((batch, outputs), zero_point if integer else 0, dtype)
    inputs["hidden"] = memory("hidden", hidden, hidden_quant if integer else None)
    cell = np.zeros((batch, cells), "int16" if integer else "float32")
    inputs["cell"] = memory("cell", cell, cell_quant if integer else None)
    quants: list[QuantParams | None] = [None] * 3
    if integer:
        quants = [hidden_quant, hidden_quant, cell_quant]
        attrs |= {"hidden_scale": 0.0081, "hidden_zero_point": 4}
        if units is None:
            attrs |= {"hidden_scale": 1 / 128, "hidden_zero_point": zero_point}
        if norm:
            attrs["gate_scales"] = (0.0021, 0.0019, 0.0023, 0.002)
    results = g.add_all(
        "Lstm",
        *inputs.values(),
        name="layer",
        outputs=["y", "hidden/next", "cell/next"],
        quants=quants,
        **attrs,
    )
    if not kept:
        return g.finish(results)
    g.keep(results[1], "hidden")
    g.keep(results[2], "cell")
    return g.finish(results[:1])


class _Weights:
    """Random constants in the dtypes of one kind of layer."""

    def __init__(self, g: GraphBuilder, rng: np.random.Generator, kind: str) -> None:
        self.g, self.rng, self.kind = g, rng, kind

    def matrix(self, name: str, shape: tuple[int, int]) -> str:
        real = self.rng.normal(0, 1 / np.sqrt(shape[1]), shape).astype(np.float32)
        if self.kind == "float":
            return self.g.constant(real, name)
        scale = float(np.abs(real).max() / 127)
        stored = np.rint(real / np.float32(scale)).astype(np.int8)
        return self.g.constant(stored, name, per_tensor(scale))

    def bias(self, name: str, size: int, norm: bool) -> str:
        if self.kind != "integer":
            return self.g.constant(self.rng.normal(0, 0.5, size).astype(np.float32), name)
        size_ = 2000 if not norm else 200000
        data = self.rng.integers(-size_, size_, size).astype(np.int32)
        return self.g.constant(data, name, per_tensor(2e-4))

    def peephole(self, name: str, size: int) -> str:
        real = self.rng.normal(0, 0.4, size).astype(np.float32)
        dtype, steps = {"float": ("", 0), "hybrid": ("int8", 127), "integer": ("int16", 32767)}[
            self.kind
        ]
        if not dtype:
            return self.g.constant(real, name)
        scale = float(np.abs(real).max() / steps)
        return self.g.constant(
            np.rint(real / np.float32(scale)).astype(dtype), name, per_tensor(scale)
        )

    def norm(self, name: str, size: int) -> str:
        real = self.rng.normal(1, 0.2, size).astype(np.float32)
        if self.kind != "integer":
            return self.g.constant(real, name)
        scale = float(np.abs(real).max() / 32767)
        return self.g.constant(
            np.rint(real / np.float32(scale)).astype(np.int16), name, per_tensor(scale)
        )


def rnn_graph(
    kind: str = "float",
    *,
    seed: int = 0,
    batch: int = 1,
    time: int = 5,
    features: int = 6,
    units: int = 8,
    kept: bool = True,
    **attrs: Any,
) -> Graph:
    """An Rnn layer that keeps its hidden state, or (`kept` False) takes and gives it."""
    rng = np.random.default_rng(seed)
    g = GraphBuilder("rnn")
    shape = (time, batch, features) if attrs.get("time_major") else (batch, time, features)
    weights = _Weights(g, rng, kind)
    inputs = [g.input("x", shape), weights.matrix("input", (units, features))]
    inputs += [weights.matrix("recurrent", (units, units)), weights.bias("bias", units, False)]
    begin = np.zeros((batch, units), np.float32)
    inputs.append(g.state("hidden", begin) if kept else g.input("hidden", begin.shape))
    results = g.add_all("Rnn", *inputs, name="layer", outputs=["y", "hidden/next"], **attrs)
    if not kept:
        return g.finish(results)
    g.keep(results[1], "hidden")
    return g.finish(results[:1])


def svdf_graph(
    kind: str = "float",
    *,
    seed: int = 0,
    batch: int = 1,
    features: int = 6,
    units: int = 4,
    rank: int = 1,
    memory: int = 5,
    bias: bool = True,
    activation: str = "none",
    state: str = "int16",
    asymmetric: bool = False,
) -> Graph:
    """An Svdf layer that keeps its memory. state: the dtype of an integer layer's memory."""
    rng = np.random.default_rng(seed)
    g = GraphBuilder("svdf")
    integer, filters = kind == "integer", units * rank
    x = g.input("x", (batch, features), "int8", per_tensor(0.03, 7)) if integer else ""
    x = x or g.input("x", (batch, features))
    feature = _Weights(g, rng, kind).matrix("feature", (filters, features))
    time = rng.normal(0, 0.5, (filters, memory)).astype(np.float32)
    state_quant = None
    if integer:
        steps = 127 if state == "int8" else 32767
        scale = float(np.abs(time).max() / steps)
        stored = np.rint(time / np.float32(scale)).astype(state)
        times = g.constant(stored, "time", per_tensor(scale))
        state_quant = per_tensor(12.0 / steps, 9 if state == "int8" else 0)
        data = rng.integers(-3000, 3000, units).astype(np.int32)
        data *= 300 if state == "int16" else 1
        biases = g.constant(data, "bias", per_tensor(state_quant.scale[0] * scale))
    else:
        scale = float(np.abs(time).max() / 127)
        stored = np.rint(time / np.float32(scale)).astype(np.int8)
        hybrid = kind == "hybrid"
        times = g.constant(stored, "time", per_tensor(scale)) if hybrid else ""
        times = times or g.constant(time, "time")
        biases = g.constant(rng.normal(0, 0.5, units).astype(np.float32), "bias")
    zero = 0 if state_quant is None else state_quant.zero_point[0]
    kept = np.full((batch, filters * memory), zero, state if integer else "float32")
    name = g.state("memory", kept, state_quant)
    y, following = g.add_all(
        "Svdf",
        x,
        feature,
        times,
        biases if bias else None,
        name,
        name="layer",
        outputs=["y", "memory/next"],
        quants=[per_tensor(0.05, -10) if integer else None, state_quant],
        rank=rank,
        activation=activation,
        asymmetric=asymmetric,
    )
    g.keep(following, name)
    return g.finish([y])
