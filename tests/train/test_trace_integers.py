"""Inputs that a model takes as floats but only ever reads as whole numbers: words, categories."""

from __future__ import annotations

import numpy as np
import pytest

import edgekit
from edgekit import train
from edgekit.errors import InputError, ShapeError
from edgekit.export.tflite import tflite_bytes
from edgekit.interpreter import Interpreter
from edgekit.train import Model, Sequential, layers
from edgekit.train.quantization import quantize_model
from edgekit.train.trace import trace
from tests import litert

TEXTS = np.random.default_rng(0).integers(0, 20, (60, 6))
TEXTS[:, 4:] = 0


def words(*after, mask_zero=False):
    train.set_random_seed(0)
    embedding = layers.Embedding(20, 4, mask_zero=mask_zero)
    return Sequential([layers.Input((6,), name="words"), embedding, *after, layers.Dense(3)])


@pytest.mark.parametrize(
    ("after", "mask_zero"),
    [
        (layers.Flatten, False),
        (layers.GlobalAveragePooling1D, True),
        (lambda: layers.LSTM(3), False),
    ],
)
def test_numbers_of_words_are_integers_in_the_graph(after, mask_zero):
    model = words(after(), mask_zero=mask_zero)
    graph = trace(model)
    assert graph.value("words").dtype == "int32"
    gather = next(node for node in graph.nodes if node.op == "Gather")
    assert gather.inputs[1] == "words", "no cast before it"
    expected = model.predict(TEXTS.astype(np.float32), verbose=0)
    found = Interpreter(graph).predict(TEXTS.astype(np.int32))
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-6)  # sums in another order


def test_conversion_takes_whole_numbers_and_the_device_integers():
    model = words(layers.Flatten())
    floats = TEXTS.astype(np.float32)
    graph = edgekit.convert(model, floats).graph
    same = edgekit.convert(model, TEXTS).graph
    ids = TEXTS.astype(np.int32)
    found = Interpreter(graph).run({"words": ids})
    assert all(np.array_equal(found[n], y) for n, y in Interpreter(same).run(ids).items())
    for name, expected in litert.run(tflite_bytes(graph), {"words": ids}).items():
        np.testing.assert_array_equal(found[name], expected)
    with pytest.raises(InputError, match=r"'words' expects int32, received float32; .*int32"):
        Interpreter(graph).predict(floats)
    with pytest.raises(ShapeError, match=r"'words'.* with 17.5, which is no whole number"):
        edgekit.convert(model, floats + 0.5)


def test_an_input_that_something_else_reads_stays_as_it_is():
    x = layers.Input((6,), name="table")
    y = layers.Flatten()(layers.Embedding(20, 4)(x))
    graph = trace(Model(x, layers.Dense(2)(layers.Concatenate()([x, y]))))
    assert graph.value("table").dtype == "float32"
    assert graph.nodes[0].op == "Cast"


def test_one_of_two_inputs():
    kind, size = layers.Input((1,), name="kind"), layers.Input((2,), name="size")
    y = layers.Flatten()(layers.Embedding(20, 4)(kind))
    model = Model([kind, size], layers.Dense(2)(layers.Concatenate()([y, size])))
    graph = trace(model)
    assert [graph.value(name).dtype for name in ("kind", "size")] == ["int32", "float32"]


def test_a_model_trained_for_quantization_has_integers_too():
    model = words(layers.Flatten())
    aware = quantize_model(model)
    aware.compile("sgd", "mse")
    aware.fit(TEXTS.astype(np.float32), np.zeros((60, 3), np.float32), verbose=0)
    graph = edgekit.convert(aware).graph
    assert graph.value("words").dtype == "int32"
    expected = aware.predict(TEXTS.astype(np.float32), verbose=0)
    found = Interpreter(graph).predict(TEXTS.astype(np.int32))
    step = graph.value(graph.outputs[0]).quant.scale[0]
    # the ends of roundings at .5 may fall to the other side in training's float arithmetic
    assert np.abs(found - expected).max() <= 1.01 * step
