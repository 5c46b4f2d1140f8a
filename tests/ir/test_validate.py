"""Each promise of a graph, broken once: the validator names it and the layer."""

from __future__ import annotations

import numpy as np
import pytest

from edgekit.errors import ModelFormatError, ShapeError
from edgekit.frozen import replace
from edgekit.ir import Graph, GraphBuilder, Metadata, Value, per_channel, per_tensor, validate
from edgekit.ir.memory import plan_memory
from edgekit.ir.passes import prepare
from edgekit.ir.validate import problems
from tests.cases import CASES, INT8_CASES, float_graph, int8_graph


def int8_dense() -> Graph:
    g = GraphBuilder("net")
    x = g.input("x", (None, 4), "int8", per_tensor(0.1, 3))
    w = g.constant(np.ones((2, 4), np.int8), "w", per_channel(np.ones(2), 0))
    b = g.constant(np.ones(2, np.int32), "b", per_channel(np.ones(2), 0))
    y = g.add("Dense", x, w, b, name="dense", quant=per_tensor(0.2))
    return g.finish([g.add("Reshape", y, name="flat", shape=(-1, 2))])


def with_value(graph: Graph, name: str, **changes) -> Graph:
    return graph.with_nodes(graph.nodes, [replace(graph.value(name), **changes)])


def with_node(graph: Graph, position: int, **changes) -> Graph:
    nodes = list(graph.nodes)
    nodes[position] = replace(nodes[position], **changes)
    return graph.with_nodes(nodes)


BROKEN = [
    (lambda g: with_node(g, 0, op="Dens"), "Dens 'dense': operator 'Dens' is not known"),
    (lambda g: with_node(g, 0, inputs=("x",)), "expected inputs x, weight, bias"),
    (lambda g: with_node(g, 0, inputs=("x", None, "b")), "input 'weight' is missing"),
    (lambda g: with_node(g, 0, attrs={"activation": "tanh"}), "expected one of none, relu, relu6"),
    (lambda g: with_node(g, 0, attrs={"units": 3}), "attribute 'units' is not known"),
    (lambda g: with_node(g, 1, attrs={}), "attribute 'shape' is missing"),
    (lambda g: with_node(g, 1, attrs={"shape": (True, 2)}), "expected ints"),
    (lambda g: with_node(g, 0, inputs=("flat", "w", "b")), r"reads \['flat'\]"),
    (lambda g: with_node(g, 1, outputs=("dense",)), "computes 'dense', which exists already"),
    (lambda g: with_node(g, 1, outputs=("ghost",)), "expected outputs that are values"),
    (lambda g: with_value(g, "dense", shape=(None, 3)), "gives the shape"),
    (lambda g: with_value(g, "dense", dtype="uint8"), "gives int8, the graph says uint8"),
    (lambda g: with_value(g, "dense", quant=None), "'dense' is int8 and has no scale"),
    (lambda g: with_value(g, "flat", quant=per_tensor(1.0)), "must keep the scale"),
    (lambda g: with_value(g, "w", quant=None), "an int8 weight needs scales"),
    (
        lambda g: with_value(g, "w", quant=per_channel(np.ones(4), 1)),
        "weight scales lie along axis 0, received 1",
    ),
    (lambda g: with_value(g, "w", quant=per_tensor(1.0, 3)), "weights are symmetric"),
    (lambda g: with_value(g, "b", data=np.ones(2, np.float32), dtype="float32"), "must be int32"),
    (lambda g: with_value(g, "b", data=np.ones(3, np.int32)), "declared int32"),
    (lambda g: with_value(g, "x", quant=per_tensor(1.0, 300)), "zero points must lie in -128..127"),
    (lambda g: with_value(g, "x", shape=(None, None)), "only the first dimension may be unknown"),
    (lambda g: with_value(g, "x", dtype="int7"), "unknown dtype 'int7'"),
    (lambda g: replace(g, outputs=()), "the graph has no output"),
    (lambda g: replace(g, outputs=("ghost",)), "output 'ghost' is never computed"),
    (lambda g: replace(g, inputs=("x", "x")), "is listed twice"),
    (lambda g: replace(g, metadata=Metadata(arithmetic="float64")), "arithmetic 'float64'"),
]


@pytest.mark.parametrize(("change", "sentence"), BROKEN, ids=[s for _, s in BROKEN])
def test_a_broken_promise_is_named(change, sentence: str) -> None:
    with pytest.raises(ShapeError, match=sentence):
        validate(change(int8_dense()))


def test_all_problems_are_listed_at_once() -> None:
    graph = with_value(with_node(int8_dense(), 0, attrs={"units": 3}), "x", dtype="int7")
    with pytest.raises(ModelFormatError, match="(?s)int7.*units"):
        validate(graph, ModelFormatError)


def test_not_a_number_in_a_constant() -> None:
    value = Value("c", (1,), "float32", np.array([np.nan], np.float32))
    graph = int8_dense()
    assert problems(graph.with_nodes(graph.nodes, [value])) == ["value 'c' holds NaN"]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_every_float_case_is_valid(case) -> None:
    assert problems(float_graph(case)) == []


@pytest.mark.parametrize("case", INT8_CASES, ids=str)
def test_every_int8_case_is_valid(case) -> None:
    pytest.importorskip("edgekit.ir.tables")
    assert problems(int8_graph(case)) == []


def counter() -> GraphBuilder:
    """A memory that grows by the input at every call."""
    g = GraphBuilder("counter")
    x = g.input("x", (1, 2))
    total = g.state("total", np.zeros((1, 2), np.float32))
    g.keep(g.add("Add", x, total, name="sum"), total)
    return g


def test_a_memory_is_printed_and_stays_alive() -> None:
    graph = counter().finish(["x"])
    assert str(graph).splitlines()[-2:] == [
        "  keep sum as total, at first total/initial",
        "  return x",
    ]
    assert graph.entries == ("x", "total")
    assert str(prepare(graph)) == str(graph)
    assert set(plan_memory(graph).slots) == {"x", "total", "sum"}


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"next": "ghost"}, r"memory 'total' names \['ghost'\]"),
        ({"value": "x"}, "memory 'x' must be a value of its own"),
        ({"initial": "sum"}, "with a constant start"),
        ({"next": "small"}, "they must be alike"),
    ],
)
def test_a_broken_memory_is_named(change, sentence: str) -> None:
    g = counter()
    g.add("Slice", "x", name="small", starts=(0, 0), sizes=(1, 1))
    graph = g.finish(["sum"])
    broken = replace(graph, states=(replace(graph.states[0], **change),))
    with pytest.raises(ShapeError, match=sentence):
        validate(broken)
