"""Lookup tables: their entries against the written contract, and the pass that stores them.

That LiteRT computes the same is tested with the kernels, tests/interpreter.
"""

from __future__ import annotations

import math
import sys
from textwrap import dedent
from typing import Any

import numpy as np
import pytest

from edgekit.errors import QuantizationError, ShapeError, UnsupportedOperator
from edgekit.frozen import replace
from edgekit.ir import OPS, Graph, Metadata, Node, Value, per_channel, per_tensor, validate
from edgekit.ir.fixed_point import divide, high_product, multiplier_and_shift
from edgekit.ir.graph import ARITHMETICS
from edgekit.ir.passes import store_tables
from edgekit.ir.quant import QuantParams
from edgekit.ir.tables import table_for
from tests import reference_int8
from tests.reference_int8 import f32

UNARY: list[tuple[str, dict[str, Any]]] = [
    ("Sigmoid", {}),
    ("Tanh", {}),
    ("HardSwish", {}),
    ("LeakyRelu", {"alpha": 0.01}),
    ("LeakyRelu", {"alpha": -3.0}),
    ("Elu", {}),
    ("Elu", {"alpha": 0.4}),
    ("Gelu", {}),
    ("Gelu", {"approximate": True}),
]


def int8(name: str, quant: QuantParams | None) -> Value:
    return Value(name, (None, 4), "int8", None, quant)


@pytest.mark.parametrize("arithmetic", ARITHMETICS)
@pytest.mark.parametrize(("op", "attrs"), UNARY)
def test_entries_follow_the_contract(op: str, attrs: dict[str, Any], arithmetic: str) -> None:
    rng = np.random.default_rng(len(op))
    for number in range(12):
        scale = np.float32(np.exp(rng.uniform(-7, 1)) if number % 3 else 2.0 ** -(number // 3))
        ratio = np.exp(rng.uniform(-6, 3)) if number % 3 else 2.0 ** (number - 6)
        x = int8("x", per_tensor(scale, int(rng.integers(-128, 128))))
        fixed = OPS[op].output_quant
        y = int8("y", fixed or per_tensor(scale * ratio, int(rng.integers(-128, 128))))
        node = Node(op, ("x",), ("y",), attrs, "layer")
        table = table_for(node, x, y, arithmetic)
        one = reference_int8.ONE_INPUT[op]
        wanted = [one(node, x, y, arithmetic, stored) for stored in range(-128, 128)]
        assert table.dtype == np.int8
        np.testing.assert_array_equal(table, wanted)


@pytest.mark.parametrize("scale", [0.003, 0.11, 2.0])
def test_softmax_holds_exponentials(scale: float) -> None:
    x, y = int8("x", per_tensor(scale, 3)), int8("y", OPS["Softmax"].output_quant)
    node = Node("Softmax", ("x",), ("y",), {"beta": 0.5})
    table = table_for(node, x, y, "float32")
    assert table.dtype == np.float32 and table.shape == (256,)
    factor = -f32(f32(scale) * 0.5)
    assert table.tolist() == [f32(math.exp(f32(factor * d))) for d in range(256)]


def test_a_hard_swish_that_the_runtimes_refuse() -> None:
    """Below s_x / 128 there is no 16-bit multiplier; the exact value, rounded, saturates."""
    x, y = int8("x", per_tensor(1.0, 0)), int8("y", per_tensor(2.0**-9, 0))
    table = table_for(Node("HardSwish", ("x",), ("y",)), x, y, "float32")
    wanted = [-1 / 3, -1 / 3, 0, 2 / 3, 5 / 3]
    clipped = [min(max(round(v * 512), -128), 127) for v in wanted]
    assert table[126:131].tolist() == clipped


def test_what_has_no_table_is_refused() -> None:
    x = int8("x", per_tensor(0.1))
    with pytest.raises(UnsupportedOperator, match="Relu"):
        table_for(Node("Relu", ("x",), ("y",)), x, x, "float32")
    with pytest.raises(QuantizationError, match="'y' needs one scale"):
        table_for(Node("Tanh", ("x",), ("y",), {}, "t"), x, int8("y", None), "float32")
    many = per_channel(np.ones(4, np.float32), 1)
    with pytest.raises(QuantizationError, match="'x' needs one scale"):
        table_for(Node("Tanh", ("x",), ("y",)), int8("x", many), x, "float32")
    with pytest.raises(QuantizationError, match="float16"):
        table_for(Node("Tanh", ("x",), ("y",)), x, x, "float16")


def graph_of(*ops: str, arithmetic: str = "float32", dtype: str = "int8") -> Graph:
    """A chain of operators without tables, which the builder would refuse."""
    quants = [per_tensor(0.05, 3), *(OPS[op].output_quant or per_tensor(0.04, -7) for op in ops)]
    names = ["x", *(f"v{i}" for i in range(len(ops)))]
    nodes = [
        Node(op, (names[i],), (names[i + 1],), {}, f"{op.lower()}{i}") for i, op in enumerate(ops)
    ]
    kept = [quant if dtype == "int8" else None for quant in quants]
    values = {n: Value(n, (None, 4), dtype, None, q) for n, q in zip(names, kept, strict=True)}
    metadata = Metadata(arithmetic=arithmetic)
    return Graph(("x",), (names[-1],), tuple(nodes), values, "chain", metadata)


def test_store_tables_gives_each_node_its_table() -> None:
    graph = graph_of("Tanh", "Relu", "Softmax")
    with pytest.raises(ShapeError, match="tanh0.*store_tables"):
        validate(graph)
    stored = store_tables(graph)
    validate(stored)
    assert str(stored) == dedent(
        """\
        graph chain(x:int8[?, 4] 0.05@3):
          v0:int8[?, 4] 0.0078125@0 = Tanh(x, tanh0_table)
          v1:int8[?, 4] 0.04@-7 = Relu(v0)
          v2:int8[?, 4] 0.00390625@-128 = Softmax(v1, softmax2_table)
          return v2"""
    )
    first, second = stored.value("tanh0_table"), stored.value("softmax2_table")
    assert (first.dtype, second.dtype) == ("int8", "float32")
    wanted = table_for(graph.nodes[0], graph.value("x"), graph.value("v0"), "float32")
    np.testing.assert_array_equal(first.array(), wanted)


def test_store_tables_follows_the_arithmetic() -> None:
    tables = [
        store_tables(graph_of("LeakyRelu", arithmetic=a)).value("leakyrelu0_table").array()
        for a in ARITHMETICS
    ]
    assert (tables[0] != tables[1]).any()


def test_store_tables_keeps_what_is_there_and_leaves_float_alone() -> None:
    graph = graph_of("Tanh", dtype="float32")
    assert store_tables(graph) is graph
    stored = store_tables(graph_of("Tanh"))
    assert store_tables(stored) is stored


def test_equal_tables_are_stored_once() -> None:
    graph = graph_of("Tanh", "Tanh", "Tanh")  # the second and the third read the scale of a Tanh
    stored = store_tables(graph)
    assert [node.inputs[1] for node in stored.nodes] == [
        "tanh0_table",
        "tanh1_table",
        "tanh1_table",
    ]
    assert [value.name for value in stored.constants()] == ["tanh0_table", "tanh1_table"]


def test_a_table_gets_a_name_that_is_free() -> None:
    graph = graph_of("Tanh")
    taken = Value("tanh0_table", (1,), "float32", np.zeros(1, np.float32))
    stored = store_tables(graph.with_nodes(graph.nodes, [taken]))
    assert stored.nodes[0].inputs == ("x", "tanh0_table_1")


def test_a_table_must_be_a_constant_of_256_entries() -> None:
    stored = store_tables(graph_of("Tanh"))
    short = Value("tanh0_table", (3,), "int8", np.zeros(3, np.int8))
    with pytest.raises(ShapeError, match=r"lookup table is a constant of shape \[256\]"):
        validate(stored.with_nodes(stored.nodes, [short]))
    computed = replace(stored.value("tanh0_table"), data=None, quant=per_tensor(1.0))
    graph = stored.with_nodes(stored.nodes, [computed])
    with pytest.raises(ShapeError, match=r"lookup table is a constant"):
        validate(replace(graph, inputs=("x", "tanh0_table")))


@pytest.mark.parametrize(
    "real",
    [1.0, 0.5, 2.0**-31, 2.0**-40, 0.0, 3e9, -0.3, 1 - 2.0**-33, math.pi, sys.float_info.min],
)
def test_multipliers_stand_for_their_scale(real: float) -> None:
    multiplier, shift = multiplier_and_shift(real)
    if abs(real) < 2.0**-32:
        assert multiplier == 0
    elif abs(real) < 2.0**30:
        assert 2**30 <= abs(multiplier) < 2**31
        assert math.isclose(multiplier * 2.0 ** (shift - 31), real, rel_tol=2.0**-31)
    else:
        assert (multiplier, shift) == (2**31 - 1, 30)


def test_roundings_of_halves() -> None:
    numbers = np.array([-6, -5, -3, -2, -1, 0, 1, 2, 3, 5, 6])
    assert divide(numbers, 1).tolist() == [-3, -3, -2, -1, -1, 0, 1, 1, 2, 3, 3]
    assert divide(numbers, 0).tolist() == numbers.tolist()
    assert high_product(numbers, 2**30).tolist() == [-3, -2, -1, -1, 0, 0, 1, 1, 2, 3, 3]
