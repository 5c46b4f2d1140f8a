"""Pooling on the GPU, both ways. Sequences and volumes are pooled as images by the layers."""

from __future__ import annotations

from typing import Any

import numpy as np

from edgekit.train.ops import pooling

from .channels import THREADS
from .kernel import STORAGE, Kernel, blocks_for, contiguous, empty, kernel, type_name
from .rules import on_gpu
from .windows import lanes_of, numbers, small

__all__ = ["kernels"]

_SOURCE = "pooling.cu"
_CHANNELS = 32  # of a block of the global kernels


def kernels() -> list[Kernel]:
    """Every kernel of this module, for those who compile them all."""
    by_lanes = ("max_pool", "average_pool", "average_pool_gradient")
    plain = ("max_pool_gradient", "global_pool", "global_average_gradient", "global_max_gradient")
    held = list(STORAGE.values())
    names = [f"{name}<{t}, {v}>" for name in by_lanes for t in held for v in (1, 4)]
    names += [f"{name}<{t}>" for name in plain for t in held]
    return [kernel(_SOURCE, name) for name in names]


def _takes(x: Any, **attrs: Any) -> bool:
    return x.ndim == 4 and small(x)


def _run(name: str, v: int, g: Any, arrays: tuple[Any, ...], count: int) -> None:
    x = arrays[0]
    which = f"{type_name(x.dtype)}, {v}" if v else type_name(x.dtype)
    channels = np.int32(x.shape[3])
    if count:
        kernel(_SOURCE, f"{name}<{which}>")(
            blocks_for(count), THREADS, *arrays, *numbers(g), channels, np.int64(count)
        )


def _pooled(name: str, x: Any, pool_size: Any, strides: Any, padding: Any) -> Any:
    x = contiguous(x)
    g = pooling._geometry(x, pool_size, strides, padding)
    y = empty((len(x), g.out_height, g.out_width, x.shape[3]), x.dtype)
    v = lanes_of(x.shape[3], x, y)
    _run(name, v, g, (x, y), y.size // v)
    return y


@on_gpu(pooling.max_pool2d, when=_takes)
def _max(x: Any, *, pool_size: Any, strides: Any = None, padding: Any = "valid") -> Any:
    return _pooled("max_pool", x, pool_size, strides, padding)


@_max.vjp
def _(
    g: Any, y: Any, x: Any, *, pool_size: Any, strides: Any = None, padding: Any = "valid"
) -> tuple[Any]:
    g, y, x = contiguous(g), contiguous(y), contiguous(x)
    gx = empty(x.shape, x.dtype)
    shape = pooling._geometry(x, pool_size, strides, padding)
    _run("max_pool_gradient", 0, shape, (g, y, x, gx), x.size)
    return (gx,)


@on_gpu(pooling.average_pool2d, when=_takes)
def _average(x: Any, *, pool_size: Any, strides: Any = None, padding: Any = "valid") -> Any:
    return _pooled("average_pool", x, pool_size, strides, padding)


@_average.vjp
def _(
    g: Any, y: Any, x: Any, *, pool_size: Any, strides: Any = None, padding: Any = "valid"
) -> tuple[Any]:
    g = contiguous(g)
    gx = empty(x.shape, x.dtype)
    v = lanes_of(x.shape[3], g, gx)
    shape = pooling._geometry(x, pool_size, strides, padding)
    _run("average_pool_gradient", v, shape, (g, gx), x.size // v)
    return (gx,)


# -- over whole images ----------------------------------------------------------------------------


def _whole(x: Any, **attrs: Any) -> bool:
    return _takes(x) and bool(x.size) and len(x) < 1 << 16


def _sizes(x: Any) -> tuple[tuple[int, int], Any, Any]:
    """The grid of the global kernels, the count of places, that of channels."""
    n, h, w, c = x.shape
    return (-(-c // _CHANNELS), n), np.int32(h * w), np.int32(c)


def _pooled_whole(x: Any, largest: bool, keepdims: bool) -> Any:
    x = contiguous(x)
    grid, places, channels = _sizes(x)
    y = empty((len(x), 1, 1, x.shape[3]) if keepdims else (len(x), x.shape[3]), x.dtype)
    run = kernel(_SOURCE, f"global_pool<{type_name(x.dtype)}>")
    run(grid, THREADS, x, y, np.int32(largest), places, channels)
    return y


@on_gpu(pooling.global_average_pool2d, when=_whole)
def _global_average(x: Any, *, keepdims: bool = False) -> Any:
    return _pooled_whole(x, largest=False, keepdims=keepdims)


@_global_average.vjp
def _(g: Any, y: Any, x: Any, *, keepdims: bool = False) -> tuple[Any]:
    g = contiguous(g)
    gx = empty(x.shape, x.dtype)
    _, places, channels = _sizes(x)
    run = kernel(_SOURCE, f"global_average_gradient<{type_name(x.dtype)}>")
    run.over(x.size, g, gx, places, channels)
    return (gx,)


@on_gpu(pooling.global_max_pool2d, when=_whole)
def _global_max(x: Any, *, keepdims: bool = False) -> Any:
    return _pooled_whole(x, largest=True, keepdims=keepdims)


@_global_max.vjp
def _(g: Any, y: Any, x: Any, *, keepdims: bool = False) -> tuple[Any]:
    g, y, x = contiguous(g), contiguous(y), contiguous(x)
    gx = empty(x.shape, x.dtype)
    grid, places, channels = _sizes(x)
    run = kernel(_SOURCE, f"global_max_gradient<{type_name(x.dtype)}>")
    run(grid, THREADS, g, y, x, gx, places, channels)
    return (gx,)
