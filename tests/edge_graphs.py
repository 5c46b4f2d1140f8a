"""Graphs that together use everything a `.edge` file can hold."""

from __future__ import annotations

import numpy as np

from edgekit.frozen import replace
from edgekit.ir import (
    Accuracy,
    Graph,
    GraphBuilder,
    Metadata,
    Preprocessing,
    TestVector,
    per_channel,
    per_tensor,
)

METADATA = Metadata(
    arithmetic="fixedpoint",
    signature="classify",
    labels=("cat", "größer", "犬", ""),
    preprocessing=Preprocessing((127.5, 1 / 3), (0.1, 255.0)),
    provenance={"recipe": "int8", "edgekit": "0.1.0", "calibration": "a" * 64},
    accuracy=Accuracy("accuracy", 0.9871, 1 / 3, 10_000, None),
)


def float_graph() -> Graph:
    """Every kind of attribute but `floats`, which no operator has; an optional input left out."""
    rng = np.random.default_rng(1)
    g = GraphBuilder("float net")
    x = g.input("x", (None, 6, 5, 2))
    w = g.constant(rng.normal(size=(4, 3, 3, 1)).astype(np.float32), "w")
    c = g.add("Conv2D", x, w, None, name="conv", strides=(2, 1), groups=2, activation="relu6")
    r = g.add("LeakyRelu", c, name="leaky", alpha=0.1)
    m = g.add("Mean", r, name="mean", keepdims=True)
    s = g.add("Softmax", m, name="probabilities", beta=2.5)
    return g.finish([s, r])


def int8_graph() -> Graph:
    """Scales per tensor and per channel, constants of several dtypes, all metadata."""
    rng = np.random.default_rng(2)
    g = GraphBuilder("int8 net")
    x = g.input("image", (None, 4, 4, 2))
    q = g.add("Quantize", x, name="quantize", quant=per_tensor(0.05, -3))
    w = g.constant(
        rng.integers(-127, 128, (3, 2, 2, 2)).astype(np.int8),
        "conv/weight",
        per_channel(np.array([0.1, 0.2, 0.3]), 0),
    )
    b = g.constant(
        rng.integers(-99, 99, 3).astype(np.int32),
        "conv/bias",
        per_channel(np.array([0.1, 0.2, 0.3]) * 0.05, 0),
    )
    c = g.add("Conv2D", q, w, b, name="conv", pads=(1, 0, 1, 0), quant=per_tensor(0.4, 7))
    t = g.constant(rng.integers(-128, 128, 256).astype(np.int8), "table")
    h = g.add("HardSwish", c, t, name="swish", quant=per_tensor(0.3, 1))
    f = g.add("Reshape", h, name="flat", shape=(-1, 45))
    y = g.add("Dequantize", f, name="scores")
    graph = g.finish([y, f])
    image = rng.normal(size=(2, 4, 4, 2)).astype(np.float32)
    scores = rng.normal(size=(2, 45)).astype(np.float32)
    flat = rng.integers(-128, 128, (2, 45)).astype(np.int8)
    checksums = {"image": 1, "quantize": 2**32 - 1, "scores": 0}
    vector = TestVector({"image": image}, {"scores": scores, "flat": flat}, checksums)
    other = TestVector({"image": image + 1}, {"scores": scores, "flat": flat}, {})
    return replace(graph, metadata=replace(METADATA, test_vectors=(vector, other)))


def tiny_graph() -> Graph:
    """As few bytes as possible with a constant in them."""
    g = GraphBuilder("t")
    x = g.input("x", (None, 2))
    w = g.constant(np.array([[1, 2]], np.float32), "w")
    return g.finish([g.add("Dense", x, w, name="d")], Metadata(labels=("a",)))


def attribute_free_graph() -> Graph:
    """A single node; an output that is an input; a constant output; fixed batch; rank 0."""
    g = GraphBuilder("")
    x = g.input("x", (3, 1))
    s = g.input("scalar", ())
    k = g.constant(np.array([7], np.int64), "k")
    return g.finish([x, k, g.add("Relu", s)])


def streaming_graph() -> Graph:
    """A memory that moves on by one step per call."""
    g = GraphBuilder("stream")
    x = g.input("x", (1, 1, 2))
    memory = g.state("memory", np.zeros((1, 3, 2), np.float32))
    both = g.add("Concat", memory, x, name="both", axis=1)
    new = g.add("Slice", both, name="new", starts=(0, 1, 0), sizes=(1, 3, 2))
    g.keep(new, memory)
    return g.finish([g.add("Mean", both, name="y", axes=(1,))])


def branching_graph() -> Graph:
    """A loop and a choice, the choice within the loop's body."""
    g = GraphBuilder("branching")
    x, flag = g.input("x", (1, 3)), g.input("flag", (), "bool")
    for name, op in (("positive", "Relu"), ("bent", "Tanh")):
        branch = GraphBuilder(name, g)
        g.subgraph(name, branch.finish([branch.add(op, branch.input("v", (1, 3)), name="y")]))
    condition = GraphBuilder("go on", g)
    condition.input("v", (1, 3))
    g.subgraph("go on", condition.finish([condition.input("again", (), "bool")]))
    body = GraphBuilder("turn", g)
    v, again = body.input("v", (1, 3)), body.input("again", (), "bool")
    branches = {"then_branch": "positive", "else_branch": "bent"}
    chosen = body.add("If", again, v, name="chosen", **branches)
    never = body.constant(np.array(False), "never")
    g.subgraph("turn", body.finish([body.add("Add", chosen, v, name="sum"), never]))
    results = g.add_all("While", x, flag, name="turns", condition="go on", body="turn")
    return g.finish(results[:1])


GRAPHS = {
    "branching": branching_graph,
    "float": float_graph,
    "int8": int8_graph,
    "tiny": tiny_graph,
    "attribute free": attribute_free_graph,
    "streaming": streaming_graph,
}
