"""Sums that float32 cannot hold: the switch to float64, huge biases, the ends of every range."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from edgekit.interpreter import Interpreter, arithmetic
from edgekit.interpreter.kernels import accumulator
from edgekit.ir import Graph, GraphBuilder, Metadata, per_channel, per_tensor
from edgekit.ir.graph import ARITHMETICS
from tests import reference


def dense_graph(
    weight: Any, bias: Any, x_zero: int, y_scale: float, rule: str, weight_scale: float = 0.01
) -> Graph:
    builder = GraphBuilder("wide")
    x = builder.input("x", (None, weight.shape[1]), "int8", per_tensor(0.05, x_zero))
    scales = np.full(len(weight), weight_scale, np.float32)
    w = builder.constant(weight.astype(np.int8), "weight", per_channel(scales, 0))
    b = builder.constant(np.asarray(bias, np.int32), "bias")
    y = builder.add("Dense", x, w, b, name="layer", quant=per_tensor(y_scale, 3))
    return builder.finish([y], Metadata(arithmetic=rule))


def spy_on_dtypes(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The dtypes in which sums are taken, in the order in which layers are prepared."""
    seen: list[str] = []
    original = accumulator.Accumulator.finish

    def finish(self: Any, sums: Any, y: Any) -> None:
        seen.append(sums.dtype.name)
        original(self, sums, y)

    monkeypatch.setattr(accumulator.Accumulator, "finish", finish)
    return seen


@pytest.mark.parametrize("rule", ARITHMETICS)
@pytest.mark.parametrize("inputs", [500, 4000])
def test_long_sums_are_exact(monkeypatch: pytest.MonkeyPatch, inputs: int, rule: str) -> None:
    """4000 * 127 * 255 is beyond 2^24: in float32 the odd sums below would lose their last bit."""
    seen = spy_on_dtypes(monkeypatch)
    rng = np.random.default_rng(inputs)
    weight = rng.integers(-127, 128, (6, inputs))
    weight[:3] = (127, -127, 126)[0]
    weight[1] = -127
    weight[2, ::2] = 126
    graph = dense_graph(weight, [1, 2, 3, 4, 5, 6], -128, inputs * 0.1, rule)
    x = rng.integers(-128, 128, (7, inputs)).astype(np.int8)
    x[0], x[1] = 127, -128
    (found,) = Interpreter(graph).run(x).values()
    np.testing.assert_array_equal(found, reference.weighted_int8(graph, x))
    assert seen[0] == ("float64" if inputs == 4000 else "float32")


def test_the_last_bit_of_a_long_sum_counts() -> None:
    """One step of 2^24 + 1 decides the rounding here; float32 sums would give the step below."""
    weight = np.full((1, 599), 127)
    x = np.full((1, 599), 127, np.int8)
    total = int(((x.astype(np.int64) + 128) @ weight[0])[0])
    assert total > 2**24 and int(np.float32(total)) != total
    bias = -(total - 1)  # leaves 1: lost if the sum was rounded to an even number
    graph = dense_graph(weight, [bias], -128, 0.05 * 0.01, "float32")
    (found,) = Interpreter(graph).run(x).values()
    assert found.tolist() == [[1 + 3]]


@pytest.mark.parametrize("rule", ARITHMETICS)
def test_biases_beyond_float32(monkeypatch: pytest.MonkeyPatch, rule: str) -> None:
    """A bias that float32 cannot hold, and an output that it does not saturate."""
    seen = spy_on_dtypes(monkeypatch)
    rng = np.random.default_rng(0)
    weight = rng.integers(-127, 128, (5, 40))
    weight[4] = 0
    bias = [2**30 + 1, -(2**29) - 7, 2**26 + 3, 2**25 + 1, 2**30 + 65]
    graph = dense_graph(weight, bias, 0, 2.0**26 * 0.0005 / 100, rule)
    x = rng.integers(-128, 128, (50, 40)).astype(np.int8)
    (found,) = Interpreter(graph).run(x).values()
    np.testing.assert_array_equal(found, reference.weighted_int8(graph, x))
    assert seen[0] == ("float64" if rule == "float32" else "float32")


def test_a_saturating_bias_needs_no_float64(monkeypatch: pytest.MonkeyPatch) -> None:
    seen = spy_on_dtypes(monkeypatch)
    weight = np.random.default_rng(0).integers(-127, 128, (2, 40))
    graph = dense_graph(weight, [2**30 + 1, -(2**30) - 1], 0, 0.5, "float32")
    x = np.random.default_rng(1).integers(-128, 128, (9, 40)).astype(np.int8)
    (found,) = Interpreter(graph).run(x).values()
    assert seen[0] == "float32"
    assert found.tolist() == [[127, -128]] * 9


@pytest.mark.parametrize("op", ["Conv2D", "DepthwiseConv2D"])
@pytest.mark.parametrize("groups", [1, 2])
def test_wide_convolutions_are_exact(monkeypatch: pytest.MonkeyPatch, op: str, groups: int) -> None:
    seen = spy_on_dtypes(monkeypatch)
    rng, depthwise = np.random.default_rng(3), op == "DepthwiseConv2D"
    if depthwise and groups == 2:
        shape, x_shape = (1, 33, 34, 6), (2, 35, 36, 3)  # a multiplier of 2
    elif depthwise:
        shape, x_shape = (1, 33, 34, 2), (2, 35, 36, 2)
    else:
        shape, x_shape = (4, 5, 5, 48), (2, 7, 7, 48 * groups)
    weight = np.where(rng.random(shape) < 0.97, 127, -126).astype(np.int8)
    builder = GraphBuilder(op)
    x = builder.input("x", (None, *x_shape[1:]), "int8", per_tensor(0.02, -128))
    axis = 3 if depthwise else 0
    w = builder.constant(weight, "w", per_channel(np.full(shape[axis], 0.01), axis))
    attrs: dict[str, Any] = {} if depthwise else {"groups": groups}
    attrs["pads"] = (1, 1, 1, 1)
    y = builder.add(op, x, w, name="layer", quant=per_tensor(40.0, -100), **attrs)
    graph = builder.finish([y])
    data = rng.integers(100, 128, x_shape).astype(np.int8)
    (found,) = Interpreter(graph).run(data).values()
    np.testing.assert_array_equal(found, reference.weighted_int8(graph, data))
    assert set(seen) == {"float64"}


def test_bounds_hold_for_every_partial_sum() -> None:
    rng = np.random.default_rng(0)
    for _ in range(50):
        weight = rng.integers(-127, 128, (30, 4))
        low, high = -int(rng.integers(0, 256)), int(rng.integers(0, 256))
        bounds = arithmetic.accumulator_bounds(weight, low, high)
        u = rng.choice([low, 0, high], (200, 30))
        partial = np.abs(np.cumsum(u[:, :, np.newaxis] * weight, axis=1)).max(axis=(0, 1))
        assert (partial <= bounds).all()
        worst = np.where(weight > 0, high, low)  # and a bound that can be reached is no waste
        other = np.where(weight > 0, low, high)
        reached = np.maximum(np.abs((worst * weight).sum(0)), np.abs((other * weight).sum(0)))
        np.testing.assert_array_equal(reached, bounds)


@pytest.mark.parametrize("rule", ARITHMETICS)
def test_means_of_large_maps_are_exact(rule: str) -> None:
    """300 * 300 cells sum beyond 2^24, here so near to a half that one step more decides."""
    builder = GraphBuilder("mean")
    source = builder.input("x", (None, 300, 300, 1), "int8", per_tensor(0.1, -128))
    y = builder.add("Mean", source, name="mean", quant=per_tensor(0.1, -128))
    graph = builder.finish([y], Metadata(arithmetic=rule))
    formula = {"float32": arithmetic.mean_float32, "fixedpoint": arithmetic.mean_fixedpoint}[rule]
    quant = per_tensor(0.1, -128)
    interpreter, seen = Interpreter(graph), set()
    for below in range(7):
        x = np.full(90_000, 125, np.int8)
        x[1::2] = 126
        x[:below] -= 1
        total = np.array([x.sum(dtype=np.int64)])
        (found,) = interpreter.run(x.reshape(1, 300, 300, 1)).values()
        assert found[0, 0] == formula(total, quant, quant, 90_000)[0]
        seen.add(int(found[0, 0]))
    assert seen == {125, 126}


@pytest.mark.parametrize(("dtype", "zero_point"), [("int8", -128), ("uint8", 0), ("int16", 0)])
def test_an_average_of_very_many_cells(dtype: str, zero_point: int) -> None:
    """Sums beyond 2^24, where one more or one less decides: 124.5 and 125.5 lie on halves."""
    for pool in ((300, 300), (150, 300)):
        builder = GraphBuilder("pool")
        x = builder.input("x", (None, 300, 300, 1), dtype, per_tensor(0.1, zero_point))
        graph = builder.finish([builder.add("AveragePool2D", x, name="pool", pool=pool)])
        interpreter = Interpreter(graph)
        for less, wanted in ((0, 126), (1, 125)):
            cells = np.tile(np.array([125, 126], dtype), 45_000)
            cells[0] -= less
            (found,) = interpreter.run(cells.reshape(1, 300, 300, 1)).values()
            assert found[0, 0, 0, 0] == wanted
