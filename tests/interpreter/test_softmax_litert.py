"""Softmax of 8 bits on many rows: LiteRT's two runtimes differ now and then, and so do ours."""

from __future__ import annotations

import numpy as np
import pytest

from edgekit.export.tflite import tflite_bytes
from edgekit.interpreter import Interpreter
from edgekit.ir import Graph, GraphBuilder, Metadata, Node, Value, per_tensor
from edgekit.ir.tables import table_for
from tests import litert

ROWS, CLASSES = 40_000, 10


def softmax(dtype: str, arithmetic: str, beta: float) -> Graph:
    zero = 3 if dtype == "int8" else 131
    quant = per_tensor(1 / 256, -128 if dtype == "int8" else 0)
    g = GraphBuilder()
    x = g.input("x", (None, CLASSES), dtype, per_tensor(0.17366, zero))
    y = Value("y", (None, CLASSES), dtype, None, quant)
    table = table_for(Node("Softmax", (x,), ("y",), {"beta": beta}), g.values[x], y, arithmetic)
    name = g.add("Softmax", x, g.constant(table, "table"), name="y", quant=quant, beta=beta)
    return g.finish([name], Metadata(arithmetic))


@pytest.mark.parametrize("beta", [1.0, 0.7])
@pytest.mark.parametrize("dtype", ["int8", "uint8"])
def test_bits(dtype: str, beta: float) -> None:
    rng = np.random.default_rng(0)
    middle, limits = (0 if dtype == "int8" else 128), np.iinfo(dtype)
    rows = rng.normal(middle, 25, (ROWS, CLASSES))
    x = np.clip(rows, limits.min, limits.max).astype(dtype)
    results = {}
    for arithmetic, runtime in litert.RUNTIMES.items():
        graph = softmax(dtype, arithmetic, beta)
        found = Interpreter(graph).run(x)["y"]
        wanted = litert.run(tflite_bytes(graph), {"x": x}, runtime)["y"]
        np.testing.assert_array_equal(found, wanted)
        results[arithmetic] = found
    assert 0 < (results["float32"] != results["fixedpoint"]).sum() < 50
