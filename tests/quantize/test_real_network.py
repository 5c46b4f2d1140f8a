"""Trained networks on all test digits, against the figures that others measured for them.

TinyMaix' `mnist_valid`: tf_keras scores 96.54 % in float, TensorFlow Lite's int8 file 96.46 %;
`mnist_dw`, with depthwise convolutions: 93.22 % and 93.14 %.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from edgekit.conversion import convert
from edgekit.errors import QuantizationError
from edgekit.interpreter import Interpreter
from edgekit.ir import Graph, GraphBuilder
from edgekit.quantize import Recipe, quantize
from tests.material import material

Array = np.ndarray


def tinymaix(name: str) -> Graph:
    """One of TinyMaix' sequential `.h5` networks, batch normalization not folded."""
    h5py = pytest.importorskip("h5py")
    weights: dict[str, Array] = {}

    def keep(path: str, item: object) -> None:
        if isinstance(item, h5py.Dataset):
            layer, *_, weight = path.removesuffix(":0").split("/")
            weights[f"{layer}/{weight}"] = np.asarray(item, np.float32)

    with h5py.File(material(f"keras/tinymaix/{name}.h5")) as file:
        layers = json.loads(file.attrs["model_config"])["config"]["layers"]
        file["model_weights"].visititems(keep)
    g = GraphBuilder(name)
    x = g.input("image", (None, 28, 28, 1))
    for layer in layers[1:]:
        x = add_layer(g, x, layer["class_name"], layer["config"], weights)
    return g.finish([x])


def add_layer(
    g: GraphBuilder, x: str, kind: str, config: dict[str, Any], weights: dict[str, Array]
) -> str:
    name = config["name"]

    def constant(weight: str, shape: Callable[[Array], Array] = lambda array: array) -> str:
        path = f"{name}/{weight}"
        return g.constant(np.ascontiguousarray(shape(weights[path])), path)

    if kind in ("Conv2D", "DepthwiseConv2D"):
        window = {"strides": tuple(config["strides"]), "pads": (0, 0, 0, 0)}
        if config["padding"] == "same":
            _, height, width, _ = g.values[x].shape
            (top, bottom), (left, right) = (
                same_padding(size, stride)
                for size, stride in zip((height, width), window["strides"], strict=True)
            )
            window["pads"] = (top, left, bottom, right)
        if kind == "Conv2D":
            kernel = constant("kernel", lambda array: array.transpose(3, 0, 1, 2))
        else:
            kernel = constant("depthwise_kernel", lambda array: array.reshape(1, 3, 3, -1))
        return g.add(kind, x, kernel, constant("bias"), name=name, **window)
    if kind == "BatchNormalization":
        names = ("gamma", "beta", "moving_mean", "moving_variance")
        return g.add("BatchNorm", x, *map(constant, names), name=name)
    if kind == "Dense":
        kernel = constant("kernel", np.transpose)
        return g.add("Dense", x, kernel, constant("bias"), name=name)
    if kind == "Activation":
        return g.add(config["activation"].title(), x, name=name)
    assert kind == "GlobalAveragePooling2D"
    return g.add("Mean", x, name=name)


def same_padding(size: int, stride: int, kernel: int = 3) -> tuple[int, int]:
    total = max((-(-size // stride) - 1) * stride + kernel - size, 0)
    return total // 2, total - total // 2


def digits(part: str, count: int) -> tuple[Array, Array]:
    """Pixels 0..255 as float32 [n, 28, 28, 1], and labels."""
    with gzip.open(material(f"data/mnist/{part}-images-idx3-ubyte.gz")) as file:
        pixels = np.frombuffer(file.read(16 + 784 * count), np.uint8, offset=16)
    with gzip.open(material(f"data/mnist/{part}-labels-idx1-ubyte.gz")) as file:
        labels = np.frombuffer(file.read(8 + count), np.uint8, offset=8)
    return pixels.reshape(-1, 28, 28, 1).astype(np.float32), labels


@pytest.mark.parametrize("arithmetic", ["float32", "fixedpoint"])
@pytest.mark.parametrize(
    ("name", "float_value", "int8_value"),
    [("mnist_valid", 0.9654, 0.9646), ("mnist_dw", 0.9322, 0.9314)],
)
def test_int8_keeps_the_published_accuracy(
    name: str, float_value: float, int8_value: float, arithmetic: str
) -> None:
    typical, _ = digits("train", 200)
    pixels, labels = digits("t10k", 10_000)
    converted = convert(
        tinymaix(name),
        calibration=typical / np.float32(255),
        evaluate=(pixels / np.float32(255), labels),
        max_drop=0.3,
        recipe=Recipe(arithmetic=arithmetic),
    )
    accuracy = converted.report.accuracy
    assert accuracy is not None and accuracy.samples == 10_000
    assert accuracy.float_value == float_value  # the published figure, to the digit
    # TensorFlow's file has weights of its own calibration data: two per mille of the digits.
    assert accuracy.int8_value == pytest.approx(int8_value, abs=0.002)
    assert not converted.report.float_layers
    # The gate's figure is what the model computes for whoever runs it.
    (scores,) = Interpreter(converted.graph).run(pixels / np.float32(255)).values()
    assert float(np.mean(scores.argmax(axis=1) == labels)) == accuracy.int8_value


def test_a_keras_file_of_somebody_else_converts() -> None:
    """A Keras 3 file found in the wild, without batch normalization: 99.18 % in Keras."""
    pytest.importorskip("h5py")
    model = material("keras/moonflower/mnist_model.keras")
    typical, _ = digits("train", 100)
    pixels, labels = digits("t10k", 10_000)
    evaluate = (pixels / np.float32(255), labels)
    report = convert(model, typical / np.float32(255), evaluate=evaluate, max_drop=0.3).report
    assert report.accuracy is not None and report.accuracy.float_value == 0.9918
    with pytest.raises(QuantizationError, match=r"pixels .*before 'dense' \d+ apart"):
        convert(model, typical)


def test_pixels_that_were_not_scaled_are_refused() -> None:
    typical, _ = digits("train", 100)
    with pytest.raises(QuantizationError, match=r"'bn0' receives .*'image' 0 to 255.*input_range"):
        quantize(tinymaix("mnist_valid"), typical)
