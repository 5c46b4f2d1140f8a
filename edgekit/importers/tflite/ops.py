"""Every TFLite operator that can be read, and where its rule stands.

The rules of a family are imported when a file first has an operator of it.
"""

from __future__ import annotations

from importlib import import_module

from .reader import Rule

__all__ = ["CUSTOM_FAMILIES", "FAMILIES", "find_rule"]

FAMILIES: dict[str, tuple[str, ...]] = {
    "windows": (
        *("CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED", "MAX_POOL_2D", "AVERAGE_POOL_2D"),
        "L2_POOL_2D",
    ),
    "elements": (
        *("ADD", "SUB", "MUL", "DIV", "MAXIMUM", "MINIMUM", "SOFTMAX", "RELU", "RELU6", "LOGISTIC"),
        *("TANH", "HARD_SWISH", "LEAKY_RELU", "ELU", "GELU"),
    ),
    "clamps": ("RELU_N1_TO_1", "RELU_0_TO_1"),
    "math": (
        *("EXP", "LOG", "SQRT", "RSQRT", "SQUARE", "NEG", "ABS", "SIN", "COS", "FLOOR", "CEIL"),
        *("ROUND", "SIGN", "LOGICAL_NOT", "CAST", "PRELU", "LOG_SOFTMAX", "L2_NORMALIZATION"),
        *("POW", "FLOOR_DIV", "FLOOR_MOD", "SQUARED_DIFFERENCE", "ATAN2", "EQUAL", "NOT_EQUAL"),
        *("LESS", "LESS_EQUAL", "GREATER", "GREATER_EQUAL", "LOGICAL_AND", "LOGICAL_OR", "SELECT"),
        "SELECT_V2",
    ),
    "reductions": (
        *("MEAN", "SUM", "REDUCE_MAX", "REDUCE_MIN", "REDUCE_PROD", "REDUCE_ANY", "REDUCE_ALL"),
        *("ARG_MAX", "ARG_MIN", "CUMSUM", "TOPK_V2", "ONE_HOT"),
    ),
    "moves": (
        *("CONCATENATION", "RESHAPE", "EXPAND_DIMS", "SQUEEZE", "TRANSPOSE", "PAD", "PADV2"),
        *("MIRROR_PAD", "TILE", "BROADCAST_TO", "FILL", "ZEROS_LIKE", "RANGE", "SHAPE", "RANK"),
    ),
    "slices": (
        *("SLICE", "STRIDED_SLICE", "REVERSE_V2", "SPLIT", "SPLIT_V", "UNPACK", "PACK", "GATHER"),
        *("GATHER_ND", "EMBEDDING_LOOKUP"),
    ),
    "images": (
        *("RESIZE_BILINEAR", "RESIZE_NEAREST_NEIGHBOR", "SPACE_TO_DEPTH", "DEPTH_TO_SPACE"),
        *("SPACE_TO_BATCH_ND", "BATCH_TO_SPACE_ND", "TRANSPOSE_CONV", "CONV_3D", "BATCH_MATMUL"),
    ),
    "quantization": ("QUANTIZE", "DEQUANTIZE", "DENSIFY"),
    "states": ("CALL_ONCE", "VAR_HANDLE", "READ_VARIABLE", "ASSIGN_VARIABLE"),
    "recurrent": ("UNIDIRECTIONAL_SEQUENCE_LSTM", "BIDIRECTIONAL_SEQUENCE_LSTM", "SVDF"),
    "control": ("IF", "WHILE", "DYNAMIC_UPDATE_SLICE"),
}
"""The operators that each module has rules for, in its table READERS."""

CUSTOM_FAMILIES: dict[str, tuple[str, ...]] = {"detection": ("TFLite_Detection_PostProcess",)}
"""The same for custom operators, which a file names by a text."""


_MODULES = {code: module for module, codes in FAMILIES.items() for code in codes}
_CUSTOM_MODULES = {code: module for module, codes in CUSTOM_FAMILIES.items() for code in codes}


def find_rule(code: str, *, is_custom: bool = False) -> Rule | None:
    """How an operator is read; None where that is not known."""
    module = (_CUSTOM_MODULES if is_custom else _MODULES).get(code)
    if module is None:
        return None
    rules: dict[str, Rule] = import_module(f".{module}", __package__).READERS
    return rules[code]
