"""Sizes, loops and numbers that a valid file may name and no machine can or should follow."""

from __future__ import annotations

import time

import numpy as np
import pytest

from edgekit.errors import ModelFormatError, ShapeError, UnsupportedOperator
from edgekit.frozen import replace
from edgekit.interpreter import Interpreter, plan
from edgekit.ir import Graph, GraphBuilder, Metadata, per_channel, per_tensor, plan_memory, validate


def chain(*shape: int | None) -> Graph:
    g = GraphBuilder("chain")
    return g.finish([g.add("Relu", g.input("x", shape), name="y")])


def test_activations_larger_than_any_machine_are_refused_before_they_are_allocated() -> None:
    graph = chain(None, 2**16, 2**13, 2)
    with pytest.raises(ModelFormatError, match="'chain' needs 8589934592 bytes for the activatio"):
        Interpreter(graph)


def test_the_limit_counts_the_arena_that_a_file_names(monkeypatch: pytest.MonkeyPatch) -> None:
    graph = chain(None, 4)
    memory = replace(plan_memory(graph), size=plan.LARGEST_ARENA + 1)
    with pytest.raises(ModelFormatError, match="allowed are 2147483648"):
        plan.make_plan(graph, memory, 1)


def test_constants_that_share_one_buffer_are_counted_one_by_one() -> None:
    """A megabyte of weights, named 513 times."""
    g = GraphBuilder("shared")
    x = g.input("x", (1, 2**20), "int8", per_tensor(0.1))
    data = np.zeros((1, 2**20), np.int8)
    for i in range(513):
        c = g.constant(data, f"c{i}", per_tensor(0.1))
        y = g.add("Add", x, c, name=f"y{i}", quant=per_tensor(0.1))
    with pytest.raises(ModelFormatError, match="constants of 537919488 elements in all; allowed"):
        Interpreter(g.finish([y]))


def test_memory_that_the_machine_does_not_give_is_a_model_error(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def refuse(*arguments: object) -> None:
        raise MemoryError

    monkeypatch.setattr("edgekit.interpreter.interpreter.make_plan", refuse)
    with pytest.raises(ModelFormatError, match="more memory than this machine gives"):
        Interpreter(chain(None, 4))


def test_floats_beyond_the_largest_become_infinite_without_a_warning() -> None:
    g = GraphBuilder("huge")
    x = g.input("x", (None, 2))
    w = g.constant(np.array([[3e38, 3e38]], np.float32), "w")
    graph = g.finish([g.add("Dense", g.add("Mul", x, x, name="square"), w, name="y")])
    found = Interpreter(graph).run(np.array([[1e30, -1e30]], np.float32))["y"]
    assert found.tolist() == [[float("inf")]]


def test_a_variance_below_zero_gives_nan_without_a_warning() -> None:
    g = GraphBuilder("norm")
    x = g.input("x", (None, 1))
    numbers = [g.constant(np.array([n], np.float32), "c") for n in (1, 0, 0, -5)]
    graph = g.finish([g.add("BatchNorm", x, *numbers, name="y")])
    assert np.isnan(Interpreter(graph).run(np.ones((1, 1), np.float32))["y"]).all()


def test_integer_operands_have_a_scale() -> None:
    g = GraphBuilder("bare")
    x = g.input("x", (None, 2), "int8", per_tensor(0.1))
    table = g.constant(np.array([1, 2], np.int8), "table")
    y = g.add("Sub", x, table, name="y", quant=per_tensor(0.1))
    with pytest.raises(ShapeError, match="Sub 'y': input 'table' holds integers and has no scale"):
        g.finish([y])


def test_integer_parameters_have_a_scale() -> None:
    g = GraphBuilder("bare")
    x = g.input("x", (None, 2), "int8", per_tensor(0.1))
    alpha = g.constant(np.array([1, 2], np.int8), "alpha")
    y = g.add("Prelu", x, alpha, name="y", quant=per_tensor(0.1))
    with pytest.raises(ShapeError, match="'y': input 'alpha' holds integers and has no scale"):
        g.finish([y])


@pytest.mark.parametrize("arithmetic", ["float32", "fixedpoint"])
def test_the_smallest_scale_there_is_makes_six_larger_than_any_integer(arithmetic: str) -> None:
    g, tiny = GraphBuilder("tiny"), per_tensor(np.float32(1e-45), 5)
    x = g.input("x", (None, 2), "int8", tiny)
    y = g.add("Add", x, x, name="y", quant=tiny, activation="relu6")
    graph = g.finish([y], Metadata(arithmetic=arithmetic))
    found = Interpreter(graph).run(np.array([[5, 127]], np.int8))["y"]
    assert found.tolist() == [[5, 127]]


@pytest.mark.parametrize("arithmetic", ["float32", "fixedpoint"])
def test_integers_overflow_silently_too(arithmetic: str) -> None:
    """A sum of products at an output scale of 1e-39: infinitely many steps, so the last one."""
    g = GraphBuilder("tiny")
    x = g.input("x", (None, 2), "int8", per_tensor(1.0))
    w = g.constant(np.full((1, 2), 127, np.int8), "w", per_tensor(1.0))
    y = g.add("Dense", x, w, name="y", quant=per_tensor(np.float32(1e-39)))
    graph = g.finish([y], Metadata(arithmetic=arithmetic))
    assert Interpreter(graph).run(np.array([[127, 127]], np.int8))["y"].tolist() == [[127]]


def test_a_computed_weight_is_named() -> None:
    g = GraphBuilder("computed")
    x, w = g.input("x", (1, 4, 4, 2)), g.input("w", (3, 2, 2, 2))
    graph = g.finish([g.add("TransposeConv2D", x, w, name="up", size=(8, 8), strides=(2, 2))])
    with pytest.raises(UnsupportedOperator, match="layer 'up': input 'w' is computed while the mo"):
        Interpreter(graph)


def test_required_inputs_behind_optional_ones_are_missed() -> None:
    g = GraphBuilder("svdf")
    names = [g.input("x", (1, 3))] + [
        g.constant(np.ones(shape, np.float32), "w") for shape in ((4, 3), (4, 2), (4,))
    ]
    with pytest.raises(ShapeError, match="Svdf 'y': input 'state' is missing"):
        g.add("Svdf", *names, name="y")


def test_a_table_that_is_left_out_is_missed() -> None:
    g = GraphBuilder("bare")
    x = g.input("x", (1, 3), "int8", per_tensor(0.1))
    y = g.add("Sigmoid", x, g.constant(np.zeros(256, np.int8), "table"), name="y")
    graph = g.finish([y])
    node = replace(graph.nodes[0], inputs=("x", None))
    with pytest.raises(ShapeError, match="an int8 node stores its lookup table"):
        validate(replace(graph, nodes=(node,)))


def test_integers_are_padded_with_integers() -> None:
    g = GraphBuilder("pad")
    x = g.input("x", (2,), "int32")
    with pytest.raises(ShapeError, match=r"Pad 'y': int32 cannot be padded with 1e\+30"):
        g.add("Pad", x, name="y", pads=(1, 1), value=1e30)


def test_operands_have_one_scale() -> None:
    g = GraphBuilder("split")
    x = g.input("x", (2, 3), "int8", per_tensor(0.1))
    rows = g.constant(np.ones((2, 3), np.int8), "rows", per_channel(np.array([0.1, 0.2]), 0))
    y = g.add("Add", x, rows, name="y", quant=per_tensor(0.1))
    with pytest.raises(ShapeError, match="Add 'y': input 'rows' has several scales; only weights"):
        g.finish([y])


def test_a_quantized_scalar_is_computed_with() -> None:
    g = GraphBuilder("scalar")
    x = g.constant(np.array(7, np.int8), "x", per_tensor(0.5, 3))
    graph = g.finish([g.add("Dequantize", x, name="y")])
    assert Interpreter(graph).run()["y"].tolist() == 2.0


@pytest.mark.parametrize("shape", [(1, 2, 3), (1, 2, 3, 4, 5)])
def test_the_mean_of_two_axes_of_any_rank(shape: tuple[int, ...]) -> None:
    g = GraphBuilder("mean")
    graph = g.finish([g.add("Mean", g.input("x", shape), name="y", axes=(1, 2))])
    x = np.arange(np.prod(shape), dtype=np.float32).reshape(shape)
    assert Interpreter(graph).run(x)["y"].tolist() == x.mean((1, 2)).tolist()


@pytest.mark.parametrize("op", ["LogSoftmax", "L2Normalize"])
def test_what_works_along_rows_needs_one(op: str) -> None:
    g = GraphBuilder("rows")
    with pytest.raises(ShapeError, match="axis -1 does not exist in 0 dimensions"):
        g.add(op, g.input("x", ()), name="y")


def test_as_many_outputs_are_named_as_there_are() -> None:
    g = GraphBuilder("two")
    x = g.input("x", (None, 2))
    with pytest.raises(ShapeError, match="Relu 'r' gives 1 outputs, not 2"):
        g.add_all("Relu", x, name="r", outputs=["a", "b"], quants=[None, None])


@pytest.mark.parametrize("op", ["MaxPool2D", "AveragePool2D"])
def test_a_border_that_dwarfs_its_input_is_refused(op: str) -> None:
    """The largest window that the attributes allow, over one pixel: a border of 17 GB."""
    g = GraphBuilder("window")
    x = g.input("x", (1, 1, 1, 1))
    end = 2**15 - 1
    with pytest.raises(ShapeError, match="pads of 4294836224 elements around 1; allowed are 4194"):
        g.add(op, x, name="y", pool=(2**15, 2**15), pads=(end,) * 4, strides=(2**15, 2**15))


@pytest.mark.parametrize("op", ["MaxPool2D", "AveragePool2D"])
def test_the_largest_window_runs_in_a_moment(op: str) -> None:
    g = GraphBuilder("window")
    x = g.input("x", (1, 2**16, 1, 1))
    graph = g.finish([g.add(op, x, name="y", pool=(2**15, 1), strides=(2**15, 1))])
    start = time.process_time()
    found = Interpreter(graph).run(np.ones((1, 2**16, 1, 1), np.float32))["y"]
    assert time.process_time() - start < 2
    assert found.shape == (1, 2, 1, 1) and (found == 1).all()


def test_constant_indices_outside_are_the_models_fault() -> None:
    g = GraphBuilder("rows")
    x = g.input("x", (5, 2))
    rows = g.constant(np.array([1, 5], np.int32), "rows")
    graph = g.finish([g.add("Gather", x, rows, name="y")])
    with pytest.raises(ModelFormatError, match=r"layer 'y': index \[5\] is not within \[5\]"):
        Interpreter(graph)


def test_thousands_of_nodes_are_planned_without_quadratic_time() -> None:
    def seconds(count: int) -> float:
        g = GraphBuilder("long")
        name = g.input("x", (None, 4))
        for i in range(count):
            name = g.add("Relu", name, name=f"n{i}")
        graph = g.finish([name])
        start = time.process_time()
        validate(graph)
        plan_memory(graph)
        Interpreter(graph)
        return time.process_time() - start

    assert seconds(4000) < 4 * 3 * max(seconds(1000), 0.02)


def test_thousands_of_memories_are_planned_in_a_moment() -> None:
    """A ring: each becomes what the one before was, so that each must be set aside."""
    count = 4000
    g = GraphBuilder("ring")
    x = g.input("x", (1, 1))
    start = np.arange(count, dtype=np.float32).reshape(count, 1, 1)
    memories = [g.state(f"m{i}", start[i]) for i in range(count)]
    for i, memory in enumerate(memories):
        g.keep(memories[i - 1], memory)
    graph = g.finish([g.add("Add", x, memories[0], name="y")])
    began = time.process_time()
    interpreter = Interpreter(graph)
    zero = np.zeros((1, 1), np.float32)
    assert [interpreter.run(zero)["y"].item() for _ in range(3)] == [0, count - 1, count - 2]
    assert time.process_time() - began < 2
