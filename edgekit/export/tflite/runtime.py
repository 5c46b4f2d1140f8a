"""Which TensorFlow Lite release a file needs at least."""

from __future__ import annotations

from collections.abc import Iterable

from .lowering import Operator

__all__ = ["minimum_runtime"]

FIRST_INT8 = "1.14.0"
"""The first release with all int8 operators but those below."""

LATER: dict[tuple[str, int], str] = {
    ("ABS", 2): "2.4.0",
    ("ABS", 3): "2.5.0",
    ("ABS", 5): "2.12.0",
    ("ADD", 3): "2.4.0",
    ("ARG_MAX", 3): "2.9.0",
    ("ARG_MIN", 3): "2.9.0",
    ("ASSIGN_VARIABLE", 1): "2.6.0",
    ("ATAN2", 1): "2.10.0",
    ("AVERAGE_POOL_2D", 3): "2.3.0",
    ("BATCH_MATMUL", 1): "2.3.0",
    ("BATCH_MATMUL", 2): "2.3.0",
    ("BATCH_MATMUL", 3): "2.4.0",
    ("CALL_ONCE", 1): "2.5.0",
    ("CONCATENATION", 3): "2.3.0",
    ("CONV_2D", 4): "2.3.0",
    ("CONV_2D", 5): "2.4.0",
    ("CONV_2D", 6): "2.9.0",
    ("CONV_2D", 8): "2.15.0",
    ("CUMSUM", 1): "2.4.0",
    ("DEPTHWISE_CONV_2D", 4): "2.2.0",
    ("DEPTHWISE_CONV_2D", 5): "2.3.0",
    ("DEPTHWISE_CONV_2D", 6): "2.3.0",
    ("DEQUANTIZE", 3): "1.15.0",
    ("DIV", 2): "2.3.0",
    ("EXP", 2): "2.13.0",
    ("FLOOR_DIV", 3): "2.13.0",
    ("FLOOR_MOD", 2): "2.13.0",
    ("FULLY_CONNECTED", 5): "2.0.0",
    ("FULLY_CONNECTED", 7): "2.3.0",
    ("FULLY_CONNECTED", 9): "2.3.0",
    ("FULLY_CONNECTED", 11): "2.15.0",
    ("FULLY_CONNECTED", 12): "2.17.0",
    ("GELU", 1): "2.9.0",
    ("GELU", 2): "2.9.0",
    ("HARD_SWISH", 1): "1.15.0",
    ("IF", 1): "1.15.0",
    ("LEAKY_RELU", 2): "2.3.0",
    ("LOG", 2): "2.20.0",
    ("LOGISTIC", 3): "2.3.0",
    ("MAXIMUM", 3): "2.3.0",
    ("MAXIMUM", 4): "2.3.0",
    ("MAX_POOL_2D", 3): "2.3.0",
    ("MEAN", 3): "2.4.0",
    ("MINIMUM", 3): "2.3.0",
    ("MINIMUM", 4): "2.3.0",
    ("MUL", 3): "1.15.0",
    ("MUL", 4): "2.3.0",
    ("PAD", 3): "2.4.0",
    ("PAD", 4): "2.6.0",
    ("PADV2", 3): "2.4.0",
    ("PADV2", 4): "2.6.0",
    ("QUANTIZE", 2): "1.15.0",
    ("READ_VARIABLE", 1): "2.6.0",
    ("REDUCE_ALL", 1): "2.6.0",
    ("REDUCE_MAX", 3): "2.5.0",
    ("REDUCE_MIN", 3): "2.5.0",
    ("REDUCE_PROD", 2): "2.6.0",
    ("RELU", 2): "2.1.0",
    ("RELU", 3): "2.5.0",
    ("RELU6", 3): "2.5.0",
    ("RESIZE_NEAREST_NEIGHBOR", 3): "2.3.0",
    ("RSQRT", 2): "2.5.0",
    ("SELECT_V2", 1): "2.2.0",
    ("SIGN", 1): "2.11.0",
    ("SIGN", 2): "2.12.0",
    ("SLICE", 5): "2.5.0",
    ("SOFTMAX", 3): "2.3.0",
    ("SQRT", 2): "2.20.0",
    ("SQUARED_DIFFERENCE", 2): "2.5.0",
    ("SUB", 3): "2.3.0",
    ("SUB", 5): "2.4.0",
    ("SUM", 2): "1.15.0",
    ("SVDF", 3): "2.2.0",
    ("SVDF", 4): "2.3.0",
    ("TANH", 3): "2.3.0",
    ("TRANSPOSE", 4): "2.3.0",
    ("TRANSPOSE", 5): "2.4.0",
    ("TRANSPOSE", 6): "2.12.0",
    ("TRANSPOSE_CONV", 3): "2.3.0",
    ("TRANSPOSE_CONV", 4): "2.13.0",
    ("TRANSPOSE_CONV", 5): "2.15.0",
    ("UNIDIRECTIONAL_SEQUENCE_LSTM", 3): "2.3.0",
    ("VAR_HANDLE", 1): "2.6.0",
    ("WHILE", 1): "1.15.0",
}
"""Operator and version -> the release that brought it (TensorFlow's release history)."""


def minimum_runtime(operators: Iterable[Operator]) -> str:
    needed = [LATER.get((op.code, op.version), FIRST_INT8) for op in operators]
    return max([FIRST_INT8, *needed], key=lambda text: tuple(map(int, text.split("."))))
