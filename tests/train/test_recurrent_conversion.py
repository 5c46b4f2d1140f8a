"""Recurrent layers as graphs: float and int8, in LiteRT too, and what cannot be converted."""

from __future__ import annotations

import zlib

import numpy as np
import pytest

from edgekit.errors import UnsupportedOperator
from edgekit.export import save
from edgekit.importers import load
from edgekit.interpreter import Interpreter
from edgekit.interpreter.arithmetic import quantize as to_int8
from edgekit.ir import Graph
from edgekit.quantize import quantize
from edgekit.train import Input, Model, Sequential, layers
from edgekit.train.trace import trace
from tests.train.keras_goldens import FOLDER, arrays, numbered

SHAPE = (6, 4)
KINDS = ("SimpleRNN", "GRU", "LSTM")

# float sums in another order, three layers deep
TOLERANCE = 2e-6
# of the largest output; int8 has 255 steps and an error of some steps after up to 24 products
INT8_TOLERANCE = 0.06


def sequential(*stack):
    return Sequential([Input(SHAPE), *stack])


def stacked(kind):
    cls = getattr(layers, kind)
    return sequential(cls(6, return_sequences=True), cls(5), layers.Dense(2))


def both_ways(kind):
    cls = getattr(layers, kind)
    around = layers.Bidirectional
    return sequential(around(cls(4, return_sequences=True)), around(cls(3)), layers.Dense(2))


def attention():
    x = Input(SHAPE)
    y = layers.MultiHeadAttention(2, 3)(x, x)
    y = layers.Attention()([layers.Activation("tanh")(y), x])
    return Model(x, layers.Dense(2)(layers.Flatten()(y)))


def causal_attention():
    x = Input(SHAPE)
    y = layers.MultiHeadAttention(2, 3)(x, x, use_causal_mask=True)
    return Model(x, layers.Dense(2)(layers.Flatten()(y)))


def states_handed_on():
    x = Input(SHAPE)
    y, hidden, cell = layers.LSTM(4, return_sequences=True, return_state=True)(x)
    return Model(x, layers.LSTM(4)(y, initial_state=[hidden, cell]))


MODELS = {
    **{f"{kind} stacked": lambda kind=kind: stacked(kind) for kind in KINDS},
    **{f"{kind} both ways": lambda kind=kind: both_ways(kind) for kind in KINDS},
    "backwards": lambda: sequential(layers.LSTM(4, return_sequences=True, go_backwards=True)),
    "reset before": lambda: sequential(layers.GRU(4, reset_after=False)),
    "other curves": lambda: sequential(layers.LSTM(4, recurrent_activation="hard_sigmoid")),
    "cells": lambda: sequential(layers.RNN([layers.LSTMCell(3), layers.GRUCell(2)])),
    "masking": lambda: sequential(layers.Masking(), layers.LSTM(4), layers.Dense(2)),
    "dense over time": lambda: sequential(
        layers.TimeDistributed(layers.Dense(3)), layers.LSTM(3), layers.Dense(2)
    ),
    "images over time": lambda: Sequential(
        [
            Input((3, 5, 5, 2)),
            layers.TimeDistributed(layers.Conv2D(3, 3, activation="relu")),
            layers.TimeDistributed(layers.Flatten()),
            layers.LSTM(4),
        ]
    ),
    "pictures": lambda: Sequential(
        [Input((3, 5, 4, 2)), layers.ConvLSTM2D(3, 3), layers.Flatten(), layers.Dense(2)]
    ),
    "attention": attention,
    "causal attention": causal_attention,
    "states": states_handed_on,
}
WORDS = {
    "words": lambda: Sequential([Input((5,)), layers.Embedding(7, 4), layers.LSTM(4)]),
    "masked words": lambda: Sequential(
        [Input((5,)), layers.Embedding(7, 4, mask_zero=True), layers.GRU(4), layers.Dense(2)]
    ),
}


def made(name, count=4):
    """The model of a case with large weights, and samples."""
    random = np.random.default_rng(zlib.crc32(name.encode()))
    model = {**MODELS, **WORDS}[name]()
    for variable in model.trainable_variables:
        variable.assign(random.normal(0, 0.5, variable.shape).astype(np.float32))
    shape = (count, *model.input.shape[1:])
    if name in WORDS:
        return model, random.integers(0, 7, shape).astype(np.float32)
    x = random.normal(size=shape).astype(np.float32)
    if name == "masking":
        x[1, :2] = x[2, 3:] = 0
    return model, x


def computed(graph: Graph, x: np.ndarray) -> np.ndarray:
    """What the graph makes of all samples at once; int8 in and out where it is an int8 graph."""
    given = graph.value(graph.inputs[0])
    x = x.astype(given.dtype) if given.quant is None else x  # words are whole numbers
    return next(iter(Interpreter(graph).run({given.name: x}).values()))


def by_litert(path, x):
    """What LiteRT makes of one sample after the other, without a reset between them."""
    runtime = pytest.importorskip("ai_edge_litert.interpreter").Interpreter(str(path))
    runtime.allocate_tensors()
    (given,), (result,) = runtime.get_input_details(), runtime.get_output_details()
    found = []
    for sample in x:
        runtime.set_tensor(given["index"], sample[None].astype(given["dtype"]))
        runtime.invoke()
        found.append(runtime.get_tensor(result["index"]))
    return np.concatenate(found)


@pytest.mark.parametrize("name", [*MODELS, *WORDS])
def test_a_graph_computes_what_the_model_does(name, tmp_path):
    model, x = made(name)
    graph = trace(model)
    y = model.predict(x, verbose=0)
    np.testing.assert_allclose(computed(graph, x), y, rtol=TOLERANCE, atol=TOLERANCE)
    save(graph, tmp_path / "a.tflite")
    lite = by_litert(tmp_path / "a.tflite", x)
    np.testing.assert_allclose(lite, y, rtol=TOLERANCE, atol=TOLERANCE)
    again = computed(load(tmp_path / "a.tflite"), x[:1])
    np.testing.assert_allclose(again, y[:1], rtol=TOLERANCE, atol=TOLERANCE)


@pytest.mark.parametrize("name", [name for name in MODELS if name != "masking"])
def test_int8_has_the_bits_of_litert(name, tmp_path):
    model, x = made(name, count=40)
    full = quantize(trace(model), x)
    quant = full.graph.value(full.graph.inputs[0]).quant
    result = full.graph.value(full.graph.outputs[0]).quant
    steps = to_int8(x, quant)
    y = computed(full.graph, steps)
    save(full.graph, tmp_path / "a.tflite")
    # XNNPACK: of 200 runtimes made for one file of some hundred nodes, 4 gave other bits from their
    # second call on, and others again when asked again; the first call was right in 1200 of 1200.
    for sample, ours in zip(steps[:6], y[:6], strict=True):
        np.testing.assert_array_equal(by_litert(tmp_path / "a.tflite", sample[None])[0], ours)
    right = model.predict(x, verbose=0)
    if result is not None:
        y = (y.astype(np.float64) - result.zero_point[0]) * result.scale[0]
    assert np.abs(y - right).max() <= INT8_TOLERANCE * np.abs(right).max()


def test_lstm_is_one_operator_with_a_cell_of_16_bits():
    model, x = made("LSTM stacked", count=40)
    graph = trace(model)
    assert [node.op for node in graph.nodes].count("Lstm") == 2 and len(graph.nodes) < 8
    full = quantize(graph, x).graph
    lstm = next(node for node in full.nodes if node.op == "Lstm")
    assert full.value(lstm.outputs[0]).dtype == "int8"
    cell = full.value(lstm.outputs[2])
    assert cell.dtype == "int16" and np.frexp(cell.quant.scale[0])[0] == 0.5


def test_masked_attention_keeps_its_softmax_in_float_and_says_so():
    model, x = made("causal attention", count=40)
    report = quantize(trace(model), x).report
    assert any("what not to look at" in reason for reason in report.float_layers.values())


def test_layers_that_hand_states_on_stay_in_float_and_say_so():
    model, x = made("states", count=40)
    report = quantize(trace(model), x).report
    assert any("comes from elsewhere" in reason for reason in report.float_layers.values())


def test_what_has_no_graph_is_named():
    long = Sequential([Input((600, 2)), layers.GRU(2, name="slow")])
    with pytest.raises(UnsupportedOperator, match=r"'slow'.*600 times"):
        trace(long)


def test_a_file_of_keras_is_imported():
    found = arrays("sequences_models")
    graph = load(FOLDER / "sequences.keras")
    (x,), (right,) = (numbered(found, f"sequences/{end}") for end in ("in", "out"))
    np.testing.assert_allclose(computed(graph, x), right, rtol=1e-5, atol=1e-5)
