"""Graphs as data: how they are built, printed, and what they tell about themselves."""

from __future__ import annotations

import numpy as np
import pytest

from edgekit.errors import QuantizationError, ShapeError, UnsupportedOperator
from edgekit.ir import GraphBuilder, QuantParams, Value, per_channel, per_tensor
from edgekit.ir.ops import OPS, OpSpec, attributes, define, spec
from edgekit.ir.shapes import same


def two_readers() -> GraphBuilder:
    g = GraphBuilder("net")
    x = g.input("x", (None, 3))
    g.add("Relu", x, name="a")
    g.add("Add", "a", x, name="b")
    return g


def test_a_graph_prints_as_a_listing() -> None:
    g = GraphBuilder("net")
    x = g.input("x", (None, 2), "int8", per_tensor(0.5, -3))
    weight = g.constant(np.ones((4, 2), np.int8), "w", per_channel(np.full(4, 0.25), 0))
    g.add("Dense", x, weight, name="dense", quant=per_tensor(2.0, 1), activation="relu")
    assert str(g.finish(["dense"])).splitlines() == [
        "graph net(x:int8[?, 2] 0.5@-3):",
        "  dense:int8[?, 4] 2@1 = Dense(x, w, activation='relu')",
        "  return dense",
    ]
    assert str(g.values["w"]) == "w:int8[4, 2] 0.25..0.25 along 0"


def test_producers_and_consumers() -> None:
    graph = two_readers().finish(["b"])
    assert [v.name for v in graph.activations()] == ["x", "a", "b"]
    assert {name: node.op for name, node in graph.producers().items()} == {"a": "Relu", "b": "Add"}
    readers = {name: [n.op for n in nodes] for name, nodes in graph.consumers().items()}
    assert readers == {"x": ["Relu", "Add"], "a": ["Add"], "b": []}


def test_values_and_graphs_are_frozen() -> None:
    graph = two_readers().finish(["b"])
    with pytest.raises(AttributeError, match=r"Value.name cannot be set"):
        graph.value("x").name = "y"  # type: ignore[misc]
    with pytest.raises(ValueError, match="'x' is not a constant"):
        graph.value("x").array()


def test_the_builder_makes_names_unique_and_leaves_defaults_out() -> None:
    g = two_readers()
    assert g.add("Relu", "b", name="a") == "a_1"
    g.add("Softmax", "b", name="s", axis=-1, beta=2.0)
    graph = g.finish(["a_1", "s"])
    assert graph.nodes[-1].attrs == {"beta": 2.0}
    assert attributes(graph.nodes[-1]) == {"axis": -1, "beta": 2.0}


def test_the_builder_says_what_is_wrong_where() -> None:
    g = two_readers()
    with pytest.raises(UnsupportedOperator, match="'Sofmax' is not known. Did you mean 'Softmax'"):
        g.add("Sofmax", "x")
    with pytest.raises(ShapeError, match="Add 'sum': shapes .* cannot be broadcast"):
        g.add("Add", "x", g.constant(np.ones(4, np.float32), "c"), name="sum")
    with pytest.raises(ShapeError, match=r"Relu 'r' reads \['nowhere'\]"):
        g.add("Relu", "nowhere", name="r")
    with pytest.raises(ShapeError, match="attribute 'alpha' is not known"):
        g.add("Relu", "x", alpha=1.0)
    with pytest.raises(ShapeError, match="value 'x' exists already"):
        g.input("x", (None, 1))


def test_tied_and_fixed_operators_fill_in_their_scales() -> None:
    g = GraphBuilder()
    x = g.input("x", (None, 4, 4, 2), "int8", per_tensor(0.1, 7))
    pooled = g.add("MaxPool2D", x, pool=(2, 2), name="pool")
    table = g.constant(np.zeros(256, np.float32), "table")
    result = g.add("Softmax", pooled, table, name="probabilities")
    assert g.values[pooled].quant == per_tensor(0.1, 7)
    assert g.values[result].quant == per_tensor(1 / 256, -128)


def test_quantization_parameters_are_float32_exactly() -> None:
    assert per_tensor(0.1).scale == (float(np.float32(0.1)),)
    assert per_tensor(0.1) == per_tensor(np.float32(0.1))
    assert per_channel(np.array([0.1, 0.2]), 3).scales.dtype == np.float32


@pytest.mark.parametrize(
    ("scale", "zero_point", "axis", "sentence"),
    [
        ((0.0,), (0,), None, "finite and above zero"),
        ((float("nan"),), (0,), None, "finite and above zero"),
        ((1e-60,), (0,), None, "finite and above zero"),
        ((1.0, 2.0), (0, 0), None, "2 scales need an axis"),
        ((1.0, 2.0), (0,), 0, "2 scales and 1 zero points"),
        ((), (), None, "0 scales and 0 zero points"),
    ],
)
def test_unsound_quantization_parameters_are_refused(scale, zero_point, axis, sentence) -> None:
    with pytest.raises(QuantizationError, match=sentence):
        QuantParams(scale, zero_point, axis)


def test_an_operator_is_defined_once() -> None:
    with pytest.raises(ValueError, match="'Relu' is defined twice"):
        define(OpSpec("Relu", ("x",), same))


@pytest.mark.parametrize("name", sorted(OPS))
def test_defaults_satisfy_their_own_rules(name: str) -> None:
    for attr in spec(name).attrs.values():
        assert attr.default is None or attr.problem(attr.default) is None


def test_elements_of_one_sample() -> None:
    assert Value("v", (None, 3, 4), "int8").elements == 12
    assert Value("v", (), "int8").elements == 1
