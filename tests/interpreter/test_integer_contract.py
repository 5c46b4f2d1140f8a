"""uint8 and int16 against the slow reference: no other runtime is needed here."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from edgekit.interpreter import Interpreter
from edgekit.ir import Graph
from edgekit.ir.graph import ARITHMETICS
from edgekit.ir.ops import spec
from tests import reference_int8, reference_sums
from tests.cases import CASES, Case, quantized_graph, random_inputs
from tests.cases.case import case

DTYPES = ("int8", "uint8", "int16")
MORE_CASES = [
    case("Dense", x=(2, 400), weight=(3, 400), bias=(3,)),
    case("Conv2D", x=(1, 4, 4, 4), weight=(4, 1, 1, 2), bias=(4,), groups=2),
    case("Softmax", x=(2, 2)),
    case("Softmax", x=(1, 300), beta=2.3),
    case("LeakyRelu", x=(1, 40), alpha=-1.5),
]
SMALL = 600
"""Elements of an output that the reference can compute while one waits."""


def elements(case: Case) -> int:
    graph = quantized_graph(case, "int8")
    shape = graph.value(graph.outputs[0]).shape
    return int(np.prod([case.batch if d is None else d for d in shape]))


def wanted(graph: Graph, inputs: dict[str, Any]) -> Any:
    summed = graph.nodes[0].op in reference_sums.OPERATORS
    return (reference_sums if summed else reference_int8).expected(graph, inputs)


KNOWN = {*reference_sums.OPERATORS, *reference_int8.OPERATORS}
ALL = [
    (c, dtype)
    for c in [*CASES, *MORE_CASES]
    for dtype in DTYPES
    if c.op in KNOWN and c.has_int8 and not c.dtypes and dtype in spec(c.op).dtypes
    # What is int8 and no sum is compared in test_element_kernels.py.
    if (dtype != "int8" or c.op in reference_sums.OPERATORS) and elements(c) <= SMALL
]


@pytest.mark.parametrize("arithmetic", ARITHMETICS)
@pytest.mark.parametrize(("case", "dtype"), ALL, ids=str)
def test_every_case_follows_the_contract(case: Case, dtype: str, arithmetic: str) -> None:
    graph = quantized_graph(case, dtype, arithmetic)
    for kind in ("uniform", "low", "high"):
        inputs = random_inputs(graph, case.batch, seed=2, kind=kind)
        (found,) = Interpreter(graph).run(inputs).values()
        assert found.dtype == graph.value(graph.outputs[0]).dtype
        np.testing.assert_array_equal(found, wanted(graph, inputs), err_msg=kind)


WEIGHTED = [
    c for c in [*CASES, *MORE_CASES] if c.op in ("Dense", "Conv2D") and elements(c) <= SMALL
]


@pytest.mark.parametrize("arithmetic", ARITHMETICS)
@pytest.mark.parametrize("case", WEIGHTED, ids=str)
def test_a_narrow_bias_rounds_in_its_own_way(case: Case, arithmetic: str) -> None:
    """int16 sums with a bias of 32 bits; 400 products of extremes do not fit, and wrap."""
    graph = quantized_graph(case, "int16", arithmetic, bias="int32")
    for kind in ("uniform", "high"):
        inputs = random_inputs(graph, case.batch, seed=3, kind=kind)
        (found,) = Interpreter(graph).run(inputs).values()
        np.testing.assert_array_equal(found, wanted(graph, inputs))
