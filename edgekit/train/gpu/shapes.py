"""Moving elements on the GPU without copies from the host, which cupy's own ways sometimes make."""

from __future__ import annotations

from typing import Any

from edgekit.train.ops import shape

from .kernel import Kernel, empty
from .rules import on_gpu

__all__ = ["kernels"]


def kernels() -> list[Kernel]:
    """This module has none of its own."""
    return []


def _of_one_dtype(x: Any, *parts: Any, axis: int = -1) -> bool:
    """Whether the parts differ along the axis alone; what does not fit is for cupy to name."""
    axis = axis % x.ndim if x.ndim else -1
    rest = (*x.shape[:axis], *x.shape[axis + 1 :])
    return axis >= 0 and all(
        type(p) is type(x)
        and p.dtype == x.dtype
        and p.ndim == x.ndim
        and (*p.shape[:axis], *p.shape[axis + 1 :]) == rest
        for p in parts
    )


@on_gpu(shape._concat, when=_of_one_dtype)
def _concat(*parts: Any, axis: int = -1) -> Any:
    """Each part copied to its place. cupy's concatenate sends addresses to the device."""
    first = parts[0]
    axis %= first.ndim
    length = sum(p.shape[axis] for p in parts)
    y = empty((*first.shape[:axis], length, *first.shape[axis + 1 :]), first.dtype)
    start = 0
    for part in parts:
        end = start + part.shape[axis]
        y[(slice(None),) * axis + (slice(start, end),)] = part
        start = end
    return y
