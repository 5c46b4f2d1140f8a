"""Real streaming models, step after step, against the traces of their own runtimes."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

from edgekit.export.edge import edge_bytes
from edgekit.export.tflite import tflite_bytes
from edgekit.importers.tflite import load_tflite
from edgekit.interpreter import Interpreter, record_test_vectors, verify
from edgekit.ir import Graph
from tests import litert
from tests.material import material

WAKE_WORD, VOICE = "esphome/okay_nabu_v2", "esphome/vad_v2"
KEYWORD = "tflm/keyword_scrambled_8bit"  # its runtime is TensorFlow Lite Micro
LSTMS = ("tflm/trained_lstm", "tflm/trained_lstm_int8", "coral/keras_lstm_mnist_ptq")


@cache
def graph_of(name: str, arithmetic: str = "float32") -> Graph:
    return load_tflite(material(f"tflite/{name}.tflite"), arithmetic=arithmetic)


@cache
def trace(name: str) -> tuple[np.ndarray, np.ndarray]:
    with np.load(material(f"expected/tflite/{name}.tflite.npz")) as arrays:
        return arrays["in0"], arrays["out0"]


def stream(interpreter: Interpreter, steps: np.ndarray) -> np.ndarray:
    (name,) = interpreter.graph.outputs
    return np.stack([interpreter.run(step)[name] for step in steps])


@pytest.mark.parametrize("arithmetic", litert.RUNTIMES)
@pytest.mark.parametrize("name", [WAKE_WORD, VOICE, KEYWORD, *LSTMS])
def test_a_stream_is_its_trace(name: str, arithmetic: str) -> None:
    """LSTMs keep their memories from one digit to the next, as they do in LiteRT."""
    steps, expected = trace(name)
    interpreter = Interpreter(graph_of(name, arithmetic))
    for _ in range(2):
        found = stream(interpreter, steps)
        if expected.dtype == np.float32:
            np.testing.assert_allclose(found, expected, rtol=0, atol=5e-6)
        else:
            np.testing.assert_array_equal(found, expected)
        interpreter.reset_all_variables()


@pytest.mark.parametrize("arithmetic", litert.RUNTIMES)
@pytest.mark.parametrize("name", [WAKE_WORD, VOICE, *LSTMS[1:]])
def test_a_long_noisy_stream_is_litert(name: str, arithmetic: str) -> None:
    graph = graph_of(name, arithmetic)
    (x,) = (graph.value(i) for i in graph.inputs)
    low = -128 if x.dtype == "int8" else 0
    shape = (60, *(d or 1 for d in x.shape))
    steps = np.random.default_rng(5).integers(low, low + 256, shape).astype(x.dtype)
    loaded = litert.interpreter(
        material(f"tflite/{name}.tflite").read_bytes(), litert.RUNTIMES[arithmetic]
    )
    loaded.allocate_tensors()
    (given,), (result,) = loaded.get_input_details(), loaded.get_output_details()
    interpreter = Interpreter(graph)
    for step in steps:
        loaded.set_tensor(given["index"], step)
        loaded.invoke()
        (found,) = interpreter.run(step).values()
        np.testing.assert_array_equal(found, loaded.get_tensor(result["index"]))


@pytest.mark.parametrize("name", [WAKE_WORD, VOICE, LSTMS[1]])
def test_a_stream_survives_both_formats(name: str) -> None:
    steps, expected = trace(name)
    graph = graph_of(name)
    np.testing.assert_array_equal(stream(Interpreter(edge_bytes(graph)), steps), expected)
    again = tflite_bytes(graph)
    np.testing.assert_array_equal(stream(Interpreter(load_tflite(again)), steps), expected)
    for runtime in litert.RUNTIMES.values():
        loaded = litert.interpreter(again, runtime)
        loaded.allocate_tensors()
        (given,), (result,) = loaded.get_input_details(), loaded.get_output_details()
        for step, y in zip(steps, expected, strict=True):
            loaded.set_tensor(given["index"], step)
            loaded.invoke()
            np.testing.assert_array_equal(loaded.get_tensor(result["index"]), y)


def test_a_stream_replays_its_test_vectors() -> None:
    graph = graph_of(VOICE)
    steps, _ = trace(VOICE)
    (name,) = graph.inputs
    vectors = record_test_vectors(graph, [{name: step} for step in steps[:3]])
    found = verify(edge_bytes(graph.with_metadata(test_vectors=vectors)))
    assert found
    assert found.checked > 3 * len(graph.nodes)


@pytest.mark.parametrize("arithmetic", litert.RUNTIMES)
def test_a_model_with_explicit_states_is_litert(arithmetic: str) -> None:
    """DTLN gives its states back to its caller. Each step begins with LiteRT's states: a float
    that rounds to another int8 would else stay in them.
    """
    path = material("tflite/dtln/model_quant_1.tflite")
    loaded = litert.interpreter(path.read_bytes(), litert.RUNTIMES[arithmetic])
    loaded.allocate_tensors()
    interpreter = Interpreter(load_tflite(path, arithmetic=arithmetic))
    given = [detail["index"] for detail in loaded.get_input_details()]
    results = [detail["index"] for detail in loaded.get_output_details()]
    states = np.zeros((1, 2, 128, 2), np.float32)
    rng = np.random.default_rng(0)
    for _ in range(12):
        frame = np.abs(rng.normal(0, 1, (1, 1, 257))).astype(np.float32)
        loaded.set_tensor(given[0], frame)
        loaded.set_tensor(given[1], states)
        loaded.invoke()
        found = interpreter.run(frame, states).values()
        expected = [loaded.get_tensor(index) for index in results]
        for mine, theirs in zip(found, expected, strict=True):
            np.testing.assert_allclose(mine, theirs, rtol=1e-5, atol=2e-6)
        states = expected[1]
