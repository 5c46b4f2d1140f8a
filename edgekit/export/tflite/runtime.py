"""Which TensorFlow Lite release a file needs at least."""

from __future__ import annotations

from collections.abc import Iterable

from .lowering import Operator

__all__ = ["minimum_runtime"]

FIRST_INT8 = "1.14.0"
"""The first release with all int8 operators but those below."""

LATER: dict[tuple[str, int], str] = {
    ("CONV_2D", 6): "2.9.0",
    ("DIV", 2): "2.3.0",
    ("FULLY_CONNECTED", 5): "2.0.0",
    ("GELU", 1): "2.9.0",
    ("GELU", 2): "2.9.0",
    ("HARD_SWISH", 1): "1.15.0",
    ("MAXIMUM", 3): "2.3.0",
    ("MINIMUM", 3): "2.3.0",
    ("MUL", 3): "1.15.0",
    ("PAD", 4): "2.6.0",
    ("PADV2", 4): "2.6.0",
    ("RELU", 2): "2.1.0",
    ("RESIZE_NEAREST_NEIGHBOR", 3): "2.3.0",
    ("SLICE", 5): "2.5.0",
    ("SUB", 3): "2.3.0",
    ("TRANSPOSE", 4): "2.3.0",
    ("TRANSPOSE", 6): "2.9.0",
}
"""Operator and version -> the release that brought it (TensorFlow's release history)."""


def minimum_runtime(operators: Iterable[Operator]) -> str:
    needed = [LATER.get((op.code, op.version), FIRST_INT8) for op in operators]
    return max([FIRST_INT8, *needed], key=lambda text: tuple(map(int, text.split("."))))
