"""Activations that do not hold the real 0 as 0: the results are those of the graph as it stands."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from edgekit.frozen import replace
from edgekit.interpreter import Interpreter
from edgekit.interpreter.zeros import zeros
from edgekit.ir import Graph, GraphBuilder


def network(activation: str = "relu", size: int = 9, bias: float = 1.0) -> Graph:
    """Padded, strided, depthwise with two outputs a channel, and dense layers."""
    rng = np.random.default_rng(5)
    g = GraphBuilder("network")

    def constants(name: str, *shape: int, channels: int) -> list[str]:
        weight = rng.normal(0, 0.4, shape).astype(np.float32)
        offsets = (bias * rng.normal(0, 1, channels)).astype(np.float32)
        return [g.constant(weight, f"{name}_w"), g.constant(offsets, f"{name}_b")]

    conv: dict[str, Any] = {"pads": (1, 1, 1, 1), "activation": activation}
    y = g.input("x", (None, size, size, 3))
    y = g.add("Conv2D", y, *constants("a", 6, 3, 3, 3, channels=6), name="a", **conv)
    y = g.add("DepthwiseConv2D", y, *constants("b", 1, 3, 3, 12, channels=12), name="b", **conv)
    y = g.add("Conv2D", y, *constants("c", 5, 1, 1, 12, channels=5), name="c", activation="none")
    strided = {**conv, "strides": (2, 2)}
    y = g.add("DepthwiseConv2D", y, *constants("d", 1, 3, 3, 5, channels=5), name="d", **strided)
    y = g.add("Dense", y, *constants("e", 4, 5, channels=4), name="e", activation=activation)
    y = g.add("Dense", y, *constants("f", 3, 4, channels=3), name="f")
    return g.finish([y])


def observed(graph: Graph, x: np.ndarray) -> dict[str, np.ndarray]:
    found: dict[str, np.ndarray] = {}
    Interpreter(graph).run(x, observe=lambda name, array: found.update({name: array}))
    return found


@pytest.mark.parametrize("batch", [1, 3])
@pytest.mark.parametrize("size", [9, 40])
def test_biases_that_are_left_out_are_made_up_for(batch: int, size: int) -> None:
    """Every activation, its border included, against a plan that has to show all of them."""
    graph = network(size=size)
    shown = replace(graph, outputs=tuple("abcdef"))
    assert set(zeros(graph)) == set("abcd")  # e is a vector
    assert not zeros(shown)
    x = np.random.default_rng(1).normal(size=(batch, size, size, 3)).astype(np.float32)
    wanted = Interpreter(shown).run(x)
    # Terms of up to 16 are added and taken away again, in float32.
    np.testing.assert_allclose(Interpreter(graph).run(x)["f"], wanted["f"], 1e-4, 1e-4)
    found = observed(graph, x)
    for name in "abcdef":
        np.testing.assert_allclose(found[name], wanted[name], 1e-4, 1e-4, err_msg=name)


def test_what_is_bounded_above_or_has_a_large_bias_keeps_it() -> None:
    assert not zeros(network("relu6")).keys() - {"c"}
    assert not zeros(network(bias=1000.0))


def test_a_second_run_finds_the_border_as_the_first_left_it() -> None:
    graph = network(size=40)
    model = Interpreter(graph)
    x = np.random.default_rng(2).normal(size=(2, 1, 40, 40, 3)).astype(np.float32)
    first = model.run(x[0])["f"]
    model.run(x[1])
    np.testing.assert_array_equal(model.run(x[0])["f"], first)
