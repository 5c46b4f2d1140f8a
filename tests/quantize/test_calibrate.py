"""Ranges of activations, and calibration data that cannot be used."""

from __future__ import annotations

import numpy as np
import pytest

from edgekit.errors import QuantizationError, ShapeError
from edgekit.interpreter import Interpreter
from edgekit.ir import Graph, GraphBuilder, Preprocessing
from edgekit.quantize import Recipe, gather, quantize
from edgekit.quantize.calibrate import calibrate
from tests.quantize.graphs import classifier, image_network, normal


def dense_graph(batch: int | None = None) -> Graph:
    g = GraphBuilder()
    x = g.input("x", (batch, 3))
    weight = g.constant(np.array([[1, 2, -1], [0, 0, 3]], np.float32), "w")
    return g.finish([g.add("Dense", x, weight, name="sums")])


def test_ranges_are_those_of_the_numbers_themselves() -> None:
    x = normal(0, 100, 3)  # more than one batch
    ranges = calibrate(dense_graph(), gather(dense_graph(), x, "calibration"))
    sums = x.astype(np.float64) @ np.array([[1, 2, -1], [0, 0, 3]]).T
    assert ranges["x"] == (x.min(), x.max())
    # float32 sums of three products
    assert ranges["sums"] == pytest.approx((sums.min(), sums.max()), rel=1e-6)


def test_a_fixed_batch_is_filled_without_changing_the_ranges() -> None:
    x = normal(0, 10, 3)
    free = calibrate(dense_graph(), gather(dense_graph(), x, "calibration"))
    fixed = calibrate(dense_graph(4), gather(dense_graph(4), x, "calibration"))
    assert fixed["x"] == free["x"]
    assert fixed["sums"] == pytest.approx(free["sums"], rel=1e-6)


def test_progress_counts_samples() -> None:
    calls: list[tuple[int, int]] = []
    samples = gather(dense_graph(), normal(0, 70, 3), "calibration")
    calibrate(dense_graph(), samples, lambda done, total: calls.append((done, total)))
    assert calls == [(32, 70), (64, 70), (70, 70)]


X = normal(0, 8, 3)
FORMS = {
    "array": X,
    "float64": X.astype(np.float64),
    "mapping": {"x": X},
    "one array per input": [X],
    "list of samples": list(X),
    "batches": [X[:5], X[5:]],
    "iterator of mappings": ({"x": row} for row in X),
}


@pytest.mark.parametrize("form", FORMS)
def test_every_form_of_samples_gives_the_same(form: str) -> None:
    samples = gather(dense_graph(), FORMS[form], "calibration")
    assert samples.count == 8
    np.testing.assert_array_equal(samples.arrays["x"], X)


def two_inputs() -> Graph:
    g = GraphBuilder()
    a, b = g.input("a", (None, 2)), g.input("b", (None, 2))
    return g.finish([g.add("Add", a, b, name="sum")])


@pytest.mark.parametrize("form", ["mapping", "one per input", "pairs", "mappings"])
def test_two_inputs(form: str) -> None:
    a, b = normal(0, 6, 2), normal(1, 6, 2)
    forms = {
        "mapping": {"b": b, "a": a},
        "one per input": [a, b],
        "pairs": list(zip(a, b, strict=True)),
        "mappings": [{"a": p, "b": q} for p, q in zip(a, b, strict=True)],
    }
    samples = gather(two_inputs(), forms[form], "calibration")
    np.testing.assert_array_equal(samples.arrays["a"], a)
    np.testing.assert_array_equal(samples.arrays["b"], b)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (np.zeros((0, 3), np.float32), "calibration data are empty"),
        ([], "calibration data are empty"),
        (np.zeros((5, 4), np.float32), r"expected float32 \[samples, 3\], received .*\[5, 4\]"),
        (np.zeros(3, np.float32), r"one sample without a sample dimension; give x\[None\]"),
        (np.zeros((5, 3), np.uint8), r"received uint8 .*raw pixels need .*preprocessing"),
        (np.zeros((5, 3), np.complex64), "received complex64 .*give numbers"),
        (np.array([["a", "b", "c"]]), "give numbers"),
        ({"y": X}, "the model's inputs are x; received y"),
        ([X[0], X[0, :2]], r"sample 1 .*expected the shape \[3\], received \[2\]"),
        (7, "expected arrays, received int"),
        ("calib.npz", "expected arrays, received str"),
    ],
)
def test_data_that_do_not_fit_are_refused(data: object, message: str) -> None:
    with pytest.raises((QuantizationError, ShapeError), match=message):
        gather(dense_graph(), data, "calibration")


def test_all_wrong_inputs_are_named_at_once() -> None:
    wrong = {"a": np.zeros((2, 3), np.float32), "b": np.zeros((2, 2), np.int64)}
    with pytest.raises(ShapeError, match=r"'a'.*'b'"):
        gather(two_inputs(), wrong, "calibration")
    with pytest.raises(ShapeError, match=r"differ in their number of samples.*'a': 2.*'b': 3"):
        gather(two_inputs(), {"a": normal(0, 2, 2), "b": normal(0, 3, 2)}, "calibration")


def test_a_missing_channel_is_pointed_out() -> None:
    with pytest.raises(ShapeError, match=r"the channel is missing; give x\[\.\.\., None\]"):
        g = GraphBuilder()
        x = g.add("Relu", g.input("x", (None, 4, 4, 1)), name="r")
        gather(g.finish([x]), np.zeros((9, 4, 4), np.float32), "calibration")


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (np.zeros((9, 3, 4, 5), np.float32), r"channels come last .*x\.transpose\(0, 2, 3, 1\)"),
        (np.zeros((9, 60), np.float32), r"give x\.reshape\(-1, 4, 5, 3\)"),
        (np.zeros((9, 5, 4, 3), np.float32), r"received float32 \[9, 5, 4, 3\]$"),
        (np.zeros((9, 59), np.float32), r"received float32 \[9, 59\]$"),
    ],
)
def test_pictures_in_another_order_are_told_how_to_turn(data: np.ndarray, message: str) -> None:
    g = GraphBuilder()
    graph = g.finish([g.add("Relu", g.input("x", (None, 4, 5, 3)), name="r")])
    with pytest.raises(ShapeError, match=message):
        gather(graph, data, "calibration")


def test_raw_pixels_go_through_the_preprocessing() -> None:
    raw = np.arange(24, dtype=np.uint8).reshape(8, 3)
    rule = Preprocessing((1.0,), (2.0,))
    samples = gather(dense_graph(), raw, "calibration", rule)
    np.testing.assert_array_equal(samples.arrays["x"], (raw.astype(np.float32) - 1) / 2)
    report = quantize(dense_graph(), raw, preprocessing=Preprocessing((0.0,), (25.0,))).report
    assert any("preprocessing was applied" in note for note in report.notes)


@pytest.mark.parametrize("number", [np.nan, np.inf, -np.inf])
def test_numbers_that_are_not_finite_are_named_with_their_sample(number: float) -> None:
    x = normal(0, 40, 3)
    x[37, 1] = number
    message = rf"input 'x': sample 37 holds {number} \(1 of 40 samples"
    with pytest.raises(QuantizationError, match=message):
        quantize(dense_graph(), x)


def test_an_overflow_inside_is_named_with_sample_and_first_layer() -> None:
    g = GraphBuilder()
    x = g.input("x", (None, 2))
    x = g.add("Relu", x, name="before")
    x = g.add("Mul", x, g.constant(np.float32([1e30]), "k"), name="explodes")
    graph = g.finish([g.add("Relu", x, name="after")])
    data = np.ones((40, 2), np.float32)
    data[35] = 1e20
    with pytest.raises(QuantizationError, match=r"sample 35: layer 'explodes' \(Mul\)"):
        quantize(graph, data, Recipe(input_range=(0, 1e20)))


def test_a_range_that_no_scale_can_hold_names_its_value() -> None:
    g = GraphBuilder()
    graph = g.finish([g.add("Relu", g.input("x", (None, 2)), name="r")])
    data = np.array([[-3e38, 3e38]], np.float32)
    with pytest.raises(QuantizationError, match=r"value 'x'.*too wide for float32"):
        quantize(graph, data)


def test_a_dead_layer_leaves_a_line() -> None:
    g = GraphBuilder()
    x = g.input("x", (None, 3))
    x = g.add("Dense", x, g.constant(normal(0, 4, 3), "w"), name="alive")
    low = g.add("Mul", x, g.constant(np.zeros(1, np.float32), "zero"), name="dead")
    graph = g.finish([x, low])
    quantized = quantize(graph, normal(1, 20, 3))
    notes = [note for note in quantized.report.notes if "throughout calibration" in note]
    assert len(notes) == 1 and "'dead'" in notes[0]
    assert not Interpreter(quantized.graph).predict(normal(2, 4, 3))["dead"].any()


PIXELS = np.random.default_rng(0).integers(0, 256, (30, 12)).astype(np.float32)
SCALED = PIXELS / np.float32(255)


def test_pixels_for_a_model_trained_on_fractions_are_refused() -> None:
    """By the scores alone: nothing else says what the model was trained on."""
    with pytest.raises(QuantizationError, match=r"pixels \('x' 0 to 255\).*'classes'.*input_range"):
        quantize(classifier(), PIXELS)
    assert not [n for n in quantize(classifier(), SCALED).report.notes if "unscaled" in n]


def test_pixels_for_a_model_trained_on_pixels_are_mentioned() -> None:
    graph = classifier()
    weight = graph.value("w1")
    small = GraphBuilder()
    x = small.input("x", (None, 12))
    x = small.add("Dense", x, small.constant(weight.array() / np.float32(255), "w1"), name="a")
    x = small.add("Softmax", x, name="classes")
    report = quantize(small.finish([x]), PIXELS).report
    assert any("0 to 255" in note and "unscaled pixels" in note for note in report.notes)


@pytest.mark.parametrize("factor", [1 / 255, 255])
def test_evaluation_data_of_another_scale_are_refused(factor: float) -> None:
    graph = classifier()
    calibration = SCALED - np.float32(0.5)
    tests = gather(graph, calibration * np.float32(factor), "evaluation")
    with pytest.raises(QuantizationError, match=r"calibration data lie in .*evaluation data in"):
        quantize(graph, calibration, evaluation=tests)


@pytest.mark.parametrize("factor", [1 / 255, 255])
def test_data_outside_the_preprocessing_are_refused(factor: float) -> None:
    rule = Preprocessing((127.5,), (127.5,))  # inputs lie in -1..1
    calibration = 2 * SCALED - 1
    quantize(classifier(), calibration, preprocessing=rule)
    with pytest.raises(QuantizationError, match=r"preprocessing of pixels 0 to 255 in -1 to 1"):
        quantize(classifier(), calibration * np.float32(factor), preprocessing=rule)


def test_batch_normalization_remembers_the_scale_of_the_training_data() -> None:
    images = np.random.default_rng(0).random((20, 8, 8, 3), np.float32) * np.float32(4)
    quantize(image_network(), images)
    for factor in (255, 1 / 255):
        with pytest.raises(QuantizationError, match=r"layer 'norm' receives .* times as wide"):
            quantize(image_network(), images * np.float32(factor))


def test_batch_normalization_judges_few_samples_mildly() -> None:
    """A single row has no spread; that is no sign of a wrong scale."""
    g = GraphBuilder()
    x = g.input("x", (None, 4))
    stats = (np.ones(4), np.zeros(4), np.zeros(4), np.full(4, 2.0))
    names = ("gamma", "beta", "mean", "variance")
    constants = [g.constant(a.astype(np.float32), n) for a, n in zip(stats, names, strict=True)]
    graph = g.finish([g.add("BatchNorm", x, *constants, name="norm")])
    one = np.array([[1, -1, 2, 0.5]], np.float32)
    quantize(graph, one)
    with pytest.raises(QuantizationError, match="'norm' receives"):
        quantize(graph, one * np.float32(255))


def test_evaluation_data_must_be_finite_too() -> None:
    tests = gather(classifier(), np.full((1, 12), np.nan, np.float32), "evaluation")
    with pytest.raises(QuantizationError, match="the evaluation data hold numbers"):
        quantize(classifier(), SCALED, evaluation=tests)


def test_a_stated_input_range_overrules_and_is_used() -> None:
    recipe = Recipe(input_range=(0, 255))
    quant = quantize(classifier(), PIXELS, recipe).graph.value("x").quant
    assert (quant.scale, quant.zero_point) == ((1.0,), (-128,))
    with pytest.raises(QuantizationError, match=r"0 to 255, outside the stated .* 0 to 1"):
        quantize(classifier(), PIXELS, Recipe(input_range=(0, 1)))
    with pytest.raises(QuantizationError, match="less than a tenth of the stated"):
        quantize(classifier(), SCALED, recipe)
