"""Groups of values that share one scale, and what becomes of fixed scales in them."""

from __future__ import annotations

import numpy as np
import pytest

from edgekit.interpreter import Interpreter
from edgekit.ir import Graph, GraphBuilder, per_tensor, validate
from edgekit.quantize import quantize
from edgekit.quantize.tied import tied_groups
from tests.quantize.graphs import image_network, normal


def groups_of(graph: Graph, **options: dict[str, str]) -> set[frozenset[str]]:
    return {frozenset(group) for group in tied_groups(graph, **options) if len(group) > 1}


def test_operators_that_move_elements_tie_their_ends() -> None:
    assert groups_of(image_network()) == {
        frozenset({"relu", "pool"}),
        frozenset({"left", "right", "meet"}),
    }


def test_a_chain_is_one_group_across_branches_inputs_and_outputs() -> None:
    g = GraphBuilder()
    x, y = g.input("x", (None, 4, 4, 2)), g.input("y", (None, 2, 2, 2))
    small = g.add("MaxPool2D", x, name="small", pool=(2, 2), strides=(2, 2))
    both = g.add("Concat", small, y, name="both")
    flat = g.add("Reshape", both, name="flat", shape=(-1, 16))
    graph = g.finish([flat])
    assert groups_of(graph) == {frozenset({"x", "y", "small", "both", "flat"})}
    ranges = {"x": normal(0, 5, 4, 4, 2), "y": normal(1, 5, 2, 2, 2) * np.float32(10)}
    int8 = quantize(graph, ranges).graph
    assert len({value.quant for value in int8.activations()}) == 1
    low, high = ranges["y"].min(), ranges["y"].max()
    assert int8.value("x").quant.scale[0] == np.float32(np.float32(high - low) / np.float32(255))


def test_nodes_in_float_tie_nothing() -> None:
    graph = image_network()
    reasons = {"pool": "kept"}
    assert groups_of(graph, float_outputs=reasons) == {frozenset({"left", "right", "meet"})}


def two_fixed(first: str, second: str) -> Graph:
    g = GraphBuilder()
    x = g.input("x", (None, 6))
    a, b = g.add(first, x, name="a"), g.add(second, x, name="b")
    return g.finish([g.add("Concat", a, b, name="joined")])


def test_equal_fixed_scales_are_shared() -> None:
    graph = quantize(two_fixed("Sigmoid", "Softmax"), normal(0, 40, 6)).graph
    assert [node.op for node in graph.nodes] == ["Sigmoid", "Softmax", "Concat"]
    assert graph.value("joined").quant == per_tensor(1 / 256, -128)


def test_different_fixed_scales_meet_through_a_requantize() -> None:
    quantized = quantize(two_fixed("Sigmoid", "Tanh"), normal(0, 40, 6))
    graph = quantized.graph
    validate(graph)
    assert sorted(node.op for node in graph.nodes) == [
        "Concat",
        "Requantize",
        "Sigmoid",
        "Tanh",
    ]
    # Tanh's -1..1 holds what Sigmoid gives: that scale is taken.
    assert graph.value("joined").quant == per_tensor(1 / 128, 0)
    assert any("layer 'a'" in note and "requantized" in note for note in quantized.report.notes)
    x = normal(1, 50, 6)
    expected = np.concatenate([1 / (1 + np.exp(-x)), np.tanh(x)], axis=1)
    # Half a step of the input, of the table and of the requantization, each below 1/128.
    assert np.abs(Interpreter(graph).predict(x) - expected).max() < 2.5 / 128


def test_a_wide_neighbour_is_not_squeezed_into_a_fixed_scale() -> None:
    g = GraphBuilder()
    x = g.input("x", (None, 6))
    wide = g.add("Dense", x, g.constant(normal(3, 6, 6), "w"), name="wide")
    squashed = g.add("Sigmoid", x, name="squashed")
    graph = g.finish([g.add("Concat", wide, squashed, name="joined")])
    samples = normal(0, 40, 6)
    int8 = quantize(graph, samples).graph
    assert [node.op for node in int8.nodes].count("Requantize") == 1
    expected, found = Interpreter(graph).predict(samples), Interpreter(int8).predict(samples)
    step = int8.value("joined").quant.scale[0]
    # Requantize keeps eight bits of the ratio of scales: 2 % of the sigmoid's 1.0, and a step.
    assert np.abs(found - expected).max() < 2 * step + 0.02


@pytest.mark.parametrize("op", ["MaxPool2D", "AveragePool2D"])
def test_a_tied_operator_after_a_fixed_one_takes_its_scale(op: str) -> None:
    g = GraphBuilder()
    x = g.add("Sigmoid", g.input("x", (None, 4, 4, 2)), name="gate")
    graph = g.finish([g.add(op, x, name="pool", pool=(2, 2), strides=(2, 2))])
    int8 = quantize(graph, normal(0, 10, 4, 4, 2)).graph
    assert int8.value("pool").quant == per_tensor(1 / 256, -128)
    assert [node.op for node in int8.nodes] == ["Sigmoid", op]


def test_a_constant_that_two_scales_read_is_stored_twice() -> None:
    g = GraphBuilder()
    x = g.input("x", (None, 3))
    floor = g.constant(np.array([-0.5, 0.0, 0.5], np.float32), "floor")
    a = g.add("Maximum", x, floor, name="a")
    wide = g.add("Mul", x, g.constant(np.float32([10.0]), "ten"), name="wide")
    b = g.add("Maximum", wide, floor, name="b")
    graph = g.finish([a, b])
    samples = normal(0, 40, 3)
    int8 = quantize(graph, samples).graph
    copies = [v for v in int8.constants() if v.name.startswith("floor")]
    assert len(copies) == 2 and copies[0].quant != copies[1].quant
    expected, found = Interpreter(graph).run(samples), Interpreter(int8)
    for name, array in found.predict(samples).items():
        step = int8.value(name).quant.scale[0]
        assert np.abs(array - expected[name]).max() < 1.6 * step, name
