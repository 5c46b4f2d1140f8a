"""What TFLite or LiteRT cannot do is refused with a sentence that names the layer."""

from __future__ import annotations

import numpy as np
import pytest

from edgekit.errors import UnsupportedOperator
from edgekit.export.tflite import tflite_bytes
from edgekit.ir import GraphBuilder, per_tensor
from tests.cases import int8_graph
from tests.cases.case import case


def test_all_that_cannot_be_said_is_listed_with_its_layer() -> None:
    g = GraphBuilder("many")
    x = g.input("x", (None, 8, 8, 3))
    y = g.add("AveragePool2D", x, name="my_pool", pool=(3, 3), pads=(2, 2, 2, 2))
    y = g.add("Softmax", y, name="my_softmax", axis=0)
    with pytest.raises(UnsupportedOperator) as caught:
        tflite_bytes(g.finish([y]))
    message = str(caught.value)
    assert "AveragePool2D 'my_pool': pads (2, 2, 2, 2) reach over half" in message
    assert "Softmax 'my_softmax'" in message


def test_elu_of_integers_with_an_alpha() -> None:
    graph = int8_graph(case("Elu", x=(1, 6), alpha=0.5), "float32")
    with pytest.raises(UnsupportedOperator, match="TFLite's Elu of integers has alpha 1"):
        tflite_bytes(graph)


def test_weights_that_are_computed() -> None:
    g = GraphBuilder()
    x = g.input("x", (None, 4))
    weight = g.input("weights", (3, 4))
    with pytest.raises(UnsupportedOperator, match="'weights' is computed"):
        tflite_bytes(g.finish([g.add("Dense", x, weight, name="dense")]))


def test_too_many_dimensions() -> None:
    g = GraphBuilder()
    x = g.input("x", (1, 2, 1, 2, 1, 2, 1))
    with pytest.raises(UnsupportedOperator, match="'x' has 7 dimensions; LiteRT runs 6 at most"):
        tflite_bytes(g.finish([g.add("Relu", x)]))
    g = GraphBuilder()
    x = g.input("x", (1, 2, 1, 2, 1, 2))
    padded = g.add("Pad", x, name="pad", pads=(0, 0) * 5 + (1, 1))
    with pytest.raises(UnsupportedOperator, match="Pad 'pad': LiteRT pads 5 dimensions at most"):
        tflite_bytes(g.finish([padded]))


def test_hard_swish_that_scales_up() -> None:
    g = GraphBuilder()
    x = g.input("x", (None, 4), "int8", per_tensor(0.5, 0))
    table = g.constant(np.zeros(256, np.int8), "table")
    y = g.add("HardSwish", x, table, name="swish", quant=per_tensor(0.5 / 128, 0))
    with pytest.raises(UnsupportedOperator, match="'swish': LiteRT's HardSwish needs an output"):
        tflite_bytes(g.finish([y]))


def test_int16_to_uint8() -> None:
    g = GraphBuilder()
    x = g.input("x", (None, 4), "int16", per_tensor(0.5, 0))
    y = g.add("Requantize", x, name="again", dtype="uint8", quant=per_tensor(0.5, 0))
    with pytest.raises(UnsupportedOperator, match="'again': TFLite has no way from int16 to uint8"):
        tflite_bytes(g.finish([y]))
