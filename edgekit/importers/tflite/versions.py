"""The newest version of each operator whose meaning is known.

A version says which types and options an operator of a file may use; a newer one may mean what
nobody here has heard of. The numbers are those that LiteRT 2.3 registers for its own kernels
(`tests/importers/test_tflite_versions.py` asks it); what is not listed has the version 1 alone.
"""

from __future__ import annotations

__all__ = ["newest_version"]

BY_VERSION = {
    2: """
        COS DEPTH_TO_SPACE DIV EXP FAKE_QUANT FLOOR_MOD GREATER L2_NORMALIZATION
        LEAKY_RELU LESS_EQUAL LOG LOG_SOFTMAX RANGE REDUCE_PROD SELECT_V2 SIGN SIN
        SPACE_TO_DEPTH SQRT SQUARED_DIFFERENCE SQUEEZE SUM WHERE
    """,
    3: """
        ARG_MAX ARG_MIN AVERAGE_POOL_2D BIDIRECTIONAL_SEQUENCE_LSTM
        BIDIRECTIONAL_SEQUENCE_RNN FLOOR_DIV GELU GREATER_EQUAL LESS LOGISTIC
        MAX_POOL_2D MEAN MIRROR_PAD REDUCE_MAX REDUCE_MIN RELU RELU6 RNN RSQRT
        SPARSE_TO_DENSE SPLIT_V TANH TILE TOPK_V2 UNIDIRECTIONAL_SEQUENCE_RNN
    """,
    4: """
        BATCH_MATMUL BATCH_TO_SPACE_ND BROADCAST_TO MAXIMUM MINIMUM NOT_EQUAL
        RESIZE_BILINEAR RESIZE_NEAREST_NEIGHBOR REVERSE_V2 SELECT SOFTMAX
        SPACE_TO_BATCH_ND SVDF UNIDIRECTIONAL_SEQUENCE_LSTM
    """,
    5: """
        ABS EMBEDDING_LOOKUP EQUAL FILL PACK SPLIT SUB TRANSPOSE_CONV
    """,
    6: """
        ADD DYNAMIC_UPDATE_SLICE GATHER_ND PAD PADV2 QUANTIZE UNPACK
    """,
    7: """
        CONCATENATION DEPTHWISE_CONV_2D
    """,
    8: """
        CONV_2D GATHER MUL SLICE STRIDED_SLICE
    """,
    9: """
        CAST DEQUANTIZE TRANSPOSE
    """,
    14: """
        FULLY_CONNECTED
    """,
}

VERSIONS = {name: version for version, names in BY_VERSION.items() for name in names.split()}


def newest_version(code: str) -> int:
    """Of an operator by its name in TFLite."""
    return VERSIONS.get(code, 1)
