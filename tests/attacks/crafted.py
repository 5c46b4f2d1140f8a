"""TFLite files that chance does not find: by format, what each is about -> its bytes."""

from __future__ import annotations

import numpy as np

from edgekit.schema.tflite_layout import BuiltinOperator, TensorType
from tests.tflite_operator import Given, constant, file_of

from .tflite_files import chain, operator, operator_code, tensor, tflite_file

__all__ = ["CRAFTED", "FOLDED"]

RELU = operator_code(BuiltinOperator.RELU)
ADD = operator_code(BuiltinOperator.ADD)
OPTIONS = ("AddOptions", {})
ONE = np.ones(2, np.float32).tobytes()


def _two(first: dict[str, object], second: dict[str, object]) -> bytes:
    """Two operators in a row."""
    return chain([first, second], 2, ["in", "middle", "out"], [0, 1])


def _added(shape: tuple[int, ...], data: bytes, **fields: object) -> bytes:
    """An Add of an input and a constant."""
    tensors = [tensor("x", shape), tensor("c", shape, buffer=1, **fields), tensor("y", shape)]
    add = operator(0, [0, 1], [2], builtin_options=OPTIONS)
    return tflite_file([ADD], tensors, [add], [0], [2], [b"", data])


TFLITE = {
    "an unknown custom operator": chain([operator_code(32, "Mystery")], 1),
    "a custom operator without a name": chain([operator_code(32)], 1),
    "an operator of TensorFlow": chain([operator_code(32, "FlexErf")], 1),
    "compiled for the Edge TPU": chain([operator_code(32, "edgetpu-custom-op")], 1),
    "compiled for an accelerator": chain([operator_code(32, "DISPATCH_OP")], 1),
    "an unknown number": chain([operator_code(1000)], 1),
    "two unknown operators": _two(operator_code(1000), operator_code(32, "Mystery")),
    "a newer version": chain([operator_code(BuiltinOperator.RELU, version=99)], 1),
    "an operator that reads what comes later": tflite_file(
        [RELU],
        [tensor("x"), tensor("a"), tensor("b")],
        [operator(0, [2], [1]), operator(0, [1], [2])],
        [0],
        [2],
    ),
    "a tensor written twice": tflite_file(
        [RELU], [tensor("x"), tensor("y")], [operator(0, [0], [1])] * 2, [0], [1]
    ),
    "an input that is written": tflite_file(
        [RELU], [tensor("x")], [operator(0, [0], [0])], [0], [0]
    ),
    "a constant that is written": tflite_file(
        [RELU],
        [tensor("x"), tensor("c", buffer=1)],
        [operator(0, [0], [1])],
        [0],
        [1],
        [b"", ONE],
    ),
    "a constant that is too short": _added((1, 3), ONE),
    "a huge shape": tflite_file(
        [RELU], [tensor("x", (2**20, 2**20)), tensor("y")], [operator(0, [0], [1])], [0], [1]
    ),
    "a shape whose size overflows": tflite_file(
        [RELU], [tensor("x", (2**31 - 1,) * 8), tensor("y")], [operator(0, [0], [1])], [0], [1]
    ),
    "a type that nobody has": tflite_file(
        [RELU],
        [tensor("x", type=TensorType.COMPLEX64), tensor("y", type=TensorType.COMPLEX64)],
        [operator(0, [0], [1])],
        [0],
        [1],
    ),
    "sparse without an end": _added(
        (1, 2),
        ONE,
        sparsity={"traversal_order": [0, 1], "dim_metadata": [{"dense_size": 1}]},
    ),
    "the options of another operator": tflite_file(
        [ADD],
        [tensor("x"), tensor("y")],
        [operator(0, [0, 0], [1], builtin_options=("MulOptions", {}))],
        [0],
        [1],
    ),
    "a signature of no subgraph": tflite_file(
        [RELU],
        [tensor("x"), tensor("y")],
        [operator(0, [0], [1])],
        [0],
        [1],
        signature_defs=[{"signature_key": "k", "subgraph_index": 7}],
    ),
    "no graph": tflite_file([], [], [], [], [], subgraphs=[]),
    "no output": tflite_file([RELU], [tensor("x")], [], [0], []),
    "another version": tflite_file([], [], [], [], [], version=2),
}

CRAFTED: dict[str, dict[str, bytes]] = {"tflite": TFLITE}

X = Given("x", (2, 3))
SHAPE = Given("y", (2,), "int32")

FOLDED: dict[str, bytes] = {
    "SHAPE": file_of("SHAPE", [X], [SHAPE], ("ShapeOptions", {"out_type": TensorType.INT32})),
    "RANK": file_of("RANK", [X], [Given("y", (), "int32")]),
    "ZEROS_LIKE": file_of("ZEROS_LIKE", [X], [Given("y", (2, 3))]),
    "EXPAND_DIMS": file_of(
        "EXPAND_DIMS", [X, constant("axis", np.array([1], np.int32))], [Given("y", (2, 1, 3))]
    ),
    "SQUEEZE": file_of("SQUEEZE", [Given("x", (2, 1))], [Given("y", (2,))]),
    "FILL": file_of(
        "FILL",
        [constant("dims", np.array([2, 3], np.int32)), constant("value", np.float32(7))],
        [Given("y", (2, 3))],
    ),
    "RANGE": file_of(
        "RANGE",
        [constant(name, np.int32(n)) for name, n in (("start", 1), ("limit", 9), ("delta", 2))],
        [Given("y", (4,), "int32")],
    ),
    "REVERSE_V2": file_of(
        "REVERSE_V2", [X, constant("axis", np.array([1], np.int32))], [Given("y", (2, 3))]
    ),
    "EMBEDDING_LOOKUP": file_of(
        "EMBEDDING_LOOKUP",
        [Given("ids", (2,), "int32"), constant("rows", np.ones((4, 3), np.float32))],
        [Given("y", (2, 3))],
    ),
    "L2_POOL_2D": file_of(
        "L2_POOL_2D",
        [Given("x", (1, 4, 4, 2))],
        [Given("y", (1, 2, 2, 2))],
        (
            "Pool2DOptions",
            {"stride_w": 2, "stride_h": 2, "filter_width": 2, "filter_height": 2, "padding": 1},
        ),
    ),
}
"""Good files of operators that no graph is written as: by name, for mutations."""
