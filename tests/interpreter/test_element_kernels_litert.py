"""The int8 kernels against LiteRT: random scales and zero points, all inputs that there are.

The default runtime must equal arithmetic "float32" and the reference runtime "fixedpoint", in
every bit. Two int8 inputs have 65 536 pairs, one has 256 values; all of them are run.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from edgekit.export.tflite import tflite_bytes
from edgekit.interpreter import Interpreter
from edgekit.ir import Graph, GraphBuilder, Metadata, per_tensor
from edgekit.ir.graph import ARITHMETICS
from edgekit.ir.quant import QuantParams
from tests import litert
from tests.interpreter import random_graphs
from tests.interpreter.random_graphs import EVERY, PAIRS


def assert_equals_litert(graph: Graph, inputs: dict[str, Any]) -> None:
    (found,) = Interpreter(graph).run(inputs).values()
    runtime = litert.RUNTIMES[graph.metadata.arithmetic]
    (wanted,) = litert.run(tflite_bytes(graph), inputs, runtime).values()
    assert found.dtype == wanted.dtype
    np.testing.assert_array_equal(found, wanted)


@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize("arithmetic", ARITHMETICS)
@pytest.mark.parametrize("op", [*random_graphs.SUMS_AND_PRODUCTS, "Maximum", "Minimum"])
def test_every_pair_of_inputs(op: str, arithmetic: str, seed: int) -> None:
    assert_equals_litert(random_graphs.two_inputs(op, arithmetic, seed), PAIRS)


@pytest.mark.parametrize("arithmetic", ARITHMETICS)
@pytest.mark.parametrize("ratios", random_graphs.RATIOS_FAR_APART)
@pytest.mark.parametrize("op", ["Add", "Sub"])
def test_sums_of_scales_far_apart(op: str, ratios: tuple[float, float], arithmetic: str) -> None:
    assert_equals_litert(random_graphs.sum_far_apart(op, arithmetic, ratios), PAIRS)


@pytest.mark.parametrize("arithmetic", ARITHMETICS)
@pytest.mark.parametrize("dtype", ["int8", "uint8"])
@pytest.mark.parametrize("ratio", [2.0**-17, 1.4 * 2.0**-16, 255.9, 256.0, 300.0, 5000.0])
def test_products_of_scales_far_apart(ratio: float, dtype: str, arithmetic: str) -> None:
    """XNNPACK takes ratios from 2^-16 to 2^8. Above, LiteRT's default runtime overflows, and its
    reference kernels say what both arithmetics give.
    """
    offset = 128 if dtype == "uint8" else 0
    inputs = {name: (q.astype(np.int16) + offset).astype(dtype) for name, q in PAIRS.items()}
    builder = GraphBuilder("Mul")
    names = [
        builder.input(n, (None, 256, 256), dtype, per_tensor(s, z + offset))
        for n, s, z in (("x", 0.5, -3), ("y", 0.25, 17))
    ]
    quant = per_tensor(np.float32(0.125 / ratio), 5 + offset)
    result = builder.add("Mul", *names, name="layer", quant=quant)
    graph = builder.finish([result], Metadata(arithmetic=arithmetic))
    if ratio < 256.0:
        assert_equals_litert(graph, inputs)
        return
    (found,) = Interpreter(graph).run(inputs).values()
    (wanted,) = litert.run(tflite_bytes(graph), inputs, "reference").values()
    np.testing.assert_array_equal(found, wanted)


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


@pytest.mark.parametrize("arithmetic", ARITHMETICS)
@pytest.mark.parametrize(("op", "attrs"), random_graphs.ACTIVATIONS)
def test_every_input_of_an_activation(op: str, attrs: dict[str, Any], arithmetic: str) -> None:
    """The table that the model carries, and the clip of Relu, at 40 pairs of scales."""
    if op == "Elu" and arithmetic == "fixedpoint":
        pytest.skip("LiteRT's reference runtime has no Elu; the formula is edgekit's own")
    rng = np.random.default_rng([len(op), len(attrs)])
    for _ in range(40):
        graph = random_graphs.activation(rng, op, arithmetic, attrs)
        assert_equals_litert(graph, {"x": EVERY[None]})


CURVES: list[tuple[str, dict[str, Any], Callable[[float], float], QuantParams]] = [
    ("Sigmoid", {}, lambda t: 1 / (1 + math.exp(-t)), per_tensor(1 / 256, -128)),
    ("Tanh", {}, math.tanh, per_tensor(1 / 128, 0)),
    ("Elu", {}, lambda t: t if t > 0 else math.expm1(t), per_tensor(0.0137, 5)),
    ("Gelu", {}, lambda t: t * (1 + math.erf(t * math.sqrt(0.5))) / 2, per_tensor(0.0211, -90)),
]


@pytest.mark.parametrize("arithmetic", ARITHMETICS)
@pytest.mark.parametrize(("op", "attrs", "curve", "quant"), CURVES)
def test_tables_where_a_half_step_decides(
    op: str,
    attrs: dict[str, Any],
    curve: Callable[[float], float],
    quant: QuantParams,
    arithmetic: str,
) -> None:
    """Scales chosen so that one input lands on a half step to within float32.

    An entry may differ from LiteRT's only where the C library decides: not for Sigmoid, and by one
    step where the exact value lies within four float32 steps of the half.
    """
    if op == "Elu" and arithmetic == "fixedpoint":
        pytest.skip("LiteRT's reference runtime has no Elu; the formula is edgekit's own")
    rng = np.random.default_rng(len(op))
    for _ in range(60):
        u = int(rng.integers(20, 120)) * (1 if op == "Gelu" else int(rng.choice([-1, 1])))
        half = np.floor(curve(float(rng.uniform(0.1, 2) * np.sign(u))) / quant.scale[0]) + 0.5
        scale = solve(curve, half * quant.scale[0]) / u
        if scale <= 0:
            continue
        x = per_tensor(np.float32(scale), 0)
        graph = random_graphs.activation_between(x, quant, op, arithmetic, attrs)
        (found,) = Interpreter(graph).run(EVERY[None]).values()
        runtime = litert.RUNTIMES[arithmetic]
        (wanted,) = litert.run(tflite_bytes(graph), {"x": EVERY[None]}, runtime).values()
        for q in EVERY[found[0] != wanted[0]].tolist():
            exact = curve(x.scale[0] * q) / quant.scale[0]
            margin = 4 * 2.0**-23 * max(abs(exact), 1.0)
            assert op != "Sigmoid" and abs(exact - np.floor(exact) - 0.5) < margin
            assert abs(int(found[0, q + 128]) - int(wanted[0, q + 128])) == 1


def solve(curve: Callable[[float], float], y: float) -> float:
    """Where the rising curve reaches y, between -4 and 4."""
    low, high = -4.0, 4.0
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if curve(middle) < y else (low, middle)
    return low


@pytest.mark.parametrize("arithmetic", ARITHMETICS)
@pytest.mark.parametrize("target", ["int8", "uint8"])
@pytest.mark.parametrize("source", ["int8", "uint8"])
def test_every_input_of_a_change_of_scale(source: str, target: str, arithmetic: str) -> None:
    """Beyond both ends of the range of ratios that LiteRT's fast kernel takes."""
    rng = np.random.default_rng(len(source) + 7 * len(target))
    for number in range(60):
        exact = number % 3 == 0
        assert_equals_litert(*random_graphs.change_of_scale(rng, source, target, arithmetic, exact))


@pytest.mark.parametrize("arithmetic", ARITHMETICS)
@pytest.mark.parametrize(("source", "target"), [("int8", "uint8"), ("uint8", "int8")])
def test_the_last_of_a_change_of_scale(source: str, target: str, arithmetic: str) -> None:
    """LiteRT takes 16 elements at a time and rounds those that are left in another way."""
    rng, limits = np.random.default_rng(len(source)), np.iinfo(source)
    for size in (1, 10, 15, 16, 17, 40, 250):
        for ratio in (0.2, 0.3, 0.4, 0.49, 1.7):
            quant = random_graphs.random_quant(rng, 0.0625, 2, source)
            y_quant = per_tensor(np.float32(quant.scale[0] / ratio), np.iinfo(target).max)
            builder = GraphBuilder("Requantize")
            x = builder.input("x", (None, size), source, quant)
            name = builder.add("Requantize", x, name="layer", quant=y_quant, dtype=target)
            graph = builder.finish([name], Metadata(arithmetic=arithmetic))
            stored = rng.integers(limits.min, limits.max, (1, size), source, endpoint=True)
            assert_equals_litert(graph, {"x": stored})


@pytest.mark.parametrize("arithmetic", ARITHMETICS)
@pytest.mark.parametrize("dtype", ["int8", "uint8"])
def test_quantize_and_dequantize(dtype: str, arithmetic: str) -> None:
    rng = np.random.default_rng(5)
    for _ in range(20):
        assert_equals_litert(*random_graphs.quantization(rng, dtype, arithmetic))
        assert_equals_litert(*random_graphs.dequantization(rng, dtype, arithmetic))


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
