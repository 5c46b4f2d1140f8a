"""A small TFLite file for each operator that is read as others, and so never written."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from edgekit.schema.encoder import encode
from edgekit.schema.tflite_layout import SCHEMA, BuiltinOperator, TensorType
from tests.tflite_operator import Given, constant, file_of

from .tflite_files import operator_code

__all__ = ["LOWERED"]


def numbers(name: str, *values: Any) -> Given:
    return constant(name, np.array(values, np.int32))


def reals(name: str, *shape: int) -> Given:
    return constant(name, np.linspace(-1, 1, int(np.prod(shape)), dtype=np.float32).reshape(shape))


def number(name: str, value: float) -> Given:
    return constant(name, np.float32(value))


X, Y, MAP = Given("x", (2, 3)), Given("y", (2, 3)), Given("x", (1, 2, 3, 4))
BOUNDS = [number("overlap", 0.5), number("least", -1)]
COUNTS = [Given("x", (2, 3), "int32"), Given("y", (2, 3), "int32")]

Options = tuple[str, dict[str, Any]]
FILES: dict[str, tuple[Sequence[Given | None], Sequence[Given], Options | None]] = {
    "ADD_N": ([X, Given("z", (2, 3)), reals("c", 2, 3)], [Y], ("AddNOptions", {})),
    "BROADCAST_ARGS": ([numbers("a", 2, 1), numbers("b", 3)], [Given("y", (2,), "int32")], None),
    "FAKE_QUANT": ([X], [Y], ("FakeQuantOptions", {"min": -1.0, "max": 2.0, "num_bits": 8})),
    "LOCAL_RESPONSE_NORMALIZATION": (
        [MAP],
        [Given("y", MAP.shape)],
        (
            "LocalResponseNormalizationOptions",
            {"radius": 2, "bias": 1.0, "alpha": 0.5, "beta": 0.5},
        ),
    ),
    "REVERSE_SEQUENCE": (
        [X, Given("n", (2,), "int32")],
        [Y],
        ("ReverseSequenceOptions", {"seq_dim": 1, "batch_dim": 0}),
    ),
    "MATRIX_DIAG": ([X], [Given("y", (2, 3, 3))], ("MatrixDiagOptions", {})),
    "MATRIX_SET_DIAG": ([X, Given("d", (2,))], [Y], ("MatrixSetDiagOptions", {})),
    "DILATE": ([X, numbers("steps", 2, 3), number("fill", 1)], [Given("y", (3, 7))], None),
    "BUCKETIZE": (
        [X],
        [COUNTS[1]],
        ("BucketizeOptions", {"boundaries": np.array([0, 1, 2], np.float32)}),
    ),
    "RIGHT_SHIFT": ([COUNTS[0], numbers("n", 1, 2, 3)], [COUNTS[1]], ("RightShiftOptions", {})),
    "BITWISE_XOR": ([numbers("a", 2, 1), numbers("b", 3)], [Given("y", (2,), "int32")], None),
    "BITCAST": ([reals("a", 2, 1)], [Given("y", (2, 1), "int32")], None),
    "SCATTER_ND": (
        [Given("i", (2, 1), "int32"), X, numbers("shape", 4, 3)],
        [Given("y", (4, 3))],
        ("ScatterNdOptions", {}),
    ),
    "SPARSE_TO_DENSE": (
        [numbers("i", [0, 1], [1, 2]), numbers("shape", 2, 3), Given("x", (2,)), number("fill", 1)],
        [Y],
        ("SparseToDenseOptions", {}),
    ),
    "SEGMENT_SUM": ([X, numbers("s", 0, 1)], [Y], ("SegmentSumOptions", {})),
    "UNSORTED_SEGMENT_MAX": (
        [X, Given("s", (2,), "int32"), constant("n", np.int32(3))],
        [Given("y", (3, 3))],
        ("UnsortedSegmentMaxOptions", {}),
    ),
    "NON_MAX_SUPPRESSION_V4": (
        [Given("b", (3, 4)), Given("s", (3,)), constant("n", np.int32(2)), *BOUNDS],
        [Given("y", (2,), "int32"), Given("c", (), "int32")],
        ("NonMaxSuppressionV4Options", {}),
    ),
    "CONV_3D_TRANSPOSE": (
        [numbers("shape", 1, 2, 4, 2, 1), reals("w", 1, 2, 1, 1, 2), Given("x", (1, 2, 2, 2, 2))],
        [Given("y", (1, 2, 4, 2, 1))],
        ("Conv3DOptions", {"stride_d": 1, "stride_h": 2, "stride_w": 1}),
    ),
    "HASHTABLE_LOOKUP": (
        [Given("x", (2,), "int32"), numbers("k", 0, 3, 7), reals("rows", 3, 2)],
        [Given("y", (2, 2)), Given("hits", (2,), "uint8")],
        None,
    ),
    "EMBEDDING_LOOKUP_SPARSE": (
        [
            *(Given("x", (2,), "int32"), Given("i", (2, 2), "int32"), numbers("shape", 2, 4)),
            *(reals("w", 2), reals("rows", 3, 2)),
        ],
        [Given("y", (2, 2))],
        ("EmbeddingLookupSparseOptions", {"combiner": 2}),
    ),
    "WHERE": ([reals("a", 2, 3)], [Given("y", (6, 2), "int64")], ("WhereOptions", {})),
    "UNIQUE": (
        [numbers("a", 2, 1, 2)],
        [Given("y", (2,), "int32"), Given("i", (3,), "int32")],
        ("UniqueOptions", {"idx_out_type": 2}),
    ),
    "STABLEHLO_ADD": ([X, Given("z", (2, 3))], [Y], None),
    "STABLEHLO_PAD": (
        [X, number("fill", 1)],
        [Given("y", (4, 4))],
        (
            "StablehloPadOptions",
            {
                "edge_padding_low": np.array([1, -1]),
                "edge_padding_high": np.array([0, 0]),
                "interior_padding": np.array([1, 1]),
            },
        ),
    ),
}

LOWERED = {name: file_of(name, *each) for name, each in FILES.items()}


def _composite() -> bytes:
    """A composite within a composite."""
    one = {"shape": [2, 3], "type": TensorType.FLOAT32}
    codes = (BuiltinOperator.STABLEHLO_COMPOSITE, BuiltinOperator.TANH)

    def graph(name: str, code: int, index: int = 0) -> dict[str, Any]:
        options = {"name": "odml.curve", "decomposition_subgraph_index": index}
        node = {"opcode_index": code, "inputs": [0], "outputs": [1]}
        if index:
            node["builtin_options_2"] = ("StableHLOCompositeOptions", options)
        tensors = [{"name": f"{name} {end}", **one} for end in ("in", "out")]
        return {"tensors": tensors, "inputs": [0], "outputs": [1], "operators": [node]}

    return encode(
        SCHEMA,
        {
            "version": 3,
            "operator_codes": [operator_code(code) for code in codes],
            "subgraphs": [graph("main", 0, 1), graph("outer", 0, 2), graph("inner", 1)],
            "buffers": [{}],
        },
    )


LOWERED["STABLEHLO_COMPOSITE"] = _composite()
