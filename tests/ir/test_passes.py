"""Every pass, read in the printed graph: what it rewrites and what it must leave alone."""

from __future__ import annotations

from textwrap import dedent

import numpy as np
import pytest

from edgekit.ir import Graph, GraphBuilder, per_channel, per_tensor, validate
from edgekit.ir.passes import (
    drop_dead_channels,
    drop_dead_nodes,
    drop_identities,
    fold_batch_norm,
    fold_constants,
    fuse_activations,
    fuse_padding,
    prepare,
)

PASSES = [
    drop_dead_channels,
    drop_dead_nodes,
    drop_identities,
    fold_batch_norm,
    fold_constants,
    fuse_activations,
    fuse_padding,
    prepare,
]


def ones(*shape: int) -> np.ndarray:
    return np.ones(shape, np.float32)


def listing(graph: Graph) -> str:
    validate(graph)
    return str(graph)


def expect(graph: Graph, text: str) -> None:
    assert listing(graph) == dedent(text).strip()


def batch_norm(g: GraphBuilder, x: str, channels: int, name: str = "bn") -> str:
    parts = [g.constant(ones(channels) * (i + 1), f"{name}/{i}") for i in range(4)]
    return g.add("BatchNorm", x, *parts, name=name)


def conv_bn_relu() -> Graph:
    g = GraphBuilder("net")
    x = g.input("x", (None, 4, 4, 1))
    y = g.add("Conv2D", x, g.constant(ones(2, 3, 3, 1), "w"), name="conv")
    y = batch_norm(g, y, 2)
    return g.finish([g.add("Relu", y, name="relu")])


def test_batch_norm_moves_into_the_convolution() -> None:
    folded = drop_dead_nodes(fold_batch_norm(conv_bn_relu()))
    expect(
        folded,
        """
        graph net(x:float32[?, 4, 4, 1]):
          bn:float32[?, 2, 2, 2] = Conv2D(x, conv/weight, conv/bias)
          relu:float32[?, 2, 2, 2] = Relu(bn)
          return relu
        """,
    )
    scale = 1.0 / np.sqrt(4.0 + 1e-3)  # gamma 1, beta 2, mean 3, variance 4
    np.testing.assert_array_equal(folded.value("conv/weight").array(), np.float32(scale))
    np.testing.assert_array_equal(folded.value("conv/bias").array(), np.float32(2 - 3 * scale))


def test_batch_norm_scales_the_right_axis_of_a_depthwise_weight() -> None:
    g = GraphBuilder()
    x = g.input("x", (None, 4, 4, 3))
    y = g.add("DepthwiseConv2D", x, g.constant(ones(1, 3, 3, 3), "w"), name="dw")
    gamma = np.array([1, 2, 3], np.float32)
    parts = [gamma, 0 * gamma, 0 * gamma, ones(3)]
    y = g.add("BatchNorm", y, *[g.constant(p, "p") for p in parts], epsilon=0.0, name="bn")
    folded = fold_batch_norm(g.finish([y]))
    weight = folded.value("dw/weight").array()
    np.testing.assert_array_equal(weight, np.broadcast_to(gamma, (1, 3, 3, 3)))


def test_batch_norm_that_cannot_move_becomes_mul_and_add() -> None:
    g = GraphBuilder("net")
    y = batch_norm(g, g.input("x", (None, 5)), 5)
    expect(
        drop_dead_nodes(fold_batch_norm(g.finish([y]))),
        """
        graph net(x:float32[?, 5]):
          bn/scaled:float32[?, 5] = Mul(x, bn/scale)
          bn:float32[?, 5] = Add(bn/scaled, bn/shift)
          return bn
        """,
    )


@pytest.mark.parametrize("reason", ["another reader", "graph output", "activation"])
def test_batch_norm_stays_outside(reason: str) -> None:
    g = GraphBuilder()
    x = g.input("x", (None, 4, 4, 1))
    activation = "relu" if reason == "activation" else "none"
    y = g.add("Conv2D", x, g.constant(ones(2, 3, 3, 1), "w"), name="conv", activation=activation)
    outputs = [batch_norm(g, y, 2)]
    if reason == "another reader":
        outputs.append(g.add("Tanh", y, name="other"))
    if reason == "graph output":
        outputs.append(y)
    ops = [node.op for node in fold_batch_norm(g.finish(outputs)).nodes]
    assert "Mul" in ops and "Add" in ops


def test_relu_becomes_an_attribute() -> None:
    expect(
        prepare(conv_bn_relu()),
        """
        graph net(x:float32[?, 4, 4, 1]):
          relu:float32[?, 2, 2, 2] = Conv2D(x, conv/weight, conv/bias, activation='relu')
          return relu
        """,
    )


def test_relu_of_a_shared_or_returned_value_stays() -> None:
    g = GraphBuilder()
    x = g.input("x", (None, 3))
    y = g.add("Dense", x, g.constant(ones(2, 3), "w"), name="dense")
    graph = g.finish([g.add("Relu", y, name="relu"), y])
    assert fuse_activations(graph) == graph


def test_padding_joins_the_convolutions() -> None:
    g = GraphBuilder("net")
    y = g.add("Pad", g.input("x", (None, 4, 4, 1)), name="pad", pads=(0, 0, 0, 1, 0, 1, 0, 0))
    w = g.constant(ones(2, 3, 3, 1), "w")
    y = g.add("Conv2D", y, w, name="conv", strides=(2, 2))
    expect(
        drop_dead_nodes(fuse_padding(g.finish([y]))),
        """
        graph net(x:float32[?, 4, 4, 1]):
          conv:float32[?, 2, 2, 2] = Conv2D(x, w, pads=(0, 0, 1, 1), strides=(2, 2))
          return conv
        """,
    )


def test_padding_before_a_pool_or_with_a_number_stays() -> None:
    g = GraphBuilder()
    x = g.input("x", (None, 4, 4, 1))
    pooled = g.add("Pad", x, name="zero", pads=(0, 0, 1, 1, 1, 1, 0, 0))
    pooled = g.add("MaxPool2D", pooled, name="pool", pool=(2, 2))
    valued = g.add("Pad", x, name="one", pads=(0, 0, 1, 1, 1, 1, 0, 0), value=1.0)
    valued = g.add("Conv2D", valued, g.constant(ones(1, 3, 3, 1), "w"), name="conv")
    graph = g.finish([pooled, valued])
    assert fuse_padding(graph) == graph


def test_constants_are_computed_once() -> None:
    g = GraphBuilder("net")
    x = g.input("x", (None, 4))
    a = g.constant(np.arange(4, dtype=np.float32), "a")
    b = g.add("Mul", a, g.constant(ones(1) * 3, "three"), name="tripled")
    b = g.add("Reshape", b, name="row", shape=(1, 4))
    graph = fold_constants(g.finish([g.add("Add", x, b, name="sum")]))
    expect(
        drop_dead_nodes(graph),
        """
        graph net(x:float32[?, 4]):
          sum:float32[?, 4] = Add(x, row)
          return sum
        """,
    )
    np.testing.assert_array_equal(graph.value("row").array(), [[0, 3, 6, 9]])


def test_identities_go_and_reshapes_join() -> None:
    g = GraphBuilder("net")
    y = g.input("x", (None, 2, 3, 4))
    y = g.add("Transpose", y, name="same", perm=(0, 1, 2, 3))
    y = g.add("Reshape", y, name="half", shape=(-1, 6, 4))
    y = g.add("Reshape", y, name="flat", shape=(-1, 24))
    y = g.add("Reshape", y, name="end", shape=(-1, 24))
    expect(
        drop_identities(g.finish([y])),
        """
        graph net(x:float32[?, 2, 3, 4]):
          end:float32[?, 24] = Reshape(x, shape=(-1, 24))
          return end
        """,
    )


def test_limits_that_cut_nothing_off_go() -> None:
    g = GraphBuilder("net")
    y, infinite = g.input("x", (None, 3)), np.full(3, np.inf, np.float32)
    y = g.add("Minimum", y, g.constant(infinite, "most"), name="all")
    y = g.add("Maximum", y, g.constant(-infinite, "least"), name="any")
    y = g.add("Maximum", y, g.constant(np.float32([-np.inf, 0, -np.inf]), "some"), name="end")
    expect(
        drop_identities(g.finish([y])),
        """
        graph net(x:float32[?, 3]):
          end:float32[?, 3] = Maximum(x, some)
          return end
        """,
    )


def test_dead_nodes_go_and_inputs_stay() -> None:
    g = GraphBuilder("net")
    x, _ = g.input("x", (None, 3)), g.input("unused", (None, 1))
    g.add("Dense", x, g.constant(ones(2, 3), "w"), name="dead")
    graph = drop_dead_nodes(g.finish([g.add("Relu", x, name="alive")]))
    assert list(graph.values) == ["x", "unused", "alive"]


def dead_channel_net(last: str) -> Graph:
    """Channel 1 of the first convolution is dead; `last` says what reads the chain's end."""
    g = GraphBuilder("net")
    x = g.input("x", (None, 6, 6, 1))
    first = ones(3, 3, 3, 1)
    first[1] = 0
    bias = np.array([1, -1, 0], np.float32)
    y = g.add("Conv2D", x, g.constant(first, "w1"), g.constant(bias, "b1"), activation="relu")
    shift = g.constant(np.array([1, 0, 2], np.float32), "b2")
    y = g.add("DepthwiseConv2D", y, g.constant(ones(1, 3, 3, 3), "w2"), shift, name="dw")
    y = g.add("MaxPool2D", y, name="pool", pool=(2, 2), strides=(2, 2))
    if last == "Dense":
        y = g.add("Reshape", y, name="flat", shape=(-1, 3))
        y = g.add("Dense", y, g.constant(ones(4, 3), "w3"), name="dense")
    elif last == "Conv2D":
        y = g.add("Conv2D", y, g.constant(ones(2, 1, 1, 3), "w3"), name="conv")
    elif last == "Add":
        y = g.add("Add", y, g.constant(ones(3), "one"), name="add")
    return g.finish([y])


@pytest.mark.parametrize("last", ["Dense", "Conv2D"])
def test_dead_channels_go_through_the_whole_chain(last: str) -> None:
    graph = drop_dead_channels(dead_channel_net(last))
    validate(graph)
    assert graph.value("w1").shape == (2, 3, 3, 1)
    assert graph.value("w2").shape == (1, 3, 3, 2)
    assert graph.value("w3").shape[-1] == 2
    np.testing.assert_array_equal(graph.value("b2").array(), [1, 2])


@pytest.mark.parametrize("last", ["Add", "output"])
def test_dead_channels_stay_where_a_reader_needs_them(last: str) -> None:
    graph = dead_channel_net(last)
    assert str(drop_dead_channels(graph)) == str(graph)


def test_a_silent_channel_with_a_positive_bias_is_not_dead() -> None:
    g = GraphBuilder()
    x = g.input("x", (None, 3))
    weight = ones(3, 3)
    weight[1] = 0
    bias = g.constant(np.array([0, 5, 0], np.float32), "b")
    y = g.add("Dense", x, g.constant(weight, "w"), bias, activation="relu", name="one")
    graph = g.finish([g.add("Dense", y, g.constant(ones(2, 3), "w2"), name="two")])
    assert str(drop_dead_channels(graph)) == str(graph)


def test_dead_channels_of_an_int8_layer_take_their_scales_along() -> None:
    g = GraphBuilder()
    x = g.input("x", (None, 3), "int8", per_tensor(0.1, 3))
    weight = np.ones((3, 3), np.int8)
    weight[1] = 0
    scales = np.array([0.1, 0.2, 0.3], np.float32)
    w = g.constant(weight, "w", per_channel(scales, 0))
    b = g.constant(np.array([7, -9, 7], np.int32), "b", per_channel(scales, 0))
    quant = per_tensor(0.5, -128)
    y = g.add("Dense", x, w, b, activation="relu", name="one", quant=quant)
    w2 = g.constant(np.ones((2, 3), np.int8), "w2", per_channel(scales[:2], 0))
    graph = drop_dead_channels(g.finish([g.add("Dense", y, w2, name="two", quant=quant)]))
    validate(graph)
    assert graph.value("w").quant == per_channel(scales[[0, 2]], 0)
    assert graph.value("b").quant == per_channel(scales[[0, 2]], 0)
    assert graph.value("w2").shape == (2, 2)


def test_dead_channels_of_uint8_hold_the_zero_point() -> None:
    """A stored 0 is a weight like any other."""
    g = GraphBuilder()
    x = g.input("x", (None, 3), "uint8", per_tensor(0.1, 130))
    weight = np.full((4, 3), 7, np.uint8)
    weight[1], weight[2] = 0, 120
    quant = per_tensor(0.5, 9)
    w = g.constant(weight, "w", per_tensor(0.1, 120))
    y = g.add("Dense", x, w, name="one", quant=quant)
    w2 = g.constant(np.ones((2, 4), np.uint8), "w2", per_tensor(0.2, 100))
    graph = drop_dead_channels(g.finish([g.add("Dense", y, w2, name="two", quant=quant)]))
    np.testing.assert_array_equal(graph.value("w").array()[:, 0], [7, 0, 7])
    assert graph.value("w2").shape == (2, 3)


@pytest.mark.parametrize("rewrite", PASSES, ids=lambda p: p.__name__)
def test_a_pass_gives_a_valid_graph_and_has_nothing_left_to_do(rewrite) -> None:
    for graph in (conv_bn_relu(), dead_channel_net("Dense"), dead_channel_net("Add")):
        once = rewrite(graph)
        validate(once)
        assert str(rewrite(once)) == str(once)
