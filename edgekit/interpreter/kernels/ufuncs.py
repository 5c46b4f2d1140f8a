"""Numpy's bare clip and einsum: their public wrappers cost more than the work on small arrays."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

__all__ = ["clip", "einsum"]


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
