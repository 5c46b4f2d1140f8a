"""A small int8 network that exporters share in their tests."""

from __future__ import annotations

from typing import Any

import numpy as np

from edgekit.ir import Graph, GraphBuilder, per_channel, per_tensor

INPUT, HIDDEN = per_tensor(1 / 255, -128), per_tensor(0.02, -128)


def cnn() -> Graph:
    """A small int8 network: convolution, depthwise, pooling, a sum, a mean, a classifier."""
    rng, g = np.random.default_rng(5), GraphBuilder("cnn")
    x = g.input("image", (None, 12, 12, 3), "int8", INPUT)
    y = windowed(g, rng, "Conv2D", x, (8, 3, 3, 3), 0, HIDDEN, pads=(1, 1, 1, 1))
    y = g.add("MaxPool2D", y, name="pool", pool=(2, 2), strides=(2, 2))
    z = windowed(g, rng, "DepthwiseConv2D", y, (1, 3, 3, 8), 3, HIDDEN, pads=(1, 1, 1, 1))
    y = g.add("Add", y, z, name="sum", quant=per_tensor(0.03, -128), activation="relu")
    y = g.add("Mean", y, name="mean", quant=per_tensor(0.02, -128))
    y = windowed(g, rng, "Dense", y, (5, 8), 0, per_tensor(0.05, 7))
    return g.finish([y])


def windowed(
    g: GraphBuilder,
    rng: np.random.Generator,
    op: str,
    x: str,
    shape: tuple[int, ...],
    axis: int,
    quant: Any,
    **attrs: Any,
) -> str:
    """A layer with weights and a bias, both random."""
    scales = rng.uniform(0.002, 0.01, size=shape[axis]).astype(np.float32)
    weight = rng.integers(-127, 128, size=shape).astype(np.int8)
    bias = rng.integers(-500, 500, size=shape[axis]).astype(np.int32)
    names = (g.constant(weight, f"{op}/w", per_channel(scales, axis)), g.constant(bias, f"{op}/b"))
    return g.add(op, x, *names, name=op, quant=quant, **attrs)
