"""The int8 kernels against LiteRT: random scales and zero points, all inputs that there are.

The default runtime must equal arithmetic "float32" and the reference runtime "fixedpoint", in
every bit. Two int8 inputs have 65 536 pairs, one has 256 values; all of them are run.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from edgekit.export.tflite import tflite_bytes
from edgekit.interpreter import Interpreter
from edgekit.ir import OPS, Graph, GraphBuilder, Metadata, Node, Value, per_tensor
from edgekit.ir.metadata import ARITHMETICS
from edgekit.ir.quant import QuantParams
from edgekit.ir.tables import table_for
from tests import litert

EVERY = np.arange(-128, 128).astype(np.int8)
PAIRS = {
    "x": np.repeat(EVERY, 256).reshape(1, 256, 256),
    "y": np.tile(EVERY, 256).reshape(1, 256, 256),
}
SEEDS = range(12)


def assert_equals_litert(graph: Graph, inputs: dict[str, Any]) -> None:
    (found,) = Interpreter(graph).run(inputs).values()
    runtime = litert.RUNTIMES[graph.metadata.arithmetic]
    (wanted,) = litert.run(tflite_bytes(graph), inputs, runtime).values()
    assert found.dtype == wanted.dtype
    np.testing.assert_array_equal(found, wanted)


def random_quant(
    rng: np.random.Generator, around: float, spread: float, dtype: str = "int8"
) -> QuantParams:
    """A scale within a factor exp(spread); a third of them a power of two away, where halves
    are exact and rounding shows.
    """
    factor = np.exp(rng.uniform(-spread, spread))
    if rng.integers(3) == 0:
        factor = 2.0 ** int(rng.integers(-3, 4))
    low = -128 if dtype == "int8" else 0
    return per_tensor(np.float32(around * factor), int(rng.integers(low, low + 256)))


def two_inputs(op: str, arithmetic: str, seed: int) -> Graph:
    rng = np.random.default_rng([seed, len(op)])
    builder = GraphBuilder(op)
    first = random_quant(rng, 0.0625, 3)
    second = first if op in ("Maximum", "Minimum") else random_quant(rng, first.scale[0], 2.5)
    names = [
        builder.input(n, (None, 256, 256), "int8", q) for n, q in (("x", first), ("y", second))
    ]
    attrs: dict[str, Any] = {}
    around = max(first.scale[0], second.scale[0])
    if op == "Add":
        attrs["activation"] = str(rng.choice(["none", "relu", "relu6"]))
    if op == "Mul":
        around = first.scale[0] * second.scale[0] * 100
    quant = None if op in ("Maximum", "Minimum") else random_quant(rng, around, 1.5)
    result = builder.add(op, *names, name="layer", quant=quant, **attrs)
    return builder.finish([result], Metadata(arithmetic=arithmetic))


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("arithmetic", ARITHMETICS)
@pytest.mark.parametrize("op", ["Add", "Sub", "Mul", "Maximum", "Minimum"])
def test_every_pair_of_inputs(op: str, arithmetic: str, seed: int) -> None:
    assert_equals_litert(two_inputs(op, arithmetic, seed), PAIRS)


@pytest.mark.parametrize("ratio", [2.0**-13, 2.0**-10.01, 2.0**-10, 2.0**-9.5, 100.3, 255.9])
@pytest.mark.parametrize("op", ["Add", "Sub"])
def test_sums_of_scales_far_apart(op: str, ratio: float) -> None:
    """On both sides of the ratio below which LiteRT leaves a sum to its reference formula."""
    builder = GraphBuilder(op)
    small = per_tensor(np.float32(0.05 * ratio), 17)
    names = [
        builder.input(n, (None, 256, 256), "int8", q)
        for n, q in (("x", per_tensor(0.06, -3)), ("y", small))
    ]
    result = builder.add(op, *names, name="layer", quant=per_tensor(0.05, 5))
    assert_equals_litert(builder.finish([result]), PAIRS)


BROADCASTS = [
    ((2, 5, 6, 4), (4,)),
    ((2, 5, 6, 4), (1, 1, 1, 4)),
    ((2, 5, 6, 4), (1,)),
    ((2, 5, 6, 4), (1, 5, 1, 1)),
    ((2, 5, 6, 4), (1, 1, 6, 4)),
    ((2, 9), (1, 9)),
]


@pytest.mark.parametrize("constant", [True, False], ids=["constant", "computed"])
@pytest.mark.parametrize("swapped", [True, False], ids=["small-first", "small-second"])
@pytest.mark.parametrize(("large", "small"), BROADCASTS)
@pytest.mark.parametrize("arithmetic", ARITHMETICS)
@pytest.mark.parametrize("op", ["Add", "Sub", "Mul"])
def test_broadcasting(
    op: str, arithmetic: str, large: Any, small: Any, swapped: bool, constant: bool
) -> None:
    rng = np.random.default_rng(len(small))
    builder = GraphBuilder(op)
    inputs = {"x": rng.integers(-128, 128, size=large).astype(np.int8)}
    data = rng.integers(-128, 128, size=small).astype(np.int8)
    names = [builder.input("x", (None, *large[1:]), "int8", per_tensor(0.043, -9))]
    if constant:
        names.append(builder.constant(data, "y", per_tensor(0.057, 30)))
    else:
        inputs["y"] = data
        names.append(builder.input("y", small, "int8", per_tensor(0.057, 30)))
    if swapped:
        names.reverse()
    quant = per_tensor(0.12 if op == "Mul" else 0.0713, 4)
    result = builder.add(op, *names, name="layer", quant=quant)
    assert_equals_litert(builder.finish([result], Metadata(arithmetic=arithmetic)), inputs)


UNARY: list[tuple[str, dict[str, Any]]] = [
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


@pytest.mark.parametrize("arithmetic", ARITHMETICS)
@pytest.mark.parametrize(("op", "attrs"), UNARY)
def test_every_input_of_an_activation(op: str, attrs: dict[str, Any], arithmetic: str) -> None:
    """The table that the model would carry, and the clip of Relu, at 40 pairs of scales."""
    if op == "Elu" and arithmetic == "fixedpoint":
        pytest.skip("LiteRT's reference runtime has no Elu; the formula is edgekit's own")
    rng = np.random.default_rng([len(op), len(attrs)])
    for _ in range(40):
        builder = GraphBuilder(op)
        quant = random_quant(rng, 0.0625, 4)
        x = builder.input("x", (None, 256), "int8", quant)
        y_quant = OPS[op].output_quant or random_quant(rng, quant.scale[0], 3)
        inputs = [x]
        if OPS[op].table:
            node, y = Node(op, (x,), ("y",), attrs), Value("y", (), "int8", None, y_quant)
            inputs.append(builder.constant(table_for(node, builder.values[x], y, arithmetic), "t"))
        result = builder.add(op, *inputs, name="layer", quant=y_quant, **attrs)
        graph = builder.finish([result], Metadata(arithmetic=arithmetic))
        assert_equals_litert(graph, {"x": EVERY[None]})


@pytest.mark.parametrize("arithmetic", ARITHMETICS)
@pytest.mark.parametrize("target", ["int8", "uint8"])
@pytest.mark.parametrize("source", ["int8", "uint8"])
def test_every_input_of_a_change_of_scale(source: str, target: str, arithmetic: str) -> None:
    """Ratios from 2^-9 to 2^8: beyond both ends of the range of LiteRT's fast kernel."""
    rng = np.random.default_rng(len(source) + 7 * len(target))
    for number in range(60):
        quant = random_quant(rng, 0.0625, 2, source)
        scale = quant.scale[0] * 2.0 ** rng.uniform(-8, 9)
        if number % 3 == 0:
            scale = quant.scale[0] * 2.0 ** int(rng.integers(-8, 9))
        low = -128 if target == "int8" else 0
        builder = GraphBuilder("Requantize")
        x = builder.input("x", (None, 256), source, quant)
        y_quant = per_tensor(np.float32(scale), int(rng.integers(low, low + 256)))
        result = builder.add("Requantize", x, name="layer", quant=y_quant, dtype=target)
        every = np.arange(256).astype(np.uint8) if source == "uint8" else EVERY
        graph = builder.finish([result], Metadata(arithmetic=arithmetic))
        assert_equals_litert(graph, {"x": every[None]})


@pytest.mark.parametrize("arithmetic", ARITHMETICS)
@pytest.mark.parametrize("dtype", ["int8", "uint8"])
def test_quantize_and_dequantize(dtype: str, arithmetic: str) -> None:
    """Numbers on halves of steps, one float32 beside them, and at random."""
    rng = np.random.default_rng(5)
    for _ in range(20):
        quant = random_quant(rng, 0.05, 3, dtype)
        halves = (np.arange(-300, 300).astype(np.float32) + np.float32(0.5)) * quant.scales
        above = np.nextafter(halves, np.float32(np.inf))
        below = np.nextafter(halves, np.float32(-np.inf))
        wild = rng.normal(size=600).astype(np.float32) * np.float32(1000)
        x = np.stack([halves, above, below, wild])
        builder = GraphBuilder("Quantize")
        name = builder.input("x", (None, 600))
        result = builder.add("Quantize", name, name="layer", quant=quant, dtype=dtype)
        graph = builder.finish([result], Metadata(arithmetic=arithmetic))
        assert_equals_litert(graph, {"x": x})
        builder = GraphBuilder("Dequantize")
        name = builder.input("x", (None, 256), dtype, quant)
        graph = builder.finish([builder.add("Dequantize", name)], Metadata(arithmetic=arithmetic))
        every = np.arange(256).astype(np.uint8) if dtype == "uint8" else EVERY
        assert_equals_litert(graph, {"x": every[None]})


def test_numbers_that_do_not_fit_saturate() -> None:
    """As in LiteRT's default runtime, NaN becomes the largest; nothing warns."""
    x = np.array([[1.0, -1.0, 3e38, -3e38, 0.0]], np.float32)
    builder = GraphBuilder("Quantize")
    zeros = builder.constant(np.zeros((1, 5), np.float32), "zeros")
    infinite = builder.add("Div", builder.input("x", (None, 5)), zeros)
    result = builder.add("Quantize", infinite, name="layer", quant=per_tensor(0.001, 3))
    graph = builder.finish([result])
    (wanted,) = litert.run(tflite_bytes(graph), {"x": x}).values()
    np.testing.assert_array_equal(wanted, [[127, -128, 127, -128, 127]])
    for arithmetic in ARITHMETICS:
        (found,) = Interpreter(graph.with_metadata(arithmetic=arithmetic)).run(x).values()
        np.testing.assert_array_equal(found, wanted)


@pytest.mark.parametrize("arithmetic", ARITHMETICS)
def test_products_beyond_float32_saturate(arithmetic: str) -> None:
    """A tiny scale: x / s is beyond float32, though x is not."""
    x = np.array([[3e38, -3e38, 1e-3, 0.0]], np.float32)
    builder = GraphBuilder("Quantize")
    quant = per_tensor(1e-6, 3)
    result = builder.add("Quantize", builder.input("x", (None, 4)), name="layer", quant=quant)
    graph = builder.finish([result], Metadata(arithmetic=arithmetic))
    (found,) = Interpreter(graph).run(x).values()
    np.testing.assert_array_equal(found, [[127, -128, 127, 3]])


@pytest.mark.parametrize("value", [-0.5, 0.074, 100.0])
@pytest.mark.parametrize("arithmetic", ARITHMETICS)
def test_padding_with_a_number(value: float, arithmetic: str) -> None:
    """0.074 is halfway between two steps; 100 saturates."""
    builder = GraphBuilder("Pad")
    x = builder.input("x", (None, 3, 256), "int8", per_tensor(0.148, -20))
    result = builder.add("Pad", x, name="layer", pads=(0, 0, 1, 2, 3, 0), value=value)
    graph = builder.finish([result], Metadata(arithmetic=arithmetic))
    assert_equals_litert(graph, {"x": np.tile(EVERY, 6).reshape(2, 3, 256)})
