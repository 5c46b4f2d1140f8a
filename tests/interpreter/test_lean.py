"""Channels that make no difference are left out of an inference, and no bit changes."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from edgekit.interpreter import Interpreter
from edgekit.ir import Graph, GraphBuilder, Metadata, per_tensor, plan_memory, validate
from edgekit.ir.dead_channels import narrowed
from edgekit.ir.graph import ARITHMETICS
from edgekit.ir.passes import drop_dead_channels


def sparse_network(seed: int, rule: str, dtype: str = "int8") -> Graph:
    """Convolutions of each kind in whose weights whole rows and columns are zero."""
    rng = np.random.default_rng(seed)
    zero = -128 if dtype == "int8" else 0
    weight_zero = 0 if dtype == "int8" else 7
    builder = GraphBuilder("sparse")

    def weights(*shape: int, axis: int) -> str:
        data = rng.integers(-20, 21, shape)
        rows = [slice(None)] * len(shape)
        for place in {axis, len(shape) - 1}:
            rows[place] = np.flatnonzero(rng.random(shape[place]) < 0.4)  # type: ignore[call-overload]
            data[tuple(rows)] = 0
            rows[place] = slice(None)
        quant = per_tensor(0.01, weight_zero)
        return builder.constant((data + weight_zero).astype(dtype), "w", quant)

    def bias(channels: int) -> str:
        return builder.constant(rng.integers(-400, 200, channels).astype(np.int32), "b")

    quant = per_tensor(0.05, zero)
    attrs: dict[str, Any] = {"activation": "relu", "quant": quant}
    x = builder.input("x", (None, 6, 6, 2), dtype, quant)
    y = builder.add("Conv2D", x, weights(8, 3, 3, 2, axis=0), bias(8), pads=(1, 1, 1, 1), **attrs)
    y = builder.add("DepthwiseConv2D", y, weights(1, 3, 3, 16, axis=3), bias(16), **attrs)
    y = builder.add("MaxPool2D", y, pool=(2, 2), strides=(2, 2), quant=quant)
    y = builder.add("Conv2D", y, weights(9, 1, 1, 16, axis=0), bias(9), **attrs)
    if seed % 3 == 0:
        y = builder.add("Add", y, y, quant=quant)
    y = builder.add("Reshape", y, shape=(-1, 36), quant=quant)
    y = builder.add("Dense", y, weights(7, 36, axis=0), bias(7), **attrs)
    out = builder.add("Dense", y, weights(5, 7, axis=0), bias(5), quant=per_tensor(0.1, 3))
    return builder.finish([out], Metadata(arithmetic=rule))


@pytest.mark.parametrize("rule", ARITHMETICS)
@pytest.mark.parametrize("dtype", ["int8", "uint8"])
def test_outputs_keep_their_bits(rule: str, dtype: str) -> None:
    narrower = 0
    for seed in range(12):
        graph = sparse_network(seed, rule, dtype)
        limits = np.iinfo(dtype)
        x = np.random.default_rng(seed).integers(limits.min, limits.max + 1, (5, 6, 6, 2))
        x = x.astype(dtype)
        lean = drop_dead_channels(graph)
        validate(lean)
        narrower += plan_memory(lean).size < plan_memory(graph).size
        whole: dict[str, Any] = {}
        interpreter = Interpreter(graph)
        found = interpreter.run(x)
        seen = interpreter.run(
            x, observe=lambda name, array, whole=whole: whole.update({name: array})
        )
        for name, y in found.items():
            np.testing.assert_array_equal(y, seen[name])
        for name, y in whole.items():
            assert y.shape[1:] == graph.value(name).shape[1:]
    assert narrower > 6


def test_a_dense_layer_after_all_is_the_reference() -> None:
    """Against plain loops that know nothing of channels."""
    builder = GraphBuilder("two")
    rng = np.random.default_rng(0)
    quant = per_tensor(0.05, -128)
    x = builder.input("x", (None, 6), "int8", quant)
    first = rng.integers(-50, 51, (8, 6)).astype(np.int8)
    second = rng.integers(-50, 51, (4, 8)).astype(np.int8)
    first[2] = 0
    second[:, 5] = 0
    bias = np.array([1, 2, -3, 4, 5, 6, 7, 8], np.int32)
    w1 = builder.constant(first, "w1", per_tensor(0.01, 0))
    w2 = builder.constant(second, "w2", per_tensor(0.01, 0))
    y = builder.add("Dense", x, w1, builder.constant(bias, "b"), activation="relu", quant=quant)
    graph = builder.finish([builder.add("Dense", y, w2, name="out", quant=per_tensor(0.02, 1))])
    lean = drop_dead_channels(graph)
    assert lean.value("w1").shape == (6, 6) and lean.value("w2").shape == (4, 6)
    data = rng.integers(-128, 128, (9, 6)).astype(np.int8)
    middle: dict[str, Any] = {}
    Interpreter(graph).run(data, observe=lambda name, array: middle.update({name: array}))
    hidden = middle[graph.nodes[0].outputs[0]].astype(np.int64) + 128
    sums = hidden @ second.T.astype(np.int64)
    scale = np.float32(np.float32(0.05) * np.float32(0.01)) / np.float32(0.02)
    wanted = np.clip(np.rint(sums.astype(np.float32) * scale) + 1, -128, 127)
    np.testing.assert_array_equal(Interpreter(graph).run(data)["out"], wanted)


def test_a_network_with_weights_everywhere_is_not_searched() -> None:
    """The quick look at its weights says what the search would find: nothing."""
    rng = np.random.default_rng(0)
    quant, builder = per_tensor(0.05, -128), GraphBuilder("whole")

    def weights(*shape: int) -> str:
        return builder.constant(rng.integers(1, 21, shape).astype(np.int8), "w", per_tensor(0.01))

    x = builder.input("x", (None, 6, 6, 2), "int8", quant)
    y = builder.add("Conv2D", x, weights(8, 3, 3, 2), quant=quant, activation="relu")
    y = builder.add("DepthwiseConv2D", y, weights(1, 3, 3, 8), quant=quant)
    y = builder.add("Reshape", y, shape=(-1, 32), quant=quant)
    graph = builder.finish([builder.add("Dense", y, weights(3, 32), quant=quant)])
    assert drop_dead_channels(graph) is graph
    assert narrowed(graph) is graph
