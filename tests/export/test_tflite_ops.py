"""Every operator as a TFLite file: LiteRT's two runtimes against edgekit's interpreter."""

from __future__ import annotations

import numpy as np
import pytest

from edgekit.export.tflite import TFLITE_OPS, tflite_bytes
from edgekit.interpreter import Interpreter
from edgekit.ir import OPS, Graph, GraphBuilder, per_tensor
from tests import litert
from tests.cases import CASES, INT8_CASES, Case, float_graph, int8_graph, random_inputs
from tests.cases.case import case

# Geometries that only the exporter treats in a special way.
MORE_CASES = [
    case("Conv2D", x=(2, 8, 8, 3), weight=(4, 3, 3, 3), strides=(2, 2), pads=(1, 1, 1, 1)),
    case("Conv2D", x=(1, 9, 8, 3), weight=(4, 3, 3, 3), strides=(2, 2), pads=(1, 0, 1, 1)),
    case("Conv2D", x=(1, 9, 8, 3), weight=(4, 3, 3, 3), bias=(4,), pads=(0, 2, 1, 0)),
    case("Conv2D", x=(1, 9, 8, 4), weight=(4, 3, 3, 2), groups=2, strides=(1, 2), dilations=(2, 1)),
    case("DepthwiseConv2D", x=(1, 9, 8, 3), weight=(1, 3, 3, 6), strides=(1, 2), pads=(1, 1, 1, 1)),
    case("DepthwiseConv2D", x=(1, 9, 8, 3), weight=(1, 3, 3, 3), strides=(2, 2), dilations=(2, 2)),
    case("Dense", x=(2, 2, 3, 4, 5), weight=(6, 5)),
    case("MaxPool2D", x=(2, 8, 8, 3), pool=(3, 3), strides=(2, 2), pads=(1, 1, 1, 1)),
    case("MaxPool2D", x=(1, 8, 8, 3), pool=(3, 3), strides=(2, 2), pads=(0, 0, 1, 1)),
    case("MaxPool2D", x=(1, 8, 8, 3), pool=(4, 2), pads=(3, 0, 0, 1)),
    case("AveragePool2D", x=(2, 8, 8, 3), pool=(3, 3), strides=(2, 2), pads=(1, 1, 1, 1)),
    case("AveragePool2D", x=(1, 9, 8, 3), pool=(3, 3), strides=(3, 1), pads=(1, 0, 0, 1)),
    case("AveragePool2D", x=(1, 9, 8, 3), pool=(5, 4), strides=(2, 2), pads=(2, 1, 2, 2)),
    case("AveragePool2D", x=(1, 8, 8, 3), pool=(3, 3), strides=(2, 2), pads=(0, 0, 1, 1)),
    case("Softmax", x=(2, 5, 7), axis=1),
    case("Softmax", x=(2, 3, 4, 5), axis=-3, beta=2.0),
    case("Softmax", x=(2, 3, 2, 4, 5)),
    case("Add", x=(2, 3, 2, 4, 5), y=(5,), constant=("y",)),
    case("Sub", x=(2, 3, 2, 4, 5), y=(2, 1, 1, 1, 5)),
    case("Mul", x=(2, 3, 2, 4, 5), y=(5,), constant=("y",)),
    case("Div", x=(2, 3, 2, 4, 5), y=(2, 1, 2, 4, 5), float_only="LiteRT divides by 0 anyhow"),
    case("Maximum", x=(2, 3, 2, 4, 5), y=(1,), constant=("y",)),
    case("Concat", xs=((2, 3, 2, 4, 5), (2, 3, 2, 1, 5)), axis=-2),
    case("Transpose", x=(2, 3, 2, 4, 5), perm=(0, 4, 2, 1, 3)),
    case("Transpose", x=(2, 3, 2, 2, 4, 5), perm=(0, 5, 4, 2, 1, 3)),
    case("Pad", x=(2, 3, 2, 4, 5), pads=(0, 0, 1, 0, 0, 1, 2, 0, 0, 1)),
    case("Slice", x=(2, 3, 2, 4, 5), starts=(0, 1, 0, 2, 1), sizes=(-1, 1, -1, 1, 3)),
    case("Mean", x=(2, 3, 2, 4, 5), axes=(-1, 2)),
    case("ResizeNearest", x=(1, 3, 2, 2), size=(75, 82), half_pixel_centers=True),
]
MORE_INT8 = [c for c in MORE_CASES if c.has_int8]
NO_REFERENCE = ("Elu", "Ceil", "Round")
"""LiteRT's reference runtime has no kernel for these."""

# LiteRT sums and takes exponentials in another order and with other polynomials; the cases have
# results of magnitude 1 to 100 from up to 360 products, each a rounding of 2**-24.
RELATIVE, ABSOLUTE = 1e-5, 2e-5


def expected(graph: Graph, arrays: litert.Arrays) -> litert.Arrays:
    return Interpreter(graph).run(arrays)


def test_every_operator_has_a_rule() -> None:
    assert set(TFLITE_OPS) == set(OPS)


@pytest.mark.parametrize("case", [*CASES, *MORE_CASES], ids=str)
def test_float(case: Case) -> None:
    graph = float_graph(case)
    content, arrays = tflite_bytes(graph), random_inputs(graph, case.batch)
    want = expected(graph, arrays)
    runtimes = ["default"] if case.op in NO_REFERENCE else ["default", "reference"]
    if graph.value(graph.outputs[0]).dtype != "float32":
        runtimes = ["default"]  # the graph is int8 already: its bits are the next test's
    for runtime in runtimes:
        found = litert.run(content, arrays, runtime)
        for name in graph.outputs:
            assert found[name].dtype == want[name].dtype
            np.testing.assert_allclose(found[name], want[name], RELATIVE, ABSOLUTE)


@pytest.mark.parametrize("arithmetic", litert.RUNTIMES)
@pytest.mark.parametrize("case", [*INT8_CASES, *MORE_INT8], ids=str)
def test_int8_bits(case: Case, arithmetic: str) -> None:
    if arithmetic == "fixedpoint" and case.op in NO_REFERENCE:
        pytest.skip(f"LiteRT's reference runtime has no {case.op}")
    if arithmetic == "fixedpoint" and case.op == "Sum":
        pytest.skip("LiteRT's reference runtime joins the bits of int8 numbers and does not add")
    graph = int8_graph(case, arithmetic)
    content = tflite_bytes(graph)
    for kind in ("uniform", "low", "high"):
        arrays = random_inputs(graph, case.batch, kind=kind)
        want = expected(graph, arrays)
        found = litert.run(content, arrays, litert.RUNTIMES[arithmetic])
        for name in graph.outputs:
            assert found[name].dtype == want[name].dtype
            np.testing.assert_array_equal(found[name], want[name], err_msg=kind)


@pytest.mark.parametrize("runtime", litert.RUNTIMES.values())
@pytest.mark.parametrize("value", [-0.5, 0.075, 0.125, 100.0, -100.0])
def test_int8_pad_with_a_value(value: float, runtime: str) -> None:
    """The number is stored with the input's scale, and saturates."""
    g = GraphBuilder()
    x = g.input("x", (None, 7), "int8", per_tensor(0.05, 3))
    graph = g.finish([g.add("Pad", x, name="pad", pads=(0, 0, 3, 1), value=value)])
    arrays = random_inputs(graph, 2)
    found = litert.run(tflite_bytes(graph), arrays, runtime)
    np.testing.assert_array_equal(found["pad"], expected(graph, arrays)["pad"])
    steps = np.float32(value) * (np.float32(1.0) / np.float32(0.05))
    assert found["pad"][0, 0] == np.clip(np.rint(steps) + 3, -128, 127)
