"""Every case as an ONNX file, checked by onnx and run by onnxruntime.

Float tolerance 1e-5 relative and absolute: both sides sum up to some hundred products of normal
numbers in float32, in different orders. Int8 tolerance one output step: onnxruntime rounds the
product of scales once, edgekit's arithmetics round as LiteRT does.
"""

from __future__ import annotations

import numpy as np
import pytest

from edgekit.errors import UnsupportedOperator
from edgekit.export.onnx import onnx_bytes
from edgekit.interpreter import Interpreter
from edgekit.ir import Graph, GraphBuilder
from edgekit.ir.ops import spec
from tests.cases import (
    CASES,
    INT8_CASES,
    float_graph,
    int8_graph,
    quantized_graph,
    random_inputs,
)

from .onnx_runtime import run

onnx = pytest.importorskip("onnx")


def real_numbers(graph: Graph, arrays: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """What stored integers stand for, as the ONNX file's float32 inputs and outputs hold them."""
    real = {}
    for name, array in arrays.items():
        quant = graph.value(name).quant
        if quant is None:
            real[name] = array
        else:
            centred = array.astype(np.int32) - quant.zero_point[0]
            real[name] = centred.astype(np.float32) * np.float32(quant.scale[0])
    return real


NOT_IN_ONNX = ("Atan2", "Bitcast", "BitwiseXor")
OF_STORED_INTEGERS = ("Cast", "FloorDiv", "FloorMod", "Neg")
FLOAT_CASES = [case for case in CASES if "uantize" not in case.op and case.op not in NOT_IN_ONNX]
REAL_INT8_CASES = [case for case in INT8_CASES if case.op not in OF_STORED_INTEGERS]


@pytest.mark.parametrize("op", [*NOT_IN_ONNX, *OF_STORED_INTEGERS])
def test_what_onnx_cannot_say_is_refused(op: str) -> None:
    """Stored integers are real numbers in an ONNX file: nothing there works with their bits."""
    case = next(case for case in CASES if case.op == op)
    graph = int8_graph(case) if op in OF_STORED_INTEGERS else float_graph(case)
    with pytest.raises(
        UnsupportedOperator, match="stored integers|of one number only|has no operator"
    ):
        onnx_bytes(graph)


@pytest.mark.parametrize("case", FLOAT_CASES, ids=str)
def test_float_case_in_onnxruntime(case) -> None:
    graph = float_graph(case)
    content = onnx_bytes(graph)
    onnx.checker.check_model(onnx.load_from_string(content), full_check=True)
    arrays = random_inputs(graph, case.batch, seed=1)
    received, wanted = run(content, arrays), Interpreter(graph).run(arrays)
    assert list(received) == list(wanted)
    for name, array in wanted.items():
        assert received[name].dtype == array.dtype
        np.testing.assert_allclose(received[name], array, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("optimize", [True, False], ids=["fused", "as_written"])
@pytest.mark.parametrize("case", REAL_INT8_CASES, ids=str)
def test_int8_case_in_onnxruntime(case, optimize: bool) -> None:
    assert_within_one_step(case, int8_graph(case), optimize)


UINT8_CASES = [case for case in REAL_INT8_CASES if "uint8" in spec(case.op).dtypes]


@pytest.mark.parametrize("case", UINT8_CASES, ids=str)
def test_uint8_case_in_onnxruntime(case) -> None:
    """Weights with zero points, too."""
    assert_within_one_step(case, quantized_graph(case, "uint8"), optimize=True)


def test_int16_needs_a_later_opset() -> None:
    case = next(case for case in CASES if case.op == "Add")
    with pytest.raises(UnsupportedOperator, match="'x' is int16.*opset 21"):
        onnx_bytes(quantized_graph(case, "int16"))


def assert_within_one_step(case, graph: Graph, optimize: bool) -> None:
    content = onnx_bytes(graph)
    onnx.checker.check_model(onnx.load_from_string(content), full_check=True)
    arrays = random_inputs(graph, case.batch, seed=2)
    wanted = real_numbers(graph, Interpreter(graph).run(arrays))
    received = run(content, real_numbers(graph, arrays), optimize=optimize)
    for name, expected in wanted.items():
        quant = graph.value(name).quant
        step = np.float32(1e-6) if quant is None else np.float32(quant.scale[0])
        difference = np.abs(received[name].astype(np.float32) - expected) / step
        assert difference.max() <= 1.001, f"{case}: {difference.max()} output steps"


@pytest.mark.parametrize("op", ["Mean", "Sum", "ReduceMax", "ReduceMin", "ReduceProd"])
@pytest.mark.parametrize("keepdims", [True, False])
def test_a_reduction_over_no_axis_changes_nothing(op: str, keepdims: bool) -> None:
    """ONNX takes no axes for all axes."""
    g = GraphBuilder("none")
    y = g.add(op, g.input("x", (None, 4)), axes=(), keepdims=keepdims, name="y")
    graph = g.finish([y])
    x = np.random.default_rng(0).normal(size=(3, 4)).astype(np.float32)
    np.testing.assert_array_equal(run(onnx_bytes(graph), {"x": x})["y"], x)
    np.testing.assert_array_equal(Interpreter(graph).run(x)["y"], x)


@pytest.mark.parametrize("op", ["ReduceAny", "ReduceAll"])
def test_a_search_over_no_axis_changes_nothing(op: str) -> None:
    g = GraphBuilder("none")
    graph = g.finish([g.add(op, g.input("x", (None, 4), "bool"), axes=(), name="y")])
    x = np.random.default_rng(0).integers(0, 2, (3, 4)).astype(bool)
    np.testing.assert_array_equal(run(onnx_bytes(graph), {"x": x})["y"], x)
