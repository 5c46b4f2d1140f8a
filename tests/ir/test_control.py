"""If and While in the graph: what they promise, how they are printed, what is refused."""

from __future__ import annotations

import numpy as np
import pytest

from edgekit.errors import ShapeError
from edgekit.frozen import replace
from edgekit.ir import Graph, GraphBuilder, Node, validate
from edgekit.ir.control import MOST_STEPS, MOST_SUBGRAPHS


def branch(op: str, name: str = "y") -> Graph:
    g = GraphBuilder(op)
    return g.finish([g.add(op, g.input("x", (1, 3)), name=name)])


def choice() -> GraphBuilder:
    g = GraphBuilder("choice")
    flag, x = g.input("flag", (), "bool"), g.input("x", (1, 3))
    positive = g.subgraph("positive", branch("Relu"))
    bent = g.subgraph("bent", branch("Tanh"))
    g.add("If", flag, x, name="either", then_branch=positive, else_branch=bent)
    return g


def test_a_choice_is_printed_with_its_branches() -> None:
    assert str(choice().finish(["either"])) == (
        "graph choice(flag:bool[], x:float32[1, 3]):\n"
        "  either:float32[1, 3] = If(flag, x, else_branch='bent', then_branch='positive')\n"
        "  return either\n"
        "\n"
        "subgraph positive(x:float32[1, 3]):\n"
        "  y:float32[1, 3] = Relu(x)\n"
        "  return y\n"
        "\n"
        "subgraph bent(x:float32[1, 3]):\n"
        "  y:float32[1, 3] = Tanh(x)\n"
        "  return y"
    )


def test_a_taken_name_of_a_subgraph_is_made_unique() -> None:
    g = choice()
    assert g.subgraph("bent", branch("Relu")) == "bent_1"


def test_a_subgraph_that_is_not_there_is_named_when_building() -> None:
    g = choice()
    with pytest.raises(ShapeError, match="subgraph 'positve' is not known. Did you mean 'posit"):
        g.add("If", "flag", "x", then_branch="positve", else_branch="bent")


def loop(condition: Graph, body: Graph, x: tuple[int, ...] = (1, 3)) -> Graph:
    values = GraphBuilder("loop")
    values.input("x", x)
    graph = Graph(
        ("x",),
        ("y",),
        (Node("While", ("x",), ("y",), {"condition": "go", "body": "step"}, "again"),),
        {"x": values.values["x"], "y": replace(values.values["x"], name="y")},
        subgraphs={"go": condition, "step": body},
    )
    validate(graph)
    return graph


def flag_of(shape: tuple[int, ...], dtype: str = "bool") -> Graph:
    g = GraphBuilder("flag")
    g.input("x", (1, 3))
    return g.finish([g.constant(np.zeros(shape, dtype), "flag")])


def test_a_loop_is_valid() -> None:
    assert loop(flag_of(()), branch("Relu")).value("y").shape == (1, 3)
    assert loop(flag_of((1,)), branch("Relu")).value("y").shape == (1, 3)


@pytest.mark.parametrize(
    ("condition", "body", "sentence"),
    [
        (flag_of((2,)), branch("Relu"), r"While 'again': what the condition gives must be one b"),
        (flag_of((), "int32"), branch("Relu"), "must be one bool, received flag:int32"),
        (branch("Relu"), branch("Relu"), "must be one bool"),
        (
            flag_of(()),
            replace(branch("Relu"), outputs=("y", "x")),
            "the outputs of the body are 2 values, expected 1",
        ),
    ],
)
def test_a_loop_that_does_not_fit_is_named(condition: Graph, body: Graph, sentence: str) -> None:
    with pytest.raises(ShapeError, match=sentence):
        loop(condition, body)


def test_a_loop_keeps_its_shapes() -> None:
    with pytest.raises(ShapeError, match=r"inputs of the body: x:float32\[1, 3\] stands where"):
        loop(flag_of(()), branch("Relu"), (1, 4))


def test_broken_subgraphs_are_named() -> None:
    graph = choice().finish(["either"])
    bad = replace(graph.subgraphs["bent"], outputs=("ghost",))
    with pytest.raises(ShapeError, match="subgraph 'bent': output 'ghost' is never computed"):
        validate(replace(graph, subgraphs={**graph.subgraphs, "bent": bad}))
    nested = replace(graph.subgraphs["bent"], subgraphs=graph.subgraphs)
    with pytest.raises(ShapeError, match="'bent' has memories or subgraphs of its own"):
        validate(replace(graph, subgraphs={**graph.subgraphs, "bent": nested}))
    with pytest.raises(ShapeError, match=r"names the subgraphs \['bent'\]; the graph has 'posi"):
        validate(replace(graph, subgraphs={"positive": graph.subgraphs["positive"]}))


def calling(callees: list[str]) -> Graph:
    """A subgraph that calls others by If."""
    g = GraphBuilder("calling")
    x = g.input("x", (1, 3))
    flag = g.constant(np.array(True), "flag")
    for name in callees:
        g.subgraphs[name] = branch("Relu")
        x = g.add("If", flag, x, name="call", then_branch=name, else_branch=name)
    return replace(g.finish([x]), subgraphs={})


def nest(subgraphs: dict[str, Graph]) -> None:
    validate(replace(calling(["s0"]), subgraphs=subgraphs))


def test_subgraphs_do_not_call_themselves() -> None:
    nest({"s0": calling(["s1"]), "s1": branch("Relu")})
    with pytest.raises(ShapeError, match=r"call themselves, one through the other: \['s0', 's1'\]"):
        nest({"s0": calling(["s1"]), "s1": calling(["s0"])})


def test_subgraphs_call_each_other_only_so_deep_and_so_often() -> None:
    chain = {f"s{i}": calling([f"s{i + 1}"]) for i in range(16)} | {"s16": branch("Relu")}
    with pytest.raises(ShapeError, match="more than 16 deep"):
        nest(chain)
    doubling = {f"s{i}": calling([f"s{i + 1}"] * 3) for i in range(10)} | {"s10": branch("Relu")}
    with pytest.raises(ShapeError, match=f"unfold to more than {MOST_STEPS} nodes"):
        nest(doubling)
    many = {f"s{i}": branch("Relu") for i in range(MOST_SUBGRAPHS + 1)}
    with pytest.raises(ShapeError, match="1025 subgraphs, allowed are 1024"):
        nest(many)


def test_a_graph_with_memories_has_a_fixed_batch() -> None:
    g = GraphBuilder("open")
    x = g.input("x", (None, 2))
    total = g.state("total", np.zeros((1, 2), np.float32))
    g.keep(g.add("Relu", total, name="new"), total)
    with pytest.raises(ShapeError, match="memories has a fixed batch; inputs 'x' leave it open"):
        g.finish([x])
