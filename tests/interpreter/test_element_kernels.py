"""Kernels that work element by element or move elements: every case, in every arithmetic.

Int8 must equal the slow reference in every bit, on random inputs and at both ends of the range.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from edgekit.interpreter import Interpreter
from edgekit.interpreter.interpreter import Observer
from edgekit.interpreter.plan import make_plan
from edgekit.ir import Graph, GraphBuilder, per_tensor
from edgekit.ir.graph import ARITHMETICS
from edgekit.ir.memory import plan_memory
from tests import reference_int8
from tests.cases import CASES, Case, float_graph, int8_graph, random_inputs
from tests.cases.case import case
from tests.interpreter import random_graphs

MORE_CASES = [
    case("Add", x=(1, 1, 1, 4), y=(2, 3, 5, 4)),
    case("Add", x=(4,), y=(2, 3, 5, 4), constant=("x",)),
    case("Add", x=(3, 7), y=(1,), constant=("y",), activation="relu6"),
    case("Sub", x=(1,), y=(2, 9), constant=("x",)),
    case("Mul", x=(2, 3, 2, 4, 5), y=(1, 1, 2, 1, 5), constant=("y",)),
    case("Minimum", x=(2, 1, 5), y=(2, 4, 1)),
    case("LeakyRelu", x=(1, 40), alpha=1.5),
    case("LeakyRelu", x=(1, 40), alpha=-0.5),
    case("LeakyRelu", x=(1, 40), alpha=0.0),
    case("Elu", x=(2, 40), alpha=0.3),
    case("Pad", x=(2, 3, 4), pads=(0, 0, 0, 2, 3, 1), value=1.7),
    case("Reshape", x=(2, 3, 4), shape=(-1, 4, 3)),
    case("Reshape", x=(2, 4, 3, 2), shape=(-1, 3, 2, 4)),
    case("ResizeNearest", x=(1, 2, 3, 1), size=(6, 12)),
]
INT8 = [c for c in [*CASES, *MORE_CASES] if c.op in reference_int8.OPERATORS and not c.dtypes]
FLOAT_ONLY = [c for c in CASES if c.op in ("Div", "BatchNorm") and not c.dtypes]
MAKE_AND_CASE = [(float_graph, c) for c in INT8 + FLOAT_ONLY] + [
    (int8_graph, c) for c in INT8 if c.has_int8
]
IMAGES = [
    (make, case)
    for make, case in MAKE_AND_CASE
    if any(len(value.shape) == 4 for value in make(case).activations())
]


def test_every_kind_of_operator_is_here() -> None:
    assert {c.op for c in INT8} == reference_int8.OPERATORS


@pytest.mark.parametrize("kind", ["uniform", "low", "high"])
@pytest.mark.parametrize("arithmetic", ARITHMETICS)
@pytest.mark.parametrize("case", INT8, ids=str)
def test_int8_equals_the_written_contract(case: Case, arithmetic: str, kind: str) -> None:
    if case.float_only:
        case = Case(**{**vars(case), "float_only": ""})
    graph = int8_graph(case, arithmetic)
    if case.op == "Quantize":
        graph = graph.with_metadata(arithmetic=arithmetic)
    inputs = random_inputs(graph, batch=case.batch, seed=1, kind=kind)
    (found,) = Interpreter(graph).run(inputs).values()
    wanted = reference_int8.expected(graph, inputs)
    assert found.dtype == wanted.dtype
    np.testing.assert_array_equal(found, wanted)


def assert_follows_the_contract(graph: Graph, inputs: dict[str, Any]) -> None:
    (found,) = Interpreter(graph).run(inputs).values()
    np.testing.assert_array_equal(found, reference_int8.expected(graph, inputs))


def some_pairs(seed: int) -> dict[str, Any]:
    """256 of the 65 536 pairs: the reference takes its time."""
    rng = np.random.default_rng(seed)
    return {name: rng.integers(-128, 128, (1, 1, 256)).astype(np.int8) for name in ("x", "y")}


@pytest.mark.parametrize("seed", range(20))
@pytest.mark.parametrize("arithmetic", ARITHMETICS)
@pytest.mark.parametrize("op", random_graphs.SUMS_AND_PRODUCTS)
def test_sums_and_products_at_random_scales(op: str, arithmetic: str, seed: int) -> None:
    graph = random_graphs.two_inputs(op, arithmetic, seed, rows=1)
    assert_follows_the_contract(graph, some_pairs(seed))


@pytest.mark.parametrize("seed", [0, 1])
@pytest.mark.parametrize("op", ["Add", "Sub"])
def test_every_pair_of_inputs(op: str, seed: int) -> None:
    """All 65 536: a multiplier with one bit less is wrong in a few of them only."""
    graph = random_graphs.two_inputs(op, "float32", seed)
    assert_follows_the_contract(graph, random_graphs.PAIRS)


@pytest.mark.parametrize("ratios", [r for r in random_graphs.RATIOS_FAR_APART if min(r) < 2**-10])
def test_sums_of_scales_far_apart(ratios: tuple[float, float]) -> None:
    """There both arithmetics are the same, on every pair; the fast formula would differ."""
    graphs = [random_graphs.sum_far_apart("Add", a, ratios) for a in ARITHMETICS]
    fast, twice = (Interpreter(g).run(random_graphs.PAIRS)["layer"] for g in graphs)
    np.testing.assert_array_equal(fast, twice)


@pytest.mark.parametrize("arithmetic", ARITHMETICS)
@pytest.mark.parametrize(("op", "attrs"), random_graphs.ACTIVATIONS)
def test_activations_at_random_scales(op: str, attrs: dict[str, Any], arithmetic: str) -> None:
    rng = np.random.default_rng([len(op), len(attrs)])
    for _ in range(8):
        graph = random_graphs.activation(rng, op, arithmetic, attrs)
        assert_follows_the_contract(graph, {"x": random_graphs.EVERY[None]})


@pytest.mark.parametrize("arithmetic", ARITHMETICS)
@pytest.mark.parametrize("target", ["int8", "uint8"])
@pytest.mark.parametrize("source", ["int8", "uint8"])
def test_changes_of_scale(source: str, target: str, arithmetic: str) -> None:
    rng = np.random.default_rng(len(source) + 7 * len(target))
    for number in range(15):
        graph, inputs = random_graphs.change_of_scale(
            rng, source, target, arithmetic, exact=number % 3 == 0
        )
        assert_follows_the_contract(graph, inputs)


@pytest.mark.parametrize("arithmetic", ARITHMETICS)
@pytest.mark.parametrize("dtype", ["int8", "uint8"])
def test_quantize_and_dequantize(dtype: str, arithmetic: str) -> None:
    rng = np.random.default_rng(5)
    for _ in range(3):
        assert_follows_the_contract(*random_graphs.quantization(rng, dtype, arithmetic))
        assert_follows_the_contract(*random_graphs.dequantization(rng, dtype, arithmetic))


def test_most_sums_need_no_integers() -> None:
    """Five float32 passes; a ratio of one half has no exact float32 factors and takes nine."""
    passes = {}
    for ratio in (0.61, 0.5):
        graph = random_graphs.sum_far_apart("Add", "float32", (1.0, ratio))
        passes[ratio] = len(make_plan(graph, plan_memory(graph), 1).calls)
    assert passes == {0.61: 5, 0.5: 9}


@pytest.mark.parametrize("size", [1, 100, 2**14, 2**14 + 1, 40000])
def test_tables_of_any_length(size: int) -> None:
    """Long activations are looked up block by block."""
    rng = np.random.default_rng(size)
    builder = GraphBuilder("Tanh")
    x = builder.input("x", (None, size), "int8", per_tensor(0.1, 5))
    table = rng.integers(-128, 128, 256).astype(np.int8)
    graph = builder.finish([builder.add("Tanh", x, builder.constant(table, "table"))])
    stored = rng.integers(-128, 128, (2, size)).astype(np.int8)
    (found,) = Interpreter(graph).run(stored).values()
    np.testing.assert_array_equal(found, table[stored.astype(np.intp) + 128])


@pytest.mark.parametrize(("make", "case"), IMAGES, ids=lambda p: getattr(p, "__name__", str(p)))
def test_activations_within_a_border_give_the_same(make: Any, case: Case) -> None:
    """A convolution that reads an input and the output gives both a border of zeros in memory."""
    plain = make(case)
    bordered = with_padded_readers(plain)
    assert max(max(slot.margins) for slot in Interpreter(bordered).memory.slots.values()) > 0
    inputs = random_inputs(plain, batch=case.batch, seed=2)
    seen: dict[str, Any] = {}
    observe: Observer = seen.__setitem__
    (wanted,) = Interpreter(plain).run(inputs).values()
    interpreter = Interpreter(bordered)
    for _ in range(2):  # the second run meets what the first one left in memory
        interpreter.run(inputs, observe=observe)
        np.testing.assert_array_equal(seen["layer"], wanted)


def with_padded_readers(graph: Graph) -> Graph:
    """The graph, and a padded convolution on each input of rank 4 and on the output."""
    builder = GraphBuilder(graph.name)
    builder.values.update(graph.values)
    builder.inputs.extend(graph.inputs)
    builder.nodes.extend(graph.nodes)
    results = []
    for name in dict.fromkeys([*graph.inputs, graph.outputs[0]]):
        value = graph.value(name)
        if len(value.shape) != 4 or value.dtype == "uint8":
            continue  # only an image has a border, and no convolution reads uint8
        channels = int(value.shape[3] or 0)
        if value.dtype == "int8":
            weight = builder.constant(
                np.ones((1, 3, 3, channels), np.int8), f"{name}_weight", per_tensor(0.1)
            )
            quant = per_tensor(0.5, 3)
        else:
            weight = builder.constant(np.ones((1, 3, 3, channels), np.float32), f"{name}_weight")
            quant = None
        results.append(
            builder.add(
                "Conv2D", name, weight, name=f"{name}_reader", pads=(1, 2, 2, 1), quant=quant
            )
        )
    return builder.finish([*results, graph.outputs[0]], graph.metadata)
