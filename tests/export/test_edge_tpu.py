"""The Edge TPU's published rules: what breaks each is said, and exported files keep them."""

from __future__ import annotations

import numpy as np
import pytest

from edgekit.export.tflite import tflite_bytes
from edgekit.export.tflite.edge_tpu import edge_tpu_problems
from edgekit.importers.tflite import load_tflite
from edgekit.ir import Graph, GraphBuilder, per_tensor
from edgekit.quantize import quantize
from tests import litert
from tests.cases import int8_graph
from tests.cases.case import Case, case
from tests.material import MATERIAL
from tests.quantize.graphs import image_network, normal

LISTED = {
    *("ADD", "AVERAGE_POOL_2D", "CONCATENATION", "CONV_2D", "DEPTHWISE_CONV_2D", "EXPAND_DIMS"),
    *("FULLY_CONNECTED", "L2_NORMALIZATION", "LOGISTIC", "UNIDIRECTIONAL_SEQUENCE_LSTM"),
    *("MAXIMUM", "MAX_POOL_2D", "MEAN", "MINIMUM", "MUL", "PACK", "PAD", "PRELU", "QUANTIZE"),
    *("REDUCE_MAX", "REDUCE_MIN", "RELU", "RELU6", "RELU_N1_TO_1", "RESHAPE", "RESIZE_BILINEAR"),
    *("RESIZE_NEAREST_NEIGHBOR", "RSQRT", "SLICE", "SOFTMAX", "SPACE_TO_DEPTH", "SPLIT", "SQUEEZE"),
    *("SPLIT_V", "STRIDED_SLICE", "SUB", "SUM", "SQUARED_DIFFERENCE", "TANH", "TRANSPOSE"),
    "TRANSPOSE_CONV",
}
"""The operators of Coral's page, by their names in TFLite's schema."""

BROKEN: list[tuple[Case, str]] = [
    (case("Conv2D", x=(1, 9, 9, 3), weight=(4, 3, 3, 3), dilations=(1, 2)), "dilations (1, 2)"),
    (case("Conv2D", x=(1, 9, 9, 4), weight=(4, 3, 3, 2), groups=2), "groups are not"),
    (case("Dense", x=(1, 3, 4), weight=(2, 4)), "its output ?x3x2 has more than one dimension"),
    (case("Mean", x=(1, 3, 4, 6), axes=(3,)), "a multiple of 4 of them, not 6"),
    (case("ReduceMax", x=(1, 4), axes=(0,), fixed_batch=True), "it goes over the batch"),
    (case("Pad", x=(1, 3, 3, 2), pads=(0, 0, 1, 1, 1, 1, 0, 0), value=1.0), "another number"),
    (case("Slice", x=(1, 9), starts=(0, 0), sizes=(-1, 4), steps=(1, 2)), "steps are not 1"),
    (case("Softmax", x=(1, 3, 4)), "its input ?x3x4 has more than one dimension"),
    (case("Softmax", x=(1, 16_001)), "16,001 classes, 16,000 are allowed"),
    (case("Prelu", x=(1, 3, 3, 2), alpha=(3, 3, 2), constant=("alpha",)), "alpha 3x3x2"),
    (case("LeakyRelu", x=(1, 4)), "not in its list"),
    (case("Relu", x=(2, 3, 3, 2), fixed_batch=True), "only the last 3 may exceed 1"),
    (case("Split", x=(2, 3), axis=0, sizes=(1, 1), fixed_batch=True), "it splits the batch"),
    (case("Quantize", x=(1, 4)), "'x' is float32; it computes in 8 bits"),
]


def with_one_sample(content: bytes) -> Graph:
    """The graph of a file, its batch no longer open."""
    graph = load_tflite(content)
    return load_tflite(content, shapes={n: (1, *graph.value(n).shape[1:]) for n in graph.inputs})


@pytest.mark.parametrize(("broken", "expected"), BROKEN, ids=[str(c) for c, _ in BROKEN])
def test_each_rule(broken: Case, expected: str) -> None:
    problems = edge_tpu_problems(int8_graph(broken))
    assert any(line.startswith("layer 'layer' (") and expected in line for line in problems)


def test_ends_and_memories() -> None:
    g = GraphBuilder("ends")
    x = g.input("x", (None, 4))
    y = g.add("Quantize", x, name="in", quant=per_tensor(0.1, 3))
    text = "\n".join(edge_tpu_problems(g.finish([y])))
    assert "input 'x' is float32; int8 or uint8 is needed" in text
    assert "inputs 'x' leave the batch open" in text
    g = GraphBuilder("memory")
    quant = per_tensor(0.1, 0)
    memory = g.state("past", np.zeros((1, 4), np.int8), quant)
    y = g.add("Add", g.input("x", (1, 4), "int8", quant), memory, name="sum", quant=quant)
    g.keep(y, memory)
    assert edge_tpu_problems(g.finish([y])) == [
        "memory 'past': values kept between calls are not in its list"
    ]


def check_file(content: bytes) -> None:
    """The rules once more, on the file as LiteRT's own reader sees it."""
    schema, model = litert.schema(), litert.read(content)
    names = {v: k for k, v in vars(schema.BuiltinOperator).items() if isinstance(v, int)}
    assert {names[code.builtinCode] for code in model.operatorCodes} <= LISTED
    (graph,) = model.subgraphs
    types = schema.TensorType
    for index in (*graph.inputs, *graph.outputs):
        assert graph.tensors[index].type in (types.INT8, types.UINT8)
    computed = {index for op in graph.operators for index in op.outputs} | {*graph.inputs}
    for index, tensor in enumerate(graph.tensors):
        assert tensor.shapeSignature is None and (np.asarray(tensor.shape) > 0).all()
        constant = model.buffers[tensor.buffer].data is not None
        assert constant != (index in computed)
        allowed = (types.INT8, types.UINT8, types.INT32) if constant else (types.INT8, types.UINT8)
        assert tensor.type in allowed
        if not constant:
            assert np.prod(tensor.shape[:-3], initial=1) == 1


def test_a_converted_network_keeps_the_rules() -> None:
    images = np.random.default_rng(0).random((40, 8, 8, 3), np.float32)
    graph = with_one_sample(tflite_bytes(quantize(image_network(), images).graph))
    assert edge_tpu_problems(graph) == []
    check_file(tflite_bytes(graph))


@pytest.mark.parametrize(
    "path",
    [
        "mlperf_tiny/kws_ref_model",
        "mlperf_tiny/pretrainedResnet_quant",
        "mlperf_tiny/vww_96_int8",
        "coral/tf2_mobilenet_v2_1.0_224_ptq",
        "coral/mobilenet_v1_0.25_128_quant",
    ],
)
def test_networks_that_were_made_for_it(path: str) -> None:
    """Coral publishes the last two with their compiled forms, in which every layer maps."""
    file = MATERIAL / "tflite" / f"{path}.tflite"
    if not file.exists():
        pytest.skip(f"{file} is not there")
    graph = with_one_sample(file.read_bytes())
    assert edge_tpu_problems(graph) == []
    check_file(tflite_bytes(graph))


def test_a_curve_that_does_not_map() -> None:
    g = GraphBuilder("curves")
    x = g.add("Elu", g.input("x", (1, 4)), name="curve")
    quantized = quantize(g.finish([x]), normal(0, 30, 4))
    assert edge_tpu_problems(quantized.graph) == [
        "layer 'curve' (Elu): not in its list of operators"
    ]
