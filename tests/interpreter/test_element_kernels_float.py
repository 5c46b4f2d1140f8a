"""The float32 kernels that work element by element or move elements, against float64.

A single operation of float32 is off by 2^-24 of its result at most; the tolerance of an operator
is that, times the operations in a row and how much they magnify it.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from edgekit.interpreter import Interpreter
from edgekit.ir import Graph, GraphBuilder, attributes
from tests import reference_int8
from tests.cases import CASES, Case, float_graph, random_inputs

ROUNDING = 2.0**-24


def batch_norm(x: Any, gamma: Any, beta: Any, mean: Any, variance: Any, epsilon: float) -> Any:
    return gamma * (x - mean) / np.sqrt(variance + epsilon) + beta


def add(x: Any, y: Any, activation: str) -> Any:
    total = x + y
    if activation == "none":
        return total
    return np.clip(total, 0, 6 if activation == "relu6" else np.inf)


def sigmoid(t: float) -> float:
    return 1 / (1 + math.exp(-t)) if t > 0 else math.exp(t) / (1 + math.exp(t))


def gelu(t: float, approximate: bool) -> float:
    if approximate:
        return 0.5 * t * (1 + math.tanh(math.sqrt(2 / math.pi) * (t + 0.044715 * t**3)))
    return 0.5 * t * (1 + math.erf(t / math.sqrt(2)))


def each(function: Callable[..., float]) -> Callable[..., Any]:
    """Element by element, in Python."""

    def apply(x: Any, **attrs: Any) -> Any:
        flat = [function(t, **attrs) for t in x.ravel().tolist()]
        return np.array(flat, np.float64).reshape(x.shape)

    return apply


# operator -> its formula in float64, and how many roundings of a result of magnitude 1 it may
# be off by. Gelu's error function is good to 1.5e-7, two and a half roundings, times |x|.
FORMULAS: dict[str, tuple[Callable[..., Any], float]] = {
    "Add": (add, 1),
    "Sub": (lambda x, y: x - y, 1),
    "Mul": (lambda x, y: x * y, 1),
    "Div": (lambda x, y: x / y, 1),
    "Maximum": (np.maximum, 0),
    "Minimum": (np.minimum, 0),
    "BatchNorm": (batch_norm, 8),
    "Relu": (each(lambda t: max(t, 0.0)), 0),
    "Relu6": (each(lambda t: min(max(t, 0.0), 6.0)), 0),
    "Sigmoid": (each(sigmoid), 8),
    "Tanh": (each(math.tanh), 4),
    "HardSwish": (each(lambda t: t * min(max(t + 3, 0.0), 6.0) / 6), 6),
    "LeakyRelu": (each(lambda t, alpha: t if t > 0 else alpha * t), 2),
    "Elu": (each(lambda t, alpha: t if t > 0 else alpha * math.expm1(t)), 6),
    "Gelu": (each(gelu), 30),
}
FORMULA_CASES = [case for case in CASES if case.op in FORMULAS and not case.dtypes]
MOVES = [case for case in CASES if case.op in reference_int8.MOVES]


def test_every_operator_is_here() -> None:
    assert {case.op for case in FORMULA_CASES} == set(FORMULAS)
    assert {case.op for case in MOVES} == set(reference_int8.MOVES)


@pytest.mark.parametrize("case", FORMULA_CASES, ids=str)
def test_against_float64(case: Case) -> None:
    formula, roundings = FORMULAS[case.op]
    graph = float_graph(case)
    (node,) = graph.nodes
    inputs = random_inputs(graph, batch=case.batch, seed=4)
    arrays = [
        inputs[name] if name in inputs else graph.value(name).array()
        for name in node.inputs
        if name is not None
    ]
    wanted = formula(*(a.astype(np.float64) for a in arrays), **attributes(node))
    (found,) = Interpreter(graph).run(inputs).values()
    assert found.dtype == np.float32
    tolerance = roundings * ROUNDING
    np.testing.assert_allclose(found, wanted, rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize("case", MOVES, ids=str)
def test_moves_are_exact(case: Case) -> None:
    graph = float_graph(case)
    inputs = random_inputs(graph, batch=case.batch, seed=4)
    (found,) = Interpreter(graph).run(inputs).values()
    np.testing.assert_array_equal(found, reference_int8.expected(graph, inputs))


def one(op: str, **attrs: Any) -> Graph:
    builder = GraphBuilder(op)
    return builder.finish([builder.add(op, builder.input("x", (None, 6)), name="layer", **attrs)])


FAR = np.array([[-1e30, -200.0, -0.0, 0.0, 200.0, 1e30]], np.float32)


@pytest.mark.parametrize(
    ("op", "attrs", "wanted"),
    [
        ("Sigmoid", {}, [0, 0, 0.5, 0.5, 1, 1]),
        ("Tanh", {}, [-1, -1, 0, 0, 1, 1]),
        ("Elu", {"alpha": 2.0}, [-2, -2, 0, 0, 200, 1e30]),
        ("Gelu", {}, [0, 0, 0, 0, 200, 1e30]),
        ("Gelu", {"approximate": True}, [0, 0, 0, 0, 200, 1e30]),
        ("HardSwish", {}, [0, 0, 0, 0, 200, 1e30]),
        ("Relu6", {}, [0, 0, 0, 0, 6, 6]),
        ("LeakyRelu", {"alpha": 2.0}, [-2e30, -400, 0, 0, 200, 1e30]),
    ],
)
def test_far_from_zero_nothing_overflows(op: str, attrs: dict[str, Any], wanted: Any) -> None:
    """Warnings are errors here; the limits are reached to within a rounding."""
    (found,) = Interpreter(one(op, **attrs)).run(FAR).values()
    np.testing.assert_allclose(found[0], wanted, rtol=1e-6, atol=1e-6)


def test_division_by_zero_is_silent_and_ieee() -> None:
    builder = GraphBuilder("Div")
    names = [builder.input(name, (None, 3)) for name in ("x", "y")]
    graph = builder.finish([builder.add("Div", *names)])
    inputs = {
        "x": np.array([[1.0, -1.0, 0.0]], np.float32),
        "y": np.array([[0.0, 0.0, 0.0]], np.float32),
    }
    (found,) = Interpreter(graph).run(inputs).values()
    np.testing.assert_array_equal(found, [[np.inf, -np.inf, np.nan]])


@pytest.mark.parametrize("approximate", [False, True])
def test_gelu_over_its_range(approximate: bool) -> None:
    """Within 2.5e-7 times the larger of 1 and |x|: 1.5e-7 of the polynomial, and its roundings."""
    x = np.linspace(-12, 12, 6000, dtype=np.float32).reshape(-1, 6)
    (found,) = Interpreter(one("Gelu", approximate=approximate)).run(x).values()
    wanted = each(gelu)(x.astype(np.float64), approximate=approximate)
    assert np.max(np.abs(found - wanted) / np.maximum(np.abs(x), 1)) < 2.5e-7
