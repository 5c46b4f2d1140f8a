"""Kernels that take an array row by row: the width of the group of threads that shares a row."""

from __future__ import annotations

from typing import Any

import numpy as np

from .kernel import STORAGE, Kernel, blocks_for, kernel, type_name

__all__ = ["WIDTHS", "instances", "over_rows"]

WIDTHS = (32, 256)
"""Threads of a row: a warp, or for long rows a block."""
_THREADS = 256
_LONG = 1024


def instances(source: str, name: str, more: tuple[str, ...] = ("",)) -> list[Kernel]:
    """A kernel of rows for every storage type, further type and width."""
    return [
        kernel(source, _name(name, held, other, width))
        for held in STORAGE.values()
        for other in more
        for width in WIDTHS
    ]


def _name(name: str, held: str, more: str, width: int) -> str:
    return f"{name}<{held}, {more + ', ' if more else ''}{width}>"


def over_rows(
    source: str, name: str, dtype: Any, rows: int, length: int, *arguments: Any, more: str = ""
) -> None:
    """Launch `name` over `rows` of `length`, both of which are handed over last."""
    if not rows or not length:
        return
    width = WIDTHS[0] if length <= _LONG else WIDTHS[1]
    run = kernel(source, _name(name, type_name(dtype), more, width))
    run(blocks_for(rows * width), _THREADS, *arguments, np.int32(length), np.int64(rows))
