"""uint8 and int16 against LiteRT, in every bit: all cases, random geometry, scales and inputs."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from edgekit.export.tflite import tflite_bytes
from edgekit.frozen import replace
from edgekit.importers.tflite import load_tflite
from edgekit.interpreter import Interpreter
from edgekit.ir import OPS, Graph, GraphBuilder, Metadata, Node, Value, per_channel, per_tensor
from edgekit.ir.graph import ARITHMETICS
from edgekit.ir.ops import spec
from edgekit.ir.quant import LIMITS, QuantParams
from edgekit.ir.tables import table_for
from tests import litert, reference_int8
from tests.cases import CASES, Case, quantized_graph, random_inputs
from tests.cases.case import case

DTYPES = ("uint8", "int16")
NOT_IN_LITERT = {
    ("ArgMax", "int16"),
    ("ArgMin", "int16"),
    ("SpaceToDepth", "int16"),
    ("DepthToSpace", "int16"),
    ("Requantize", "int16", "uint8"),
}
BIASES = {"uint8": ("int32",), "int16": ("int64", "int32")}


def assert_equals_litert(graph: Graph, inputs: dict[str, Any], where: str = "") -> None:
    found = Interpreter(graph).run(inputs)
    wanted = litert.run(tflite_bytes(graph), inputs, litert.RUNTIMES[graph.metadata.arithmetic])
    for name in graph.outputs:
        assert found[name].dtype == wanted[name].dtype
        np.testing.assert_array_equal(found[name], wanted[name], err_msg=where)


def biases(case: Case, dtype: str) -> tuple[str, ...]:
    """A depthwise convolution of int16 has a bias of int64 in LiteRT, always."""
    if "weight" not in case.shapes or case.op == "DepthwiseConv2D":
        return ("",)
    return BIASES[dtype]


ALL = [
    (c, dtype)
    for c in CASES
    for dtype in DTYPES
    if c.has_int8 and not c.dtypes and (dtype in spec(c.op).dtypes or c.op == "Quantize")
    if not {(c.op, dtype), (c.op, dtype, c.attrs.get("dtype"))} & NOT_IN_LITERT
]


@pytest.mark.parametrize("arithmetic", ARITHMETICS)
@pytest.mark.parametrize(("case", "dtype"), ALL, ids=str)
def test_every_case(case: Case, dtype: str, arithmetic: str) -> None:
    if (case.op, dtype, arithmetic) == ("Sum", "int16", "fixedpoint"):
        pytest.skip("LiteRT's reference runtime joins bits with 'or' instead of adding")
    for bias in biases(case, dtype):
        graph = quantized_graph(case, dtype, arithmetic, bias=bias)
        for kind in ("uniform", "low", "high"):
            assert_equals_litert(graph, random_inputs(graph, case.batch, kind=kind), kind)


def weighted_case(seed: int) -> Case:
    """A convolution or dense layer of random size, with many outputs: halves are rare."""
    rng = np.random.default_rng(seed)
    channels, outputs, size = (int(n) for n in rng.integers((1, 1, 1), (24, 24, 4)))
    common: dict[str, Any] = {
        "activation": ("none", "relu", "relu6")[int(rng.integers(3))],
        "per_channel": bool(rng.integers(2)),
    }
    if seed % 3 == 0:
        weight = (outputs, channels)
        return case("Dense", x=(64, channels), weight=weight, bias=(outputs,), **common)
    before = (size - 1) // 2
    after = size - 1 - before
    stride = int(rng.integers(1, 3))
    common["strides"] = (stride, stride)
    common["pads"] = (before, before, after, after) if stride == 1 else (0, 0, 0, 0)
    x = (1, int(rng.integers(6, 20)), int(rng.integers(6, 20)), channels)
    if seed % 3 == 1:
        weight = (outputs, size, size, channels)
        return case("Conv2D", x=x, weight=weight, bias=(outputs,), **common)
    outputs = channels * int(rng.integers(1, 4))
    weight = (1, size, size, outputs)
    return case("DepthwiseConv2D", x=x, weight=weight, bias=(outputs,), **common)


@pytest.mark.parametrize("seed", range(36))
@pytest.mark.parametrize("arithmetic", ARITHMETICS)
@pytest.mark.parametrize("dtype", DTYPES)
def test_random_weights(dtype: str, arithmetic: str, seed: int) -> None:
    case = weighted_case(seed)
    for bias in biases(case, dtype):
        graph = quantized_graph(case, dtype, arithmetic, seed, bias)
        assert_equals_litert(graph, random_inputs(graph, case.batch, seed=seed))


@pytest.mark.parametrize("arithmetic", ARITHMETICS)
@pytest.mark.parametrize("dtype", ["int8", "uint8", "int16"])
@pytest.mark.parametrize("op", ["Add", "Conv2D", "DepthwiseConv2D", "Dense"])
def test_relu6_that_ends_at_half_a_step(op: str, dtype: str, arithmetic: str) -> None:
    """The largest integer is 6 / s rounded, halves to even or away from zero."""
    for number in range(24):
        steps = np.float32(number // 3 + 0.5)
        scale = np.float32(6.0) / steps
        scale = np.nextafter(scale, np.float32((scale, 0.0, 100.0)[number % 3]))
        zero = 0 if dtype == "int16" else LIMITS[dtype][0] + 100 + number % 2
        builder, quant = GraphBuilder(op), per_tensor(scale, zero)
        image = (16,) if op == "Dense" else (1, 1, 16)
        names = [builder.input("x", (None, *image), dtype, quant)]
        if op == "Add":
            names.append(builder.input("y", (None, *image), dtype, quant))
        else:
            weight = np.eye(16, dtype=np.uint8 if dtype == "uint8" else np.int8)
            shape = {"Dense": (16, 16), "Conv2D": (16, 1, 1, 16)}.get(op, (1, 1, 1, 16))
            data = weight.reshape(shape) if weight.size == np.prod(shape) else weight[:1] * 0 + 1
            weights = per_tensor(1.0, 0) if dtype == "uint8" else per_channel([1.0] * 16, 0)
            if op == "DepthwiseConv2D":
                data = data.reshape(shape)
                weights = weights if dtype == "uint8" else per_channel([1.0] * 16, 3)
            names.append(builder.constant(data.astype(weight.dtype), "weight", weights))
        result = builder.add(op, *names, name="layer", quant=quant, activation="relu6")
        graph = builder.finish([result], Metadata(arithmetic=arithmetic))
        rows = np.arange(zero - 16, zero + 16).astype(dtype).reshape(2, *image)
        assert_equals_litert(graph, dict.fromkeys(graph.inputs, rows), f"{scale} {zero}")


@pytest.mark.parametrize("arithmetic", ARITHMETICS)
def test_one_scale_for_all_channels_of_uint8(arithmetic: str) -> None:
    """Every sum from 0 to 65280, where the order of rounding the scales shows."""
    every = np.arange(256)
    pairs = np.stack(np.meshgrid(every, every, indexing="ij"), -1).astype(np.uint8)
    for seed in range(8):
        rng = np.random.default_rng(seed)
        x, w = (np.float32(rng.uniform(0.01, 0.1)) for _ in range(2))
        quant = per_tensor(float(x) * float(w) * 65280 / 255)
        for op, shape in (("Conv2D", (1, 1, 1, 2)), ("Dense", (1, 2))):
            builder = GraphBuilder(op)
            images = pairs[np.newaxis] if op == "Conv2D" else pairs.reshape(-1, 2)
            source = builder.input("x", (None, *images.shape[1:]), "uint8", per_tensor(x))
            weight = np.array([1, 255], np.uint8).reshape(shape)
            constant = builder.constant(weight, "weight", per_tensor(w))
            result = builder.add(op, source, constant, name="layer", quant=quant)
            graph = builder.finish([result], Metadata(arithmetic=arithmetic))
            assert_equals_litert(graph, {"x": images})


def random_quant(rng: np.random.Generator, dtype: str, around: float, spread: float) -> QuantParams:
    scale = np.float32(around * np.exp(rng.uniform(-spread, spread)))
    low, high = LIMITS[dtype]
    return per_tensor(scale, 0 if dtype == "int16" else int(rng.integers(low, high + 1)))


AROUND = {"uint8": 0.05, "int16": 0.0002}


def every(dtype: str) -> Any:
    low, high = LIMITS[dtype]
    return np.arange(low, high + 1).astype(dtype)


def some_pairs(rng: np.random.Generator, dtype: str) -> dict[str, Any]:
    """All pairs of uint8; of int16 65 536, the ends among them."""
    if dtype == "uint8":
        first, second = np.repeat(every(dtype), 256), np.tile(every(dtype), 256)
    else:
        low, high = LIMITS[dtype]
        first, second = rng.integers(low, high + 1, (2, 2**16)).astype(dtype)
        first[:300], second[100:200], second[200:400] = low, low, high
    return {"x": first.reshape(1, 256, 256), "y": second.reshape(1, 256, 256)}


@pytest.mark.parametrize("seed", range(10))
@pytest.mark.parametrize("arithmetic", ARITHMETICS)
@pytest.mark.parametrize("op", ["Add", "Sub", "Mul"])
@pytest.mark.parametrize("dtype", DTYPES)
def test_pairs(dtype: str, op: str, arithmetic: str, seed: int) -> None:
    rng, around = np.random.default_rng([seed, len(op)]), AROUND[dtype]
    spread = 2.5 if seed % 2 else 0.7
    builder, inputs = GraphBuilder(op), some_pairs(rng, dtype)
    quants = [random_quant(rng, dtype, around, spread) for _ in range(2)]
    names = [
        builder.input(n, (None, 256, 256), dtype, q) for n, q in zip("xy", quants, strict=True)
    ]
    if op == "Mul":
        around = quants[0].scale[0] * quants[1].scale[0] * (LIMITS[dtype][1] / 2)
    attrs = {"activation": ("none", "relu", "relu6")[seed % 3]} if op == "Add" else {}
    quant = random_quant(rng, dtype, around * 1.5, spread)
    result = builder.add(op, *names, name="layer", quant=quant, **attrs)
    graph = builder.finish([result], Metadata(arithmetic=arithmetic))
    assert_equals_litert(graph, inputs)
    if dtype == "int16":  # sums that are broadcast round in another way
        short = {**inputs, "y": inputs["y"][:, :1]}
        values = {**graph.values, "y": replace(graph.value("y"), shape=(None, 1, 256))}
        assert_equals_litert(replace(graph, values=values), short)


CURVES: list[tuple[str, dict[str, Any]]] = [
    ("Relu", {}),
    ("Relu6", {}),
    ("Sigmoid", {}),
    ("Tanh", {}),
    ("HardSwish", {}),
    ("LeakyRelu", {"alpha": 0.1}),
    ("LeakyRelu", {"alpha": -1.7}),
    ("Gelu", {}),
    ("Gelu", {"approximate": True}),
    ("Exp", {}),
    ("Log", {}),
    ("Sqrt", {}),
    ("Rsqrt", {}),
]
ROOTS = ("Sqrt", "Rsqrt")
"""LiteRT refuses those of negative numbers."""
FROM_A_LIBRARY = ("Gelu", "Exp", "Log")
"""The C library decides where an entry of an int16 table lies beside a half; see `tables16.py`."""


@pytest.mark.parametrize("arithmetic", ARITHMETICS)
@pytest.mark.parametrize(
    ("op", "scales"),
    [
        ("Exp", (0.4315394163131714, 0.45246556401252747)),
        ("Exp", (10.0, 0.01)),
        ("Log", (1.0263235569000244, 0.00022965851530898362)),
        ("Gelu", (2.5630404949188232, 0.001218050136230886)),
    ],
)
def test_curves_that_are_too_steep_for_int16(
    op: str, scales: tuple[float, float], arithmetic: str
) -> None:
    """Differences of two entries wrap at 16 bits; past the largest float there are no numbers."""
    x, y = (per_tensor(np.float32(scale)) for scale in scales)
    builder = GraphBuilder(op)
    name = builder.input("x", (None, 2**16), "int16", x)
    output = Value("y", (), "int16", None, y)
    table = table_for(Node(op, ("x",), ("y",)), builder.values["x"], output, arithmetic)
    result = builder.add(op, name, builder.constant(table, "table"), name="layer", quant=y)
    graph = builder.finish([result], Metadata(arithmetic=arithmetic))
    assert_equals_litert(graph, {"x": every("int16")[np.newaxis]})


BESIDE = (1.0, 1.0001, 0.9994, 1.00069, 1.0008)
"""Times a power of two: what is less than 0.001 from it by its logarithm counts as one."""


def curve(op: str, attrs: dict[str, Any], dtype: str, arithmetic: str, seed: int) -> Graph:
    """From 20 on scales lie on or beside 2^-10 to 2^-13, which are of their own for int16."""
    rng = np.random.default_rng([seed, len(op)])
    x = random_quant(rng, dtype, AROUND[dtype], 2.5)
    if seed >= 20:
        power, beside = divmod(seed - 20, len(BESIDE))
        x = per_tensor(np.float32(2.0 ** -(10 + power) * BESIDE[beside]), x.zero_point[0])
    y = OPS[op].fixed_quant(dtype) or random_quant(rng, dtype, x.scale[0], 2)
    builder = GraphBuilder(op)
    names = [builder.input("x", (None, len(every(dtype))), dtype, x)]
    if OPS[op].table_kind(dtype):
        node, output = Node(op, ("x",), ("y",), attrs), Value("y", (), dtype, None, y)
        table = table_for(node, builder.values["x"], output, arithmetic)
        names.append(builder.constant(table, "table"))
    result = builder.add(op, *names, name="layer", quant=y, **attrs)
    return builder.finish([result], Metadata(arithmetic=arithmetic))


@pytest.mark.parametrize("arithmetic", ARITHMETICS)
@pytest.mark.parametrize(("op", "attrs"), CURVES)
@pytest.mark.parametrize("dtype", DTYPES)
def test_every_input_of_a_curve(
    dtype: str, op: str, attrs: dict[str, Any], arithmetic: str
) -> None:
    if dtype not in OPS[op].dtypes:
        pytest.skip(f"LiteRT has no {op} in {dtype}, nor has edgekit")
    inputs = {"x": every(dtype)[np.newaxis]}
    for seed in range(20 + 4 * len(BESIDE) * (dtype == "int16")):
        graph = curve(op, attrs, dtype, arithmetic, seed)
        if op in ROOTS:
            zero = graph.value("x").quant.zero_point[0]
            inputs = {"x": np.maximum(inputs["x"], np.array(zero, dtype))}
        if op not in FROM_A_LIBRARY or dtype != "int16":
            assert_equals_litert(graph, inputs, str(seed))
            continue
        (found,) = Interpreter(graph).run(inputs).values()
        runtime = litert.RUNTIMES[arithmetic]
        (wanted,) = litert.run(tflite_bytes(graph), inputs, runtime).values()
        differences = np.abs(found.astype(int) - wanted.astype(int))
        assert differences.max() <= 1 and np.count_nonzero(differences) < 300


@pytest.mark.parametrize("arithmetic", ARITHMETICS)
@pytest.mark.parametrize("dtype", DTYPES)
def test_softmax_of_random_rows(dtype: str, arithmetic: str) -> None:
    for seed in range(16):
        rng = np.random.default_rng(seed)
        size = int(rng.integers(2, 60)) if seed else 2
        beta = float(np.float32(rng.choice([1.0, 0.5, 2.3])))
        graph = quantized_graph(case("Softmax", x=(200, size), beta=beta), dtype, arithmetic, seed)
        assert_equals_litert(graph, random_inputs(graph, 200, seed=seed), str(seed))


@pytest.mark.parametrize("arithmetic", ARITHMETICS)
@pytest.mark.parametrize("target", ["int8", "uint8", "int16"])
@pytest.mark.parametrize("source", ["int8", "uint8", "int16"])
def test_changes_of_scale(source: str, target: str, arithmetic: str) -> None:
    if "int16" not in (source, target) or (source, target) == ("int16", "uint8"):
        pytest.skip("tested with int8, or not in LiteRT")
    for seed in range(12):
        rng = np.random.default_rng(seed)
        x, y = (random_quant(rng, dtype, 0.01, 4) for dtype in (source, target))
        if seed % 3 == 0:
            y = per_tensor(x.scale[0], y.zero_point[0])
        builder, stored = GraphBuilder("Requantize"), every(source)[np.newaxis]
        name = builder.input("x", (None, stored.shape[1]), source, x)
        result = builder.add("Requantize", name, name="layer", quant=y, dtype=target)
        graph = builder.finish([result], Metadata(arithmetic=arithmetic))
        assert_equals_litert(graph, {"x": stored}, str(seed))


@pytest.mark.parametrize("arithmetic", ARITHMETICS)
def test_numbers_to_int16_and_back(arithmetic: str) -> None:
    for seed in range(8):
        rng = np.random.default_rng(seed)
        quant = random_quant(rng, "int16", 0.001, 3)
        halves = (rng.integers(-40000, 40000, 3000).astype(np.float32) + 0.5) * quant.scales
        wild = rng.normal(size=3000).astype(np.float32) * np.float32(100)
        builder = GraphBuilder("Quantize")
        result = builder.add(
            "Quantize", builder.input("x", (None, 3000)), name="y", quant=quant, dtype="int16"
        )
        graph = builder.finish([result], Metadata(arithmetic=arithmetic))
        assert_equals_litert(graph, {"x": np.stack([halves.astype(np.float32), wild])})
        builder = GraphBuilder("Dequantize")
        name = builder.input("x", (None, 2**16), "int16", quant)
        graph = builder.finish([builder.add("Dequantize", name, name="y")])
        assert_equals_litert(
            graph.with_metadata(arithmetic=arithmetic), {"x": every("int16")[None]}
        )


@pytest.mark.parametrize("arithmetic", ARITHMETICS)
def test_joined_uint8_of_other_scales(arithmetic: str) -> None:
    """A file joins three inputs, two of which have scales of their own; it is read back, too."""
    stored = every("uint8")[np.newaxis]
    for seed in range(20):
        rng, builder = np.random.default_rng(seed), GraphBuilder("joined")
        quants = [random_quant(rng, "uint8", 0.05, 2) for _ in range(3)]
        if seed % 3 == 0:
            quants[1] = per_tensor(quants[0].scale[0], quants[1].zero_point[0])
        names = [
            builder.input(f"x{i}", (None, 256), "uint8", quant) for i, quant in enumerate(quants)
        ]
        attrs = {"dtype": "uint8", "rounding": "joined"}
        moved = [
            builder.add("Requantize", name, name=f"{name}_moved", quant=quants[0], **attrs)
            for name in names[1:]
        ]
        result = builder.add("Concat", names[0], *moved, name="layer")
        graph = builder.finish([result], Metadata(arithmetic=arithmetic))
        inputs = dict.fromkeys(names, stored)
        assert_equals_litert(graph, inputs, str(seed))
        found = Interpreter(graph).run(inputs)["layer"]
        for position in (1, 2):
            node = graph.nodes[position - 1]
            x, y = graph.value(names[position]), graph.value(node.outputs[0])
            wanted = [
                reference_int8.requantize(node, x, y, arithmetic, q) for q in stored[0].tolist()
            ]
            assert found[0, 256 * position : 256 * (position + 1)].tolist() == wanted
        again = load_tflite(tflite_bytes(graph), arithmetic=arithmetic)
        np.testing.assert_array_equal(Interpreter(again).run(inputs)["layer"], found)
