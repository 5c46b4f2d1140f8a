"""Recurrent layers against LiteRT, call after call: equal bits in integers, close in floats.

Floats differ by the order of sums and by tanh and exp, which are not the same to the last bit in
numpy and in LiteRT; a state carries that on from step to step.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from edgekit.errors import ShapeError, UnsupportedOperator
from edgekit.export import tflite
from edgekit.frozen import replace
from edgekit.importers.tflite import load_tflite
from edgekit.interpreter import Interpreter
from edgekit.interpreter.fixed_curves import sigmoid_table, tanh_table
from edgekit.interpreter.kernels import plain_lstm_integer
from edgekit.interpreter.kernels.plain_lstm_integer import Line
from edgekit.ir import Graph, fixed_point, validate
from tests import litert
from tests.material import ROOT
from tests.recurrent_graphs import KINDS, lstm_graph, svdf_graph

CLOSE = 2e-6
"""Of float results around 1, after up to 48 steps."""

LSTMS: dict[str, dict[str, Any]] = {
    "plain": {},
    "batch": {"batch": 3},
    "time major": {"batch": 2, "time_major": True},
    "no input gate": {"coupled": True},
    "peephole": {"peephole": True, "batch": 2},
    "peephole, no input gate": {"peephole": True, "coupled": True, "batch": 2},
    "projection": {"units": 5},
    "projection without bias": {"units": 5, "projection_bias": False, "batch": 2},
    "normalized": {"norm": True, "batch": 2},
    "everything": {"norm": True, "peephole": True, "units": 5, "coupled": True, "cells": 16},
    "clipped": {"cell_clip": 0.3, "units": 5, "projection_clip": 0.2},
    "cells clipped": {"cell_clip": 0.3},
    "larger": {"cells": 40, "features": 30, "time": 12},
    "wide": {"cells": 44, "features": 30, "time": 12},
    "wide, batch": {"cells": 44, "batch": 2, "cell_clip": 0.3},
    "many features": {"cells": 12, "features": 90},
}
SVDFS: dict[str, dict[str, Any]] = {
    "plain": {},
    "rank": {"rank": 3},
    "batch": {"rank": 2, "batch": 3},
    "without bias": {"bias": False},
    "relu": {"activation": "relu"},
    "larger": {"features": 40, "units": 64, "memory": 10, "rank": 2},
}


def inputs(graph: Graph, steps: int, seed: int = 1) -> list[np.ndarray]:
    rng, x = np.random.default_rng(seed), graph.value("x")
    shape = tuple(d or 1 for d in x.shape)
    if x.dtype == "int8":
        return [rng.integers(-128, 128, shape).astype(np.int8) for _ in range(steps)]
    silent = np.zeros(shape, np.float32)  # hybrid layers have nothing to divide by then
    return [*(rng.normal(0, 1, shape).astype(np.float32) for _ in range(steps - 1)), silent]


def litert_stream(graph: Graph, xs: list[np.ndarray], runtime: str) -> list[np.ndarray]:
    loaded = litert.interpreter(tflite.tflite_bytes(graph), runtime)
    loaded.allocate_tensors()
    (given,), (result,) = loaded.get_input_details(), loaded.get_output_details()
    found = []
    for x in xs:
        loaded.set_tensor(given["index"], x)
        loaded.invoke()
        found.append(loaded.get_tensor(result["index"]).copy())
    return found


def check_against_litert(graph: Graph, steps: int = 4) -> None:
    xs = inputs(graph, steps)
    for arithmetic, runtime in litert.RUNTIMES.items():
        interpreter = Interpreter(graph.with_metadata(arithmetic=arithmetic))
        for x, expected in zip(xs, litert_stream(graph, xs, runtime), strict=True):
            found = interpreter.run(x)[graph.outputs[0]]
            if graph.value(graph.outputs[0]).dtype == "int8":
                np.testing.assert_array_equal(found, expected)
            else:
                np.testing.assert_allclose(found, expected, rtol=CLOSE, atol=CLOSE)


@pytest.mark.parametrize("name", LSTMS)
@pytest.mark.parametrize("kind", KINDS)
def test_lstm_is_litert(kind: str, name: str) -> None:
    check_against_litert(lstm_graph(kind, **LSTMS[name]))


@pytest.mark.parametrize("exponent", [-9, -11, -15])
def test_cells_of_every_precision(exponent: int) -> None:
    check_against_litert(lstm_graph("integer", cell_exponent=exponent, seed=exponent + 20))


@pytest.mark.parametrize("zero_point", [-128, 0, 127])
def test_hidden_states_of_any_zero_point(zero_point: int) -> None:
    check_against_litert(lstm_graph("integer", zero_point=zero_point))
    check_against_litert(lstm_graph("integer", zero_point=zero_point, units=5))


RATIOS = [1.5, 2.0**-23, 2.0**-22.4, 1.7 * 2.0**-24, 2.0**-20.01, 3 * 2.0**-25, 1e-3, 2.0**-30]


@pytest.mark.parametrize("ratio", RATIOS)
@pytest.mark.parametrize("limits", [(-125, 130), (-255, 0)])
def test_a_line_stands_for_two_roundings(ratio: float, limits: tuple[int, int]) -> None:
    line, rng = Line(ratio, limits), np.random.default_rng(3)
    assert line.holds
    n = rng.integers(-(2**30), 2**30, 10_000)
    edges = np.rint((np.arange(*limits) + 0.5) / ratio).clip(-(2**31), 2**31).astype(np.int64)
    n = np.concatenate([n, *(edges + i for i in range(-3, 4)), np.arange(-3, 4)])
    n = n[np.abs(n) <= 2**30]
    exact = fixed_point.scale(n, *fixed_point.multiplier_and_shift(ratio)).clip(*limits)
    np.testing.assert_array_equal(line.rounded(n * line.factor).clip(*limits), exact)
    for error in (1 - 2.0**-52, 1 + 2.0**-52):
        almost = n * line.factor * error
        np.testing.assert_array_equal(line.rounded(almost).clip(*limits), exact)


def test_a_line_without_room_is_found_out() -> None:
    """Numbers that differ by 2^-46 are rounded apart: no factor in float64 could be trusted."""
    assert not Line(2.0**-23 * (1 - 2.0**-23), (-128, 127)).holds


@pytest.mark.parametrize("name", ["plain", "batch", "time major", "larger"])
def test_both_ways_of_a_plain_integer_layer_agree(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    graph = lstm_graph("integer", **LSTMS[name])
    xs = inputs(graph, 5)
    model = Interpreter(graph)
    assert len(model.make_plan().calls) > 20
    found = [model.run(x)[graph.outputs[0]] for x in xs]
    monkeypatch.setattr(plain_lstm_integer, "serves", lambda layer: False)
    model = Interpreter(graph)
    assert len(model.make_plan().calls) < 20
    for x, one in zip(xs, found, strict=True):
        np.testing.assert_array_equal(model.run(x)[graph.outputs[0]], one)


@pytest.mark.parametrize("activation", ["relu", "relu6"])
@pytest.mark.parametrize("kind", ["float", "hybrid"])
def test_other_activations(kind: str, activation: str) -> None:
    check_against_litert(lstm_graph(kind, activation=activation))


@pytest.mark.parametrize("name", ["plain", "projection", "larger"])
def test_activations_quantized_with_a_zero_point(name: str) -> None:
    check_against_litert(lstm_graph("hybrid", asymmetric=True, **LSTMS[name]))
    check_against_litert(svdf_graph("hybrid", asymmetric=True))


@pytest.mark.parametrize("time_major", [False, True])
def test_a_layer_that_goes_backwards(time_major: bool) -> None:
    check_against_litert(lstm_graph(reverse=True, batch=2, time_major=time_major))


@pytest.mark.parametrize("name", SVDFS)
@pytest.mark.parametrize("kind", KINDS)
def test_svdf_is_litert(kind: str, name: str) -> None:
    check_against_litert(svdf_graph(kind, **SVDFS[name]), steps=12)


@pytest.mark.parametrize("arithmetic", litert.RUNTIMES)
@pytest.mark.parametrize("name", ["plain", "rank", "batch", "larger"])
def test_svdf_with_an_int8_memory_is_tensorflow_lite_micro(name: str, arithmetic: str) -> None:
    """The second half of each sequence drives the memory into saturation."""
    with np.load(ROOT / "tests" / "golden" / "svdf_int8.npz") as golden:
        content = golden[f"{name}/file"].tobytes()
        x, y = golden[f"{name}/x"], golden[f"{name}/y"]
    interpreter = Interpreter(load_tflite(content, arithmetic=arithmetic))
    np.testing.assert_array_equal([interpreter.run(step)["y"] for step in x], y)


def test_memories_may_be_given_and_taken() -> None:
    """Two calls that hand their memories on are one call of a layer that keeps them."""
    kept, free = lstm_graph("float"), lstm_graph("float", kept=False)
    xs = inputs(kept, 3)
    stream, single = Interpreter(kept), Interpreter(free)
    hidden, cell = np.zeros((1, 8), np.float32), np.zeros((1, 8), np.float32)
    for x in xs:
        y, hidden, cell = single.run(x, hidden, cell).values()
        np.testing.assert_array_equal(stream.run(x)["y"], y)


@pytest.mark.parametrize("kind", KINDS)
def test_a_sequence_in_two_parts_is_the_whole_sequence(kind: str) -> None:
    whole, half = lstm_graph(kind, time=8), lstm_graph(kind, time=4)
    (x,) = inputs(whole, 2)[:1]
    interpreter = Interpreter(half)
    parts = [interpreter.run(x[:, i : i + 4])["y"] for i in (0, 4)]
    np.testing.assert_array_equal(Interpreter(whole).run(x)["y"], np.concatenate(parts, axis=1))


def test_tables_are_near_the_functions() -> None:
    """gemmlowp promises a few steps of 2^-15; the exact bits are LiteRT's, above."""
    q = np.arange(-(2**15), 2**15)
    assert np.abs(sigmoid_table() / 2**15 - 1 / (1 + np.exp(-q / 4096))).max() < 3e-4
    for bits in range(7):
        found = tanh_table(bits) / 2**15
        assert np.abs(found - np.tanh(q * 2.0 ** (bits - 15))).max() < 6e-4


@pytest.mark.parametrize(
    ("position", "sentence"),
    [
        (1, "must be there together are not: recurrent_to_input, input_bias"),
        (11, "not: cell_to_input, cell_to_forget"),
        (16, "8 cells need a projection"),
        (22, "are not: cell_norm"),
    ],
)
def test_inputs_that_go_together(position: int, sentence: str) -> None:
    everything = lstm_graph(norm=True, peephole=True, units=5)
    (node,) = everything.nodes
    broken = list(node.inputs)
    broken[position] = None
    with pytest.raises(ShapeError, match=sentence):
        validate(replace(everything, nodes=(replace(node, inputs=tuple(broken)),)))


def test_memories_that_others_use_cannot_go_to_tflite() -> None:
    with pytest.raises(UnsupportedOperator, match="'layer': TFLite's keeps its memories itself"):
        tflite.tflite_bytes(lstm_graph(kept=False))


def test_an_int8_memory_cannot_go_to_litert() -> None:
    with pytest.raises(UnsupportedOperator, match="TensorFlow Lite Micro alone runs it"):
        tflite.tflite_bytes(svdf_graph("integer", state="int8"))
