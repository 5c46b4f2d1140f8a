"""What training computes is what the interpreter computes, up to the last step of rounding."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

import edgekit
from edgekit.interpreter import Interpreter
from edgekit.quantize import Recipe, quantize
from edgekit.train.quantization import quantize_model
from edgekit.train.trace import trace

from .networks import NETWORKS, made, trained

# the share of outputs that may be one step off, and none is further: sums are rounded in float32
# here, once, and there in the integer arithmetic of each operator
OFF_BY_ONE = {
    "separable": 0.02, "before_convolution": 0.02, "over_time": 0.02, "pictures": 0.05,
    "gated": 0.05, "attentive": 0.02, "subclassed": 0.02, "remembering": 0.02, "resetting": 0.02,
    "masked": 0.02, "cell_by_cell": 0.02, "frames": 0.02,
}  # fmt: skip


@cache
def conversion(name):
    aware, x, _ = trained(name)
    return aware, x, edgekit.convert(aware)


@pytest.mark.parametrize("name", NETWORKS)
def test_predictions_equal_the_interpreter(name):
    aware, x, converted = conversion(name)
    graph = converted.graph
    output = graph.value(graph.outputs[0])
    stored = Interpreter(graph).run({graph.inputs[0]: x})[output.name].astype(np.int64)
    scale, zero_point = output.quant.scale[0], output.quant.zero_point[0]
    predicted = np.rint(aware.predict(x, verbose=0) / scale) + zero_point
    difference = np.abs(predicted - stored)
    assert difference.max() <= 1
    assert (difference > 0).mean() <= OFF_BY_ONE[name]
    assert len(np.unique(stored)) > 10


@pytest.mark.parametrize("name", NETWORKS)
def test_every_scale_was_learned(name):
    """The plan names all activations that the converter gives a scale, and no others."""
    aware, _, converted = conversion(name)
    assert aware.plan.unlearned == {}
    planned = {member for value in aware.plan.values for member in aware.plan.groups[value]}
    report = converted.report
    quantized = {row.value for row in report.layers if row.quant is not None}
    # what a node in float computes for nodes in int8 has both forms
    for value in planned.symmetric_difference(quantized):
        assert converted.graph.value(f"{value}_int8").quant is not None
    assert any("learned in training" in note for note in report.notes)
    learned = aware.learned_ranges()
    for row in report.layers:
        if row.value in learned and len(aware.plan.groups[row.value]) == 1:
            assert (row.low, row.high) == tuple(learned[row.value])


@pytest.mark.parametrize(
    "name", ["separable", "pictures", "subclassed", "remembering", "resetting"]
)
def test_ranges_from_data_are_those_of_calibration(name):
    """Before any training, the ranges that `calibration=` gives are what the converter finds."""
    model, x, _ = made(name)
    aware = quantize_model(model, calibration=x)
    calibrated = quantize(trace(model), x).ranges
    for value, found in aware.learned_ranges().items():
        np.testing.assert_allclose(found, calibrated[value], rtol=1e-5, atol=1e-6)
    first, second = edgekit.convert(aware).graph, edgekit.convert(model, x).graph
    same = [
        np.mean(first.value(v.name).array() == v.array())
        for v in second.constants()
        if v.dtype == "int8"
    ]
    assert min(same) > 0.99


def test_layers_can_stay_in_float():
    recipe = Recipe(keep_float=["depthwise", "add"])
    aware, x, _ = trained("separable", recipe=recipe)
    assert ("depthwise", "depthwise_conv2d", 0) not in [
        key for key, step in aware.plan.steps.items() if step.weight is not None
    ]
    converted = edgekit.convert(aware)
    assert set(converted.report.float_layers) == {"depthwise", "add"}
    graph = converted.graph
    scale = graph.value(graph.outputs[0]).quant.scale[0]
    difference = np.abs(Interpreter(graph).predict(x) - aware.predict(x, verbose=0)) / scale
    assert difference.max() < 1.5 and (difference > 0.5).mean() < 0.05


def test_inputs_in_a_given_range():
    aware, _, _ = trained("subclassed", recipe=Recipe(input_range=(-8, 8)))
    graph = edgekit.convert(aware).graph
    assert graph.value(graph.inputs[0]).quant.scale[0] == np.float32(np.float32(16) / 255)
