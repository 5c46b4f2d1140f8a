"""Scores and the gate: computed by hand, and by models whose loss is known."""

from __future__ import annotations

import numpy as np
import pytest

from edgekit.errors import AccuracyGateError, InputError, ShapeError
from edgekit.ir import Accuracy
from edgekit.quantize import check_gate, gather, measure, quantize
from edgekit.quantize.gate import score
from tests.quantize.graphs import classifier, labelled, normal

OUTPUTS = np.array([[0.1, 0.7, 0.2], [0.5, 0.3, 0.2], [0.2, 0.2, 0.6], [0.4, 0.4, 0.2]], np.float32)


@pytest.mark.parametrize(
    ("targets", "expected"),
    [
        (np.array([1, 0, 2, 0]), 1.0),  # a tie goes to the first class
        (np.array([1, 0, 0, 1], np.uint8), 0.5),
        (np.array([[1], [0], [2], [2]]), 0.75),
        (np.array([1.0, 0.0, 2.0, 2.0]), 0.75),
        (np.eye(3)[[1, 0, 2, 2]], 0.75),
    ],
)
def test_classes(targets: np.ndarray, expected: float) -> None:
    assert score(OUTPUTS, targets) == ("accuracy", expected)


def test_classes_of_every_position() -> None:
    maps = np.stack([OUTPUTS, OUTPUTS])  # [2, 4, 3]
    targets = np.array([[1, 0, 2, 0], [0, 0, 0, 0]])
    assert score(maps, targets) == ("accuracy", 6 / 8)


@pytest.mark.parametrize(
    ("outputs", "expected"),
    [([0.9, 0.2, 0.6, 0.4], 0.75), ([3.0, -2.0, 0.1, -0.1], 0.75), ([0.6, 0.6, 0.6, 0.6], 0.25)],
)
@pytest.mark.parametrize("column", [True, False])
def test_binary_scores(outputs: list[float], expected: float, column: bool) -> None:
    array = np.array(outputs, np.float32).reshape((-1, 1) if column else (-1,))
    assert score(array, np.array([1, 0, 0, 0])) == ("accuracy", expected)


def test_values_are_scored_by_the_variance_they_explain() -> None:
    targets = np.array([[1.0, 10.0], [3.0, 30.0], [2.0, 50.0]])
    outputs = targets + np.array([[0.1, 1], [-0.1, -1], [0.1, 1]])
    spread = (1 + 1 + 0) + (400 + 0 + 400)
    metric, value = score(outputs.astype(np.float32), targets)
    assert metric == "r2"
    # float32 outputs: 30 has an error of 1e-6
    assert value == pytest.approx(1 - (3 * 0.01 + 3 * 1) / spread, rel=1e-6)


@pytest.mark.parametrize(
    ("targets", "message"),
    [
        (np.array([0, 1, 3, 0]), r"labels lie in 0\.\.3.*classes 0\.\.2"),
        (np.array([0, -1, 1, 0]), r"labels lie in -1\.\.1"),
        (np.array([0.5, 1.0, 1.0, 1.0]), "received fractions"),
        (np.array(["a", "b", "c", "d"]), "class numbers, received"),
        (np.zeros((4, 7)), r"\[4, 7\] do not fit outputs of shape \[4, 3\]"),
        (np.ones((4, 3)), "all alike"),
        (np.full((4, 3), np.nan), "not finite"),
    ],
)
def test_targets_that_do_not_fit_are_refused(targets: np.ndarray, message: str) -> None:
    with pytest.raises((InputError, ShapeError), match=message):
        score(OUTPUTS, targets)


def test_both_graphs_are_measured_on_the_same_samples() -> None:
    graph = classifier()
    x = labelled(count=300)
    quantized = quantize(graph, x[:100])
    samples = gather(graph, x, "evaluation")
    weight = [graph.value(n).array().astype(np.float64) for n in ("w1", "b1", "w2", "b2")]
    hidden = np.maximum(x @ weight[0].T + weight[1], 0)
    labels = (hidden @ weight[2].T + weight[3]).argmax(axis=1)
    labels[::10] = (labels[::10] + 1) % 4  # a tenth is wrong by construction
    accuracy = measure(quantized.float_graph, quantized.graph, samples, labels, 5.0)
    assert (accuracy.metric, accuracy.samples, accuracy.max_drop) == ("accuracy", 300, 5.0)
    assert accuracy.float_value == 0.9
    assert 0.85 <= accuracy.int8_value <= 0.95
    with pytest.raises(ShapeError, match=r"300 samples, but targets of shape \[299\]"):
        measure(graph, quantized.graph, samples, labels[1:])


def test_the_gate_is_in_points_and_names_the_worst_layers() -> None:
    noise = [("a", 30.0), ("b", 3.25), ("silent", float("nan")), ("c", float("inf"))]
    check_gate(Accuracy("accuracy", 0.98, 0.9751, 1000, 0.5), noise)
    check_gate(Accuracy("accuracy", 0.98, 0.975, 1000, 0.5), noise)  # exactly as much as allowed
    check_gate(Accuracy("accuracy", 0.98, 0.5, 1000, None), noise)
    check_gate(Accuracy("accuracy", 0.98, 0.99, 1000, 0.0), noise)
    with pytest.raises(AccuracyGateError) as caught:
        check_gate(Accuracy("accuracy", 0.98, 0.9749, 1000, 0.5), noise)
    message = str(caught.value)
    assert "98.00 % in float to 97.49 % in int8 on 1000 samples" in message
    assert "0.51 points lost, 0.5 allowed" in message
    assert message.index("b: 3.2 dB") < message.index("a: 30.0 dB")
    assert "silent" not in message


def test_regression_models_are_measured_too() -> None:
    graph = classifier()
    x = normal(9, 100, 12)
    quantized = quantize(graph, x)
    samples = gather(graph, x, "evaluation")
    targets = normal(10, 100, 4)
    accuracy = measure(quantized.float_graph, quantized.graph, samples, targets)
    assert accuracy.metric == "r2" and accuracy.int8_value == pytest.approx(
        accuracy.float_value, abs=0.05
    )
