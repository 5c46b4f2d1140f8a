"""Float graphs that several tests of this room quantize."""

from __future__ import annotations

import numpy as np

from edgekit.ir import Graph, GraphBuilder

Array = np.ndarray


def normal(seed: int, *shape: int) -> Array:
    return np.random.default_rng(seed).normal(size=shape).astype(np.float32)


def classifier(inputs: int = 12, classes: int = 4, seed: int = 0) -> Graph:
    """Two dense layers and a softmax."""
    g = GraphBuilder("classifier")
    x = g.input("x", (None, inputs))
    weight = g.constant(normal(seed, 16, inputs), "w1")
    x = g.add("Dense", x, weight, g.constant(normal(seed + 1, 16), "b1"), name="hidden")
    x = g.add("Relu", x, name="hidden_relu")
    weight = g.constant(normal(seed + 2, classes, 16) / np.float32(4), "w2")
    x = g.add("Dense", x, weight, g.constant(normal(seed + 3, classes), "b2"), name="scores")
    return g.finish([g.add("Softmax", x, name="classes")])


def labelled(graph_inputs: int = 12, count: int = 200, seed: int = 5) -> Array:
    return normal(seed, count, graph_inputs)


def image_network() -> Graph:
    """Convolution with batch normalization, pooling, two branches that meet, and a classifier."""
    g = GraphBuilder("images")
    x = g.input("image", (None, 8, 8, 3))
    weight = g.constant(normal(0, 6, 3, 3, 3) / np.float32(3), "w")
    x = g.add("Conv2D", x, weight, g.constant(normal(1, 6), "b"), name="conv", pads=(1, 1, 1, 1))
    statistics = {
        "gamma": np.abs(normal(2, 6)) + np.float32(0.5),
        "beta": normal(3, 6),
        "mean": normal(1, 6),
        "variance": np.abs(normal(5, 6)) + np.float32(2),
    }
    x = g.add("BatchNorm", x, *(g.constant(a, n) for n, a in statistics.items()), name="norm")
    x = g.add("Relu", x, name="relu")
    x = g.add("MaxPool2D", x, name="pool", pool=(2, 2), strides=(2, 2))
    left = g.add("Conv2D", x, g.constant(normal(6, 4, 1, 1, 6), "wl"), name="left")
    right = g.add(
        "Conv2D", x, g.constant(normal(7, 4, 1, 1, 6) * np.float32(3), "wr"), name="right"
    )
    x = g.add("Concat", left, right, name="meet")
    x = g.add("Mean", x, name="mean")
    x = g.add("Dense", x, g.constant(normal(8, 5, 8), "wd"), name="dense")
    return g.finish([g.add("Softmax", x, name="classes")])
