"""Arrays of the host that never change, in device memory: each is copied there once."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np

from .kernel import watch

__all__ = ["held"]


@functools.lru_cache(maxsize=256)
def _held(content: bytes, dtype: np.dtype[Any], shape: tuple[int, ...], device: int) -> Any:
    import cupy

    return cupy.asarray(np.ndarray(shape, dtype, content))


def held(x: np.ndarray) -> Any:
    """A device array with the contents of `x`, the same one for the same contents."""
    import cupy

    found = _held(x.tobytes(), x.dtype, x.shape, cupy.cuda.runtime.getDevice())
    if watch.see is not None:
        watch.see(found)
    return found
