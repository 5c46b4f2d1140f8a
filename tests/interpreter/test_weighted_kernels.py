"""Conv2D, DepthwiseConv2D, Dense, pooling, Mean and Softmax against plain loops."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from edgekit.interpreter import Interpreter
from edgekit.ir import attributes
from tests import reference
from tests.cases import CASES, Case, float_graph, int8_graph, random_inputs
from tests.cases.case import case

WEIGHTED = ("Conv2D", "DepthwiseConv2D", "Dense")
MORE_CASES = [
    case("Conv2D", x=(1, 9, 9, 8), weight=(5, 2, 3, 8), bias=(5,), pads=(1, 0, 0, 2)),
    case("Conv2D", x=(2, 7, 7, 6), weight=(4, 3, 3, 3), groups=2, strides=(2, 1), bias=(4,)),
    case("Conv2D", x=(1, 70, 70, 20), weight=(4, 3, 3, 20), pads=(1, 1, 1, 1)),
    case("Conv2D", x=(1, 64, 64, 40), weight=(2, 1, 1, 40), bias=(2,)),
    case("DepthwiseConv2D", x=(2, 6, 7, 1), weight=(1, 3, 3, 5), bias=(5,), pads=(1, 1, 1, 1)),
    case("DepthwiseConv2D", x=(1, 9, 9, 3), weight=(1, 3, 5, 6), strides=(2, 2), pads=(1, 2, 1, 2)),
    case("DepthwiseConv2D", x=(2, 4, 4, 128), weight=(1, 3, 3, 128), pads=(1, 1, 1, 1)),
    case("DepthwiseConv2D", x=(1, 120, 75, 16), weight=(1, 3, 3, 16), bias=(16,)),
    case("DepthwiseConv2D", x=(1, 9, 12, 4), weight=(1, 2, 3, 4), strides=(1, 3), dilations=(2, 2)),
    case("Dense", x=(2, 3, 4, 6), weight=(5, 6), bias=(5,)),
    case("MaxPool2D", x=(1, 5, 6, 3), pool=(1, 3), strides=(2, 1), pads=(0, 1, 0, 1)),
    case("AveragePool2D", x=(1, 5, 6, 3), pool=(3, 1), strides=(1, 2), pads=(2, 0, 1, 0)),
    case("AveragePool2D", x=(3, 4, 5, 2), pool=(4, 5)),
    case("Mean", x=(2, 3, 4, 5), axes=(1,)),
    case("Mean", x=(2, 3, 4, 5), axes=(-1,), keepdims=True),
    case("Softmax", x=(2, 3, 5), axis=1),
    case("Softmax", x=(3, 400), beta=0.5),
]
MINE = (*WEIGHTED, "MaxPool2D", "AveragePool2D", "Mean", "Softmax")
ALL = [c for c in [*CASES, *MORE_CASES] if c.op in MINE and not c.dtypes and not c.fixed_batch]
INT8 = [c for c in ALL if c.has_int8]


def the_case(cases: list[Case]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("case", cases, ids=str)


def float_reference(graph: Any, x: Any) -> Any:
    node = graph.nodes[0]
    attrs, wide = attributes(node), x.astype(np.float64)
    if node.op in WEIGHTED:
        weight, *bias = (graph.value(str(name)).array() for name in node.inputs[1:])
        y = reference.sums(node.op, wide, weight.astype(np.float64), attrs) + (
            bias[0] if bias else 0.0
        )
        limits = {"none": (-np.inf, np.inf), "relu": (0, np.inf), "relu6": (0, 6)}
        return np.clip(y, *limits[attrs["activation"]])
    if node.op == "MaxPool2D":
        return reference.max_pool(x, attrs)
    if node.op == "AveragePool2D":
        return reference.average_pool(x, attrs)
    if node.op == "Mean":
        return wide.mean(axis=attrs["axes"], keepdims=attrs["keepdims"])
    powers = np.exp(attrs["beta"] * (wide - wide.max(axis=attrs["axis"], keepdims=True)))
    return powers / powers.sum(axis=attrs["axis"], keepdims=True)


@the_case(ALL)
def test_float_kernels_equal_plain_loops(case: Case) -> None:
    """A sum of K products in float32 is off by K * 2^-24 of the sum of magnitudes at most."""
    graph = float_graph(case)
    node = graph.nodes[0]
    for batch in (1, 3):
        x = random_inputs(graph, batch)["x"]
        (found,) = Interpreter(graph).run(x).values()
        wanted = float_reference(graph, x)
        assert found.shape == wanted.shape and found.dtype == np.float32
        terms, magnitude = 8, max(1.0, float(np.abs(wanted).max()))
        if node.op in WEIGHTED:
            weight = graph.value(str(node.inputs[1])).array()
            terms = weight.size // len(weight) if node.op != "DepthwiseConv2D" else weight[0].size
            magnitude = terms * float(np.abs(weight).max()) * float(np.abs(x).max())
        elif node.op == "Mean":
            terms = math.prod(x.shape)
        np.testing.assert_allclose(found, wanted, rtol=0, atol=terms * 2.0**-24 * magnitude)


@pytest.mark.parametrize("arithmetic", ["float32", "fixedpoint"])
@the_case([c for c in INT8 if c.op in WEIGHTED])
def test_int8_weighted_sums_equal_plain_loops(case: Case, arithmetic: str) -> None:
    graph = int8_graph(case, arithmetic)
    x = random_inputs(graph, case.batch)["x"]
    (found,) = Interpreter(graph).run(x).values()
    np.testing.assert_array_equal(found, reference.weighted_int8(graph, x))


@the_case([c for c in INT8 if c.op in ("MaxPool2D", "AveragePool2D")])
def test_int8_pooling_equals_plain_loops(case: Case) -> None:
    graph = int8_graph(case)
    for kind in ("uniform", "low", "high"):
        x = random_inputs(graph, 2, kind=kind)["x"]
        (found,) = Interpreter(graph).run(x).values()
        pool = reference.max_pool if case.op == "MaxPool2D" else reference.average_pool
        np.testing.assert_array_equal(found, pool(x, attributes(graph.nodes[0])))


@the_case([c for c in INT8 if c.op == "Mean"])
def test_int8_mean_is_the_nearest_step(case: Case) -> None:
    """Within half a step of the real mean, and what float32 roundings may add to that."""
    for arithmetic in ("float32", "fixedpoint"):
        graph = int8_graph(case, arithmetic)
        x = random_inputs(graph, 2)["x"]
        (found,) = Interpreter(graph).run(x).values()
        source, target = graph.value("x").quant, graph.value("layer").quant
        assert source is not None and target is not None
        attrs = attributes(graph.nodes[0])
        real = (x.astype(np.float64) - source.zero_point[0]) * source.scale[0]
        mean = real.mean(axis=attrs["axes"], keepdims=attrs["keepdims"])
        steps = np.clip(mean / target.scale[0] + target.zero_point[0], -128, 127)
        assert np.abs(found - steps).max() <= 0.5 + 1e-4


@the_case([c for c in INT8 if c.op == "Softmax"])
def test_int8_softmax_is_the_nearest_step(case: Case) -> None:
    """Within half a step of the real share, and what float32 adds to that."""
    graph = int8_graph(case)
    x = random_inputs(graph, 3)["x"]
    (found,) = Interpreter(graph).run(x).values()
    quant = graph.value("x").quant
    assert quant is not None
    attrs = attributes(graph.nodes[0])
    real = attrs["beta"] * quant.scale[0] * x.astype(np.float64)
    powers = np.exp(real - real.max(axis=attrs["axis"], keepdims=True))
    shares = powers / powers.sum(axis=attrs["axis"], keepdims=True)
    steps = np.minimum(shares * 256, 255) - 128
    assert np.abs(found - steps).max() <= 0.5 + 1e-4


@the_case(ALL)
@pytest.mark.parametrize("make", [float_graph, int8_graph], ids=["float32", "int8"])
def test_a_batch_gives_what_its_samples_give(make: Any, case: Case) -> None:
    """Equal bits in int8; in float32, sums may be taken in another order."""
    graph = make(case)
    x = random_inputs(graph, 5)["x"]
    interpreter = Interpreter(graph)
    (together,) = interpreter.run(x).values()
    apart = np.concatenate([interpreter.run(x[i : i + 1])["layer"] for i in range(5)])
    if together.dtype == np.int8:
        np.testing.assert_array_equal(together, apart)
    else:
        np.testing.assert_allclose(together, apart, rtol=1e-5, atol=1e-4)
