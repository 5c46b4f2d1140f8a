"""What numpy does faster in other words: clip and einsum, whose public wrappers cost more than the
work on small arrays, and copies of many short runs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..arena import copied
from ..step import Array, Step

__all__ = ["clip", "copy_runs", "einsum"]

PLACES = ("_core", "core")  # since numpy 2, and before


def find(module: str, name: str) -> Any:
    """`numpy._core.<module>.<name>`; None if it moved."""
    for place in PLACES:
        found = getattr(getattr(np.__dict__.get(place), module, None), name, None)
        if found is not None:
            return found
    return None


clip: Callable[..., Any] = find("umath", "clip") or np.clip
"""`clip(x, low, high, out)`"""

einsum: Callable[..., Any] = find("multiarray", "c_einsum") or np.einsum
"""`einsum(subscripts, a, b, out=out)`, in one pass, the product never stored."""


def copy_runs(step: Step, target: Array, source: Array) -> None:
    """Add a call that copies `source` to `target`, of the same shape, by runs."""
    step.calls.append(copied(target, source))
