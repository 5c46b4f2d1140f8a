"""Small networks with everything that the interpreter's own machinery has to handle."""

from __future__ import annotations

from typing import Any

import numpy as np

from edgekit.ir import Graph, GraphBuilder, Metadata, per_channel, per_tensor
from edgekit.ir.passes import store_tables


def residual(dtype: str = "int8", arithmetic: str = "float32", seed: int = 0) -> Graph:
    """Convolutions with padding, a branch that joins again, pooling, a reshape and a softmax."""
    rng, builder = np.random.default_rng(seed), GraphBuilder("residual")
    int8 = dtype == "int8"

    def quant(scale: float, zero_point: int) -> Any:
        return per_tensor(scale, zero_point) if int8 else None

    def parameters(name: str, shape: tuple[int, ...], axis: int) -> list[str]:
        outputs = shape[axis]
        if not int8:
            weight, bias = (rng.normal(size=s).astype(np.float32) * 0.2 for s in (shape, outputs))
            return [builder.constant(weight, f"{name}_w"), builder.constant(bias, f"{name}_b")]
        scales = rng.uniform(0.002, 0.01, outputs)
        weight = rng.integers(-127, 128, shape).astype(np.int8)
        bias = rng.integers(-500, 500, outputs).astype(np.int32)
        return [
            builder.constant(weight, f"{name}_w", per_channel(scales, axis)),
            builder.constant(bias, f"{name}_b"),
        ]

    x = builder.input("image", (None, 12, 10, 3), dtype, quant(0.05, -4))
    same = (1, 1, 1, 1)
    a = builder.add(
        "Conv2D",
        x,
        *parameters("conv", (8, 3, 3, 3), 0),
        name="conv",
        pads=same,
        activation="relu",
        quant=quant(0.06, -128),
    )
    b = builder.add(
        "DepthwiseConv2D",
        a,
        *parameters("depthwise", (1, 3, 3, 8), 3),
        name="depthwise",
        pads=same,
        quant=quant(0.1, 7),
    )
    c = builder.add(
        "Conv2D", b, *parameters("point", (8, 1, 1, 8), 0), name="point", quant=quant(0.1, -9)
    )
    d = builder.add("Add", a, c, name="join", quant=quant(0.12, -20))
    e = builder.add("MaxPool2D", d, name="pool", pool=(2, 2), strides=(2, 2))
    f = builder.add(
        "Conv2D",
        e,
        *parameters("last", (6, 3, 3, 8), 0),
        name="last",
        strides=(2, 2),
        pads=(1, 0, 1, 1),
        quant=quant(0.2, 3),
    )
    g = builder.add("Reshape", f, name="flat", shape=(-1, 36))
    h = builder.add("Dense", g, *parameters("dense", (5, 36), 0), name="dense", quant=quant(0.3, 1))
    if not int8:
        return builder.finish([builder.add("Softmax", h, name="scores")])
    return builder.finish([h], Metadata(arithmetic=arithmetic))


def with_softmax(arithmetic: str = "float32") -> Graph:
    """The same in int8 with a second output: a table gives the scores."""
    from edgekit.ir import Node, Value

    graph = residual("int8", arithmetic)
    scores = Value("scores", (None, 5), "int8", None, per_tensor(1 / 256, -128))
    node = Node("Softmax", ("dense",), ("scores",), {}, "scores")
    open_graph = graph.with_nodes((*graph.nodes, node), [scores], outputs=("scores", "join"))
    return store_tables(open_graph)


def images(count: int, seed: int = 0) -> Any:
    rng = np.random.default_rng(seed)
    return rng.integers(-128, 128, (count, 12, 10, 3)).astype(np.int8)
