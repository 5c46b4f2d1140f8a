"""Which TensorFlow Lite release a file needs at least."""

from __future__ import annotations

from collections.abc import Iterable

from .lowering import Operator

__all__ = ["RELEASES", "minimum_runtime"]

FIRST = "1.5.0"
"""The first release that reads this format at all."""

RELEASES: dict[str, str] = {
    "ABS": "1.13.0 2.4.0 2.5.0 2.6.0 2.12.0",
    "ADD": "1.5.0 1.14.0 2.4.0 2.6.0 2.13.0",
    "ARG_MAX": "1.9.0 1.14.0 2.9.0",
    "ARG_MIN": "1.9.0 1.14.0 2.9.0",
    "ASSIGN_VARIABLE": "2.6.0",
    "ATAN2": "2.10.0",
    "AVERAGE_POOL_2D": "1.5.0 1.14.0 2.3.0",
    "BATCH_MATMUL": "2.3.0 2.3.0 2.4.0 2.5.0",
    "BATCH_TO_SPACE_ND": "1.6.0 1.14.0 2.3.0 2.12.0",
    "BITCAST": "2.13.0",
    "BITWISE_XOR": "2.13.0",
    "BROADCAST_TO": "- 2.5.0 2.5.0",
    "CALL_ONCE": "2.5.0",
    "CAST": "1.5.0 2.7.0 2.8.0 2.9.0 2.12.0 2.15.0 2.17.0 2.21.0",
    "CEIL": "1.14.0",
    "CONCATENATION": "1.5.0 1.14.0 2.3.0 2.14.0 2.21.0",
    "CONV_2D": "1.5.0 1.14.0 1.14.0 2.3.0 2.4.0 2.9.0 2.11.0 2.15.0",
    "CONV_3D": "2.5.0",
    "COS": "1.14.0",
    "CUMSUM": "2.4.0",
    "DEPTHWISE_CONV_2D": "1.5.0 1.12.0 1.14.0 2.2.0 2.3.0 2.3.0 2.11.0",
    "DEPTH_TO_SPACE": "2.1.0 2.5.0",
    "DEQUANTIZE": "1.13.1 1.14.0 1.15.0 2.2.0 2.7.0 2.18.0 2.21.0",
    "DIV": "1.6.0 2.3.0",
    "DYNAMIC_UPDATE_SLICE": "2.9.0 2.17.0 2.19.0 2.20.0 2.21.0",
    "ELU": "1.14.0",
    "EQUAL": "1.14.0 1.14.0 2.3.0 2.13.0 2.21.0",
    "EXP": "1.7.0 2.12.0",
    "FLOOR": "1.9.0",
    "FLOOR_DIV": "1.14.0 1.14.0 2.13.0",
    "FLOOR_MOD": "1.13.0 2.13.0",
    "FULLY_CONNECTED": "1.5.0 1.10.0 1.14.0 1.14.0 2.0.0 2.1.0 2.3.0 "
    "2.3.0 2.3.0 2.11.0 2.15.0 2.17.0 2.18.0 2.21.0",
    "GATHER": "1.6.0 1.14.0 1.15.0 2.4.0 2.5.0 2.13.0 2.15.0",
    "GATHER_ND": "1.14.0 2.3.0 2.5.0 2.13.0 2.16.0",
    "GELU": "2.9.0 2.9.0",
    "GREATER": "1.14.0 1.14.0",
    "GREATER_EQUAL": "1.14.0 1.14.0 2.13.0",
    "HARD_SWISH": "1.15.0",
    "IF": "1.15.0",
    "IMAG": "2.5.0",
    "L2_NORMALIZATION": "1.5.0 1.14.0",
    "LEAKY_RELU": "1.13.1 2.3.0",
    "LESS": "1.14.0 1.14.0 2.13.0",
    "LESS_EQUAL": "1.14.0 1.14.0",
    "LOG": "1.14.0 2.15.0",
    "LOGICAL_AND": "1.11.0",
    "LOGICAL_NOT": "1.11.0",
    "LOGICAL_OR": "1.11.0",
    "LOGISTIC": "1.14.0 1.14.0 2.3.0",
    "LOG_SOFTMAX": "1.14.0 1.14.0",
    "MAXIMUM": "1.14.0 1.14.0 2.3.0 2.3.0",
    "MAX_POOL_2D": "1.5.0 1.14.0 2.3.0",
    "MEAN": "1.6.0 1.14.0 2.4.0",
    "MINIMUM": "1.14.0 1.14.0 2.3.0 2.3.0",
    "MIRROR_PAD": "1.13.1 2.3.0 2.12.0",
    "MUL": "1.5.0 1.14.0 1.15.0 2.3.0 2.6.0 2.11.0 2.13.0",
    "NEG": "1.9.0",
    "NON_MAX_SUPPRESSION_V5": "2.1.0",
    "NOT_EQUAL": "1.14.0 1.14.0 2.3.0 2.21.0",
    "ONE_HOT": "1.11.0",
    "PAD": "1.5.0 1.14.0 2.4.0 2.6.0 2.20.0",
    "PADV2": "1.9.0 1.14.0 2.4.0 2.6.0 2.20.0",
    "POW": "1.10.0",
    "PRELU": "1.8.0",
    "QUANTIZE": "1.14.0 1.15.0 2.7.0 2.21.0",
    "READ_VARIABLE": "2.6.0",
    "REAL": "2.5.0",
    "REDUCE_ALL": "2.6.0",
    "REDUCE_ANY": "1.11.0",
    "REDUCE_MAX": "1.11.0 1.14.0 2.5.0",
    "REDUCE_MIN": "1.11.0 1.14.0 2.5.0",
    "REDUCE_PROD": "1.11.0 2.6.0",
    "RELU": "1.5.0 2.1.0 2.5.0",
    "RELU6": "1.5.0 1.14.0 2.5.0",
    "RESHAPE": "1.5.0",
    "RESIZE_BILINEAR": "1.7.0 1.14.0 2.2.0 2.5.0",
    "RESIZE_NEAREST_NEIGHBOR": "1.13.1 1.14.0 2.3.0 2.4.0",
    "REVERSE_V2": "1.14.0 2.2.0 2.5.0",
    "RFFT2D": "2.5.0",
    "ROUND": "1.14.0",
    "RSQRT": "1.10.0 2.5.0 2.15.0",
    "SCATTER_ND": "2.1.0",
    "SELECT_V2": "2.2.0 2.12.0",
    "SIGN": "2.11.0 2.12.0",
    "SIN": "1.9.0",
    "SLICE": "1.14.0 1.14.0 1.14.0 2.4.0 2.5.0 2.14.0 2.21.0",
    "SOFTMAX": "1.5.0 1.14.0 2.3.0",
    "SPACE_TO_BATCH_ND": "1.6.0 1.14.0 2.3.0 2.12.0",
    "SPACE_TO_DEPTH": "1.5.0 1.14.0",
    "SPARSE_TO_DENSE": "1.9.0 1.14.0 1.15.0",
    "SPLIT_V": "1.13.1 2.3.0",
    "SQRT": "1.10.0 2.21.0",
    "SQUARE": "1.12.0",
    "SQUARED_DIFFERENCE": "1.13.1 2.5.0",
    "STRIDED_SLICE": "1.6.0 1.14.0 2.1.0 2.2.0 2.5.0 2.6.0 2.14.0 2.14.0",
    "SUB": "1.6.0 1.14.0 2.3.0 2.4.0 2.4.0",
    "SUM": "1.10.0 1.15.0",
    "SVDF": "1.5.0 1.14.0 2.2.0 2.3.0",
    "TANH": "1.14.0 1.14.0 2.3.0",
    "TILE": "1.10.1 2.2.0 2.8.0",
    "TOPK_V2": "1.7.0 1.14.0 2.13.0",
    "TRANSPOSE": "1.6.0 1.14.0 1.15.0 2.3.0 2.4.0 2.12.0 2.14.4",
    "TRANSPOSE_CONV": "1.9.0 2.2.0 2.3.0 2.13.0 2.15.0",
    "UNIDIRECTIONAL_SEQUENCE_LSTM": "1.13.1 1.14.0 2.3.0 2.12.0",
    "UNIDIRECTIONAL_SEQUENCE_RNN": "1.14.0 1.14.0 2.3.0",
    "UNSORTED_SEGMENT_MAX": "2.10.0",
    "UNSORTED_SEGMENT_MIN": "2.11.0",
    "UNSORTED_SEGMENT_PROD": "2.10.0",
    "VAR_HANDLE": "2.6.0",
    "WHILE": "1.15.0",
}
"""Operator -> the releases that brought its versions 1, 2, 3 and so on: TensorFlow 2.21's own
table. "-" is a version that it does not list."""


def minimum_runtime(operators: Iterable[Operator]) -> str:
    """The latest of the releases that brought the operators' versions, as TFLite's converter does.

    A version tells dtypes and options apart, and nothing else. An int8 Dense with a scale for each
    channel is version 4 like any other: which runtimes know such scales, it does
    not say.
    """
    needed = [_release(op.code, op.version) for op in operators]
    return max([FIRST, *needed], key=lambda text: tuple(map(int, text.split("."))))


def _release(code: str, version: int) -> str:
    """Operators that TFLite has no number for belong to the runtime that knows their names."""
    releases = RELEASES.get(code, "").split()
    known = releases[version - 1] if version <= len(releases) else "-"
    return FIRST if known == "-" else known
