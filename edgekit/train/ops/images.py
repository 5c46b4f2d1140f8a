"""Resizing and warping of pictures (NHWC)."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from edgekit.train.backend import array_module, scatter_add
from edgekit.train.primitive import primitive

__all__ = ["FILL_MODES", "KERNELS", "METHODS", "resize_images", "warp_images"]

FILL_MODES = ("constant", "nearest", "reflect", "wrap")


def _triangle(x: np.ndarray) -> np.ndarray:
    return np.maximum(0.0, 1.0 - x)


def _cubic(x: np.ndarray) -> np.ndarray:
    """Keys' cubic with a = -1/2. Source: Keys 1981."""
    near = ((1.5 * x - 2.5) * x) * x + 1.0
    far = ((-0.5 * x + 2.5) * x - 4.0) * x + 2.0
    return np.where(x < 1, near, np.where(x < 2, far, 0.0))


def _mitchell(x: np.ndarray) -> np.ndarray:
    """The cubic with B = C = 1/3. Source: Mitchell and Netravali 1988."""
    near = (7 * x**3 - 12 * x**2 + 16 / 3) / 6
    far = (-7 / 3 * x**3 + 12 * x**2 - 20 * x + 32 / 3) / 6
    return np.where(x < 1, near, np.where(x < 2, far, 0.0))


def _lanczos(radius: int, x: np.ndarray) -> np.ndarray:
    return np.where(x < radius, np.sinc(x) * np.sinc(x / radius), 0.0)


def _gaussian(x: np.ndarray) -> np.ndarray:
    """Standard deviation 1/2, cut off at 3/2."""
    return np.where(x < 1.5, np.exp(-2.0 * x**2), 0.0)


KERNELS: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "bicubic": _cubic,
    "bilinear": _triangle,
    "gaussian": _gaussian,
    "lanczos3": functools.partial(_lanczos, 3),
    "lanczos5": functools.partial(_lanczos, 5),
    "mitchellcubic": _mitchell,
}
METHODS = ("area", "nearest", *KERNELS)


@functools.lru_cache(maxsize=64)
def _weights(before: int, after: int, method: str, antialias: bool) -> np.ndarray:
    """(after, before): the share of each old row in each new one; the shares of a row sum to 1.

    Pixels are unit squares: the middle of new pixel i is at (i + 1/2) before / after.
    """
    scale = before / after
    if method == "area":
        edges = np.arange(after + 1) * scale
        old = np.arange(before)
        shares = np.minimum(edges[1:, None], old + 1) - np.maximum(edges[:-1, None], old)
        shares = np.maximum(shares, 0.0)
    else:
        middle = (np.arange(after) + 0.5) * scale - 0.5
        width = max(scale, 1.0) if antialias else 1.0
        shares = KERNELS[method](np.abs(middle[:, None] - np.arange(before)) / width)
    return shares / shares.sum(axis=1, keepdims=True)


def _nearest(before: int, after: int) -> np.ndarray:
    rows = np.floor((np.arange(after) + 0.5) * (before / after)).astype(np.int64)
    return np.minimum(rows, before - 1)


def _mixed(x: Any, rows: Any, columns: Any) -> Any:
    """`x` (n, h, w, c) with its rows and columns mixed by two matrices."""
    n, h, w, c = x.shape
    x = rows @ x.reshape(n, h, w * c)
    after = rows.shape[0]
    x = columns @ x.reshape(n * after, w, c)
    return x.reshape(n, after, columns.shape[0], c)


def _matrices(x: Any, size: tuple[int, int], method: str, antialias: bool) -> tuple[Any, Any]:
    module = array_module(x)
    return tuple(
        module.asarray(_weights(before, after, method, antialias), dtype=x.dtype)
        for before, after in zip(x.shape[1:3], size, strict=True)
    )


@primitive
def resize_images(x, *, size: tuple[int, int], method: str = "bilinear", antialias: bool = False):
    """`x` (n, h, w, c) at another height and width. `antialias` widens the filter when shrinking.

    method: bilinear, nearest, bicubic, area, lanczos3, lanczos5, gaussian or mitchellcubic.
    """
    if method == "nearest":
        module = array_module(x)
        rows, columns = (
            module.asarray(_nearest(a, b)) for a, b in zip(x.shape[1:3], size, strict=True)
        )
        return x[:, rows][:, :, columns]
    return _mixed(x, *_matrices(x, size, method, antialias))


@resize_images.vjp
def _(g, y, x, *, size, method="bilinear", antialias=False):
    if method == "nearest":
        rows, columns = (_nearest(a, b) for a, b in zip(x.shape[1:3], size, strict=True))
        chosen = [
            np.eye(n, dtype=np.float32)[at]
            for n, at in zip(x.shape[1:3], (rows, columns), strict=True)
        ]
        matrices = [array_module(x).asarray(one, dtype=x.dtype) for one in chosen]
    else:
        matrices = list(_matrices(x, size, method, antialias))
    return (_mixed(g, matrices[0].T, matrices[1].T),)


@primitive
def warp_images(
    x,
    *,
    transforms: Any,
    interpolation: str = "bilinear",
    fill_mode: str = "reflect",
    fill_value: float = 0.0,
):
    """Each picture of `x` (n, h, w, c) seen through its projective map.

    transforms: (n, 8) rows a0 a1 a2 b0 b1 b2 c0 c1. The pixel (column u, row v) of the result is
    read at ((a0 u + a1 v + a2) / k, (b0 u + b1 v + b2) / k) with k = c0 u + c1 v + 1; what lies
    outside is filled: constant (`fill_value`), nearest, reflect (d c b a | a b c d | d c b a) or
    wrap. As scipy does it, "constant_outside" does not blend the edge with the fill value, and
    "wrap_short" takes the last pixel for the first of the next turn. Instead of rows, (n, h, w, 2)
    says by how many pixels to the right and down from its own place each one is read.
    """
    module = array_module(x)
    total: Any = 0
    filled: Any = 0
    for row, column, there, share in _corners(x, transforms, interpolation, fill_mode):
        total = total + x[module.arange(len(x))[:, None, None], row, column] * (share * there)
        filled = filled + share * ~there
    return total + x.dtype.type(fill_value) * filled


@warp_images.vjp
def _(g, y, x, *, transforms, interpolation="bilinear", fill_mode="reflect", fill_value=0.0):
    module = array_module(x)
    gx = module.zeros_like(x)
    for row, column, there, share in _corners(x, transforms, interpolation, fill_mode):
        at = (module.arange(len(x))[:, None, None], row, column)
        scatter_add(gx, at, g * (share * there))
    return (gx,)


def _corners(x: Any, transforms: Any, interpolation: str, fill_mode: str) -> Iterator[Any]:
    """The pixels that each pixel of the result is blended of: rows, columns (n, h, w), whether
    they are inside, and their share (n, h, w, 1).
    """
    module = array_module(x)
    rows, columns = _places(module, x.shape[1:3], transforms, fill_mode)
    if interpolation == "nearest":  # halves away from zero
        half = np.float32(0.5)
        at = [module.trunc(p + module.copysign(half, p)) for p in (rows, columns)]
        yield _pixel(module, x, at[0], at[1], module.ones_like(rows))
        return
    top, left = module.floor(rows), module.floor(columns)
    below, right = rows - top, columns - left
    for row, vertical in ((top, 1 - below), (top + 1, below)):
        for column, across in ((left, 1 - right), (left + 1, right)):
            yield _pixel(module, x, row, column, vertical * across)


def _pixel(module: Any, x: Any, row: Any, column: Any, share: Any) -> Any:
    height, width = x.shape[1:3]
    there = (row >= 0) & (row < height) & (column >= 0) & (column < width)
    return (
        module.clip(row, 0, height - 1).astype(np.int32),
        module.clip(column, 0, width - 1).astype(np.int32),
        there[..., None],
        share[..., None].astype(x.dtype),
    )


def _places(module: Any, size: tuple[int, int], transforms: Any, fill_mode: str) -> Any:
    """(rows, columns), float32, at which each pixel is read."""
    height, width = size
    u, v = module.arange(width, dtype=np.float32), module.arange(height, dtype=np.float32)[:, None]
    if np.ndim(transforms) == 4:
        columns = _inside(module, u + transforms[..., 0], width, fill_mode)
        return _inside(module, v + transforms[..., 1], height, fill_mode), columns
    a0, a1, a2, b0, b1, b2, c0, c1 = (
        module.asarray(transforms, dtype=np.float32)[:, i, None, None] for i in range(8)
    )
    k = c0 * u + c1 * v + np.float32(1)
    columns = _inside(module, (a0 * u + a1 * v + a2) / k, width, fill_mode)
    return _inside(module, (b0 * u + b1 * v + b2) / k, height, fill_mode), columns


def _inside(module: Any, at: Any, size: int, fill_mode: str) -> Any:
    """Coordinates brought inside 0 .. size - 1, by the fill mode."""
    if fill_mode == "constant":
        return at
    if fill_mode == "constant_outside":
        return module.where((at < 0) | (at > size - 1), np.float32(-2), at)
    if fill_mode == "reflect":
        at = at % np.float32(2 * size)
        at = module.where(at > size - 1, np.float32(2 * size - 1) - at, at)
        # between the last pixel and its mirror image, and between the first and its own
        at = module.where(at < 0, -at - 1, at)
    elif fill_mode in ("wrap", "wrap_short"):
        turn = np.float32(max(size - 1, 1))
        step = turn if fill_mode == "wrap_short" else np.float32(size)
        before = at + step * (module.trunc(-at / turn) + 1)
        after = at - step * module.trunc(at / turn)
        at = module.where(at < 0, before, module.where(at > size - 1, after, at))
    return module.clip(at, 0, size - 1)
