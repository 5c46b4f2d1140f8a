"""Whole networks as ONNX files: layout, names, determinism, refusals."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from edgekit.errors import MissingExtraError, UnsupportedOperator
from edgekit.export.onnx import onnx_bytes
from edgekit.importers import load
from edgekit.interpreter import Interpreter
from edgekit.ir import Graph, GraphBuilder, Preprocessing, per_tensor
from tests.material import material

from .networks import cnn
from .onnx_runtime import run

onnx = pytest.importorskip("onnx")


def operators(content: bytes) -> Counter[str]:
    return Counter(node.op_type for node in onnx.load_from_string(content).graph.node)


def plain_cnn() -> Graph:
    """Convolutions, pooling, flattening of an image of several channels, a classifier."""
    rng, g = np.random.default_rng(3), GraphBuilder("plain")

    def weight(*shape: int) -> str:
        return g.constant(rng.normal(size=shape).astype(np.float32) * np.float32(0.2), "weight")

    y = g.input("image", (None, 12, 10, 3))
    y = g.add("Conv2D", y, weight(8, 3, 3, 3), weight(8), name="conv", activation="relu6")
    y = g.add("MaxPool2D", y, name="pool", pool=(2, 2), strides=(2, 2))
    y = g.add("DepthwiseConv2D", y, weight(1, 3, 3, 16), name="wide", pads=(1, 1, 1, 1))
    y = g.add("Mul", y, weight(16), name="gain")
    y = g.add("Reshape", y, name="flatten", shape=(-1, 5 * 4 * 16))
    y = g.add("Dense", y, weight(7, 5 * 4 * 16), weight(7), name="scores")
    return g.finish([g.add("Softmax", y, name="probabilities")])


def test_a_plain_cnn_has_one_transpose_at_its_input() -> None:
    graph = plain_cnn()
    content = onnx_bytes(graph)
    nodes = onnx.load_from_string(content).graph.node
    assert [n.op_type for n in nodes].count("Transpose") == 1
    assert (nodes[0].op_type, list(nodes[0].input)) == ("Transpose", ["image"])
    x = np.random.default_rng(0).normal(size=(4, 12, 10, 3)).astype(np.float32)
    expected = Interpreter(graph).predict(x)
    # Sums of 320 products of small numbers in float32, in another order.
    np.testing.assert_allclose(run(content, {"image": x})["probabilities"], expected, atol=1e-6)


def test_an_int8_network_agrees_to_one_step() -> None:
    graph = cnn()
    content = onnx_bytes(graph)
    assert operators(content)["Transpose"] == 1
    x = np.random.default_rng(1).uniform(0, 1, size=(200, 12, 12, 3)).astype(np.float32)
    (name,) = graph.outputs
    quant = graph.value(name).quant
    assert quant is not None
    received = np.rint(run(content, {"image": x})[name] / quant.scale[0]) + quant.zero_point[0]
    steps = np.abs(received - Interpreter(graph).run(x)[name])
    # Roundings differ at ties of each of six layers, and a difference may grow on its way.
    assert steps.max() <= 2
    assert (steps == 0).mean() > 0.9


def test_weights_stay_int8_in_the_file() -> None:
    model = onnx.load_from_string(onnx_bytes(cnn()))
    stored = {i.name: i.data_type for i in model.graph.initializer}
    assert stored["Conv2D/w"] == onnx.TensorProto.INT8
    assert stored["Conv2D/b"] == onnx.TensorProto.INT32


def test_inputs_and_outputs_keep_their_names_and_the_batch_stays_open() -> None:
    model = onnx.load_from_string(onnx_bytes(plain_cnn())).graph
    shape = model.input[0].type.tensor_type.shape.dim
    assert [d.dim_param or d.dim_value for d in shape] == ["batch", 12, 10, 3]
    assert [i.name for i in model.input] == ["image"]
    assert [o.name for o in model.output] == ["probabilities"]
    assert {"conv", "pool", "wide", "scores"} <= {n.name for n in model.node}


def test_an_image_may_be_an_output_and_be_read_on() -> None:
    g = GraphBuilder()
    x = g.input("x", (None, 6, 6, 3))
    pooled = g.add("MaxPool2D", x, name="pooled", pool=(2, 2), strides=(2, 2))
    turned = g.add("Transpose", pooled, name="turned", perm=(0, 2, 1, 3))
    graph = g.finish([pooled, turned, g.add("Mean", pooled, name="mean", axes=(1,))])
    data = np.random.default_rng(2).normal(size=(2, 6, 6, 3)).astype(np.float32)
    received = run(onnx_bytes(graph), {"x": data})
    expected = data.reshape(2, 3, 2, 3, 2, 3).max(axis=(2, 4))
    np.testing.assert_array_equal(received["pooled"], expected)
    np.testing.assert_array_equal(received["turned"], expected.transpose(0, 2, 1, 3))
    np.testing.assert_allclose(received["mean"], expected.mean(axis=1), rtol=1e-6)


def test_flattened_features_that_others_read_keep_their_order() -> None:
    g = GraphBuilder()
    x = g.input("x", (None, 4, 4, 2))
    y = g.add("MaxPool2D", x, name="pool", pool=(2, 2), strides=(2, 2))
    flat = g.add("Reshape", y, name="flat", shape=(-1, 8))
    graph = g.finish([g.add("Slice", flat, name="part", starts=(0, 1), sizes=(-1, 3))])
    data = np.random.default_rng(2).normal(size=(2, 4, 4, 2)).astype(np.float32)
    expected = data.reshape(2, 2, 2, 2, 2, 2).max(axis=(2, 4)).reshape(2, 8)[:, 1:4]
    np.testing.assert_array_equal(run(onnx_bytes(graph), {"x": data})["part"], expected)


def test_one_weight_for_two_layers() -> None:
    g = GraphBuilder()
    x = g.input("x", (None, 4))
    weight = g.constant(np.eye(4, dtype=np.float32)[::-1].copy(), "w")
    y = g.add("Dense", g.add("Dense", x, weight, name="one"), weight, name="two")
    data = np.arange(4, dtype=np.float32)[None]
    np.testing.assert_array_equal(run(onnx_bytes(g.finish([y])), {"x": data})["two"], data)


def test_an_input_may_be_an_output() -> None:
    g = GraphBuilder()
    x = g.input("x", (None, 3))
    graph = g.finish([x, g.add("Relu", x, name="y")])
    data = np.array([[-1.0, 0.0, 1.0]], np.float32)
    received = run(onnx_bytes(graph), {"x": data})
    np.testing.assert_array_equal(received["x"], data)
    np.testing.assert_array_equal(received["y"], [[0, 0, 1]])


def test_what_is_given_or_known_and_rounded_has_a_name_of_its_own_as_an_output() -> None:
    """Two tensors of ONNX cannot have the same name, and here the caller's is a real number."""
    g = GraphBuilder()
    x = g.input("x", (None, 2, 2, 1), "int8", per_tensor(0.5, 1))
    stored = np.array([[3, -4]], np.int8)
    known = g.constant(stored, "known", per_tensor(0.25))
    graph = g.finish([x, g.add("Relu", x, name="y", quant=per_tensor(0.5, 1)), known])
    data = np.array([-1.1, 0.2, 0.8, 70.0], np.float32).reshape(1, 2, 2, 1)
    received = run(onnx_bytes(graph), {"x": data})
    assert list(received) == ["x/output", "y", "known/output"]
    np.testing.assert_array_equal(received["x/output"].ravel(), [-1.0, 0.0, 1.0, 63.0])
    np.testing.assert_array_equal(received["known/output"], stored * 0.25)


def test_the_same_graph_gives_the_same_bytes() -> None:
    assert onnx_bytes(cnn()) == onnx_bytes(cnn())


def test_labels_and_preprocessing_are_kept() -> None:
    graph = plain_cnn().with_metadata(
        labels=("cat", "dog"), preprocessing=Preprocessing((127.5,), (127.5,))
    )
    properties = {p.key: p.value for p in onnx.load_from_string(onnx_bytes(graph)).metadata_props}
    assert properties == {
        "labels": "cat\ndog",
        "preprocessing": '{"mean": [127.5], "std": [127.5]}',
    }


def test_what_onnx_cannot_say_is_listed_with_its_layer() -> None:
    g = GraphBuilder("net")
    x = g.input("x", (None, 4))
    y = g.add("Dense", x, g.input("w", (3, 4)), name="first")
    y = g.add("Dense", y, g.input("v", (2, 3)), name="second")
    with pytest.raises(UnsupportedOperator, match=r"(?s)Dense 'first': 'w' is.*Dense 'second'"):
        onnx_bytes(g.finish([y]))


def test_without_the_package_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "onnx", None)
    with pytest.raises(MissingExtraError, match=r'pip install "edgekit\[onnx\]"'):
        onnx_bytes(plain_cnn())


def test_what_reads_an_operator_that_onnx_lacks_is_looked_at_too() -> None:
    """An int8 Lstm has no ONNX form; the layers behind it have."""
    path = material("tflite/tflm/trained_lstm_int8.tflite")
    with pytest.raises(UnsupportedOperator) as caught:
        onnx_bytes(load(path))
    message = str(caught.value)
    assert "Lstm 'tfl.unidirectional_sequence_lstm': ONNX's LSTM has no form with" in message
    assert "Reshape" not in message


def test_an_operator_that_onnx_has_not_is_named() -> None:
    path = material("tflite/tflm/keyword_scrambled_8bit.tflite")
    with pytest.raises(UnsupportedOperator, match="'tensor_5': ONNX has no operator") as caught:
        onnx_bytes(load(path))
    assert "Known:" not in str(caught.value)
