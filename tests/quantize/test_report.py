"""The page a person reads after a conversion."""

from __future__ import annotations

import math

import numpy as np
import pytest

from edgekit.conversion import convert
from edgekit.errors import ShapeError
from edgekit.frozen import replace
from edgekit.interpreter import Interpreter
from edgekit.ir import GraphBuilder, Preprocessing
from edgekit.quantize import gather, quantize
from edgekit.quantize.noise import signal_to_noise
from tests.quantize.graphs import classifier, image_network, normal


def test_noise_is_that_of_the_definition() -> None:
    x = normal(0, 20, 12)  # one batch
    quantized = quantize(classifier(), x)
    samples = gather(classifier(), x, "calibration")
    noise = signal_to_noise(quantized.float_graph, quantized.graph, samples)
    real = Interpreter(quantized.float_graph).predict(x).astype(np.float64)
    coarse = Interpreter(quantized.graph).predict(x).astype(np.float64)
    expected = 10 * math.log10(np.sum(real**2) / np.sum((real - coarse) ** 2))
    assert noise["classes"] == pytest.approx(expected, rel=1e-9)
    same = signal_to_noise(quantized.float_graph, quantized.float_graph, samples)
    assert set(same.values()) == {math.inf}


def test_a_silent_layer_has_no_ratio() -> None:
    g = GraphBuilder()
    x = g.input("x", (None, 3))
    x = g.add("Mul", x, g.constant(np.zeros(1, np.float32), "zero"), name="silent")
    report = quantize(g.finish([x]), normal(0, 20, 3)).report
    assert math.isnan(report.layers[1].noise)
    assert str(report).splitlines()[2].split() == [
        "silent",
        "Mul",
        "int8",
        "0..0",
        "7.84314e-09@0",
        "-",
    ]


def test_every_layer_has_a_row_with_its_own_numbers() -> None:
    x = normal(0, 30, 12)
    quantized = quantize(classifier(), x)
    rows = {row.value: row for row in quantized.report.layers}
    assert list(rows) == ["x", "hidden_relu", "scores", "classes"]
    assert (rows["x"].low, rows["x"].high) == (x.min(), x.max())
    assert rows["scores"].quant == quantized.graph.value("scores").quant
    lines = str(quantized.report).splitlines()
    assert lines[0].split() == ["layer", "operator", "dtype", "range", "scale@zero", "SNR", "dB"]
    assert lines[2].startswith("hidden ") and " Dense " in lines[2] and " int8 " in lines[2]


def test_channels_that_eight_bits_silence_are_reported() -> None:
    """A channel under a bias far below zero: its weights round to zero, and relu stops the rest."""
    g = GraphBuilder()
    x = g.input("x", (None, 3))
    weight = normal(0, 4, 3)
    weight[2] *= np.float32(1e-6)
    bias = np.array([0, 0, -1e5, 0], np.float32)
    x = g.add("Dense", x, g.constant(weight, "w"), g.constant(bias, "b"), name="first")
    x = g.add("Relu", x, name="relu")
    x = g.add("Dense", x, g.constant(normal(1, 2, 4), "v"), name="second")
    quantized = quantize(g.finish([x]), normal(2, 40, 3))
    assert quantized.graph.value("w").shape == (3, 3)
    notes = "\n".join(quantized.report.notes)
    assert "layer 'first': 1 of 4 channels are zero for every input and were removed" in notes
    assert "layer 'first': the bias is far larger than the weights in channels 2" in notes


def test_few_samples_are_mentioned() -> None:
    assert any(
        "only 5 calib" in note for note in quantize(classifier(), normal(0, 5, 12)).report.notes
    )
    assert not quantize(classifier(), normal(0, 50, 12)).report.notes


def test_the_accuracy_of_a_model_with_several_outputs_names_its_output() -> None:
    graph = replace(classifier(), outputs=("scores", "classes"))
    x = normal(0, 40, 12)
    report = convert(graph, x, evaluate=(x, np.zeros(40, int))).report
    assert any("accuracy is that of output 'scores'" in note for note in report.notes)


@pytest.mark.parametrize(
    ("rule", "message"),
    [
        (Preprocessing((1.0, 2.0), (1.0,)), "mean holds 2 numbers; expected 1, or one for each"),
        (Preprocessing((0.0,), (0.0,)), r"std cannot be \(0.0,\)"),
        (Preprocessing((float("nan"),), (1.0,)), "mean cannot be"),
    ],
)
def test_preprocessing_that_does_not_fit_is_refused(rule: Preprocessing, message: str) -> None:
    with pytest.raises(ShapeError, match=message):
        gather(image_network(), np.zeros((1, 8, 8, 3), np.uint8), "calibration", rule)
    gather(
        image_network(), np.zeros((1, 8, 8, 3), np.uint8), "calibration", Preprocessing((1.0,) * 3)
    )
