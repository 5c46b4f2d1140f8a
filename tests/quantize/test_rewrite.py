"""The int8 graph: what it looks like, what stays in float and why, and how close it computes."""

from __future__ import annotations

from textwrap import dedent

import numpy as np
import pytest

from edgekit.errors import QuantizationError, UnsupportedOperator
from edgekit.interpreter import Interpreter
from edgekit.ir import Graph, GraphBuilder, spec, validate
from edgekit.quantize import Recipe, quantize
from tests.cases import CASES, Case, float_graph, random_inputs
from tests.quantize.graphs import classifier, image_network, normal

IMAGES = np.random.default_rng(0).random((40, 8, 8, 3), np.float32) * np.float32(4)


def operators(graph: Graph) -> list[str]:
    return [f"{node.op} {node.name}" for node in graph.nodes]


def test_a_network_becomes_int8_throughout() -> None:
    quantized = quantize(image_network(), IMAGES)
    graph = quantized.graph
    assert [value.dtype for value in graph.activations()] == ["int8"] * 9
    assert {graph.value(name).dtype for name in ("w", "wl") if name in graph.values} <= {"int8"}
    assert quantized.report.float_layers == {}
    assert "in float: nothing" in str(quantized.report)


def test_the_graph_prints_as_expected() -> None:
    g = GraphBuilder("gates")
    x = g.input("x", (None, 2))
    weight = g.constant(np.array([[1.27, 0.5], [-0.25, 0.127]], np.float32), "w")
    x = g.add("Dense", x, weight, g.constant(np.array([1, -1], np.float32), "b"), name="sums")
    graph = g.finish([g.add("Relu", x, name="positive")])
    data = np.array([[0, 0], [255, 0], [0, 51]], np.float32)
    int8 = quantize(graph, data, Recipe(input_range=(0, 255))).graph
    assert str(int8) == dedent("""\
        graph gates(x:int8[?, 2] 1@-128):
          positive:int8[?, 2] 1.27392@-128 = Dense(x, w, b, activation='relu')
          return positive""")
    np.testing.assert_array_equal(int8.value("w").array(), [[127, 50], [-127, 65]])
    np.testing.assert_array_equal(int8.value("b").array(), [100, -508])


def test_a_layer_kept_in_float_stands_between_its_conversions() -> None:
    quantized = quantize(classifier(), normal(0, 50, 12), Recipe(keep_float=("hidden",)))
    assert operators(quantized.graph) == [
        "Dense hidden",
        "Quantize hidden",
        "Dense scores",
        "Softmax classes",
    ]
    assert quantized.graph.value("x").dtype == "float32"
    assert quantized.report.float_layers == {"hidden": "kept in float on request"}
    assert "hidden: kept in float on request" in str(quantized.report)
    assert any("input 'x' stays float32" in note for note in quantized.report.notes)


def test_an_output_kept_in_float_is_float() -> None:
    quantized = quantize(classifier(), normal(0, 50, 12), Recipe(keep_float=("classes",)))
    assert operators(quantized.graph) == [
        "Dense hidden",
        "Dense scores",
        "Dequantize scores",
        "Softmax classes",
    ]
    assert quantized.graph.value("classes").dtype == "float32"
    assert any("output 'classes' stays float32" in note for note in quantized.report.notes)


def test_everything_in_float_is_the_float_graph() -> None:
    names = ("hidden", "scores", "classes")
    quantized = quantize(classifier(), normal(0, 50, 12), Recipe(keep_float=names))
    assert str(quantized.graph) == str(quantized.float_graph)
    x = normal(1, 20, 12)
    expected = Interpreter(quantized.float_graph).predict(x)
    np.testing.assert_array_equal(Interpreter(quantized.graph).predict(x), expected)


def test_one_conversion_serves_all_readers() -> None:
    g = GraphBuilder()
    x = g.add("Relu", g.input("x", (None, 4)), name="r")
    kept = [g.add("Tanh", x, name=f"kept{i}") for i in range(2)]
    plain = [g.add("Mul", k, g.constant(np.float32([2]), "two"), name="double") for k in kept]
    plain.append(g.add("Sigmoid", x, name="plain"))
    graph = g.finish(plain)
    int8 = quantize(graph, normal(0, 30, 4), Recipe(keep_float=("kept0", "kept1"))).graph
    assert [node.op for node in int8.nodes].count("Dequantize") == 1
    assert [node.op for node in int8.nodes].count("Quantize") == 2


def test_float_only_operators_say_why() -> None:
    g = GraphBuilder()
    x = g.add("Relu", g.input("x", (None, 4)), name="r")
    x = g.add("Div", x, g.constant(np.full(4, 3, np.float32), "three"), name="third")
    graph = g.finish([g.add("Tanh", x, name="t")])
    quantized = quantize(graph, normal(0, 30, 4))
    assert operators(quantized.graph) == [
        "Relu r",
        "Dequantize r",
        "Div third",
        "Quantize third",
        "Tanh t",
    ]
    assert "better in float: a quotient" in quantized.report.float_layers["third"]


def test_infinite_constants_say_why() -> None:
    g = GraphBuilder()
    x = g.add("Relu", g.input("x", (None, 2)), name="r")
    limits = g.constant(np.float32([np.inf, 1]), "limits")
    graph = g.finish([g.add("Minimum", x, limits, name="m")])
    quantized = quantize(graph, normal(0, 30, 2))
    assert quantized.report.float_layers == {
        "m": "its constant 'limits' holds infinity, which no scale reaches"
    }


def test_a_computed_weight_is_refused() -> None:
    g = GraphBuilder()
    x, w = g.input("x", (None, 3)), g.input("w", (2, 3))
    graph = g.finish([g.add("Dense", x, g.add("Relu", w, name="rw"), name="product")])
    with pytest.raises(UnsupportedOperator, match="layer 'product': its weight is computed"):
        quantize(graph, {"x": normal(0, 2, 3), "w": normal(1, 2, 3)})


def test_wrong_layer_names_are_listed_together() -> None:
    recipe = Recipe(keep_float=("hiden", "hidden_relu", "scores"))
    with pytest.raises(QuantizationError) as caught:
        quantize(classifier(), normal(0, 20, 12), recipe)
    message = str(caught.value)
    assert "'hiden' is not known; did you mean 'hidden'?" in message
    assert "'hidden_relu' is no layer of its own" in message
    assert "Layers: hidden, scores, classes" in message


def test_an_int8_graph_is_not_quantized_again() -> None:
    int8 = quantize(classifier(), normal(0, 20, 12)).graph
    with pytest.raises(QuantizationError, match="is quantized already"):
        quantize(int8, normal(0, 20, 12))


@pytest.mark.parametrize(
    ("choices", "message"),
    [
        ({"arithmetic": "float16"}, "arithmetic 'float16' is not known"),
        ({"calibration": "entropy"}, "calibration 'entropy' is not known"),
        ({"keep_float": "conv"}, "list of layer names"),
        ({"input_range": (1, 1)}, "received 1 1"),
        ({"input_range": (0, float("nan"))}, "received 0 nan"),
    ],
)
def test_choices_that_do_not_exist_are_refused(choices: dict, message: str) -> None:
    with pytest.raises(QuantizationError, match=message):
        Recipe(**choices)


def test_quantization_is_deterministic() -> None:
    first, second = (quantize(image_network(), IMAGES).graph for _ in range(2))
    assert str(first) == str(second)
    for name, value in first.values.items():
        other = second.value(name)
        assert value.quant == other.quant
        if value.data is not None:
            assert value.array().tobytes() == other.array().tobytes()


@pytest.mark.parametrize("arithmetic", ["float32", "fixedpoint"])
def test_int8_computes_what_float_computes(arithmetic: str) -> None:
    """As good as eight bits allow: every layer above 25 dB, the classes alike."""
    quantized = quantize(image_network(), IMAGES, Recipe(arithmetic=arithmetic))
    assert quantized.graph.metadata.arithmetic == arithmetic
    noise = {layer.layer: layer.noise for layer in quantized.report.layers}
    assert min(noise.values()) > 25, noise
    expected = Interpreter(image_network()).predict(IMAGES)
    found = Interpreter(quantized.graph).predict(IMAGES)
    assert np.mean(expected.argmax(1) == found.argmax(1)) >= 0.95


QUANTIZABLE = [
    case
    for case in CASES
    if case.op not in ("Quantize", "Dequantize", "Requantize", "TopK") and not case.dtypes
]


@pytest.mark.parametrize("case", QUANTIZABLE, ids=str)
def test_every_operator_quantizes_to_a_valid_graph(case: Case) -> None:
    """One node, its constants as weights: int8 where it has a form, and near the float result."""
    graph = float_graph(case)
    batches = [random_inputs(graph, case.batch, seed) for seed in range(8)]
    data = {name: np.concatenate([b[name] for b in batches]) for name in graph.inputs}
    if case.op in ("Log", "Sqrt", "Rsqrt", "Pow"):
        data = {name: np.abs(x) for name, x in data.items()}
    quantized = quantize(graph, data)
    validate(quantized.graph)
    dtypes = {value.dtype for value in quantized.graph.activations()}
    operator = spec(case.op)
    if operator.output_dtypes != ("same",):
        assert list(quantized.report.float_layers) == ["layer"]
        return
    if (operator.float_only or operator.prefer_float) and case.op != "BatchNorm":  # Mul and Add
        assert list(quantized.report.float_layers) == ["layer"]
    else:
        assert dtypes == {"int8"} and not quantized.report.float_layers
    noises = [row.noise for row in quantized.report.layers if row.value in graph.outputs]
    # Eight bits of a full range give 40 dB or more. The mean of 64 cells in the scale of the cells,
    # and a hundred probabilities in steps of 1/256, use an eighth of theirs: 18 dB less.
    assert noises and all(noise is not None and noise > 20 for noise in noises)
