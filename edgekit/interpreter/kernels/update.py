"""UpdateSlice: one array written into another, at a place that is known at run time."""

from __future__ import annotations

import numpy as np

from edgekit.ir.graph import DTYPES

from ..step import Step
from . import kernel

__all__: list[str] = []


@kernel("UpdateSlice", *DTYPES)
def update_slice(step: Step) -> None:
    """A start that would lead outside is moved inside, as TFLite does."""
    x, update, start, result = step.input(0), step.input(1), step.input(2), step.output()
    room = [a - b for a, b in zip(x.shape, update.shape, strict=True)]

    def write() -> None:
        np.copyto(result, x)
        first = [min(max(s, 0), most) for s, most in zip(start.tolist(), room, strict=True)]
        result[tuple(slice(s, s + n) for s, n in zip(first, update.shape, strict=True))] = update

    step.call(write)
