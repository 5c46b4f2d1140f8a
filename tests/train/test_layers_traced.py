"""Every layer as a graph: it gives what Keras gives; int8 is near it, and LiteRT has its bits."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import edgekit
from edgekit.errors import UnsupportedOperator
from edgekit.export.onnx import onnx_bytes
from edgekit.export.tflite import tflite_bytes
from edgekit.interpreter import Interpreter
from edgekit.ir import Graph, validate
from edgekit.train import layers
from edgekit.train.models import Model
from edgekit.train.trace import trace
from tests import litert
from tests.export import onnx_runtime
from tests.train.keras_cases import table
from tests.train.keras_cases.case import LayerCase
from tests.train.keras_goldens import arrays, numbered

CASES = {
    name: (family, LayerCase(case))
    for name, (family, case) in table("LAYERS").items()
    if family
    in (
        "activation",
        "convolution",
        "core",
        "merging",
        "normalization",
        "pooling",
        "regularization",
        "reshaping",
        "sound",
        "volumes",
    )
    and "call" not in LayerCase(case).options
}

# layers that no graph can hold, each with what the message says
REFUSED = {
    **dict.fromkeys(("mel", "mel_reference"), r"a maximum over a whole batch.*float\('inf'\)"),
    "up_sampling_bicubic": "interpolation 'bicubic' cannot be exported",
    "up_sampling_lanczos3": "interpolation 'lanczos3' cannot be exported",
    "up_sampling_lanczos5": "interpolation 'lanczos5' cannot be exported",
}
# layers that a TFLite file cannot hold, each with what the message says
NO_TFLITE = {
    "elu": "TFLite's Elu of integers has alpha 1",
    "activation_selu": "TFLite's Elu of integers has alpha 1",
}
# layers that an ONNX file cannot hold, each with what the message says
NO_ONNX = {"stft_angle": "ONNX has the arctangent of one number only"}
# logarithms and angles are steep where there are few steps of power: errors over the range
COARSE = {"stft_log": 0.07}
EITHER_SIGN = ("stft_angle",)  # half a turn forward is half a turn back
TRACED = [name for name in CASES if name not in REFUSED]


def model_of(name: str) -> tuple[Any, list[np.ndarray], np.ndarray]:
    """A model of the one layer of a case, with Keras' weights, inputs and output."""
    family, case = CASES[name]
    found = {
        key.removeprefix(f"{name}/"): v
        for key, v in arrays(family).items()
        if key.startswith(f"{name}/")
    }
    inputs = numbered(found, "in")
    symbolic = [layers.Input(x.shape[1:], name=f"x{i}") for i, x in enumerate(inputs)]
    layer = case.make(layers)
    model = Model(symbolic, layer(symbolic if len(symbolic) > 1 else symbolic[0]))
    layer.set_weights(numbered(found, "weight"))
    return model, inputs, found["out"]


def named(graph: Graph, inputs: list[np.ndarray]) -> dict[str, np.ndarray]:
    return dict(zip(graph.inputs, inputs, strict=True))


@pytest.mark.parametrize("name", TRACED)
def test_the_graph_gives_what_keras_gives(name: str) -> None:
    model, inputs, expected = model_of(name)
    graph = trace(model)
    validate(graph)
    [found] = Interpreter(graph).run(named(graph, inputs)).values()
    scale = max(1.0, float(np.abs(expected).max()))
    # float32 in another order; normalizations divide by small deviations
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=2e-5 * scale)


@pytest.mark.parametrize("name", REFUSED)
def test_what_no_graph_can_hold_is_refused_by_name(name: str) -> None:
    model, _, _ = model_of(name)
    with pytest.raises(UnsupportedOperator, match=REFUSED[name]) as caught:
        trace(model)
    assert model.layers[-1].name in str(caught.value)


def converted(name: str) -> tuple[Any, list[np.ndarray], Graph]:
    """The int8 model of a case, inputs that are like those it was calibrated with, and the float
    graph.
    """
    model, inputs, _ = model_of(name)
    rng = np.random.default_rng(len(name))
    samples = [rng.normal(size=(24, *x.shape[1:])).astype(np.float32) for x in inputs]
    graph = trace(model)
    made = edgekit.convert(graph, dict(zip(graph.inputs, samples, strict=True)))
    return made, [x[:3] for x in samples], graph


def quantized(graph: Graph, inputs: list[np.ndarray]) -> dict[str, np.ndarray]:
    """Inputs as the integers of the graph's inputs."""
    found = {}
    for name, x in named(graph, inputs).items():
        quant = graph.value(name).quant
        if quant is not None:
            x = np.rint(x / quant.scale[0]) + quant.zero_point[0]
            x = np.clip(x, -128, 127).astype(np.int8)
        found[name] = x
    return found


@pytest.mark.parametrize("name", [name for name in TRACED if name not in EITHER_SIGN])
def test_int8_is_near_and_the_same_bits_in_litert(name: str) -> None:
    made, inputs, graph = converted(name)
    [exact] = Interpreter(graph).run(named(graph, inputs)).values()
    given = quantized(made.graph, inputs)
    [found] = Interpreter(made.graph).run(given).values()
    quant = made.graph.value(made.graph.outputs[0]).quant
    real = found if quant is None else (found - np.float32(quant.zero_point[0])) * quant.scale[0]
    error = float(np.sqrt(np.mean((real - exact) ** 2)))
    limit = COARSE.get(name, 0.04) * float(np.ptp(exact))
    assert error <= limit, (error, limit)
    if name in NO_TFLITE:
        with pytest.raises(UnsupportedOperator, match=NO_TFLITE[name]):
            tflite_bytes(made.graph)
        return
    [expected] = litert.run(tflite_bytes(made.graph), given).values()
    if quant is None:  # a layer that stays in float: float32 in another order
        np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-5)
    else:
        np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize("name", TRACED)
def test_onnxruntime_gives_what_keras_gives(name: str) -> None:
    model, inputs, expected = model_of(name)
    graph = trace(model)
    if name in NO_ONNX:
        with pytest.raises(UnsupportedOperator, match=NO_ONNX[name]):
            onnx_bytes(graph)
        return
    [found] = onnx_runtime.run(onnx_bytes(graph), named(graph, inputs)).values()
    scale = max(1.0, float(np.abs(expected).max()))
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=2e-5 * scale)


def sequence_network() -> Any:
    """Convolutions over time with everything that stands between them, and a shortcut."""
    x = layers.Input((24, 6), name="signal")
    y = layers.Conv1D(8, 3, padding="causal", name="first")(x)
    y = layers.ReLU(name="relu")(layers.BatchNormalization(name="norm")(y))
    y = layers.MaxPooling1D(2, name="pool")(y)
    z = layers.SeparableConv1D(8, 3, padding="same", activation="relu", name="second")(y)
    y = layers.Add(name="sum")([y, z])
    y = layers.Conv1DTranspose(4, 4, strides=2, activation="tanh", name="wider")(y)
    y = layers.GlobalAveragePooling1D(name="mean")(y)
    return Model(x, layers.Dense(3, activation="softmax", name="classes")(y), name="time")


def test_layers_over_sequences_stand_beside_each_other() -> None:
    model = sequence_network()
    rng = np.random.default_rng(0)
    for weight in model.weights:
        weight.assign(rng.uniform(0.2, 1.0, weight.shape).astype(np.float32))
    graph = trace(model)
    assert [node.op for node in graph.nodes] == [
        "Reshape", "Conv2D", "BatchNorm", "Relu", "MaxPool2D", "DepthwiseConv2D", "Conv2D", "Relu",
        "Add", "TransposeConv2D", "Tanh", "Reshape", "Mean", "Dense", "Softmax",
    ]  # fmt: skip
    assert {"first", "norm", "relu", "pool", "second", "sum", "wider", "mean"} <= set(graph.values)
    assert graph.nodes[1].inputs[1] == "first/kernel"
    x = rng.normal(size=(5, 24, 6)).astype(np.float32)
    [found] = Interpreter(graph).run({"signal": x}).values()
    np.testing.assert_allclose(found, model(x).numpy(), rtol=1e-5, atol=1e-5)


def test_a_value_that_is_an_output_keeps_its_shape() -> None:
    x = layers.Input((12, 4), name="x")
    y = layers.Conv1D(3, 3, name="conv")(x)
    model = Model(x, [y, layers.ReLU(name="relu")(y)])
    graph = trace(model)
    data = np.random.default_rng(1).normal(size=(2, 12, 4)).astype(np.float32)
    found = Interpreter(graph).run({"x": data})
    assert list(found) == ["conv", "relu"]
    for value, expected in zip(found.values(), model(data), strict=True):
        np.testing.assert_allclose(value, expected.numpy(), rtol=1e-5, atol=1e-5)


def test_a_network_over_sequences_as_int8() -> None:
    model = sequence_network()
    rng = np.random.default_rng(0)
    for weight in model.weights:
        weight.assign(rng.uniform(-1.0, 1.0, weight.shape).astype(np.float32) ** 2 + 0.1)
    graph = trace(model)
    samples = rng.normal(size=(40, 24, 6)).astype(np.float32)
    made = edgekit.convert(graph, samples)
    assert "BatchNorm" not in {node.op for node in made.graph.nodes}  # it went into a convolution
    given = quantized(made.graph, [samples[:4]])
    [found] = Interpreter(made.graph).run(given).values()
    [expected] = litert.run(tflite_bytes(made.graph), given).values()
    np.testing.assert_array_equal(found, expected)
    quant = made.graph.value(made.graph.outputs[0]).quant
    assert quant is not None
    real = (found - np.float32(quant.zero_point[0])) * quant.scale[0]
    np.testing.assert_allclose(real, model(samples[:4]).numpy(), atol=0.06)  # 15 of 256 steps
