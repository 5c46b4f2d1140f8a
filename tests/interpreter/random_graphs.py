"""Graphs of one int8 operator with random scales and zero points, and all inputs there are."""

from __future__ import annotations

from typing import Any

import numpy as np

from edgekit.ir import OPS, Graph, GraphBuilder, Metadata, Node, Value, per_tensor
from edgekit.ir.quant import LIMITS, QuantParams
from edgekit.ir.tables import table_for

EVERY = np.arange(-128, 128).astype(np.int8)
EVERY_UNSIGNED = np.arange(256).astype(np.uint8)
PAIRS = {
    "x": np.repeat(EVERY, 256).reshape(1, 256, 256),
    "y": np.tile(EVERY, 256).reshape(1, 256, 256),
}
SUMS_AND_PRODUCTS = ["Add", "Sub", "Mul"]
RATIOS_FAR_APART = [
    (1.3237, 0.000506),
    (2.4998, 0.0002268),
    (1.2, 2.0**-10),
    (1.2, 2.0**-10.01),
    (2.0**-13, 2.0**-3.2),
    (255.9, 1.0),
    (100.3, 0.002),
]
"""Scales of two inputs over the output's, on both sides of what LiteRT's fast kernel takes."""

ACTIVATIONS: list[tuple[str, dict[str, Any]]] = [
    ("Relu", {}),
    ("Relu6", {}),
    ("Sigmoid", {}),
    ("Tanh", {}),
    ("HardSwish", {}),
    ("LeakyRelu", {"alpha": 0.01}),
    ("LeakyRelu", {"alpha": 0.2}),
    ("LeakyRelu", {"alpha": -0.7}),
    ("LeakyRelu", {"alpha": 1.3}),
    ("LeakyRelu", {"alpha": 0.0}),
    ("Elu", {}),
    ("Gelu", {"approximate": False}),
    ("Gelu", {"approximate": True}),
]


def random_quant(
    rng: np.random.Generator, around: float, spread: float, dtype: str = "int8"
) -> QuantParams:
    """A scale within a factor exp(spread); a third of them a power of two away, where halves
    are exact and rounding shows.
    """
    factor = np.exp(rng.uniform(-spread, spread))
    if rng.integers(3) == 0:
        factor = 2.0 ** int(rng.integers(-3, 4))
    low, high = LIMITS[dtype]
    return per_tensor(np.float32(around * factor), int(rng.integers(low, high + 1)))


def two_inputs(op: str, arithmetic: str, seed: int, rows: int = 256) -> Graph:
    """Reads x and y of shape [batch, rows, 256]: PAIRS, or some of them."""
    rng = np.random.default_rng([seed, len(op)])
    builder = GraphBuilder(op)
    first = random_quant(rng, 0.0625, 3)
    second = first if OPS[op].tied else random_quant(rng, first.scale[0], 2.5)
    names = [
        builder.input(n, (None, rows, 256), "int8", q) for n, q in (("x", first), ("y", second))
    ]
    attrs: dict[str, Any] = {}
    around = max(first.scale[0], second.scale[0])
    if op == "Add":
        attrs["activation"] = str(rng.choice(["none", "relu", "relu6"]))
    if op == "Mul":
        around = first.scale[0] * second.scale[0] * 100
    quant = None if OPS[op].tied else random_quant(rng, around, 1.5)
    result = builder.add(op, *names, name="layer", quant=quant, **attrs)
    return builder.finish([result], Metadata(arithmetic=arithmetic))


def sum_far_apart(op: str, arithmetic: str, ratios: tuple[float, float]) -> Graph:
    """A sum whose inputs' scales are `ratios` times the output's."""
    builder = GraphBuilder(op)
    first, second = (
        builder.input(n, (None, 256, 256), "int8", per_tensor(np.float32(0.05 * r), z))
        for n, r, z in (("x", ratios[0], -3), ("y", ratios[1], 17))
    )
    result = builder.add(op, first, second, name="layer", quant=per_tensor(0.05, 5))
    return builder.finish([result], Metadata(arithmetic=arithmetic))


def activation(rng: np.random.Generator, op: str, arithmetic: str, attrs: dict[str, Any]) -> Graph:
    """Reads x of shape [batch, 256]."""
    quant = random_quant(rng, 0.0625, 4)
    y_quant = OPS[op].output_quant or random_quant(rng, quant.scale[0], 3)
    return activation_between(quant, y_quant, op, arithmetic, attrs)


def activation_between(
    quant: QuantParams, y_quant: QuantParams, op: str, arithmetic: str, attrs: dict[str, Any]
) -> Graph:
    """One activation function from a scale to another."""
    builder = GraphBuilder(op)
    inputs = [builder.input("x", (None, 256), "int8", quant)]
    if OPS[op].table:
        node, y = Node(op, ("x",), ("y",), attrs), Value("y", (), "int8", None, y_quant)
        table = table_for(node, builder.values["x"], y, arithmetic)
        inputs.append(builder.constant(table, "table"))
    result = builder.add(op, *inputs, name="layer", quant=y_quant, **attrs)
    return builder.finish([result], Metadata(arithmetic=arithmetic))


def change_of_scale(
    rng: np.random.Generator, source: str, target: str, arithmetic: str, exact: bool
) -> tuple[Graph, dict[str, Any]]:
    """A Requantize from 2^-8 to 2^9 times the scale (`exact`: powers of two), and every input."""
    quant = random_quant(rng, 0.0625, 2, source)
    power = int(rng.integers(-8, 9)) if exact else rng.uniform(-8, 9)
    low, high = LIMITS[target]
    builder = GraphBuilder("Requantize")
    x = builder.input("x", (None, 256), source, quant)
    y_quant = per_tensor(np.float32(quant.scale[0] * 2.0**power), int(rng.integers(low, high + 1)))
    result = builder.add("Requantize", x, name="layer", quant=y_quant, dtype=target)
    graph = builder.finish([result], Metadata(arithmetic=arithmetic))
    return graph, {"x": (EVERY_UNSIGNED if source == "uint8" else EVERY)[None]}


def quantization(
    rng: np.random.Generator, dtype: str, arithmetic: str
) -> tuple[Graph, dict[str, Any]]:
    """A Quantize, and numbers on halves of steps, one float32 beside them, and at random."""
    quant = random_quant(rng, 0.05, 3, dtype)
    halves = (np.arange(-300, 300).astype(np.float32) + np.float32(0.5)) * quant.scales
    above = np.nextafter(halves, np.float32(np.inf))
    below = np.nextafter(halves, np.float32(-np.inf))
    wild = rng.normal(size=600).astype(np.float32) * np.float32(1000)
    builder = GraphBuilder("Quantize")
    x = builder.input("x", (None, 600))
    result = builder.add("Quantize", x, name="layer", quant=quant, dtype=dtype)
    graph = builder.finish([result], Metadata(arithmetic=arithmetic))
    return graph, {"x": np.stack([halves, above, below, wild])}


def dequantization(
    rng: np.random.Generator, dtype: str, arithmetic: str
) -> tuple[Graph, dict[str, Any]]:
    """A Dequantize, and every input."""
    builder = GraphBuilder("Dequantize")
    x = builder.input("x", (None, 256), dtype, random_quant(rng, 0.05, 3, dtype))
    result = builder.add("Dequantize", x, name="layer")
    graph = builder.finish([result], Metadata(arithmetic=arithmetic))
    return graph, {"x": (EVERY_UNSIGNED if dtype == "uint8" else EVERY)[None]}
