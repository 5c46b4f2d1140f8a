"""Every operator as a TFLite file: LiteRT's two runtimes against edgekit's interpreter."""

from __future__ import annotations

import numpy as np
import pytest

from edgekit import train
from edgekit.export.tflite import TFLITE_OPS, tflite_bytes
from edgekit.interpreter import Interpreter
from edgekit.ir import OPS, Graph, GraphBuilder, per_tensor
from edgekit.train.trace import trace
from tests import litert
from tests.cases import CASES, INT8_CASES, Case, float_graph, int8_graph, random_inputs
from tests.export.tflite_dtypes import MORE_CASES

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


def test_uint8_pad_with_a_number_below_zero() -> None:
    """What is added is a real number; that no uint8 is below zero does not matter."""
    g = GraphBuilder()
    x = g.input("x", (None, 7), "uint8", per_tensor(0.5, 128))
    graph = g.finish([g.add("Pad", x, name="pad", pads=(0, 0, 3, 1), value=-1.0)])
    arrays = random_inputs(graph, 2)
    found = litert.run(tflite_bytes(graph), arrays)["pad"]
    np.testing.assert_array_equal(found, expected(graph, arrays)["pad"])
    assert found[0, 0] == 126


@pytest.mark.parametrize("alpha", [0.5, 1.6732632, 0.0])
def test_float_elu_of_any_alpha(alpha: float) -> None:
    """TFLite's own has alpha 1: others become a sum of what is above and below zero."""
    g = GraphBuilder()
    x = g.input("x", (None, 9))
    graph = g.finish([g.add("Elu", x, name="curve", alpha=alpha)])
    arrays = {"x": np.linspace(-8, 8, 27, dtype=np.float32).reshape(3, 9)}
    found = litert.run(tflite_bytes(graph), arrays)["curve"]
    exact = np.where(arrays["x"] > 0, arrays["x"], alpha * np.expm1(np.minimum(arrays["x"], 0)))
    np.testing.assert_allclose(found, exact, RELATIVE, ABSOLUTE)


@pytest.mark.parametrize("activation", ["selu", "celu"])
def test_a_float_model_with_selu(activation: str) -> None:
    train.set_random_seed(0)
    model = train.Sequential([train.Input((6,)), train.layers.Dense(5, activation=activation)])
    x = np.random.default_rng(0).normal(size=(4, 6)).astype(np.float32) * 3
    graph = trace(model)
    content = tflite_bytes(graph)
    found = litert.run(content, {graph.inputs[0]: x})[graph.outputs[0]]
    np.testing.assert_allclose(found, model(x).numpy(), RELATIVE, ABSOLUTE)
