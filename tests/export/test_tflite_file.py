"""The TFLite file itself, read back by LiteRT and by its own generated schema code."""

from __future__ import annotations

import numpy as np
import pytest

from edgekit.export.tflite import tflite_bytes
from edgekit.interpreter import Interpreter
from edgekit.ir import GraphBuilder, per_tensor
from tests import litert
from tests.cases import Case, float_graph, int8_graph, random_inputs
from tests.cases.case import case
from tests.export.networks import cnn


@pytest.mark.parametrize(("arithmetic", "runtime"), litert.RUNTIMES.items())
def test_network_bits(arithmetic: str, runtime: str) -> None:
    graph = cnn().with_metadata(arithmetic=arithmetic)
    arrays = random_inputs(graph, batch=16, seed=3)
    found = litert.run(tflite_bytes(graph), arrays, runtime)
    want = Interpreter(graph).run(arrays)
    assert len(np.unique(want["Dense"])) > 20, "the outputs must not all saturate"
    np.testing.assert_array_equal(found["Dense"], want["Dense"])


def test_the_same_graph_gives_the_same_bytes() -> None:
    assert tflite_bytes(cnn()) == tflite_bytes(cnn())


def test_an_unknown_batch_is_one_until_it_is_resized() -> None:
    graph = cnn()
    loaded = litert.interpreter(tflite_bytes(graph))
    (detail,) = loaded.get_input_details()
    assert detail["shape"].tolist() == [1, 12, 12, 3]
    assert detail["shape_signature"].tolist() == [-1, 12, 12, 3]
    loaded.resize_tensor_input(detail["index"], (4, 12, 12, 3))
    loaded.allocate_tensors()
    (output,) = loaded.get_output_details()
    loaded.set_tensor(detail["index"], random_inputs(graph, 4)["image"])
    loaded.invoke()
    assert loaded.get_tensor(output["index"]).shape == (4, 5)


def test_the_signature_has_the_names_of_the_graph() -> None:
    graph = cnn().with_metadata(signature="classify")
    loaded = litert.interpreter(tflite_bytes(graph))
    assert loaded.get_signature_list() == {"classify": {"inputs": ["image"], "outputs": ["Dense"]}}
    arrays = random_inputs(graph)
    by_signature = loaded.get_signature_runner("classify")(**arrays)
    by_index = litert.run(tflite_bytes(graph), arrays)
    np.testing.assert_array_equal(by_signature["Dense"], by_index["Dense"])


def test_scales_come_back() -> None:
    graph = cnn()
    loaded = litert.interpreter(tflite_bytes(graph), "reference", keep_all=True)
    details = {d["name"]: d for d in loaded.get_tensor_details()}
    for value in graph.values.values():
        if value.quant is None:
            continue
        found = details[value.name]["quantization_parameters"]
        np.testing.assert_array_equal(found["scales"], value.quant.scales)
        np.testing.assert_array_equal(found["zero_points"], value.quant.zero_points)
        assert found["quantized_dimension"] == (value.quant.axis or 0)
        assert details[value.name]["dtype"] == np.dtype(value.dtype)


def test_bias_scales_are_products_in_float32() -> None:
    graph = cnn()
    loaded = litert.interpreter(tflite_bytes(graph), "reference", keep_all=True)
    details = {d["name"]: d["quantization_parameters"] for d in loaded.get_tensor_details()}
    for op, x in (("Conv2D", "image"), ("DepthwiseConv2D", "pool"), ("Dense", "mean")):
        weight, given = graph.value(f"{op}/w").quant, graph.value(x).quant
        assert weight is not None and given is not None
        (name,) = (n for n in details if n.startswith(f"{op}/b"))
        np.testing.assert_array_equal(
            details[name]["scales"], np.float32(given.scale[0]) * weight.scales
        )
        assert details[name]["quantized_dimension"] == 0


def test_buffers_are_aligned_and_the_first_is_empty() -> None:
    content = tflite_bytes(cnn())
    schema = litert.schema()
    model = schema.Model.GetRootAs(content)
    assert model.Buffers(0).DataIsNone()
    start = np.frombuffer(content, np.uint8).__array_interface__["data"][0]
    for i in range(1, model.BuffersLength()):
        data = model.Buffers(i).DataAsNumpy()
        assert (data.__array_interface__["data"][0] - start) % 16 == 0
        assert data.size


OPERATOR_VERSIONS = [
    (case("Conv2D", x=(1, 4, 4, 4), weight=(4, 3, 3, 4)), 1, 3),
    (case("Conv2D", x=(1, 4, 4, 4), weight=(4, 3, 3, 2), groups=2), 6, 6),
    (case("DepthwiseConv2D", x=(1, 6, 6, 4), weight=(1, 3, 3, 4)), 1, 3),
    (case("DepthwiseConv2D", x=(1, 6, 6, 4), weight=(1, 3, 3, 4), dilations=(2, 2)), 2, 3),
    (case("Dense", x=(1, 4), weight=(3, 4)), 1, 4),
    (case("Dense", x=(1, 2, 4), weight=(3, 4)), 5, 5),
    (case("Softmax", x=(1, 4)), 1, 2),
    (case("Sub", x=(1, 2, 2, 2, 4), y=(4,), constant=("y",)), 3, 3),
    (case("Reshape", x=(1, 4), shape=(-1, 2, 2)), 1, 1),
]


@pytest.mark.parametrize(("case", "float_version", "int8_version"), OPERATOR_VERSIONS, ids=str)
def test_operator_versions(case: Case, float_version: int, int8_version: int) -> None:
    for graph, version in ((float_graph(case), float_version), (int8_graph(case), int8_version)):
        codes = litert.read(tflite_bytes(graph)).operatorCodes
        assert [code.version for code in codes] == [version]


def test_new_operators_have_a_placeholder_for_old_readers() -> None:
    (code,) = litert.read(tflite_bytes(float_graph(case("Gelu", x=(1, 4))))).operatorCodes
    assert (code.builtinCode, code.deprecatedBuiltinCode) == (150, 127)


def test_the_oldest_runtime_is_written_down() -> None:
    model = litert.read(tflite_bytes(float_graph(case("Gelu", x=(1, 4)))))
    (record,) = model.metadata
    assert record.name == b"min_runtime_version"
    assert bytes(model.buffers[record.buffer].data) == b"2.9.0".ljust(16, b"\0")


def test_options_are_read_as_they_were_written() -> None:
    graph = float_graph(
        case(
            "Conv2D",
            x=(1, 9, 9, 2),
            weight=(3, 3, 2, 2),
            strides=(1, 2),
            dilations=(3, 1),
            activation="relu6",
        )
    )
    options = litert.read(tflite_bytes(graph)).subgraphs[0].operators[0].builtinOptions
    assert (options.strideH, options.strideW) == (1, 2)
    assert (options.dilationHFactor, options.dilationWFactor) == (3, 1)
    assert options.padding == litert.schema().Padding.VALID
    assert options.fusedActivationFunction == litert.schema().ActivationFunctionType.RELU6


def padding_of(x: tuple[int, ...], pads: tuple[int, ...], strides: tuple[int, int]) -> list[str]:
    """The operators that a 3x3 convolution becomes, its padding last."""
    c = case("Conv2D", x=x, weight=(2, 3, 3, 1), pads=pads, strides=strides)
    model = litert.read(tflite_bytes(float_graph(c)))
    names = {v: k for k, v in vars(litert.schema().BuiltinOperator).items() if isinstance(v, int)}
    ops = [
        names[model.operatorCodes[op.opcodeIndex].builtinCode]
        for op in model.subgraphs[0].operators
    ]
    padding = model.subgraphs[0].operators[-1].builtinOptions.padding
    return [*ops, "SAME" if padding == litert.schema().Padding.SAME else "VALID"]


def test_explicit_pads_are_named_where_they_are_exactly_same_or_valid() -> None:
    assert padding_of((1, 8, 8, 1), (1, 1, 1, 1), (1, 1)) == ["CONV_2D", "SAME"]
    assert padding_of((1, 8, 8, 1), (0, 0, 1, 1), (2, 2)) == ["CONV_2D", "SAME"]
    assert padding_of((1, 8, 8, 1), (1, 1, 1, 1), (2, 2)) == ["PAD", "CONV_2D", "VALID"]
    assert padding_of((1, 9, 9, 1), (1, 1, 1, 1), (2, 2)) == ["CONV_2D", "SAME"]
    assert padding_of((1, 9, 9, 1), (0, 0, 0, 0), (2, 2)) == ["CONV_2D", "VALID"]


@pytest.mark.parametrize(("source", "target"), [("uint8", "int8"), ("int16", "int8")])
def test_other_integers_at_the_door(source: str, target: str) -> None:
    g = GraphBuilder()
    x = g.input("x", (None, 50), source, per_tensor(0.5, 0))
    y = g.add("Requantize", x, name="again", dtype=target, quant=per_tensor(0.5, 0))
    arrays = {"x": np.arange(50, dtype=source)[None]}
    found = litert.run(tflite_bytes(g.finish([y])), arrays)
    np.testing.assert_array_equal(found["again"][0], np.arange(50))


def test_inputs_and_constants_as_outputs() -> None:
    g = GraphBuilder()
    x = g.input("x", (None, 3))
    y = g.add("Relu", x, name="relu")
    c = g.constant(np.arange(3, dtype=np.float32), "c")
    found = litert.run(tflite_bytes(g.finish([y, x, c])), {"x": np.array([[-1, 0, 2]], np.float32)})
    assert {k: v.tolist() for k, v in found.items()} == {
        "relu": [[0, 0, 2]],
        "x": [[-1, 0, 2]],
        "c": [0, 1, 2],
    }


def test_a_bias_that_two_layers_share_gets_two_scales() -> None:
    rng, g = np.random.default_rng(1), GraphBuilder()
    x = g.input("x", (None, 6), "int8", per_tensor(0.1, 3))
    bias = g.constant(rng.integers(-90, 90, size=4).astype(np.int32), "shared")
    outputs = []
    for scale in (0.01, 0.02):
        weight = rng.integers(-127, 128, size=(4, 6)).astype(np.int8)
        name = g.constant(weight, "w", per_tensor(scale))
        outputs.append(g.add("Dense", x, name, bias, name="dense", quant=per_tensor(0.5, 0)))
    graph = g.finish(outputs)
    arrays = random_inputs(graph, 5)
    found, want = litert.run(tflite_bytes(graph), arrays), Interpreter(graph).run(arrays)
    for name in outputs:
        np.testing.assert_array_equal(found[name], want[name])
