"""Softmax of int8 with int16 results: the bits of both of LiteRT's runtimes."""

from __future__ import annotations

import numpy as np
import pytest

from edgekit.errors import UnsupportedOperator
from edgekit.export.tflite import tflite_bytes
from edgekit.interpreter import Interpreter
from edgekit.ir import Graph, GraphBuilder, Metadata, Node, QuantParams, Value, per_tensor
from edgekit.ir.tables import table_for
from tests import litert

WIDE = QuantParams((1 / 65536,), (-32768,))


def softmax(classes: int, scale: float, beta: float, arithmetic: str) -> Graph:
    g = GraphBuilder("softmax")
    x = g.input("x", (3, classes), "int8", per_tensor(scale, 3))
    node = Node("WideSoftmax", (x,), ("y",), {"beta": beta}, "y")
    output = Value("y", (3, classes), "int16", None, WIDE)
    table = g.constant(table_for(node, g.values[x], output, arithmetic), "table")
    g.add("WideSoftmax", x, table, name="y", quant=WIDE, beta=beta)
    return g.finish(["y"], Metadata(arithmetic=arithmetic))


@pytest.mark.parametrize("arithmetic", litert.RUNTIMES)
@pytest.mark.parametrize(
    ("classes", "scale", "beta"),
    [(2, 0.07, 1.0), (10, 0.1, 1.0), (10, 0.01, 2.5), (30, 0.05, 1.0), (100, 0.003, 1.0)],
)
def test_it_is_litert(classes: int, scale: float, beta: float, arithmetic: str) -> None:
    graph = softmax(classes, scale, beta, arithmetic)
    interpreter, content = Interpreter(graph), tflite_bytes(graph)
    rng = np.random.default_rng(classes)
    extremes = [np.full((3, classes), q, np.int8) for q in (-128, 127)]
    for x in [*extremes, *rng.integers(-128, 128, (60, 3, classes)).astype(np.int8)]:
        expected = litert.run(content, {"x": x}, litert.RUNTIMES[arithmetic])["y"]
        np.testing.assert_array_equal(interpreter.run(x)["y"], expected)


@pytest.mark.parametrize("arithmetic", litert.RUNTIMES)
@pytest.mark.parametrize("op", ["Less", "GreaterEqual"])
def test_its_results_are_compared_as_they_are_stored(op: str, arithmetic: str) -> None:
    g = GraphBuilder(op)
    quants = WIDE, per_tensor(1 / 32768, 0)
    names = [g.input(n, (1, 200), "int16", q) for n, q in zip("xy", quants, strict=True)]
    g.add(op, *names, name="z")
    graph = g.finish(["z"], Metadata(arithmetic=arithmetic))
    rng = np.random.default_rng(0)
    inputs = {n: rng.integers(-(2**15), 2**15, (1, 200)).astype(np.int16) for n in "xy"}
    inputs["y"][:, ::3] = inputs["x"][:, ::3]
    wanted = litert.run(tflite_bytes(graph), inputs, litert.RUNTIMES[arithmetic])["z"]
    np.testing.assert_array_equal(Interpreter(graph).run(inputs)["z"], wanted)


def test_a_curve_of_its_results_is_refused() -> None:
    """LiteRT's table for Gelu forgets the zero point of its results."""
    g = GraphBuilder("gelu")
    node, quant = Node("Gelu", ("x",), ("y",), {}, "y"), per_tensor(1 / 32768, 0)
    x, output = g.input("x", (1, 4), "int16", WIDE), Value("y", (1, 4), "int16", None, quant)
    table = g.constant(table_for(node, g.values[x], output, "float32"), "table")
    g.add("Gelu", x, table, name="y", quant=quant)
    with pytest.raises(UnsupportedOperator, match="'y': Gelu of int16 needs zero points of 0"):
        Interpreter(g.finish(["y"]))
