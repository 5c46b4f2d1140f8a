"""Every way to compute a layer gives the same bits; which one is taken depends on shapes alone."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from edgekit.frozen import replace
from edgekit.interpreter import Interpreter
from edgekit.interpreter.kernels import convolution, depthwise
from edgekit.interpreter.kernels.variants import (
    Variant,
    convolution_variant,
    depthwise_variant,
    lstm_variant,
)
from edgekit.ir import Graph, GraphBuilder, per_channel, per_tensor
from tests import reference


def layer(
    op: str, shape: tuple[int, ...], outputs: int, window: tuple[int, int], stride: int, seed: int
) -> Graph:
    """One int8 layer with uneven padding and a bias."""
    rng = np.random.default_rng(seed)
    deep = op == "DepthwiseConv2D"
    weight_shape = (1, *window, outputs) if deep else (outputs, *window, shape[2])
    builder = GraphBuilder(op)
    x = builder.input("x", (None, *shape), "int8", per_tensor(0.03, -7))
    scales = rng.uniform(0.004, 0.02, outputs).astype(np.float32)
    weight = rng.integers(-127, 128, weight_shape).astype(np.int8)
    w = builder.constant(weight, "w", per_channel(scales, 3 if deep else 0))
    b = builder.constant(rng.integers(-3000, 3000, outputs).astype(np.int32), "b")
    pads = (1, 0, 1, 1) if window[0] > 1 else (0, 0, 0, 0)
    attrs: dict[str, Any] = {"strides": (stride, stride), "pads": pads, "activation": "relu"}
    y = builder.add(op, x, w, b, name="y", quant=per_tensor(0.5, -128), **attrs)
    return builder.finish([y])


def samples(graph: Graph, count: int) -> Any:
    shape = (count, *graph.value("x").shape[1:])
    return np.random.default_rng(1).integers(-128, 128, shape).astype(np.int8)


CONVOLUTIONS = [
    ((9, 13, 3), 4, (3, 3), 1, Variant("kernel rows", "")),
    ((9, 13, 3), 4, (3, 3), 1, Variant("patches", "")),
    ((9, 13, 3), 4, (3, 3), 1, Variant("wide patches", "", 2)),
    ((9, 13, 3), 4, (3, 3), 2, Variant("wide patches", "", 2)),
    ((9, 13, 3), 4, (3, 3), 2, Variant("wide patches", "", 3)),
    ((9, 13, 3), 4, (3, 3), 2, Variant("patches", "")),
    ((5, 6, 8), 4, (1, 1), 1, Variant("pixels", "")),
    ((5, 6, 8), 4, (1, 1), 1, Variant("patches", "")),
]


def with_biases(graph: Graph, biases: list[int]) -> Graph:
    """The graph with other biases, and scales with which large sums do not saturate."""
    scales = np.full(len(biases), 60 / max(biases) / 0.03, np.float32)
    values, axis = dict(graph.values), 3 if graph.nodes[0].op == "DepthwiseConv2D" else 0
    values["b"] = replace(values["b"], data=np.array(biases, np.int32))
    values["w"] = replace(values["w"], quant=per_channel(scales, axis))
    return replace(graph, values=values)


@pytest.mark.parametrize("largest", [None, 2**24 - 1000, 2**25 - 2], ids=["small", "held", "wide"])
@pytest.mark.parametrize(("shape", "outputs", "window", "stride", "variant"), CONVOLUTIONS)
def test_ways_of_a_convolution_agree(
    monkeypatch: pytest.MonkeyPatch,
    shape: tuple[int, ...],
    outputs: int,
    window: tuple[int, int],
    stride: int,
    variant: Variant,
    largest: int | None,
) -> None:
    graph = layer("Conv2D", shape, outputs, window, stride, 3)
    if largest is not None:  # no sum with the products is exact, or none at all
        graph = with_biases(graph, [1, largest, -largest, largest - 255])
    monkeypatch.setattr(convolution, "convolution_variant", lambda *shapes: variant)
    interpreter, x = Interpreter(graph), samples(graph, 1)
    assert interpreter.make_plan().steps[0].variant == variant
    np.testing.assert_array_equal(interpreter.run(x)["y"], reference.weighted_int8(graph, x))


@pytest.mark.parametrize("name", ["pixels", "column planes"])
@pytest.mark.parametrize("count", [1, 3])
def test_ways_of_a_strided_depthwise_convolution_agree(
    monkeypatch: pytest.MonkeyPatch, name: str, count: int
) -> None:
    graph = layer("DepthwiseConv2D", (9, 11, 6), 6, (3, 3), 2, 4)
    monkeypatch.setattr(depthwise, "depthwise_variant", lambda *shapes: Variant(name, ""))
    x = samples(graph, count)
    found = Interpreter(graph).run(x)["y"]
    np.testing.assert_array_equal(found, reference.weighted_int8(graph, x))


@pytest.mark.parametrize("largest", [3000, 2**24 - 1000, 2**25 - 2], ids=["small", "held", "wide"])
@pytest.mark.parametrize("count", [1, 2])
def test_products_of_one_pixel_are_summed_up_with_the_bias(count: int, largest: int) -> None:
    """The bias joins the products where no sum can round: beside a large one, some would twice."""
    graph = layer("DepthwiseConv2D", (4, 2, 5), 5, (6, 3), 1, 9)
    graph = with_biases(graph, [1, -1, largest, -largest, largest - 255])
    x = samples(graph, count)
    interpreter = Interpreter(graph)
    step = interpreter.make_plan().steps[0]
    assert step.variant is not None
    assert step.variant.name == "products"
    assert (np.add in [getattr(call, "func", None) for call in step.calls]) == (largest > 3000)
    np.testing.assert_array_equal(interpreter.run(x)["y"], reference.weighted_int8(graph, x))


@pytest.mark.parametrize("count", [1, 2])
@pytest.mark.parametrize("stride", [1, 2])
def test_very_long_rows_are_multiplied_in_parts(count: int, stride: int) -> None:
    graph = layer("DepthwiseConv2D", (5, 140, 64), 64, (3, 3), stride, 7)
    x = samples(graph, count)
    np.testing.assert_array_equal(Interpreter(graph).run(x)["y"], reference.weighted_int8(graph, x))


def test_large_maps_are_computed_in_blocks_of_rows() -> None:
    """What is repeated along rows, and blocks that do not divide the map evenly."""
    graph = layer("Conv2D", (131, 140, 3), 24, (3, 3), 1, 5)
    x = samples(graph, 1)
    assert len(Interpreter(graph).make_plan().calls) > 12
    np.testing.assert_array_equal(Interpreter(graph).run(x)["y"], reference.weighted_int8(graph, x))


def test_the_choice_follows_the_shapes() -> None:
    def chosen(x: tuple[int, ...], y: tuple[int, ...], window: int, stride: int) -> Variant:
        return convolution_variant(x, y, (window, window), (stride, stride), (1, 1), True)

    assert chosen((1, 97, 97, 3), (1, 48, 48, 8), 3, 2).columns == 2
    assert chosen((1, 34, 34, 16), (1, 32, 32, 16), 3, 1).name == "kernel rows"
    assert chosen((1, 10, 10, 64), (1, 8, 8, 64), 3, 1).name == "kernel rows"
    assert chosen((1, 16, 16, 64), (1, 14, 14, 64), 3, 1).name == "patches"
    assert chosen((1, 8, 8, 64), (1, 8, 8, 64), 1, 1).name == "pixels"
    assert depthwise_variant((1, 8, 8, 64), 1).name == "rows"
    assert depthwise_variant((1, 8, 8, 64), 2).name == "column planes"
    assert depthwise_variant((1, 7, 7, 576), 2).name == "pixels"
    assert depthwise_variant((1, 1, 1, 64), 1).name == "products"
    assert lstm_variant(20, 28).name == "narrow"
    assert lstm_variant(44, 28).name == lstm_variant(20, 90).name == "gates"
