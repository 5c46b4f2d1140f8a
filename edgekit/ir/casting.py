"""From real numbers to integers, the same on every processor.

What a processor makes of a float that its integers cannot hold differs between x86 and Arm, so
every number is brought into range before it is cast.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from .graph import DTYPES

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["cast", "whole_numbers"]

LARGEST_BELOW = {"int32": 2147483520.0, "int64": 9223371487098961920.0}
"""The largest float32 within these dtypes; the others hold every integer of theirs."""


def whole_numbers(x: NDArray[np.float32], dtype: str) -> NDArray[np.int64]:
    """Cut towards zero; what does not fit becomes the nearest that does, NaN the largest."""
    limits = np.iinfo(DTYPES[dtype])
    below = np.float32(LARGEST_BELOW.get(dtype, float(limits.max)))
    cut = np.clip(np.where(np.isnan(x), np.float32(0.0), x), np.float32(limits.min), below)
    return np.where(x <= below, cut.astype(np.int64), np.int64(limits.max))


def cast(x: NDArray[Any], dtype: str) -> NDArray[Any]:
    """Numbers of one dtype as another: integers wrap, floats are cut and saturate, 0 is false."""
    target = DTYPES[dtype]
    if x.dtype.kind == "f" and target.kind in "iu":
        return whole_numbers(x, dtype).astype(target)
    return x.astype(target)
