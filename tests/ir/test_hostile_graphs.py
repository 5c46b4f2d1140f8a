"""Graphs as only a hostile file describes them: the validator lists problems and never fails."""

from __future__ import annotations

import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgekit.errors import ShapeError
from edgekit.frozen import replace
from edgekit.ir import (
    OPS,
    Accuracy,
    Graph,
    GraphBuilder,
    MemoryPlan,
    Metadata,
    Node,
    Preprocessing,
    State,
    TestVector,
    Value,
    per_channel,
    plan_memory,
    validate,
)
from edgekit.ir.memory import Slot, check_plan, lifetimes, reshape_roots, shared_names
from edgekit.ir.validate import problems
from tests.edge_graphs import GRAPHS, int8_graph

DIMENSIONS = st.one_of(st.none(), st.integers(-2, 8), st.just(2**31 - 1))
SHAPES = st.lists(DIMENSIONS, max_size=9).map(tuple)
NUMBERS = st.one_of(st.integers(-9, 9), st.integers(-(2**63), 2**63 - 1))
ATTRIBUTES = st.one_of(
    NUMBERS,
    st.floats(),
    st.booleans(),
    st.text(max_size=3),
    st.lists(NUMBERS, max_size=9).map(tuple),
    st.lists(st.floats(), max_size=2).map(tuple),
)
NAMES = st.sampled_from(("a", "b", "c", "d", ""))
VALUES = st.builds(
    Value,
    NAMES,
    SHAPES,
    st.sampled_from(("float32", "int8", "int32", "bool", "complex64")),
    quant=st.none() | st.just(per_channel(np.ones(2), 1)),
)
NODES = st.sampled_from(sorted(OPS)).flatmap(
    lambda op: st.builds(
        Node,
        st.just(op),
        st.lists(NAMES | st.none(), max_size=6).map(tuple),
        st.lists(NAMES, max_size=2).map(tuple),
        st.dictionaries(st.sampled_from([*OPS[op].attrs, "other"]), ATTRIBUTES, max_size=4),
        st.text(max_size=2),
    )
)


@settings(max_examples=250, deadline=None, derandomize=True)
@given(
    values=st.lists(VALUES, max_size=5),
    nodes=st.lists(NODES, max_size=4),
    inputs=st.lists(NAMES, max_size=3),
    outputs=st.lists(NAMES, max_size=2),
    states=st.lists(st.builds(State, NAMES, NAMES, NAMES), max_size=2),
)
def test_no_graph_makes_the_validator_fail(values, nodes, inputs, outputs, states) -> None:
    named = {value.name: value for value in values}
    ends = tuple(inputs), tuple(outputs)
    found = problems(Graph(*ends, tuple(nodes), named, states=tuple(states)))
    assert all(isinstance(problem, str) for problem in found)


@settings(max_examples=250, deadline=None, derandomize=True)
@given(data=st.data(), op=st.sampled_from(sorted(OPS)))
def test_no_shapes_make_a_single_operator_fail(data, op: str) -> None:
    """The right number of inputs and known attributes, so that every shape rule is reached."""
    roles = OPS[op].input_names
    shapes = st.lists(st.none() | st.integers(1, 4), max_size=5).map(tuple)
    values = {role: Value(role, data.draw(shapes), "float32") for role in roles}
    values["out"] = Value("out", data.draw(shapes), "float32")
    attrs = {}
    for name, attr in OPS[op].attrs.items():
        if attr.kind == "ints":
            numbers = st.integers(-2, 4)
            attrs[name] = tuple(data.draw(st.lists(numbers, min_size=0, max_size=6)))
            if attr.length:
                attrs[name] = (attrs[name] + (1,) * attr.length)[: attr.length]
        elif attr.kind == "int":
            attrs[name] = data.draw(st.integers(-6, 6))
    kept = [role for role in roles if role != "table"]
    node = Node(op, tuple(kept), ("out",), attrs, "layer")
    assert isinstance(problems(Graph(tuple(kept), ("out",), (node,), values)), list)


@pytest.mark.parametrize(
    ("graph", "sentence"),
    [
        (Graph(("x",), ("x",), (), {}), "input 'x' is not a value"),
        (
            Graph(("x",), ("y",), (Node("Relu", ("x",), ("y",), {}, "r"),), {}),
            r"Relu 'r': reads \['x'\], which nothing before it computes",
        ),
        (
            Graph(
                ("x",),
                ("y",),
                (Node("Relu", ("x",), ("z",)), Node("Relu", ("z",), ("y",), {}, "second")),
                {n: Value(n, (1,), "float32") for n in "xy"},
            ),
            r"Relu 'second': reads \['z'\]",
        ),
        (
            Graph(
                (),
                ("y",),
                (Node("Relu", ("m",), ("y",), {}, "reader"),),
                {"y": Value("y", (1,), "float32")},
                states=(State("m", "i", "n"),),
            ),
            r"memory 'm' names \['i', 'm', 'n'\], which are no values",
        ),
        (
            Graph((), ("x",), (), {"x": Value("x", (1,) * 9, "float32")}),
            "9 dimensions and 1 elements, allowed are 8",
        ),
        (
            Graph(("x",), ("x",), (), {"x": Value("x", (2**16, 2**16), "float32")}),
            "4294967296 elements, allowed are 8 and 2147483647",
        ),
        (
            Graph(("x",), ("x",), (), {"x": Value("x", (0, 1), "float32")}),
            "dimensions are 1 or more",
        ),
        (
            Graph(("",), ("",), (), {"": Value("", (1,), "float32")}),
            "a name has 1 to 1024 characters, received 0",
        ),
    ],
)
def test_the_broken_promise_is_named(graph: Graph, sentence: str) -> None:
    with pytest.raises(ShapeError, match=sentence):
        validate(graph)


def test_an_attribute_has_no_endless_list() -> None:
    g = GraphBuilder()
    x = g.input("x", (1, 2))
    with pytest.raises(ShapeError, match="expected at most 64 numbers, received 65"):
        g.add("Reshape", x, shape=(1,) * 65)


def with_vector(**changes) -> Metadata:
    vector = int8_graph().metadata.test_vectors[0]
    return Metadata(test_vectors=(replace(vector, **changes),))


ZEROS = np.zeros((2, 4, 4, 2), np.float32)


@pytest.mark.parametrize(
    ("metadata", "sentence"),
    [
        (Metadata(arithmetic="decimal"), "arithmetic 'decimal' is none of"),
        (Metadata(labels=(1,)), "labels must be text"),  # type: ignore[arg-type]
        (Metadata(provenance={"a": 1}), "provenance must map text to text"),  # type: ignore[dict-item]
        (Metadata(preprocessing=Preprocessing((1, 2, 3), (1,))), "received 3 means and 1 dev"),
        (Metadata(preprocessing=Preprocessing((), ())), "received 0 means and 0 deviations"),
        (Metadata(preprocessing=Preprocessing((0,), (0,))), "finite and above zero"),
        (Metadata(preprocessing=Preprocessing((float("nan"),), (1,))), "means must be finite"),
        (Metadata(accuracy=Accuracy("a", float("inf"), 0, 1)), "accuracy must be finite"),
        (Metadata(accuracy=Accuracy("a", 0, 0, -1)), "of 0 samples or more"),
        (with_vector(inputs={}), "inputs none, the graph has 'image'"),
        (with_vector(outputs={"flat": ZEROS}), "outputs 'flat', the graph has 'scores', 'flat'"),
        (with_vector(inputs={"image": ZEROS[:, 1:]}), r"is float32\[2, 3, 4, 2\], the graph has"),
        (with_vector(inputs={"image": ZEROS[:0]}), r"is float32\[0, 4, 4, 2\], the graph has"),
        (with_vector(inputs={"image": ZEROS.astype(np.int8)}), r"is int8\[2, 4, 4, 2\]"),
        (with_vector(checksums={"conv/weight": 1}), "checksums of 'conv/weight', which the graph"),
        (with_vector(checksums={"image": 2**32}), "a CRC-32 lies in"),
    ],
)
def test_the_metadata_fits_the_graph(metadata: Metadata, sentence: str) -> None:
    with pytest.raises(ShapeError, match=sentence):
        validate(replace(int8_graph(), metadata=metadata))


def test_a_test_vector_has_one_batch_size() -> None:
    g = GraphBuilder()
    a, b = g.input("a", (None, 1)), g.input("b", (None, 1))
    graph = g.finish([g.add("Add", a, b, name="sum")])
    one, two = np.zeros((1, 1), np.float32), np.zeros((2, 1), np.float32)
    vector = TestVector({"a": one, "b": two}, {"sum": one}, {})
    with pytest.raises(ShapeError, match=r"several batch sizes at once: \[1, 2\]"):
        validate(graph.with_metadata(test_vectors=(vector,)))


# The memory plan.


def overlap_exists(graph: Graph, plan: MemoryPlan) -> bool:
    """Every pair compared with every other, as the definition says."""
    lives = lifetimes(graph)
    roots = reshape_roots(graph, {name: slot.margins for name, slot in plan.slots.items()})
    for a, mine in plan.slots.items():
        for b, theirs in plan.slots.items():
            together = lives[a][0] <= lives[b][1] and lives[b][0] <= lives[a][1]
            same = mine.offset < theirs.offset + theirs.size
            same = same and theirs.offset < mine.offset + mine.size
            viewed = roots[a] == roots[b] and mine.offset == theirs.offset
            if a != b and together and same and not viewed:
                return True
    return False


def branching_graph() -> Graph:
    g = GraphBuilder()
    x = g.input("x", (None, 8))
    a, b = g.add("Relu", x, name="a"), g.add("Tanh", x, name="b")
    r = g.add("Reshape", a, name="r", shape=(-1, 2, 4))
    s = g.add("Relu", r, name="s")
    v = g.add("Reshape", s, name="v", shape=(-1, 8))
    return g.finish([g.add("Add", v, b, name="sum")])


@settings(max_examples=500, deadline=None, derandomize=True)
@given(offsets=st.lists(st.integers(0, 5).map(lambda n: n * 4), min_size=7, max_size=7))
def test_overlaps_are_found_as_by_comparing_all_pairs(offsets: list[int]) -> None:
    graph = branching_graph()
    names = [value.name for value in graph.activations()]
    plan = MemoryPlan(40, {n: Slot(o, 8) for n, o in zip(names, offsets, strict=True)})
    assert bool(check_plan(graph, plan)) == overlap_exists(graph, plan)


@settings(max_examples=200, deadline=None, derandomize=True)
@given(places=st.lists(st.tuples(st.integers(0, 30), st.integers(1, 9)), max_size=8))
def test_shared_names_are_those_of_all_pairs(places: list[tuple[int, int]]) -> None:
    slots = {str(i): Slot(offset, size) for i, (offset, size) in enumerate(places)}
    expected = {
        a
        for a, mine in slots.items()
        for b, theirs in slots.items()
        if a != b
        and mine.offset < theirs.offset + theirs.size
        and theirs.offset < mine.offset + mine.size
    }
    assert shared_names(MemoryPlan(40, slots)) == expected


@pytest.mark.parametrize("name", GRAPHS)
def test_our_own_plans_are_sound(name: str) -> None:
    graph = GRAPHS[name]()
    assert check_plan(graph, plan_memory(graph)) == []


def test_a_plan_of_many_live_slots_is_checked_in_a_moment() -> None:
    """Comparing each with each would take minutes."""
    count = 20_000
    names = [f"x{i}" for i in range(count)]
    values = {name: Value(name, (1,), "float32") for name in names}
    graph = Graph(tuple(names), tuple(names), (), values)
    plan = MemoryPlan(count, {name: Slot(i, 1) for i, name in enumerate(reversed(names))})
    start = time.process_time()
    assert check_plan(graph, plan) == []
    everywhere = MemoryPlan(1, dict.fromkeys(names, Slot(0, 1)))
    assert len(check_plan(graph, everywhere)) == count - 1
    assert shared_names(everywhere) == set(names)
    assert time.process_time() - start < 5
