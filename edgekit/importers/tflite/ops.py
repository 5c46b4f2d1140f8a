"""Every TFLite operator that can be read, where its rule stands, and up to which version.

The rules of a family are imported when a file first has an operator of it. A version says which
types and options an operator of a file may use; a newer one may mean what nobody here has heard of.
"""

from __future__ import annotations

from importlib import import_module

from .reader import Rule

__all__ = ["CUSTOM_FAMILIES", "FAMILIES", "find_rule", "newest_version"]

FAMILIES: dict[str, tuple[str, ...]] = {
    "windows": (
        *("CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED", "MAX_POOL_2D", "AVERAGE_POOL_2D"),
        "L2_POOL_2D",
    ),
    "elements": (
        *("ADD", "SUB", "MUL", "DIV", "MAXIMUM", "MINIMUM", "SOFTMAX", "RELU", "RELU6", "LOGISTIC"),
        *("TANH", "HARD_SWISH", "LEAKY_RELU", "ELU", "GELU", "CONCATENATION", "RESHAPE"),
        *("EXPAND_DIMS", "SQUEEZE", "TRANSPOSE", "PAD", "PADV2"),
    ),
    "clamps": ("RELU_N1_TO_1", "RELU_0_TO_1", "FAKE_QUANT"),
    "math": (
        *("EXP", "LOG", "SQRT", "RSQRT", "SQUARE", "NEG", "ABS", "SIN", "COS", "FLOOR", "CEIL"),
        *("ROUND", "SIGN", "LOGICAL_NOT", "CAST", "PRELU", "LOG_SOFTMAX", "L2_NORMALIZATION"),
        *("POW", "FLOOR_DIV", "FLOOR_MOD", "SQUARED_DIFFERENCE", "ATAN2", "EQUAL", "NOT_EQUAL"),
        *("LESS", "LESS_EQUAL", "GREATER", "GREATER_EQUAL", "LOGICAL_AND", "LOGICAL_OR", "SELECT"),
        *("SELECT_V2", "ADD_N"),
    ),
    "reductions": (
        *("MEAN", "SUM", "REDUCE_MAX", "REDUCE_MIN", "REDUCE_PROD", "REDUCE_ANY", "REDUCE_ALL"),
        *("ARG_MAX", "ARG_MIN", "CUMSUM", "TOPK_V2", "ONE_HOT", "WHERE", "UNIQUE"),
    ),
    "shapes": (
        *("MIRROR_PAD", "TILE", "BROADCAST_TO", "FILL", "ZEROS_LIKE", "RANGE", "SHAPE", "RANK"),
        "BROADCAST_ARGS",
    ),
    "slices": (
        *("SLICE", "STRIDED_SLICE", "REVERSE_V2", "SPLIT", "SPLIT_V", "UNPACK", "PACK", "GATHER"),
        *("GATHER_ND", "EMBEDDING_LOOKUP"),
    ),
    "images": (
        *("RESIZE_BILINEAR", "RESIZE_NEAREST_NEIGHBOR", "SPACE_TO_DEPTH", "DEPTH_TO_SPACE"),
        *("SPACE_TO_BATCH_ND", "BATCH_TO_SPACE_ND", "TRANSPOSE_CONV", "CONV_3D", "BATCH_MATMUL"),
        *("LOCAL_RESPONSE_NORMALIZATION", "CONV_3D_TRANSPOSE"),
    ),
    "moves": ("REVERSE_SEQUENCE", "MATRIX_DIAG", "MATRIX_SET_DIAG", "DILATE"),
    "bits": ("BUCKETIZE", "RIGHT_SHIFT", "STABLEHLO_SHIFT_LEFT", "BITWISE_XOR", "BITCAST"),
    "scatter": (
        *("SCATTER_ND", "SPARSE_TO_DENSE", "SEGMENT_SUM", "UNSORTED_SEGMENT_SUM"),
        *("UNSORTED_SEGMENT_PROD", "UNSORTED_SEGMENT_MAX", "UNSORTED_SEGMENT_MIN"),
    ),
    "stablehlo_places": ("STABLEHLO_GATHER", "STABLEHLO_SCATTER"),
    "lookups": ("HASHTABLE_LOOKUP", "EMBEDDING_LOOKUP_SPARSE"),
    "suppression": ("NON_MAX_SUPPRESSION_V4", "NON_MAX_SUPPRESSION_V5"),
    "stablehlo": (
        *("STABLEHLO_COMPOSITE", "STABLEHLO_ADD", "STABLEHLO_MULTIPLY", "STABLEHLO_MAXIMUM"),
        *("STABLEHLO_MINIMUM", "STABLEHLO_AND", "STABLEHLO_PAD"),
    ),
    "quantization": ("QUANTIZE", "DEQUANTIZE", "DENSIFY"),
    "spectra": ("RFFT2D", "REAL", "IMAG", "COMPLEX_ABS"),
    "states": ("CALL_ONCE", "VAR_HANDLE", "READ_VARIABLE", "ASSIGN_VARIABLE"),
    "recurrent": ("UNIDIRECTIONAL_SEQUENCE_LSTM", "BIDIRECTIONAL_SEQUENCE_LSTM", "SVDF", "LSTM"),
    "rnn": ("RNN", "UNIDIRECTIONAL_SEQUENCE_RNN", "BIDIRECTIONAL_SEQUENCE_RNN"),
    "control": ("IF", "WHILE", "DYNAMIC_UPDATE_SLICE"),
}
"""The operators that each module has rules for, in its table READERS."""

CUSTOM_FAMILIES: dict[str, tuple[str, ...]] = {"detection": ("TFLite_Detection_PostProcess",)}
"""The same for custom operators, which a file names by a text."""


_MODULES = {code: module for module, codes in FAMILIES.items() for code in codes}
_CUSTOM_MODULES = {code: module for module, codes in CUSTOM_FAMILIES.items() for code in codes}


_RULES: dict[tuple[str, bool], Rule] = {}
"""Of the families imported so far, by name and whether it is that of a custom operator."""


def find_rule(code: str, *, is_custom: bool = False) -> Rule | None:
    """How an operator is read; None where that is not known."""
    found = _RULES.get((code, is_custom))
    module = (_CUSTOM_MODULES if is_custom else _MODULES).get(code)
    if found is not None or module is None:
        return found
    rules: dict[str, Rule] = import_module(f".{module}", __package__).READERS
    _RULES.update({(name, is_custom): rule for name, rule in rules.items()})
    return rules[code]


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
        BATCH_MATMUL BATCH_TO_SPACE_ND BROADCAST_TO LSTM MAXIMUM MINIMUM NOT_EQUAL
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
"""The newest version of each operator whose meaning is known; what is not listed has 1 alone.

The numbers are those that LiteRT 2.3 registers for its own kernels
(`tests/importers/test_tflite_versions.py` asks it).
"""

VERSIONS = {name: version for version, names in BY_VERSION.items() for name in names.split()}


def newest_version(code: str) -> int:
    """Of an operator by its name in TFLite."""
    return VERSIONS.get(code, 1)
