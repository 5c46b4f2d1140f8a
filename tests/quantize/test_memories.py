"""Graphs with memories and layers of several outputs: int8, as LiteRT computes them, near float."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from edgekit import load
from edgekit.export.tflite import tflite_bytes
from edgekit.interpreter import Interpreter
from edgekit.ir import Graph, GraphBuilder, Value, validate
from edgekit.quantize import Recipe, quantize
from tests import litert
from tests.ir.test_loops import counting
from tests.quantize.graphs import normal
from tests.tflite_models import LiteRT

Array = np.ndarray
ARITHMETICS = ("float32", "fixedpoint")


def streaming() -> Graph:
    """The last four frames are kept; a convolution over time, two branches, a running state."""
    g = GraphBuilder("streaming")
    frame = g.input("frame", (1, 1, 1, 6))
    past = g.state("past", np.zeros((1, 4, 1, 6), np.float32))
    window = g.add("Concat", past, frame, name="window", axis=1)
    g.keep(g.add("Slice", window, name="last", starts=(0, 1, 0, 0), sizes=(1, 4, 1, 6)), past)
    weight = g.constant(normal(0, 8, 5, 1, 6) / np.float32(4), "w")
    x = g.add("Conv2D", window, weight, g.constant(normal(1, 8), "b"), name="conv")
    left, right = g.add_all("Split", x, name="halves", axis=3, sizes=(4, 4))
    gated = g.add(
        "Mul", g.add("Sigmoid", left, name="gate"), g.add("Tanh", right, name="value"), name="mix"
    )
    gated = g.add("Reshape", gated, name="flat", shape=(1, 4))
    hidden = g.state("hidden", np.full((1, 4), 0.1, np.float32))
    weights = [g.constant(normal(seed, 4, 4) / np.float32(3), f"w{seed}") for seed in (2, 3)]
    terms = [
        g.add("Dense", v, w, name=f"term{i}")
        for i, (v, w) in enumerate(zip((gated, hidden), weights, strict=True))
    ]
    new = g.add("Tanh", g.add("Add", *terms, name="sum"), name="new")
    g.keep(new, hidden)
    scores = g.add("Dense", new, g.constant(normal(4, 3, 4), "ws"), name="scores")
    return g.finish([g.add("Softmax", scores, name="classes")])


def gated_unit(steps: int = 6) -> Graph:
    """A GRU written out: Unpack (Split and Reshape) over time, gates from one split product."""
    g = GraphBuilder("gru")
    sequence = g.input("sequence", (None, steps, 5))
    frames = g.add_all("Split", sequence, name="unpack", axis=1, sizes=(1,) * steps)
    kernel, recurrent = normal(0, 12, 5) / np.float32(2), normal(1, 12, 4) / np.float32(2)
    names = [g.constant(a, n) for a, n in ((kernel, "kernel"), (recurrent, "recurrent"))]
    bias = g.constant(normal(2, 12) / np.float32(3), "bias")
    one = g.constant(np.ones((1, 4), np.float32), "one")
    hidden = g.constant(np.zeros((1, 4), np.float32), "zeros")
    for step, frame in enumerate(frames):
        x = g.add("Reshape", frame, name=f"frame{step}", shape=(-1, 5))
        given = g.add("Dense", x, names[0], bias, name=f"given{step}")
        z, r, n = g.add_all("Split", given, name=f"gates{step}", axis=1, sizes=(4, 4, 4))
        if step:
            back = g.add("Dense", hidden, names[1], name=f"back{step}")
            zh, rh, nh = g.add_all("Split", back, name=f"old{step}", axis=1, sizes=(4, 4, 4))
            z, r = (g.add("Add", a, b) for a, b in ((z, zh), (r, rh)))
            r = g.add("Sigmoid", r, name=f"r{step}")
            n = g.add("Add", n, g.add("Mul", r, nh, name=f"reset{step}"), name=f"n{step}")
        z, n = g.add("Sigmoid", z, name=f"z{step}"), g.add("Tanh", n, name=f"new{step}")
        new = g.add("Mul", g.add("Sub", one, z, name=f"rest{step}"), n, name=f"added{step}")
        if step:
            new = g.add("Add", g.add("Mul", z, hidden, name=f"kept{step}"), new, name=f"h{step}")
        hidden = new
    return g.finish([hidden])


def frames(count: int = 40, seed: int = 7) -> Array:
    return normal(seed, count, 1, 1, 6)


def stored_as(value: Value, x: Array) -> Array:
    """Real numbers as an int8 input holds them."""
    assert value.quant is not None
    zero = np.float32(value.quant.zero_point[0])
    steps = np.rint(x * (np.float32(1) / value.quant.scales)) + zero
    return np.clip(steps, -128, 127).astype(np.int8)


@pytest.mark.parametrize("arithmetic", ARITHMETICS)
def test_a_streaming_model_becomes_int8_with_its_memories(arithmetic: str) -> None:
    quantized = quantize(streaming(), frames(), Recipe(arithmetic=arithmetic))
    graph = quantized.graph
    assert {value.dtype for value in graph.activations()} == {"int8"}
    assert not quantized.report.float_layers
    for state in graph.states:
        value, initial, after = map(graph.value, (state.value, state.initial, state.next))
        assert value.quant == initial.quant == after.quant is not None
    assert any("consecutive steps of one sequence" in note for note in quantized.report.notes)
    ours, theirs = Interpreter(graph), LiteRT(tflite_bytes(graph), litert.RUNTIMES[arithmetic])
    exact = Interpreter(streaming())
    differences = []
    for number, frame in enumerate(frames()):
        frame = frame[None]
        real = exact.predict(frame)
        (found,) = ours.run(frame).values()
        (wanted,) = theirs([stored_as(graph.value("frame"), frame)])
        np.testing.assert_array_equal(found, wanted, err_msg=f"step {number}")
        differences.append(np.abs((found.astype(np.float32) + 128) / 256 - real).max())
    assert max(differences) < 0.06, differences  # probabilities


@pytest.mark.parametrize("arithmetic", ARITHMETICS)
def test_a_recurrent_layer_built_of_parts_becomes_int8(arithmetic: str) -> None:
    data = normal(5, 60, 6, 5)
    quantized = quantize(gated_unit(), data, Recipe(arithmetic=arithmetic))
    graph = quantized.graph
    assert not quantized.report.float_layers
    assert {value.dtype for value in graph.activations()} == {"int8"}
    stored = stored_as(graph.value("sequence"), data)
    found = Interpreter(graph).run(stored)
    wanted = litert.run(tflite_bytes(graph), {"sequence": stored}, litert.RUNTIMES[arithmetic])
    for name, array in wanted.items():
        np.testing.assert_array_equal(found[name], array)
    real, near = Interpreter(gated_unit()).predict(data), Interpreter(graph).predict(data)
    assert 10 * np.log10(np.sum(real**2) / np.sum((real - near) ** 2)) > 22


def test_a_memory_that_only_layers_in_float_read_stays_in_float() -> None:
    quantized = quantize(streaming(), frames(), Recipe(keep_float=("term1",)))
    graph = quantized.graph
    assert graph.value("hidden").dtype == "float32" and graph.value("past").dtype == "int8"
    assert quantized.report.float_layers["memory hidden"] == "only layers in float read it"
    ours, theirs = Interpreter(graph), LiteRT(tflite_bytes(graph), "default")
    for number in range(5):
        stored = np.random.default_rng(number).integers(-128, 128, (1, 1, 1, 6)).astype(np.int8)
        (found,), (wanted,) = ours.run(stored).values(), theirs([stored])
        np.testing.assert_array_equal(found, wanted)


def test_a_memory_that_a_layer_in_float_moves_on_is_quantized() -> None:
    quantized = quantize(streaming(), frames(), Recipe(keep_float=("new", "last")))
    graph = quantized.graph
    validate(graph)
    assert {graph.value(state.value).dtype for state in graph.states} == {"int8"}
    assert {graph.value(state.next).dtype for state in graph.states} == {"int8"}
    exact, near = Interpreter(streaming()), Interpreter(graph)
    for frame in frames(20):
        frame = frame[None]
        np.testing.assert_allclose(near.predict(frame), exact.predict(frame), atol=0.06)


def test_memories_of_inputs_constants_and_each_other() -> None:
    """A delay line: an input and a memory are what memories become; one never changes."""
    g = GraphBuilder("delays")
    x = g.input("x", (1, 4))
    first, second = (g.state(name, np.zeros((1, 4), np.float32)) for name in ("d0", "d1"))
    constant = g.state("still", np.full((1, 4), 2.0, np.float32))
    g.keep(x, first)
    g.keep(first, second)
    g.keep(g.constant(np.full((1, 4), -1.0, np.float32), "later"), constant)
    total = g.add("Add", g.add("Add", x, second, name="two"), constant, name="three")
    graph = g.finish([total])
    data = normal(0, 40, 4)
    int8 = quantize(graph, data).graph
    exact, near = Interpreter(graph), Interpreter(int8)
    for row in data:  # three roundings to steps of 0.02 to 0.04
        np.testing.assert_allclose(near.predict(row[None]), exact.predict(row[None]), atol=0.06)


def test_where_a_sequence_stops_being_finite() -> None:
    g = GraphBuilder("grows")
    x = g.input("x", (1, 2))
    memory = g.state("memory", np.ones((1, 2), np.float32))
    factor = g.constant(np.full((1, 2), 1e10, np.float32), "factor")
    new = g.add("Mul", g.add("Add", x, memory, name="sum"), factor, name="product")
    g.keep(new, memory)
    with pytest.raises(Exception, match="sample 3: layer 'product'"):
        quantize(g.finish([new]), normal(0, 12, 2))


def test_positions_do_not_keep_a_layer_in_float() -> None:
    g = GraphBuilder("gather")
    places = g.constant(np.array([3, 1], np.int32), "places")
    graph = g.finish([g.add("Gather", g.input("x", (None, 4)), places, name="taken", axis=1)])
    quantized = quantize(graph, normal(0, 40, 4))
    assert not quantized.report.float_layers
    assert {value.dtype for value in quantized.graph.activations()} == {"int8"}
    stored = np.random.default_rng(0).integers(-128, 128, (5, 4)).astype(np.int8)
    (found,) = Interpreter(quantized.graph).run(stored).values()
    (wanted,) = litert.run(tflite_bytes(quantized.graph), {"x": stored}).values()
    np.testing.assert_array_equal(found, wanted)


def test_a_loop_of_known_length_becomes_int8() -> None:
    """A GRU as Keras writes it into a TFLite file."""
    graph = load(Path(__file__).resolve().parents[1] / "golden/loops/gru.tflite")
    (name,) = graph.inputs
    data = normal(3, 60, 6, 3)
    quantized = quantize(graph, data)
    assert not quantized.report.float_layers
    assert {value.dtype for value in quantized.graph.activations()} == {"int8"}
    assert any("was written out step by step" in note for note in quantized.report.notes)
    ours, theirs = Interpreter(quantized.graph), LiteRT(tflite_bytes(quantized.graph), "default")
    exact, signal, noise = Interpreter(graph), 0.0, 0.0
    for row in data[:, None]:
        (found,) = ours.run(row).values()
        (wanted,) = theirs([stored_as(quantized.graph.value(name), row)])
        np.testing.assert_array_equal(found, wanted)
        real, near = exact.predict(row), ours.predict(row)
        signal, noise = signal + np.sum(real**2), noise + np.sum((real - near) ** 2)
    assert 10 * np.log10(signal / noise) > 25


def test_an_open_loop_stays_in_float_with_advice() -> None:
    quantized = quantize(counting(None), normal(0, 8, 3))
    reason = quantized.report.float_layers["loop"]
    assert "the number of its steps is not known at conversion" in reason


def test_a_logarithm_of_what_became_zero_is_noted() -> None:
    g = GraphBuilder("near silence")
    x = g.add("Sigmoid", g.input("x", (None, 4)), name="power")
    graph = g.finish([g.add("Log", x, name="loudness")])
    quantized = quantize(graph, normal(0, 50, 4) * np.float32(4) - np.float32(9))
    (note,) = [note for note in quantized.report.notes if "not finite" in note]
    assert "'loudness' (Log)" in note and "infinite" in str(quantized.report)


def test_a_layer_of_several_outputs_stays_in_float_as_a_whole() -> None:
    g = GraphBuilder("ranked")
    scores = g.add("Dense", g.input("x", (None, 4)), g.constant(normal(0, 9, 4), "w"), name="dense")
    best, places = g.add_all("TopK", scores, name="best", k=3)
    quantized = quantize(g.finish([best, places, scores]), normal(1, 40, 4))
    graph = quantized.graph
    assert [graph.value(name).dtype for name in graph.outputs] == ["float32", "int32", "int8"]
    assert list(quantized.report.float_layers) == ["best"]
    notes = "\n".join(quantized.report.notes)
    assert f"output {best!r} stays float32" in notes and f"output {places!r} stays int32" in notes
    x = normal(2, 5, 4)
    stored = stored_as(graph.value("x"), x)
    found = Interpreter(graph).run(stored)
    for name, wanted in litert.run(tflite_bytes(graph), {"x": stored}).items():
        np.testing.assert_array_equal(found[name], wanted)
