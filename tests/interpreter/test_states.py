"""Memories between calls: they persist, start again on request, and are nobody else's."""

from __future__ import annotations

import ctypes
import signal
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial

import numpy as np
import pytest

from edgekit.errors import InputError, ShapeError
from edgekit.export.edge import edge_bytes
from edgekit.frozen import replace
from edgekit.interpreter import Interpreter, record_test_vectors, verify
from edgekit.interpreter.verification import exact_activations
from edgekit.ir import Graph, GraphBuilder, plan_memory
from edgekit.ir.memory import check_plan
from edgekit.ir.quant import per_tensor

STEPS = np.arange(1, 21, dtype=np.float32).reshape(10, 1, 2)


def delay_line(initial: float = 0.0) -> Graph:
    """Three memories in a row, each the old value of the one before; their sum comes out."""
    g = GraphBuilder("delay")
    x = g.input("x", (1, 2))
    names = [g.state(f"d{i}", np.full((1, 2), initial, np.float32)) for i in range(3)]
    for value, name in zip([x, *names], names, strict=False):
        g.keep(value, name)
    total = g.add("Add", g.add("Add", names[0], names[1], name="two"), names[2], name="total")
    return g.finish([total])


def running_mean(window: int = 3) -> Graph:
    """The mean of the last inputs, as an int8 model streams it."""
    g = GraphBuilder("mean")
    scale = per_tensor(0.5, -7)
    x = g.input("x", (1, 1, 2), "int8", scale)
    memory = g.state("memory", np.full((1, window, 2), -7, np.int8), scale)
    both = g.add("Concat", memory, x, name="both", axis=1)
    g.keep(g.add("Slice", both, name="last", starts=(0, 1, 0), sizes=(1, window, 2)), memory)
    return g.finish([g.add("Mean", "last", name="y", axes=(1,), quant=scale)])


def expected_delays(count: int, initial: float = 0.0) -> list[np.ndarray]:
    past = [np.full((1, 2), initial, np.float32)] * 3
    found = []
    for x in STEPS[:count]:
        found.append(past[0] + past[1] + past[2])
        past = [x, past[0], past[1]]
    return found


def test_memories_go_on_from_call_to_call_whichever_method_makes_it() -> None:
    interpreter = Interpreter(delay_line(4.0))
    expected = expected_delays(8, 4.0)
    index = interpreter.get_input_details()[0]["index"]
    for step, (x, total) in enumerate(zip(STEPS, expected, strict=False)):
        if step % 3 == 0:
            found = interpreter.run(x)["total"]
        elif step % 3 == 1:
            found = interpreter.predict(x)
        else:
            interpreter.set_tensor(index, x)
            interpreter.invoke()
            found = interpreter.get_tensor(interpreter.get_output_details()[0]["index"])
        np.testing.assert_array_equal(found, total)


def test_reset_all_variables_starts_again() -> None:
    interpreter = Interpreter(delay_line(4.0))
    first = [interpreter.run(x)["total"] for x in STEPS]
    interpreter.reset_all_variables()
    again = [interpreter.run(x)["total"] for x in STEPS]
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first[0], first[1])


def test_memories_that_swap() -> None:
    g = GraphBuilder("swap")
    a = g.state("a", np.zeros((1, 1), np.float32))
    b = g.state("b", np.ones((1, 1), np.float32))
    moved = g.add("Reshape", a, name="moved", shape=(1, 1))  # a view of a
    g.keep(b, a)
    g.keep(moved, b)
    x = g.input("x", (1, 1))
    interpreter = Interpreter(g.finish([g.add("Add", x, a, name="y")]))
    found = [float(interpreter.run(np.zeros((1, 1), np.float32))["y"][0, 0]) for _ in range(4)]
    assert found == [0.0, 1.0, 0.0, 1.0]


def test_a_memory_that_keeps_still_and_one_that_becomes_a_constant() -> None:
    g = GraphBuilder("still")
    x = g.input("x", (1, 1))
    still = g.state("still", np.full((1, 1), 3, np.float32))
    once = g.state("once", np.full((1, 1), 5, np.float32))
    g.keep(g.constant(np.zeros((1, 1), np.float32), "zero"), once)
    y = g.add("Add", g.add("Add", x, still, name="s"), once, name="y")
    interpreter = Interpreter(g.finish([y]))
    found = [float(interpreter.run(np.zeros((1, 1), np.float32))["y"][0, 0]) for _ in range(3)]
    assert found == [8.0, 3.0, 3.0]


@pytest.mark.parametrize("arithmetic", ["float32", "fixedpoint"])
def test_an_int8_stream_gives_what_the_whole_window_gives(arithmetic: str) -> None:
    """The oracle is the same operator over the last three inputs at once."""
    graph = running_mean().with_metadata(arithmetic=arithmetic)
    interpreter = Interpreter(graph)
    x = np.random.default_rng(0).integers(-128, 128, (12, 1, 1, 2)).astype(np.int8)
    past = np.concatenate([np.full((3, 1, 1, 2), -7, np.int8), x])
    for step in range(12):
        window = past[step + 1 : step + 4, 0, 0]
        real = (window.astype(np.float64) + 7).sum(0) / 3
        (found,) = interpreter.run(x[step])["y"].astype(np.float64) + 7
        assert np.abs(found - real).max() <= 0.5 + 1e-3


def test_a_stream_is_not_given_as_a_batch() -> None:
    interpreter = Interpreter(delay_line())
    with pytest.raises(ShapeError, match=r"received \[10, 2\]; the model keeps memories from call"):
        interpreter.run(STEPS[:, 0])


def test_a_refused_input_leaves_the_memories_alone() -> None:
    interpreter = Interpreter(delay_line())
    interpreter.run(STEPS[0])
    with pytest.raises(InputError, match="NaN"):
        interpreter.run(np.full((1, 2), np.nan, np.float32))
    np.testing.assert_array_equal(interpreter.run(STEPS[1])["total"], STEPS[0])


def test_an_interrupt_finds_all_memories_moved_on_or_none() -> None:
    """The signal comes, as from another process, while the second of three memories moves."""
    if sys.platform == "win32":
        pytest.skip("nothing here sends a signal from outside of Python")
    interpreter, expected = Interpreter(delay_line()), expected_delays(8)
    for x in STEPS[:3]:
        interpreter.run(x)
    (plan,) = interpreter._idle[1, False]
    send = ctypes.CDLL(None)["raise"]
    plan._state_calls.insert(2, partial(send, int(signal.SIGINT)))
    # a process in the background begins with this signal ignored
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with pytest.raises(KeyboardInterrupt):
            interpreter.run(STEPS[3])
    finally:
        signal.signal(signal.SIGINT, before)
    del plan._state_calls[2]
    for x, total in zip(STEPS[4:8], expected[4:], strict=True):
        np.testing.assert_array_equal(interpreter.run(x)["total"], total)


class Interrupted(list):
    """Python looks for signals when a function of C returns, here `pop`."""

    def pop(self, *place: int) -> None:  # type: ignore[override]
        super().pop(*place)
        raise KeyboardInterrupt


def test_an_interrupt_loses_no_memories() -> None:
    interpreter, expected = Interpreter(delay_line()), expected_delays(8)
    for x in STEPS[:4]:
        interpreter.run(x)
    interpreter._idle[1, False] = Interrupted(interpreter._idle[1, False])
    found = []
    while len(found) < 4:
        with suppress(KeyboardInterrupt):
            found.append(interpreter.run(STEPS[4 + len(found)])["total"])
    np.testing.assert_array_equal(found, expected[4:])


def test_a_call_that_fails_half_way_leaves_the_memories_alone() -> None:
    interpreter = Interpreter(delay_line())
    interpreter.run(STEPS[0])

    def stop(name: str, array: np.ndarray) -> None:
        if name == "two":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interpreter.run(STEPS[5], observe=stop)
    np.testing.assert_array_equal(interpreter.run(STEPS[1])["total"], STEPS[0])


def test_calls_from_many_threads_take_turns() -> None:
    g = GraphBuilder("count")
    total = g.state("total", np.zeros((1, 1), np.float32))
    g.keep(g.add("Add", g.input("x", (1, 1)), total, name="sum"), total)
    interpreter = Interpreter(g.finish(["sum"]), threads=4)
    one = np.ones((1, 1), np.float32)
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda _: float(interpreter.run(one)["sum"][0, 0]), range(200)))
    assert sorted(found) == [float(i) for i in range(1, 201)]


def test_memories_are_observed_before_the_first_layer() -> None:
    names: list[str] = []
    Interpreter(delay_line()).run(STEPS[0], observe=lambda name, _: names.append(name))
    assert names == ["x", "d0", "d1", "d2", "two", "total"]


def test_a_memory_has_its_place_to_itself_for_good() -> None:
    graph = delay_line()
    plan = plan_memory(graph)
    d0 = plan.slots["d0"]
    for name in ("x", "d1", "d2", "two", "total"):
        other = plan.slots[name]
        assert other.offset + other.size <= d0.offset or d0.offset + d0.size <= other.offset
    shared = replace(plan, slots={**plan.slots, "total": d0})
    assert any("'d0' and 'total' share" in p or "'total'" in p for p in check_plan(graph, shared))


def test_test_vectors_are_one_sequence_from_the_initial_memories_on() -> None:
    graph = running_mean()
    steps = [{"x": np.full((1, 1, 2), value, np.int8)} for value in (100, -50, 3)]
    vectors = record_test_vectors(graph, steps)
    assert [int(v.outputs["y"][0, 0]) for v in vectors] == [29, 14, 18]
    stored = edge_bytes(graph.with_metadata(test_vectors=vectors))
    assert str(verify(stored)) == "bit-exact here (3 test vectors, 15 activations)"
    interpreter = Interpreter(stored)
    interpreter.run(steps[0])
    before = interpreter.run(steps[1])["y"]
    assert verify(interpreter)  # replays elsewhere
    interpreter.reset_all_variables()
    interpreter.run(steps[0])
    np.testing.assert_array_equal(interpreter.run(steps[1])["y"], before)


def test_a_memory_that_is_kept_wrongly_is_found_at_the_second_call() -> None:
    graph = running_mean()
    steps = [{"x": np.full((1, 1, 2), value, np.int8)} for value in (100, -50)]
    vectors = record_test_vectors(graph, steps)
    (state,) = graph.states
    forgetful = replace(graph, states=(replace(state, next=state.value),))
    found = verify(forgetful.with_metadata(test_vectors=vectors))
    assert found.difference is not None
    assert (found.difference.vector, found.difference.layer) == (1, "memory")


def test_one_call_is_no_sequence() -> None:
    with pytest.raises(InputError, match="a sequence of 2 calls or more, received 1"):
        record_test_vectors(delay_line(), [{"x": STEPS[0]}])


def test_a_memory_is_exact_if_it_becomes_something_exact() -> None:
    assert exact_activations(running_mean()) >= {"memory", "both", "last", "y"}
    g = GraphBuilder("inexact")
    x = g.input("x", (1, 2))
    a, b = (g.state(name, np.zeros((1, 2), np.float32)) for name in "ab")
    g.keep(g.add("Tanh", x, name="t"), a)
    g.keep(a, b)
    graph = g.finish([g.add("Reshape", b, name="y", shape=(1, 2))])
    assert exact_activations(graph) & {"a", "b", "y", "t"} == set()


def test_a_window_is_not_copied_but_moves_on_where_it_lies() -> None:
    interpreter = Interpreter(running_mean(3))
    plan = interpreter.make_plan()
    calls = {step.node.name: len(step.calls) for step in plan.steps}
    assert (calls["both"], calls["last"]) == (1, 0)
    assert np.shares_memory(plan.arena.view("memory"), plan.arena.view("both"))
    assert np.shares_memory(plan.arena.view("last"), plan.arena.view("both"))


def test_a_window_in_several_pieces_is_copied() -> None:
    """A memory that is joined along rows of several samples does not lie in one piece."""
    g = GraphBuilder("wide")
    x = g.input("x", (2, 1))
    memory = g.state("memory", np.zeros((2, 3), np.float32))
    both = g.add("Concat", memory, x, name="both", axis=1)
    g.keep(g.add("Slice", both, name="last", starts=(0, 1), sizes=(2, 3)), memory)
    interpreter = Interpreter(g.finish(["last"]))
    for start in (1.0, 3.0, 5.0, 7.0):
        last = interpreter.run(np.array([[start], [start + 1]], np.float32))["last"]
    np.testing.assert_array_equal(last, [[3, 5, 7], [4, 6, 8]])
    plan = interpreter.make_plan()
    assert not np.shares_memory(plan.arena.view("memory"), plan.arena.view("both"))
