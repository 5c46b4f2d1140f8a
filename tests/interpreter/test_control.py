"""If and While against the same steps written in Python."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from edgekit.errors import InputError
from edgekit.interpreter import Interpreter
from edgekit.interpreter import plan as planning
from edgekit.ir import Graph, GraphBuilder
from edgekit.ir.quant import per_tensor


def test_a_condition_chooses_a_branch_at_each_call() -> None:
    then = GraphBuilder("then")
    x, y = then.input("x", (1, 2)), then.input("y", (1, 2))
    g = GraphBuilder("choice")
    flag, a, b = g.input("flag", (1,), "bool"), g.input("a", (1, 2)), g.input("b", (1, 2))
    add = g.subgraph("add", then.finish([then.add("Add", x, y, name="sum"), x]))
    swap = GraphBuilder("swap")
    x, y = swap.input("x", (1, 2)), swap.input("y", (1, 2))
    g.subgraph("swap", swap.finish([y, x]))
    results = g.add_all("If", flag, a, b, name="if", then_branch=add, else_branch="swap")
    interpreter = Interpreter(g.finish(results))
    a_, b_ = np.array([[1, 2]], np.float32), np.array([[10, 20]], np.float32)
    for flag_ in (True, False, True):
        first, second = interpreter.run(np.array([flag_]), a_, b_).values()
        np.testing.assert_array_equal(first, a_ + b_ if flag_ else b_)
        np.testing.assert_array_equal(second, a_)


def countdown(limit: int) -> Graph:
    """As many additions of `step` as there are trues in front of a row of flags."""
    condition = GraphBuilder("condition")
    flags = condition.input("flags", (limit + 1,), "bool")
    condition.input("total", (1, 2))
    condition.input("step", (1, 2))
    first = condition.add("Slice", flags, name="first", starts=(0,), sizes=(1,))
    body = GraphBuilder("body")
    flags = body.input("flags", (limit + 1,), "bool")
    total, step = body.input("total", (1, 2)), body.input("step", (1, 2))
    rest = body.add("Slice", flags, name="rest", starts=(1,), sizes=(limit,))
    end = body.constant(np.zeros(1, np.bool_), "end")
    moved = body.add("Concat", rest, end, name="moved", axis=0)
    added = body.add("Add", total, step, name="added")
    g = GraphBuilder("countdown")
    flags, step = g.input("flags", (limit + 1,), "bool"), g.input("step", (1, 2))
    start = g.constant(np.array([[100, 200]], np.float32), "start")
    names = {
        "condition": g.subgraph("condition", condition.finish([first])),
        "body": g.subgraph("body", body.finish([moved, added, step])),
    }
    results = g.add_all("While", flags, start, step, name="loop", **names)
    return g.finish([results[1], results[2]])


@pytest.mark.parametrize("count", [0, 1, 5])
def test_a_loop_runs_as_often_as_its_condition_says(count: int) -> None:
    interpreter = Interpreter(countdown(6))
    flags = np.arange(7) < count
    for scale in (1, 3):  # nothing is left of the call before
        step = np.array([[1, 2]], np.float32) * scale
        total, same = interpreter.run(flags, step).values()
        np.testing.assert_array_equal(total, [[100, 200]] + count * step)
        np.testing.assert_array_equal(same, step)


Advance = Callable[[GraphBuilder, str, str], tuple[str, str]]


def pair_loop(advance: Advance) -> Graph:
    """A loop over flags that carries a and b, as `advance` builds the next ones."""
    g = GraphBuilder("pair")
    limit = 6
    shapes = {"flags": (limit + 1,), "a": (1, 1), "b": (1, 1)}
    condition = GraphBuilder("condition", g)
    for name, shape in shapes.items():
        condition.input(name, shape, "bool" if name == "flags" else "float32")
    first = condition.add("Slice", "flags", name="first", starts=(0,), sizes=(1,))
    body = GraphBuilder("body", g)
    for name, shape in shapes.items():
        body.input(name, shape, "bool" if name == "flags" else "float32")
    rest = body.add("Slice", "flags", name="rest", starts=(1,), sizes=(limit,))
    end = body.constant(np.zeros(1, np.bool_), "end")
    moved = body.add("Concat", rest, end, name="moved", axis=0)
    for name, shape in shapes.items():
        g.input(name, shape, "bool" if name == "flags" else "float32")
    names = {
        "condition": g.subgraph("condition", condition.finish([first])),
        "body": g.subgraph("body", body.finish([moved, *advance(body, "a", "b")])),
    }
    results = g.add_all("While", *shapes, name="loop", **names)
    return g.finish(results[1:])


def test_carried_values_may_change_places() -> None:
    interpreter = Interpreter(pair_loop(lambda g, a, b: (b, g.add("Add", a, b, name="sum"))))
    one = np.ones((1, 1), np.float32)
    found = interpreter.run(np.arange(7) < 5, one, one)
    assert [float(value[0, 0]) for value in found.values()] == [8.0, 13.0]
    swapped = Interpreter(pair_loop(lambda g, a, b: (b, a)))
    for count in (0, 1, 2, 3):
        found = swapped.run(np.arange(7) < count, one, 2 * one)
        assert [float(v[0, 0]) for v in found.values()] == ([1, 2] if count % 2 == 0 else [2, 1])


def test_a_loop_within_a_loop() -> None:
    """The inner loop starts anew each time: three additions of b, once for each true outside."""
    inside = pair_loop(lambda g, a, b: (g.add("Add", a, b, name="sum"), b))

    def outer(g: GraphBuilder, a: str, b: str) -> tuple[str, str]:
        names = {name: g.subgraph(f"inner_{name}", inside.subgraphs[name]) for name in inside_names}
        three = g.constant(np.arange(7) < 3, "three")
        results = g.add_all("While", three, a, b, name="inner", **names)
        return results[1], results[2]

    inside_names = ("condition", "body")
    interpreter = Interpreter(pair_loop(outer))
    one = np.ones((1, 1), np.float32)
    for count in (2, 0, 4):
        found = interpreter.run(np.arange(7) < count, one, 10 * one)
        assert [float(value[0, 0]) for value in found.values()] == [1 + 30 * count, 10]


def test_an_int8_value_passes_through_as_it_is() -> None:
    scale = per_tensor(0.1, -3)
    branch = GraphBuilder("branch")
    x = branch.input("x", (1, 4), "int8", scale)
    g = GraphBuilder("g")
    flag, x_ = g.input("flag", (), "bool"), g.input("x", (1, 4), "int8", scale)
    g.subgraph("same", branch.finish([x]))
    y = g.add("If", flag, x_, name="y", then_branch="same", else_branch="same")
    data = np.array([[-128, -3, 0, 127]], np.int8)
    np.testing.assert_array_equal(Interpreter(g.finish([y])).run(np.array(True), data)["y"], data)


def test_a_loop_without_an_end_is_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(planning, "MOST_ITERATIONS", 50)
    condition = GraphBuilder("condition")
    x = condition.input("x", (), "bool")
    body = GraphBuilder("body")
    body.input("x", (), "bool")
    g = GraphBuilder("endless")
    names = {
        "condition": g.subgraph("condition", condition.finish([x])),
        "body": g.subgraph("body", body.finish(["x"])),
    }
    y = g.add("While", g.input("x", (), "bool"), name="round and round", **names)
    interpreter = Interpreter(g.finish([y]))
    with pytest.raises(InputError, match="'round and round': the loop goes on after 50 iterations"):
        interpreter.run(np.array(True))
    assert not interpreter.run(np.array(False))[y]
