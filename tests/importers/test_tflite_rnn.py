"""Recurrent layers without gates: one time, sequences, both directions, against LiteRT."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from edgekit.errors import ModelFormatError, ShapeError, UnsupportedOperator
from edgekit.export.tflite import tflite_bytes
from edgekit.frozen import replace
from edgekit.importers.tflite import load_tflite
from edgekit.interpreter import Interpreter
from edgekit.ir import validate
from edgekit.schema.tflite_layout import ActivationFunctionType as Activation
from tests import litert
from tests.importers.test_tflite_lstm import packed, stream
from tests.importers.test_tflite_rearranged import refused
from tests.recurrent_graphs import rnn_graph
from tests.tflite_operator import Given, constant, file_of, random_array

KINDS = ("float", "hybrid", "asymmetric")
VERSIONS = dict(zip(KINDS, (1, 2, 3), strict=True))
FEATURES, UNITS, TIME = 3, 5, 4


def weights(kind: str, side: str = "", seed: int = 1) -> list[Given]:
    """W, R, the bias and the hidden state."""
    found = []
    for name, shape in (("w", (UNITS, FEATURES)), ("r", (UNITS, UNITS))):
        seed += 1
        data = random_array(seed, shape, "float32" if kind == "float" else "int8")
        quant = None if kind == "float" else (0.007, 0, 0)
        given = constant(
            f"{side}{name}", data * np.float32(0.5) if kind == "float" else data, quant
        )
        found.append(given)
    bias = constant(f"{side}b", random_array(seed + 9, (UNITS,), "float32"))
    return [*found, bias]


def keeping(
    code: str, given: Sequence[Given | None], outputs: Sequence[Given], *more: Any
) -> bytes:
    """A file whose hidden states are variable tensors."""
    model = litert.read(file_of(code, given, outputs, *more))
    graph = model.subgraphs[0]
    names = [tensor.name.decode() for tensor in graph.tensors]
    for name in names:
        graph.tensors[names.index(name)].isVariable = name.endswith("hidden")
    graph.inputs = [i for i in graph.inputs if not names[i].endswith("hidden")]
    return packed(model)


def options(kind: str, activation: int = Activation.TANH, **more: Any) -> dict[str, Any]:
    asymmetric = kind == "asymmetric"
    return {
        "fused_activation_function": activation,
        "asymmetric_quantize_inputs": asymmetric,
        **more,
    }


def of_one_time(kind: str, activation: int = Activation.TANH, batch: int = 2) -> bytes:
    given = [Given("x", (batch, FEATURES)), *weights(kind), Given("hidden", (batch, UNITS))]
    table = ("RNNOptions", options(kind, activation))
    return keeping("RNN", given, [Given("y", (batch, UNITS))], table, VERSIONS[kind])


def both(kind: str, *, merge: bool, time_major: bool, second: bool, batch: int = 2) -> bytes:
    shape = (TIME, batch) if time_major else (batch, TIME)
    given: list[Given | None] = [Given("x", (*shape, FEATURES))]
    for side in ("forward ", "backward "):
        given += [*weights(kind, side, len(side)), Given(f"{side}hidden", (batch, UNITS))]
    given += [Given("x2", (*shape, FEATURES)) if second else None, None, None]
    sizes = [2 * UNITS] if merge else [UNITS, UNITS]
    outputs = [Given(f"y{i}", (*shape, size)) for i, size in enumerate(sizes)]
    table = (
        "BidirectionalSequenceRNNOptions",
        options(kind, merge_outputs=merge, time_major=time_major),
    )
    return keeping("BIDIRECTIONAL_SEQUENCE_RNN", given, outputs, table, VERSIONS[kind])


@pytest.mark.parametrize("runtime", litert.RUNTIMES.values())
@pytest.mark.parametrize(
    "activation", [Activation.NONE, Activation.RELU, Activation.RELU6, Activation.TANH]
)
@pytest.mark.parametrize("kind", KINDS)
def test_of_one_time(kind: str, activation: int, runtime: str) -> None:
    stream(of_one_time(kind, activation), runtime)


@pytest.mark.parametrize("runtime", litert.RUNTIMES.values())
@pytest.mark.parametrize(
    "form", [{}, {"batch": 3}, {"batch": 2, "time_major": True}, {"reverse": True, "batch": 2}]
)
@pytest.mark.parametrize("kind", KINDS)
def test_sequences(kind: str, form: dict[str, Any], runtime: str) -> None:
    """Written by the exporter, read again as the same graph."""
    asymmetric = kind == "asymmetric"
    graph = rnn_graph("float" if kind == "float" else "hybrid", asymmetric=asymmetric, **form)
    content = tflite_bytes(graph)
    stream(content, runtime)
    again = load_tflite(content)
    assert "Rnn" in [node.op for node in again.nodes]
    assert tflite_bytes(again) == content or "reverse" in form  # a slice with steps, by then


@pytest.mark.parametrize("runtime", litert.RUNTIMES.values())
@pytest.mark.parametrize("second", [False, True])
@pytest.mark.parametrize("merge", [False, True])
@pytest.mark.parametrize(("kind", "time_major"), [*((k, False) for k in KINDS), ("float", True)])
def test_both_directions(
    kind: str, time_major: bool, merge: bool, second: bool, runtime: str
) -> None:
    """int8 weights with time first end the process of LiteRT."""
    content = both(kind, merge=merge, time_major=time_major, second=second)
    stream(content, runtime)


@pytest.mark.parametrize("kind", KINDS)
def test_time_first_and_samples_first_are_one_layer(kind: str) -> None:
    x = random_array(0, (2, TIME, FEATURES), "float32")
    form = {"merge": True, "second": False}
    (found,) = Interpreter(both(kind, time_major=True, **form)).run(x.swapaxes(0, 1)).values()
    (wanted,) = Interpreter(both(kind, time_major=False, **form)).run(x).values()
    np.testing.assert_array_equal(found.swapaxes(0, 1), wanted)


def test_layers_that_are_refused() -> None:
    for activation in (Activation.RELU_N1_TO_1, Activation.SIGN_BIT, 77):
        refused(
            of_one_time("float", activation), UnsupportedOperator, f"number {activation} is not"
        )
    given = [Given("x", (2, FEATURES)), *weights("float"), Given("state", (2, UNITS))]
    content = file_of("RNN", given, [Given("y", (2, UNITS))])
    refused(content, ModelFormatError, "must be a variable without data")
    given[0] = Given("x", (2, TIME, FEATURES))
    refused(
        file_of("RNN", given, [Given("y", (2, UNITS))]), ModelFormatError, "one time of samples"
    )
    given[:2] = [Given("x", (2, FEATURES)), constant("w", np.zeros((UNITS, 9), np.float32))]
    given[4] = Given("hidden", (2, UNITS))
    content = keeping("RNN", given, [Given("y", (2, UNITS))])
    refused(content, ModelFormatError, r"input_to_hidden must be a constant float32\[5, 3\]")
    given[1] = Given("w", (UNITS, FEATURES))
    content = keeping("RNN", given, [Given("y", (2, UNITS))])
    refused(content, ModelFormatError, "input_to_hidden must be a constant")
    given[1] = constant("w", np.zeros((UNITS, FEATURES), np.int8), (0.1, 0, 0))
    content = keeping("RNN", given, [Given("y", (2, UNITS))])
    refused(content, ModelFormatError, r"recurrent_to_hidden must be a constant int8\[5, 5\]")


def test_shapes_that_fit() -> None:
    graph = rnn_graph(batch=2)
    wrong = replace(graph.values["x"], shape=(3, 5, 6))
    with pytest.raises(ShapeError, match="do not fit"):
        validate(replace(graph, values={**graph.values, "x": wrong}))
