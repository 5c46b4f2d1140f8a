"""The arena, its borders, scratch memory, and the flat list of calls."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from edgekit.interpreter import Interpreter, profile
from edgekit.interpreter import arena as arena_module
from edgekit.interpreter.kernels import accumulator, depthwise, elementwise, ufuncs
from edgekit.interpreter.plan import make_plan
from edgekit.interpreter.step import Arena, Scratch
from edgekit.ir import Graph, GraphBuilder, MemoryPlan, plan_memory
from edgekit.ir.memory import Slot, check_plan, padded_elements
from tests.interpreter.networks import images, residual, with_softmax

GRAPHS: list[Callable[[], Graph]] = [residual, with_softmax, lambda: residual("float32")]


def spread_out(graph: Graph) -> MemoryPlan:
    """Every activation in a place of its own."""
    slots, offset = {}, 0
    for name, slot in plan_memory(graph).slots.items():
        size = padded_elements(graph.value(name), slot.margins)
        slots[name] = Slot(offset, size, slot.margins)
        offset += size
    return MemoryPlan(offset, slots)


def without_margins(graph: Graph) -> MemoryPlan:
    """Plans of other makers may leave no room for borders."""
    spread = spread_out(graph)
    slots = {name: Slot(slot.offset, slot.size) for name, slot in spread.slots.items()}
    return MemoryPlan(spread.size, slots)


def generous(graph: Graph) -> MemoryPlan:
    """Borders larger than any layer asks for, and uneven."""
    slots, offset = {}, 0
    for value in graph.activations():
        margins = (3, 2, 4, 5) if len(value.shape) == 4 else (0, 0, 0, 0)
        size = padded_elements(value, margins)
        slots[value.name] = Slot(offset, size, margins)
        offset += size
    return MemoryPlan(offset, slots)


def run(graph: Graph, memory: MemoryPlan, x: Any, poison: bool = False) -> dict[str, Any]:
    plan = make_plan(graph, memory, len(x))
    if poison:
        poison_shared(plan.arena)
    plan.load([x])
    for call in plan.calls:
        call()
    return plan.outputs()


def poison_shared(arena: Arena) -> None:
    """Fill with NaN what a step may find there from another: all but the lasting borders."""
    for name in arena.plan.slots:
        part = arena.whole(name) if name in arena.overwritten else arena.view(name)
        part.fill(np.nan)


@pytest.mark.parametrize("make", GRAPHS)
@pytest.mark.parametrize("batch", [1, 3])
@pytest.mark.parametrize("layout", [plan_memory, spread_out, without_margins, generous])
def test_the_layout_of_memory_changes_no_bit(
    make: Callable[[], Graph], batch: int, layout: Callable[[Graph], MemoryPlan]
) -> None:
    graph = make()
    x = images(batch)
    x = x if graph.value("image").dtype == "int8" else x.astype(np.float32) * np.float32(0.02)
    memory = layout(graph)
    assert check_plan(graph, memory) == []
    wanted = Interpreter(graph).run(x)
    found = run(graph, memory, x)
    for name, y in run(graph, memory, x, poison=True).items():
        np.testing.assert_array_equal(y, found[name])
        if y.dtype == np.int8:
            np.testing.assert_array_equal(y, wanted[name])
        else:  # a copy is multiplied in other blocks than a view: the last bits may differ
            np.testing.assert_allclose(y, wanted[name], rtol=1e-5, atol=1e-6)


def test_an_inference_leaves_nothing_behind() -> None:
    interpreter, first, other = Interpreter(residual()), images(1, 1), images(1, 2)
    wanted = interpreter.run(first)["dense"]
    for _ in range(3):
        interpreter.run(other)
        np.testing.assert_array_equal(interpreter.run(first)["dense"], wanted)


def test_slots_start_on_cache_lines() -> None:
    graph = residual()
    memory = plan_memory(graph)
    assert all(slot.offset % 16 == 0 for slot in memory.slots.values())
    for batch in (1, 3):
        assert Arena(graph, memory, batch).memory.ctypes.data % 64 == 0


def test_padding_is_planned_around_the_input_of_each_convolution() -> None:
    slots = plan_memory(residual()).slots
    assert slots["image"].margins == (1, 1, 1, 1)
    assert slots["conv"].margins == (1, 1, 1, 1)  # for the depthwise layer; Add reads the inside
    assert slots["pool"].margins == (1, 0, 1, 1)
    assert slots["join"].margins == (0, 0, 0, 0)


def test_a_reshape_moves_nothing() -> None:
    graph = residual()
    slots = plan_memory(graph).slots
    assert slots["flat"] == slots["last"]
    plan = make_plan(graph, plan_memory(graph), 1)
    (step,) = [step for step in plan.steps if step.node.op == "Reshape"]
    assert step.calls == ()


def test_a_reshape_into_a_border_copies() -> None:
    builder = GraphBuilder("speech")
    x = builder.input("x", (None, 24))
    image = builder.add("Reshape", x, name="image", shape=(-1, 4, 6, 1))
    weight = builder.constant(np.ones((2, 3, 3, 1), np.float32), "w")
    y = builder.add("Conv2D", image, weight, name="y", pads=(1, 1, 1, 1))
    graph = builder.finish([y, x])
    slots = plan_memory(graph).slots
    assert slots["image"].offset != slots["x"].offset
    data = np.arange(24, dtype=np.float32).reshape(1, 24)
    found = Interpreter(graph).run(data)
    assert found["y"][0, 0, 0].tolist() == [0 + 1 + 6 + 7] * 2
    np.testing.assert_array_equal(found["x"], data)


@pytest.mark.parametrize("batch", [1, 2])
@pytest.mark.parametrize("shape", [(None, 3, 4, 2), (None, 1, 1, 5), (None, 40, 50, 4)])
@pytest.mark.parametrize(
    "margins", [(1, 1, 1, 1), (2, 0, 0, 0), (0, 3, 0, 0), (0, 0, 1, 0), (0, 0, 0, 2), (1, 2, 3, 4)]
)
def test_borders_are_zeroed_and_nothing_else(
    monkeypatch: pytest.MonkeyPatch, shape: Any, margins: tuple[int, int, int, int], batch: int
) -> None:
    """Large maps are zeroed edge by edge, which must meet every cell of the border."""
    builder = GraphBuilder()
    x = builder.input("x", shape)
    graph = builder.finish([builder.add("Relu", x, name="y")])
    size = padded_elements(graph.value("x"), margins)
    slots = {"x": Slot(0, size, margins), "y": Slot(0, size)}  # not sound, but it shares
    monkeypatch.setattr(arena_module, "LARGEST_APART", 0)
    arena = Arena(graph, MemoryPlan(size, slots), batch)
    arena.whole("x").fill(7.0)
    for call in arena.border_calls("x"):
        call()
    inside = arena.view("x")
    large = arena.whole("x").size > 2**12
    assert inside.size == 0 or (inside == (7.0 if large else 0.0)).all()
    inside[:] = 7.0
    assert arena.whole("x").sum() == 7.0 * inside.size


def test_scratch_is_reused_between_steps_and_not_within() -> None:
    scratch = Scratch()
    a, b = scratch.take((10, 10)), scratch.take((5,), np.float64)
    assert not np.may_share_memory(a, b)
    assert a.ctypes.data % 64 == b.ctypes.data % 64 == 0
    before = scratch.bytes
    scratch.release()
    again = scratch.take((100,))
    assert np.may_share_memory(a, again) and scratch.bytes == before


def test_all_steps_share_the_scratch_memory() -> None:
    def layers(count: int) -> Graph:
        builder = GraphBuilder("deep")
        y = builder.input("x", (None, 5, 5, 50))
        for i in range(count):
            weight = builder.constant(np.ones((50, 3, 3, 50), np.float32), f"w{i}")
            y = builder.add("Conv2D", y, weight, name=f"conv{i}", pads=(1, 1, 1, 1))
        return builder.finish([y])

    few, many = (make_plan(g, plan_memory(g), 2) for g in (layers(2), layers(9)))
    assert 0 < few.scratch_bytes == many.scratch_bytes


def test_weights_are_prepared_once_for_all_batch_sizes() -> None:
    interpreter = Interpreter(residual())
    before = {key: id(array) for key, array in interpreter._prepared.items()}
    interpreter.run(images(2))
    interpreter.run(images(5))
    assert {key: id(array) for key, array in interpreter._prepared.items()} == before
    assert {name for name, _ in before} == {"conv", "depthwise", "point", "last", "dense"}


def test_numpys_public_functions_give_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    """The bare ufuncs are private names of numpy: without them the public ones do the work."""
    monkeypatch.setattr(ufuncs, "PLACES", ())
    assert ufuncs.find("umath", "clip") is None
    wanted = Interpreter(residual()).run(images(2))["dense"]
    monkeypatch.setattr(accumulator, "clip", np.clip)
    monkeypatch.setattr(elementwise, "clip", np.clip)
    monkeypatch.setattr(depthwise, "einsum", np.einsum)
    np.testing.assert_array_equal(Interpreter(residual()).run(images(2))["dense"], wanted)


def test_profile_times_every_step() -> None:
    graph = residual()
    found = profile(Interpreter(graph), {"image": images(1)}, runs=5, warmup=1)
    assert [step.layer for step in found.steps] == [node.name for node in graph.nodes]
    assert 0 < found.minimum <= found.p50 <= found.p99
    assert found.arena_bytes >= 4 * plan_memory(graph).size
    assert found.scratch_bytes > 0
    totals = found.by_operator()
    assert set(totals) == {node.op for node in graph.nodes}
    assert sum(totals.values()) == pytest.approx(sum(step.microseconds for step in found.steps))
    assert list(totals.values()) == sorted(totals.values(), reverse=True)
