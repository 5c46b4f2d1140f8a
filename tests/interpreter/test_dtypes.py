"""Activations that are plain integers or truth values: how they come in, lie and go out."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from edgekit.errors import InputError
from edgekit.interpreter import Interpreter
from edgekit.ir import Graph, GraphBuilder, plan_memory
from edgekit.ir.memory import MemoryPlan, Slot, check_plan


def mixed() -> Graph:
    """int64 between float32 and bool, so that every dtype takes over memory of another."""
    builder = GraphBuilder("mixed")
    x = builder.input("x", (None, 5))
    n = builder.input("n", (None, 5), "int64")
    mask = builder.input("mask", (None, 5), "bool")
    whole = builder.add("Cast", x, dtype="int64", name="whole")
    total = builder.add("Add", whole, n, name="total")
    real = builder.add("Cast", total, dtype="float32", name="real")
    chosen = builder.add("Select", real, x, mask, name="chosen")
    places = builder.add("ArgMax", chosen, axis=1, dtype="int32", name="places")
    large = builder.add("Greater", chosen, x, name="large")
    return builder.finish([total, chosen, places, large])


def arrays(batch: int) -> tuple[Any, Any, Any]:
    rng = np.random.default_rng(batch)
    x = rng.normal(0, 10, (batch, 5)).astype(np.float32)
    n = rng.integers(-(2**40), 2**40, (batch, 5))
    return x, n, rng.integers(0, 2, (batch, 5)).astype(bool)


@pytest.mark.parametrize("batch", [1, 3, 70])
def test_every_dtype_keeps_its_numbers(batch: int) -> None:
    """Also in a batch that is run in chunks."""
    x, n, mask = arrays(batch)
    found = Interpreter(mixed()).run(x, n, mask)
    total = x.astype(np.int64) + n
    chosen = np.where(mask, total.astype(np.float32), x)
    wanted = {"total": total, "chosen": chosen, "large": chosen > x}
    wanted["places"] = chosen.argmax(1).astype(np.int32)
    for name, array in wanted.items():
        assert found[name].dtype == array.dtype
        np.testing.assert_array_equal(found[name], array)


def test_results_are_copies() -> None:
    interpreter = Interpreter(mixed())
    first = interpreter.run(*arrays(1))
    kept = {name: array.copy() for name, array in first.items()}
    x, n, mask = arrays(1)
    interpreter.run(x + 5, n + 5, ~mask)
    for name, array in first.items():
        np.testing.assert_array_equal(array, kept[name])


def test_integers_are_taken_where_none_is_lost() -> None:
    x, n, mask = arrays(1)
    small = (n % 100).astype(np.int8)
    interpreter = Interpreter(mixed())
    found = interpreter.run(x, small, mask)["total"]
    np.testing.assert_array_equal(found, interpreter.run(x, small.astype(np.int64), mask)["total"])


@pytest.mark.parametrize(
    ("position", "array", "message"),
    [
        (1, np.zeros((1, 5), np.float32), "input 'n' expects int64, received float32"),
        (1, np.zeros((1, 5), np.uint64), "input 'n' expects int64, received uint64"),
        (2, np.zeros((1, 5), np.int64), "input 'mask' expects bool, received int64"),
    ],
)
def test_other_dtypes_are_refused(position: int, array: Any, message: str) -> None:
    given = list(arrays(1))
    given[position] = array
    with pytest.raises(InputError, match=message):
        Interpreter(mixed()).run(*given)


def test_an_int64_takes_two_elements() -> None:
    builder = GraphBuilder()
    n = builder.input("n", (None, 40), "int64")
    graph = builder.finish([builder.add("Neg", n, name="y")])
    plan = plan_memory(graph)
    assert {slot.size for slot in plan.slots.values()} == {80}
    assert not check_plan(graph, plan)
    slots = {name: Slot(i * 40, 40) for i, name in enumerate(plan.slots)}
    assert "too small" in check_plan(graph, MemoryPlan(80, slots))[0]


def test_predict_gives_real_numbers() -> None:
    x, n, mask = arrays(2)
    found = Interpreter(mixed()).predict({"x": x, "n": n, "mask": mask})
    assert {array.dtype.name for array in found.values()} == {"float32"}


@pytest.mark.parametrize("index", [-1, 0, 2, 4])
def test_one_hot_of_a_single_number(index: int) -> None:
    """A class without a batch: numpy looks for places in one dimension or more."""
    builder = GraphBuilder("single")
    which = builder.input("which", (), "int32")
    on, off = (builder.constant(np.array(x, np.float32), f"is_{x}") for x in (7, 3))
    hot = builder.add("OneHot", on, off, which, depth=4, name="hot")
    found = Interpreter(builder.finish([hot])).run(np.int32(index))["hot"]
    expected = [7.0 if place == index else 3.0 for place in range(4)]
    np.testing.assert_array_equal(found, expected)
