"""BIDIRECTIONAL_SEQUENCE_LSTM becomes two Lstm nodes; files that lie about recurrent layers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import flatbuffers
import numpy as np
import pytest

from edgekit.errors import ModelFormatError, UnsupportedOperator
from edgekit.export.tflite import tflite_bytes
from edgekit.export.tflite.lowering import Lowering
from edgekit.export.tflite.writer import model_bytes
from edgekit.importers.tflite import load_tflite
from edgekit.interpreter import Interpreter
from edgekit.ir import Graph, Value
from edgekit.schema.tflite_layout import ActivationFunctionType
from tests import litert
from tests.recurrent_graphs import lstm_graph, svdf_graph

CELLS, FEATURES, TIME = 4, 3, 5


def bidirectional(
    *,
    kind: str = "float",
    merge: bool = True,
    time_major: bool = False,
    second: bool = False,
    batch: int = 1,
) -> bytes:
    """A file with one such layer; with `second`, the backward half hears an input of its own."""
    shape = (TIME, batch, FEATURES) if time_major else (batch, TIME, FEATURES)
    outer = (TIME, batch) if time_major else (batch, TIME)
    values = {"x": Value("x", shape, "float32"), "x2": Value("x2", shape, "float32")}
    inputs: list[str | None] = ["x"]
    for side, seed in (("forward", 1), ("backward", 2)):
        half = lstm_graph(kind, seed=seed, batch=batch, features=FEATURES, cells=CELLS)
        for name in half.nodes[0].inputs[1:18]:
            if name is not None:
                value = half.value(name)
                own = Value(f"{side}/{name}", value.shape, value.dtype, value.data, value.quant)
                values[own.name] = own
            inputs.append(None if name is None else f"{side}/{name}")
    states = [f"{side}/{what}" for side in ("forward", "backward") for what in ("h", "c")]
    values |= {name: Value(name, (batch, CELLS), "float32") for name in states}
    inputs += [*states, "x2" if second else None, *[None] * 8]
    widths = (2 * CELLS,) if merge else (CELLS, CELLS)
    outputs = [f"y{i}" for i in range(len(widths))]
    for name, width in zip(outputs, widths, strict=True):
        values[name] = Value(name, (*outer, width), "float32")
    given = ("x", "x2") if second else ("x",)
    to = Lowering(Graph(given, tuple(outputs), (), values, "both"))
    to.variables.update(states)
    options = {
        "fused_activation_function": ActivationFunctionType.TANH,
        "merge_outputs": merge,
        "time_major": time_major,
    }
    table = ("BidirectionalSequenceLSTMOptions", options)
    to.emit("BIDIRECTIONAL_SEQUENCE_LSTM", inputs, outputs, table, 2 if kind == "hybrid" else 1)
    return model_bytes(to, {})


@pytest.mark.parametrize("runtime", litert.RUNTIMES.values())
@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"merge": False, "batch": 2},
        {"time_major": True, "batch": 2},
        {"kind": "hybrid"},
        {"second": True},
    ],
)
def test_both_directions_are_litert(settings: dict[str, Any], runtime: str) -> None:
    """LiteRT itself gives other numbers in each run for merged results of several samples."""
    content = bidirectional(**settings)
    loaded = litert.interpreter(content, runtime)
    loaded.allocate_tensors()
    interpreter = Interpreter(load_tflite(content))
    rng = np.random.default_rng(0)
    for _ in range(3):
        given = [
            rng.normal(0, 1, detail["shape"]).astype(np.float32)
            for detail in loaded.get_input_details()
        ]
        for detail, array in zip(loaded.get_input_details(), given, strict=True):
            loaded.set_tensor(detail["index"], array)
        loaded.invoke()
        found = interpreter.run(*given)
        for detail in loaded.get_output_details():
            expected = loaded.get_tensor(detail["index"])
            np.testing.assert_allclose(found[detail["name"]], expected, rtol=2e-6, atol=2e-6)


def changed(graph: Graph, change: Callable[[Any], None]) -> bytes:
    model = litert.read(tflite_bytes(graph))
    change(model)
    builder = flatbuffers.Builder(1 << 15)
    builder.Finish(model.Pack(builder), b"TFL3")
    return bytes(builder.Output())


def layer(model: Any) -> Any:
    (operator,) = model.subgraphs[0].operators
    return operator


def without(position: int) -> Callable[[Any], None]:
    def change(model: Any) -> None:
        inputs = list(layer(model).inputs)
        inputs[position] = -1
        layer(model).inputs = inputs

    return change


def fixed_state(model: Any) -> None:
    model.subgraphs[0].tensors[layer(model).inputs[18]].isVariable = False


def no_intermediates(model: Any) -> None:
    layer(model).intermediates = []


def no_activation(model: Any) -> None:
    layer(model).builtinOptions.fusedActivationFunction = 0


def other_scale(model: Any) -> None:
    tensor = model.subgraphs[0].tensors[layer(model).outputs[0]]
    tensor.quantization.scale = np.array([0.5], np.float32)


def diagonals(model: Any) -> None:
    layer(model).builtinOptions.diagonalRecurrentTensors = True


def rank_of_three(model: Any) -> None:
    layer(model).builtinOptions.rank = 3


FLOAT, INTEGER = lstm_graph("float"), lstm_graph("integer")


@pytest.mark.parametrize(
    ("graph", "change", "error", "sentence"),
    [
        (FLOAT, without(2), ModelFormatError, "input 'input_to_forget' is missing"),
        (FLOAT, without(1), ModelFormatError, "must be there together are not: recurrent_to_input"),
        (FLOAT, without(18), ModelFormatError, "needs input 18"),
        (FLOAT, fixed_state, ModelFormatError, "must be a variable"),
        (FLOAT, no_activation, UnsupportedOperator, "no defined result in TFLite"),
        (FLOAT, diagonals, UnsupportedOperator, "that are diagonals"),
        (INTEGER, no_intermediates, ModelFormatError, "an integer layer has five"),
        (INTEGER, other_scale, UnsupportedOperator, "must have one scale"),
        (svdf_graph(), rank_of_three, ModelFormatError, "do not fit in rank 3"),
    ],
)
def test_files_that_lie_about_a_layer(
    graph: Graph, change: Callable[[Any], None], error: type[Exception], sentence: str
) -> None:
    with pytest.raises(error, match=sentence):
        load_tflite(changed(graph, change))
