"""Loops written out: the same numbers, shared constants, and loops that must stay."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from edgekit import load
from edgekit.interpreter import Interpreter
from edgekit.ir import Graph, GraphBuilder, validate
from edgekit.ir.passes.loops import MOST_NODES, unroll_loops
from tests import litert

LOOPS = Path(__file__).resolve().parents[1] / "golden/loops"


def counting(steps: int | None, change: int = 1, work: bool = True) -> Graph:
    """Doubles x `steps` times, by default as often as its largest number says."""
    condition, body = GraphBuilder("condition"), GraphBuilder("body")
    for g in (condition, body):
        g.input("i", (), "int32")
        g.input("end", (), "int32")
        g.input("x", (2, 3))
    less = condition.add("Less", "i", "end", name="less")
    new = body.add("Add", "i", body.constant(np.array(change, np.int32), "one"), name="count")
    x = body.add("Mul", "x", body.constant(np.float32([2]), "two"), name="double") if work else "x"
    g = GraphBuilder("counting")
    parts = {
        "condition": g.subgraph("condition", condition.finish([less])),
        "body": g.subgraph("body", body.finish([new, "end", x])),
    }
    zero = g.constant(np.array(0, np.int32), "zero")
    x = g.input("x", (2, 3))
    if steps is None:
        largest = g.add("ReduceMax", x, name="largest", axes=(0, 1), keepdims=False)
        end = g.add("Cast", largest, name="end", dtype="int32")
    else:
        end = g.constant(np.array(steps, np.int32), "end")
    results = g.add_all("While", zero, end, x, name="loop", **parts)
    return g.finish([results[2]])


@pytest.mark.parametrize("name", ["gru", "simple_rnn"])
def test_recurrent_layers_compute_the_same(name: str) -> None:
    """Against LiteRT, which runs the loop of the file."""
    content = (LOOPS / f"{name}.tflite").read_bytes()
    unrolled = unroll_loops(load(LOOPS / f"{name}.tflite"))
    validate(unrolled)
    assert not unrolled.subgraphs and "While" not in {node.op for node in unrolled.nodes}
    weights = [value for value in unrolled.constants() if value.elements > 6]
    assert len(weights) <= 6, weights  # once, not once per step
    (x,) = unrolled.inputs
    data = np.random.default_rng(0).normal(size=unrolled.value(x).shape).astype(np.float32)
    (found,) = Interpreter(unrolled).run(data).values()
    details = litert.interpreter(content).get_input_details()
    (wanted,) = litert.run(content, {details[0]["name"]: data}).values()
    np.testing.assert_allclose(found, wanted, atol=1e-6)


@pytest.mark.parametrize("steps", [0, 1, 5])
def test_a_known_number_of_steps(steps: int) -> None:
    graph = counting(steps)
    unrolled = unroll_loops(graph)
    validate(unrolled)
    assert unrolled.outputs == graph.outputs
    assert [node.op for node in unrolled.nodes] == ["Mul"] * steps + ["Reshape"]
    assert [node.name for node in unrolled.nodes][:steps] == [f"double/{i}" for i in range(steps)]
    x = np.arange(6, dtype=np.float32).reshape(2, 3)
    (found,) = Interpreter(unrolled).run(x).values()
    np.testing.assert_array_equal(found, x * np.float32(2**steps))


@pytest.mark.parametrize(
    "graph",
    [counting(None), counting(MOST_NODES + 2), counting(5, change=0), counting(9, 0, work=False)],
    ids=["open", "long", "endless", "endless and idle"],
)
def test_loops_that_stay(graph: Graph) -> None:
    unrolled = unroll_loops(graph)
    assert str(unrolled) == str(graph)
