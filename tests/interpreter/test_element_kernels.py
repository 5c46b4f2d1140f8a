"""Kernels that work element by element or move elements: every case, in every arithmetic.

Int8 must equal the slow reference in every bit, on random inputs and at both ends of the range.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from edgekit.interpreter import Interpreter
from edgekit.interpreter.interpreter import Observer
from edgekit.ir import Graph, GraphBuilder, per_tensor
from edgekit.ir.metadata import ARITHMETICS
from tests import reference_int8
from tests.cases import CASES, Case, float_graph, int8_graph, random_inputs
from tests.cases.case import case

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
    case("ResizeNearest", x=(1, 2, 3, 1), factors=(3, 4)),
]
INT8 = [c for c in [*CASES, *MORE_CASES] if c.op in reference_int8.OPERATORS]
FLOAT_ONLY = [c for c in CASES if c.op in ("Div", "BatchNorm")]
IMAGES = [
    (make, c)
    for make, cases in ((float_graph, INT8 + FLOAT_ONLY), (int8_graph, INT8))
    for c in cases
    if len(c.shapes.get("x", ())) == 4
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
            continue
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
