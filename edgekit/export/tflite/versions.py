"""Versions of TFLite's operators that a dtype alone asks for."""

from __future__ import annotations

__all__ = ["LEAST"]

LEAST: dict[str, dict[str, int]] = {
    "ADD": {"int64": 4},
    "BATCH_TO_SPACE_ND": {"int16": 4},
    "BROADCAST_TO": {"int8": 3, "int16": 3},
    "CAST": {"int8": 3},
    "DYNAMIC_UPDATE_SLICE": {"int16": 4},
    "EQUAL": {"int16": 5},
    "GATHER": {"bool": 3, "int16": 4},
    "GATHER_ND": {"int16": 3, "bool": 5},
    "GELU": {"uint8": 2},
    "GREATER_EQUAL": {"int16": 3},
    "LESS": {"int16": 3},
    "MAXIMUM": {"int16": 4},
    "MINIMUM": {"int16": 4},
    "MIRROR_PAD": {"int16": 3},
    "MUL": {"int64": 5},
    "NOT_EQUAL": {"int16": 4},
    "PAD": {"bool": 5},
    "PADV2": {"bool": 5},
    "SLICE": {"int16": 4},
    "SPACE_TO_BATCH_ND": {"int16": 4},
    "STRIDED_SLICE": {"bool": 3},
    "SUB": {"int64": 4, "int16": 5},
    "TOPK_V2": {"int16": 3},
    "TRANSPOSE": {"bool": 3, "int16": 5},
}
"""Operator -> dtype of its first input -> the first version that has it.

int8 is left out of DEPTH_TO_SPACE (2) and TILE (3): LiteRT's reference runtime knows no such
versions, though it computes them.
"""
