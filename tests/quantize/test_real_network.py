"""A trained network on all test digits, against the figures that others published for it.

TinyMaix' `mnist_valid`: tf_keras scores 96.54 % in float, TensorFlow Lite's int8 file 96.46 %.
"""

from __future__ import annotations

import gzip

import numpy as np
import pytest

from edgekit.conversion import convert
from edgekit.errors import QuantizationError
from edgekit.interpreter import Interpreter
from edgekit.ir import Graph, GraphBuilder
from edgekit.quantize import Recipe, quantize
from tests.material import material

Array = np.ndarray


def mnist_valid() -> Graph:
    """The network of the `.h5` file, batch normalization not folded."""
    h5py = pytest.importorskip("h5py")
    with h5py.File(material("keras/tinymaix/mnist_valid.h5")) as file:
        weights: dict[str, Array] = {}
        file["model_weights"].visititems(
            lambda name, item: (
                weights.update({f"{name.split('/')[0]}/{name.split('/')[-1]}": item})
                if hasattr(item, "shape")
                else None
            )
        )
        weights = {name: np.asarray(item, np.float32) for name, item in weights.items()}
    g = GraphBuilder("mnist_valid")
    x = g.input("image", (None, 28, 28, 1))
    for conv, norm in (("ftr0", "bn0"), ("ftr1", "bn1"), ("ftr2", "batch_normalization")):
        kernel = g.constant(weights[f"{conv}/kernel:0"].transpose(3, 0, 1, 2), f"{conv}/kernel")
        bias = g.constant(weights[f"{conv}/bias:0"], f"{conv}/bias")
        x = g.add("Conv2D", x, kernel, bias, name=conv, strides=(2, 2))
        names = ("gamma", "beta", "moving_mean", "moving_variance")
        stats = [g.constant(weights[f"{norm}/{n}:0"], f"{norm}/{n}") for n in names]
        x = g.add("BatchNorm", x, *stats, name=norm)
        x = g.add("Relu", x, name=f"{conv}_relu")
    x = g.add("Mean", x, name="GAP")
    kernel = g.constant(np.ascontiguousarray(weights["fc1/kernel:0"].T), "fc1/kernel")
    x = g.add("Dense", x, kernel, g.constant(weights["fc1/bias:0"], "fc1/bias"), name="fc1")
    return g.finish([g.add("Softmax", x, name="sm")])


def digits(part: str, count: int) -> tuple[Array, Array]:
    """Pixels 0..255 as float32 [n, 28, 28, 1], and labels."""
    with gzip.open(material(f"data/mnist/{part}-images-idx3-ubyte.gz")) as file:
        pixels = np.frombuffer(file.read(16 + 784 * count), np.uint8, offset=16)
    with gzip.open(material(f"data/mnist/{part}-labels-idx1-ubyte.gz")) as file:
        labels = np.frombuffer(file.read(8 + count), np.uint8, offset=8)
    return pixels.reshape(-1, 28, 28, 1).astype(np.float32), labels


@pytest.mark.parametrize("arithmetic", ["float32", "fixedpoint"])
def test_int8_keeps_the_published_accuracy(arithmetic: str) -> None:
    graph = mnist_valid()
    typical, _ = digits("train", 200)
    pixels, labels = digits("t10k", 10_000)
    converted = convert(
        graph,
        calibration=typical / np.float32(255),
        evaluate=(pixels / np.float32(255), labels),
        max_drop=0.3,
        recipe=Recipe(arithmetic=arithmetic),
    )
    accuracy = converted.report.accuracy
    assert accuracy is not None and accuracy.samples == 10_000
    assert accuracy.float_value == 0.9654  # the published figure, to the digit
    assert accuracy.int8_value == pytest.approx(0.9646, abs=0.002)
    assert not converted.report.float_layers
    # The gate's figure is what the model computes for whoever runs it.
    answers = Interpreter(converted.graph).run(pixels / np.float32(255))["sm"].argmax(axis=1)
    assert float(np.mean(answers == labels)) == accuracy.int8_value


def test_pixels_that_were_not_scaled_are_refused() -> None:
    typical, _ = digits("train", 100)
    with pytest.raises(QuantizationError, match=r"'bn0' receives .*'image' 0 to 255.*input_range"):
        quantize(mnist_valid(), typical)
