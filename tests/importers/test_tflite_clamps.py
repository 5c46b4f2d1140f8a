"""Activations between -1 or 0 and 1, fused or alone, against LiteRT's two runtimes."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from edgekit.interpreter import Interpreter
from edgekit.schema import tflite_layout as tflite
from edgekit.schema.encoder import encode
from tests import litert
from tests.importers.test_tflite_refusals import code, tensor
from tests.importers.test_tflite_weights import scales
from tests.tflite_models import LiteRT
from tests.tflite_operator import Given, file_of

Table = dict[str, Any]

CODES, TYPES = tflite.BuiltinOperator, tflite.TensorType
CUT = tflite.ActivationFunctionType.RELU_N1_TO_1
FUSED = {"ADD": "AddOptions", "SUB": "SubOptions", "MUL": "MulOptions"}


def binary(operator: str, kind: int) -> bytes:
    quant = scales(0.013, zero=-20) if kind == TYPES.INT8 else None
    ends = scales(0.017, zero=11) if kind == TYPES.INT8 else None
    options = (FUSED[operator], {"fused_activation_function": CUT})
    inputs = [tensor(name, [1, 6, 50], kind, quantization=quant) for name in "ab"]
    return model(operator, [*inputs, tensor("y", [1, 6, 50], kind, quantization=ends)], options)


def alone(operator: str, kind: int) -> bytes:
    quant = scales(0.013, zero=-20) if kind == TYPES.INT8 else None
    return model(operator, [tensor(name, [1, 6, 50], kind, quantization=quant) for name in "ay"])


def model(operator: str, tensors: list[Table], options: Any = None) -> bytes:
    last, number = len(tensors) - 1, CODES.by_name()[operator]
    node = {"inputs": [*range(last)], "outputs": [last], "builtin_options": options}
    ends = {"inputs": [*range(last)], "outputs": [last], "operators": [node]}
    return encode(
        tflite.SCHEMA,
        {
            "version": 3,
            "operator_codes": [{**code(number), "version": 1 + (operator in FUSED)}],
            "subgraphs": [{"tensors": tensors, **ends}],
            "buffers": [{}],
        },
    )


FILES = [(name, kind, binary) for name in FUSED for kind in (TYPES.FLOAT32, TYPES.INT8)]
FILES += [("RELU_N1_TO_1", kind, alone) for kind in (TYPES.FLOAT32, TYPES.INT8)]
FILES += [("RELU_0_TO_1", TYPES.FLOAT32, alone)]


@pytest.mark.parametrize("arithmetic", litert.RUNTIMES)
@pytest.mark.parametrize(("name", "kind", "make"), FILES)
def test_equal_to_litert(name: str, kind: int, make: Any, arithmetic: str) -> None:
    content, rng = make(name, kind), np.random.default_rng(0)
    ours = Interpreter(content, arithmetic=arithmetic)
    try:
        theirs = LiteRT(content, litert.RUNTIMES[arithmetic])
    except (ValueError, RuntimeError) as error:
        pytest.skip(f"LiteRT has no such kernel: {error}")
    for _ in range(5):
        arrays = [rng.normal(0, 2, (1, 6, 50)).astype(np.float32) for _ in ours.graph.inputs]
        if kind == TYPES.INT8:
            arrays = [rng.integers(-128, 128, (1, 6, 50)).astype(np.int8) for _ in arrays]
        (found,) = ours.run(*arrays).values()
        (wanted,) = theirs(arrays)
        np.testing.assert_array_equal(found, wanted)


ENDS = {CUT: 1.0, tflite.ActivationFunctionType.RELU6: 6.0}
WINDOW = {"padding": 1, "stride_w": 1, "stride_h": 1, "filter_width": 1, "filter_height": 1}
FUSED_WITH = {
    **{name: (table, {}, 2) for name, table in FUSED.items()},
    "MAX_POOL_2D": ("Pool2DOptions", WINDOW, 1),
    "AVERAGE_POOL_2D": ("Pool2DOptions", WINDOW, 1),
}
LEFT_ALONE = {"ADD": 2.0**-11, "SUB": 2.0**-11, "MUL": 2.0**-17, "MAX_POOL_2D": 1.0}
"""What XNNPACK does not take: second scales far below the others, and pools that only skip."""


@pytest.mark.parametrize("arithmetic", litert.RUNTIMES)
@pytest.mark.parametrize("dtype", ["int8", "uint8"])
@pytest.mark.parametrize("activation", ENDS)
@pytest.mark.parametrize("operator", FUSED_WITH)
def test_ends_at_half_a_step(operator: str, activation: int, dtype: str, arithmetic: str) -> None:
    """XNNPACK rounds halves to even numbers, other kernels away from zero."""
    compare_ends(operator, activation, dtype, arithmetic, 1.0, {})


@pytest.mark.parametrize("arithmetic", litert.RUNTIMES)
@pytest.mark.parametrize("dtype", ["int8", "uint8"])
@pytest.mark.parametrize("activation", ENDS)
@pytest.mark.parametrize("operator", LEFT_ALONE)
def test_ends_of_what_xnnpack_leaves(
    operator: str, activation: int, dtype: str, arithmetic: str
) -> None:
    skips = {"stride_w": 2} if operator == "MAX_POOL_2D" else {}
    compare_ends(operator, activation, dtype, arithmetic, LEFT_ALONE[operator], skips)


def compare_ends(
    operator: str, activation: int, dtype: str, arithmetic: str, factor: float, more: Table
) -> None:
    """At twelve scales, the second input's times `factor`."""
    table, options, count = FUSED_WITH[operator]
    options = (table, {**options, **more, "fused_activation_function": activation})
    rng = np.random.default_rng(0)
    for number in range(12):
        scale, zero = np.float32(ENDS[activation]) / np.float32(number // 2 + 0.5), number % 2
        zero += 100 if dtype == "uint8" else 0
        quants = [(1.0 if operator == "MUL" else scale, zero, 0), (scale * factor, zero, 0)]
        shape = (1, 4, 4, 8)
        inputs = [Given(n, shape, dtype, None, q) for n, q in zip("xy", quants, strict=True)]
        target = (1, 4, 2, 8) if more else shape
        output = Given("z", target, dtype, None, (scale, zero, 0))
        content = file_of(operator, inputs[:count], [output], options, count)
        arrays = {n: (rng.integers(-20, 20, shape) + zero).astype(dtype) for n in "xy"[:count]}
        (found,) = Interpreter(content, arithmetic=arithmetic).run(arrays).values()
        (wanted,) = litert.run(content, arrays, litert.RUNTIMES[arithmetic]).values()
        np.testing.assert_array_equal(found, wanted, err_msg=f"{scale} {zero}")
