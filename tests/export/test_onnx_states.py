"""Streaming models and recurrent layers in ONNX: memories go in and come out."""

from __future__ import annotations

import numpy as np
import pytest

from edgekit.errors import UnsupportedOperator
from edgekit.export.onnx import onnx_bytes
from edgekit.interpreter import Interpreter
from edgekit.ir import Graph, GraphBuilder, per_tensor
from tests.recurrent_graphs import lstm_graph, rnn_graph

LSTMS = {
    "plain": {},
    "batch": {"batch": 3},
    "time major": {"batch": 2, "time_major": True},
    "backwards": {"reverse": True, "batch": 2},
    "peephole": {"peephole": True},
    "relu": {"activation": "relu"},
}


def int8_line() -> Graph:
    g = GraphBuilder("line")
    scale = per_tensor(0.5, -7)
    x = g.input("x", (1, 1, 2), "int8", scale)
    memory = g.state("memory", np.full((1, 3, 2), 20, np.int8), scale)
    both = g.add("Concat", memory, x, name="both", axis=1)
    g.keep(g.add("Slice", both, name="last", starts=(0, 1, 0), sizes=(1, 3, 2)), memory)
    return g.finish([g.add("Relu", "last", name="y", quant=scale)])


def streams(graph: Graph, steps: list[np.ndarray]) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """Outputs call by call, by onnxruntime and here, as real numbers."""
    ort = pytest.importorskip("onnxruntime")
    options = ort.SessionOptions()
    options.log_severity_level = 3  # it warns of inputs with defaults
    session = ort.InferenceSession(onnx_bytes(graph), options, providers=["CPUExecutionProvider"])
    interpreter = Interpreter(graph)
    memories: dict[str, np.ndarray] = {}  # at first those of the file
    theirs, ours = [], []
    for step in steps:
        y, *following = session.run(None, {"x": step, **memories})
        names = [state.value for state in graph.states]
        outputs = [output.name for output in session.get_outputs()][1:]
        assert all(o.startswith(f"{n}/next") for o, n in zip(outputs, names, strict=True))
        memories = dict(zip(names, following, strict=True))
        theirs.append(y)
        ours.append(interpreter.predict({"x": step}))
    return theirs, ours


@pytest.mark.parametrize("name", LSTMS)
def test_lstm_is_onnxruntime(name: str) -> None:
    graph = lstm_graph(**LSTMS[name])
    shape = [d or 1 for d in graph.value("x").shape]
    rng = np.random.default_rng(0)
    theirs, ours = streams(graph, [rng.normal(0, 1, shape).astype(np.float32) for _ in range(3)])
    np.testing.assert_allclose(ours, theirs, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("name", [name for name in LSTMS if name != "peephole"])
def test_rnn_is_onnxruntime(name: str) -> None:
    graph = rnn_graph(**LSTMS[name])
    shape = [d or 1 for d in graph.value("x").shape]
    rng = np.random.default_rng(0)
    theirs, ours = streams(graph, [rng.normal(0, 1, shape).astype(np.float32) for _ in range(3)])
    np.testing.assert_allclose(ours, theirs, rtol=1e-5, atol=1e-6)


def test_memories_in_int8_are_real_numbers_outside() -> None:
    steps = [np.full((1, 1, 2), value, np.float32) for value in (3.0, -20.0, 5.5, 60.0)]
    theirs, ours = streams(int8_line(), steps)
    np.testing.assert_array_equal(ours, theirs)


@pytest.mark.parametrize(
    ("graph", "sentence"),
    [
        (lstm_graph("integer"), "no form with integers, int8 weights"),
        (lstm_graph("hybrid"), "no form with int8 weights"),
        (lstm_graph(coupled=True, units=3, norm=True), "a projection, normalized gates, no input"),
        (lstm_graph(cell_clip=1.0), "a clipped cell"),
        (rnn_graph("hybrid"), "no form with int8 weights"),
        (rnn_graph(activation="relu6"), "no activation relu6"),
    ],
)
def test_what_onnx_has_no_form_for(graph: Graph, sentence: str) -> None:
    with pytest.raises(UnsupportedOperator, match=sentence):
        onnx_bytes(graph)
