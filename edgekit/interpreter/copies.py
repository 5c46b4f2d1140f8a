"""Copies between arrays that may lie upon each other."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence

import numpy as np

from .arena import Array, Call, bound

__all__ = ["copies"]


def copies(sources: Sequence[Array], targets: Sequence[Array]) -> list[Call]:
    """Calls that copy each source to its target as if all at once.

    targets: none lies upon another. What another target would overwrite is set aside first.
    """
    spans = sorted((*_span(target), i) for i, target in enumerate(targets))
    starts, ends = [span[0] for span in spans], [span[1] for span in spans]
    first: list[Call] = []
    then: list[Call] = []
    for i, (source, target) in enumerate(zip(sources, targets, strict=True)):
        start, end = _span(source)
        met = spans[bisect_right(ends, start) : bisect_left(starts, end)]
        if any(other != i for _, _, other in met):
            aside = np.empty_like(target)
            first.append(bound(np.copyto, aside, source))
            then.append(bound(np.copyto, target, aside))
        elif not met or _span(target) != (start, end):
            then.append(bound(np.copyto, *_lines(target, source)))
    return first + then


def _lines(target: Array, source: Array) -> tuple[Array, Array]:
    """Both with one dimension, if they have no gaps: numpy copies those with less ado."""
    if target.flags.c_contiguous and source.flags.c_contiguous:
        return target.reshape(-1), source.reshape(-1)
    return target, source


def _span(array: Array) -> tuple[int, int]:
    """The first byte of an array in memory, and the one after its last."""
    start: int = array.__array_interface__["data"][0]
    reach = sum((size - 1) * step for size, step in zip(array.shape, array.strides, strict=True))
    return start, start + reach + array.itemsize
