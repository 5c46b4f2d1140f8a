"""Single operators and real networks against LiteRT, bit for bit, in both arithmetics."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from edgekit.export.tflite import tflite_bytes
from edgekit.interpreter import Interpreter
from edgekit.ir import Graph
from edgekit.ir.graph import ARITHMETICS
from tests import litert
from tests.cases import CASES, Case, float_graph, int8_graph, random_inputs
from tests.cases.case import case
from tests.material import MATERIAL, material
from tests.tflite_models import with_open_batch

OPERATORS = ("Conv2D", "DepthwiseConv2D", "Dense", "MaxPool2D", "AveragePool2D", "Mean", "Softmax")
NETWORKS = [
    "mlperf_tiny/kws_ref_model",
    "mlperf_tiny/pretrainedResnet_quant",
    "mlperf_tiny/vww_96_int8",
    "mlperf_tiny/ad01_int8",
    "tinymaix/cifar10_q",
    "tinymaix/mnist_dw_q",
    "tinymaix/mnist_resnet_q",
    "tinymaix/mnist_valid_q",
    "mlonmcu/micro_kws_m_quantized",
    "tflm/micro_speech_quantized",
    "tflm/hello_world_int8",
]
LAYERS = sorted(path.stem for path in (MATERIAL / "tflite" / "mlperf_layers").glob("*.tflite"))


def random_case(seed: int) -> Case:
    """A convolution of random geometry."""
    rng = np.random.default_rng(seed)
    depthwise = bool(rng.integers(2))
    channels, height, width = (int(n) for n in rng.integers((1, 5, 5), (20, 14, 14)))
    outputs = channels * int(rng.integers(1, 3)) if depthwise else int(rng.integers(1, 20))
    size = tuple(int(n) for n in rng.integers(1, 5, 2))
    same = [((n - 1) // 2, n - 1 - (n - 1) // 2) for n in size]
    pads = (same[0][0], same[1][0], same[0][1], same[1][1]) if rng.integers(2) else (0, 0, 0, 0)
    # LiteRT's depthwise kernels take one stride for both directions.
    down = int(rng.integers(1, 4))
    strides = (down, down) if depthwise else (down, int(rng.integers(1, 4)))
    settings: dict[str, Any] = {
        "x": (1, height, width, channels),
        "weight": (1, *size, outputs) if depthwise else (outputs, *size, channels),
        "bias": (outputs,),
        "strides": strides,
        "pads": pads if strides == (1, 1) else (0, 0, 0, 0),
        "activation": ("none", "relu", "relu6")[int(rng.integers(3))],
        "per_channel": bool(rng.integers(4)),
    }
    return case("DepthwiseConv2D" if depthwise else "Conv2D", **settings)


SINGLE = [c for c in CASES if c.op in OPERATORS and c.has_int8]
SINGLE += [random_case(seed) for seed in range(60)]


@pytest.mark.parametrize("arithmetic", ARITHMETICS)
@pytest.mark.parametrize("case", SINGLE, ids=lambda c: str(c))
def test_int8_operators_equal_litert(case: Case, arithmetic: str) -> None:
    graph = int8_graph(case, arithmetic)
    content = tflite_bytes(graph)
    for kind in ("uniform", "low", "high"):
        inputs = random_inputs(graph, case.batch, kind=kind)
        (wanted,) = litert.run(content, inputs, litert.RUNTIMES[arithmetic]).values()
        (found,) = Interpreter(graph).run(inputs).values()
        np.testing.assert_array_equal(found, wanted)


@pytest.mark.parametrize("case", [c for c in CASES if c.op in OPERATORS], ids=str)
def test_float_operators_agree_with_litert(case: Case) -> None:
    """Two float32 sums of the same at most 400 products, in different orders."""
    graph = float_graph(case)
    inputs = random_inputs(graph, case.batch)
    (wanted,) = litert.run(tflite_bytes(graph), inputs).values()
    (found,) = Interpreter(graph).run(inputs).values()
    np.testing.assert_allclose(found, wanted, rtol=1e-5, atol=1e-4)


def assert_network_equals_litert(graph: Graph, content: bytes, inputs: Any) -> None:
    runtime = litert.interpreter(content, litert.RUNTIMES[graph.metadata.arithmetic])
    runtime.allocate_tensors()
    (source,), (target,) = runtime.get_input_details(), runtime.get_output_details()
    interpreter = Interpreter(graph)
    batch = interpreter.run(inputs)[graph.outputs[0]]
    for row in range(len(inputs)):
        sample = inputs[row : row + 1]
        runtime.set_tensor(source["index"], sample)
        runtime.invoke()
        wanted = runtime.get_tensor(target["index"])
        np.testing.assert_array_equal(interpreter.run(sample)[graph.outputs[0]], wanted)
        np.testing.assert_array_equal(batch[row : row + 1], wanted)


def hard_inputs(graph: Graph, count: int) -> Any:
    """Uniform noise, smooth maps, both ends of the range and a checkerboard."""
    value, rng = graph.value(graph.inputs[0]), np.random.default_rng(0)
    limits = np.iinfo(value.dtype)
    shape = tuple(d for d in value.shape if d is not None)
    noise = rng.integers(limits.min, limits.max + 1, (count, *shape))
    waves = np.cumsum(rng.normal(size=(count, *shape)), axis=1) * 20
    ends = np.array([limits.min, limits.max]).reshape(2, *[1] * len(shape))
    board = np.where(np.indices(shape).sum(axis=0) % 2, limits.min, limits.max)
    smooth = np.clip(np.rint(waves), limits.min, limits.max)
    parts = [noise, smooth, np.broadcast_to(ends, (2, *shape)), board[np.newaxis]]
    return np.concatenate(parts).astype(value.dtype)


@pytest.mark.parametrize("arithmetic", ARITHMETICS)
@pytest.mark.parametrize("name", NETWORKS)
def test_real_networks_equal_litert(name: str, arithmetic: str) -> None:
    path = material(f"tflite/{name}.tflite")
    graph = with_open_batch(path, arithmetic)
    count = 20 if arithmetic == "float32" else 4  # the reference runtime is slow
    assert_network_equals_litert(graph, path.read_bytes(), hard_inputs(graph, count))


@pytest.mark.parametrize("arithmetic", ARITHMETICS)
def test_mobilenet_equals_litert(arithmetic: str) -> None:
    path = material("tflite/coral/tf2_mobilenet_v2_1.0_224_ptq.tflite")
    graph = with_open_batch(path, arithmetic)
    assert_network_equals_litert(graph, path.read_bytes(), hard_inputs(graph, 1)[:2])


@pytest.mark.parametrize("name", LAYERS or ["aww_layer0"])
def test_layers_of_real_networks_equal_litert(name: str) -> None:
    path = material(f"tflite/mlperf_layers/{name}.tflite")
    for arithmetic in ARITHMETICS:
        graph = with_open_batch(path, arithmetic)
        inputs = random_inputs(graph, 1)
        runtime = litert.interpreter(path.read_bytes(), litert.RUNTIMES[arithmetic])
        runtime.allocate_tensors()
        for detail, array in zip(runtime.get_input_details(), inputs.values(), strict=True):
            runtime.set_tensor(detail["index"], array)
        runtime.invoke()
        wanted = runtime.get_tensor(runtime.get_output_details()[0]["index"])
        (found,) = Interpreter(graph).run(inputs).values()
        np.testing.assert_array_equal(found, wanted)


@pytest.mark.parametrize(
    "name", ["mlperf_tiny/pretrainedResnet", "mlperf_tiny/vww_96_float", "mlperf_tiny/ad01_fp32"]
)
def test_float_networks_agree_with_litert(name: str) -> None:
    """Sums in different orders through up to 28 layers; outputs of magnitude 1 (ad01: 10)."""
    path = material(f"tflite/{name}.tflite")
    graph = with_open_batch(path)
    rng = np.random.default_rng(0)
    shape = tuple(d for d in graph.value(graph.inputs[0]).shape if d is not None)
    x = rng.uniform(0, 1, (1, *shape)).astype(np.float32)
    runtime = litert.interpreter(path.read_bytes())
    runtime.allocate_tensors()
    runtime.set_tensor(runtime.get_input_details()[0]["index"], x)
    runtime.invoke()
    wanted = runtime.get_tensor(runtime.get_output_details()[0]["index"])
    np.testing.assert_allclose(Interpreter(graph).predict(x), wanted, rtol=1e-5, atol=1e-4)
