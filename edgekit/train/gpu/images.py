"""Pictures resized and warped on the GPU."""

from __future__ import annotations

import functools
import math
from typing import Any

import numpy as np

from edgekit.train.ops import images

from .kernel import STORAGE, Kernel, contiguous, empty, kernel, type_name
from .rules import on_gpu

__all__ = ["kernels"]

_SOURCE = "images.cu"
# the numbers of the fill modes in sources/images.cu
_MODES = {"constant": 0, "nearest": 1, "reflect": 2, "wrap": 3, "constant_outside": 4,
          "wrap_short": 5}  # fmt: skip


def kernels() -> list[Kernel]:
    """Every kernel of this module, for those who compile them all."""
    return [
        kernel(_SOURCE, f"{name}<{t}>")
        for name in ("mixed_axis", "warped")
        for t in STORAGE.values()
    ]


@functools.lru_cache(maxsize=64)
def _band(
    before: int, after: int, method: str, antialias: bool, back: bool, device: int
) -> tuple[Any, Any, int]:
    """A matrix of resizing (turned around for the way back) as the first column of each row and
    its numbers from there on, both on the device, and how many these are.
    """
    import cupy

    if method == "nearest":
        matrix = np.eye(before)[images._nearest(before, after)]
    else:
        matrix = images._weights(before, after, method, antialias)
    matrix = matrix.T if back else matrix
    there = matrix != 0
    first = np.where(there.any(axis=1), there.argmax(axis=1), 0)
    last = np.where(there.any(axis=1), matrix.shape[1] - there[:, ::-1].argmax(axis=1), 0)
    taps = max(1, int((last - first).max()))
    columns = first[:, None] + np.arange(taps)
    inside = np.minimum(columns, matrix.shape[1] - 1)
    numbers = np.take_along_axis(matrix, inside, axis=1) * (columns < matrix.shape[1])
    return cupy.asarray(first.astype(np.int32)), cupy.asarray(numbers.astype(np.float32)), taps


def _mixed(x: Any, axis: int, before: int, after: int, how: tuple[str, bool], back: bool) -> Any:
    """`x` with one axis of `before` made `after` long, or on the way back the other way around."""
    import cupy

    device = cupy.cuda.runtime.getDevice()
    first, weights, taps = _band(before, after, *how, back, device)
    old, new = (after, before) if back else (before, after)
    y = empty((*x.shape[:axis], new, *x.shape[axis + 1 :]), x.dtype)
    run = kernel(_SOURCE, f"mixed_axis<{type_name(x.dtype)}>")
    inner = math.prod(x.shape[axis + 1 :])
    run.over(
        y.size, x, first, weights, y, np.int32(taps), np.int32(old), np.int32(new), np.int64(inner)
    )
    return y


@on_gpu(images.resize_images)
def _resize(
    x: Any, *, size: tuple[int, int], method: str = "bilinear", antialias: bool = False
) -> Any:
    y = contiguous(x)
    for axis, after in zip((1, 2), size, strict=True):
        y = _mixed(y, axis, x.shape[axis], after, (method, antialias), back=False)
    return y


@_resize.vjp
def _(
    g: Any, y: Any, x: Any, *, size: tuple[int, int], method: str = "bilinear",
    antialias: bool = False,
) -> tuple[Any]:  # fmt: skip
    gx = contiguous(g)
    for axis, after in zip((1, 2), size, strict=True):
        gx = _mixed(gx, axis, x.shape[axis], after, (method, antialias), back=True)
    return (gx,)


@on_gpu(images.warp_images)
def _warp(
    x: Any, *, transforms: Any, interpolation: str = "bilinear", fill_mode: str = "reflect",
    fill_value: float = 0.0,
) -> Any:  # fmt: skip
    x = contiguous(x)
    y = empty(x.shape, x.dtype)
    maps = contiguous(_on_device(transforms))
    height, width, channels = x.shape[1:]
    run = kernel(_SOURCE, f"warped<{type_name(x.dtype)}>")
    run.over(
        x.size, x, maps, y, np.int32(_MODES[fill_mode]), np.int32(interpolation == "nearest"),
        np.float32(fill_value), np.int32(height), np.int32(width), np.int32(channels),
    )  # fmt: skip
    return y


def _on_device(transforms: Any) -> Any:
    import cupy

    return cupy.asarray(transforms, dtype=np.float32)
