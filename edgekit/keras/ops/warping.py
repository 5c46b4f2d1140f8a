"""Pictures seen through maps, and arrays read between their elements."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from edgekit.errors import InputError
from edgekit.keras.ops.pictures import as_integers, of_pictures
from edgekit.keras.ops.shapes import moveaxis
from edgekit.keras.ops.tensors import as_tensor, dtype_of, floating, operation
from edgekit.train.backend import asarray, to_numpy
from edgekit.train.layers.preprocessing.distortions import perspective_maps
from edgekit.train.layers.preprocessing.filters import blurred
from edgekit.train.ops import comparisons, math
from edgekit.train.ops.images import FILL_MODES, KERNELS, warp_images
from edgekit.train.random import generator
from edgekit.train.tensor import array_of

__all__ = [
    "affine_transform", "elastic_transform", "map_coordinates", "perspective_transform",
    "scale_and_translate",
]  # fmt: skip


def _check(name: str, interpolation: str, fill_mode: str = "constant") -> None:
    if interpolation not in ("nearest", "bilinear"):
        raise InputError(f"{name}: interpolation must be 'nearest' or 'bilinear'. "
                         f"Received: {interpolation!r}")  # fmt: skip
    if fill_mode not in FILL_MODES:
        known = ", ".join(map(repr, FILL_MODES))
        raise InputError(f"{name}: fill_mode must be one of {known}. Received: {fill_mode!r}")


@operation
def affine_transform(
    images: Any,
    transform: Any,
    interpolation: str = "bilinear",
    fill_mode: str = "constant",
    fill_value: float = 0,
    data_format: Any = None,
) -> Any:
    """Pictures whose pixel (x, y) is read at ((a0 x + a1 y + a2) / k, (b0 x + b1 y + b2) / k) with
    k = c0 x + c1 y + 1; transform: a0 a1 a2 b0 b1 b2 c0 c1, for all or for each.
    """
    _check("affine_transform", interpolation, fill_mode)
    maps = np.asarray(to_numpy(as_tensor(transform)), np.float32)

    def seen(x: Any) -> Any:
        rows = np.broadcast_to(maps, (x.shape[0], 8))
        return warp_images(
            x, transforms=rows, interpolation=interpolation, fill_mode=fill_mode,
            fill_value=fill_value,
        )  # fmt: skip

    return of_pictures(seen, images, data_format, integers="rounded")


@operation
def perspective_transform(
    images: Any,
    start_points: Any,
    end_points: Any,
    interpolation: str = "bilinear",
    fill_value: float = 0,
    data_format: Any = None,
) -> Any:
    """Pictures whose points `start_points` (4, 2) or (n, 4, 2) come to `end_points`."""
    points = [np.asarray(to_numpy(as_tensor(p)), np.float32) for p in (start_points, end_points)]
    if any(p.shape[-2:] != (4, 2) for p in points):
        raise InputError("perspective_transform: expected points (4, 2) or (n, 4, 2). Received: "
                         f"{points[0].shape} and {points[1].shape}")  # fmt: skip
    maps = perspective_maps(*(p.reshape(-1, 4, 2) for p in points))
    return affine_transform(images, maps, interpolation, "constant", fill_value, data_format)


@operation
def elastic_transform(
    images: Any,
    alpha: float = 20.0,
    sigma: float = 5.0,
    interpolation: str = "bilinear",
    fill_mode: str = "reflect",
    fill_value: float = 0.0,
    seed: Any = None,
    data_format: Any = None,
) -> Any:
    """Pictures bent like rubber: each pixel is read where smooth noise moves it. `alpha` says how
    far, `sigma` over how many pixels the noise is smoothed. Source: Simard et al. 2003.
    """
    _check("elastic_transform", interpolation, fill_mode)
    source = seed.source if hasattr(seed, "source") else generator(seed)

    def bent(x: Any) -> Any:
        noise = source.standard_normal((*x.shape[:3], 2), dtype=np.float32) * np.float32(sigma)
        size = (6 * int(sigma) | 1,) * 2
        moves = blurred(noise, size, np.full(2, sigma, np.float32))
        return warp_images(
            x, transforms=array_of(moves) * np.float32(alpha), interpolation=interpolation,
            fill_mode=fill_mode, fill_value=fill_value,
        )  # fmt: skip

    return of_pictures(bent, images, data_format, integers="rounded")


# -- between elements -----------------------------------------------------------------------------


def _mirrored(at: np.ndarray, size: int) -> np.ndarray:
    """c d c b | a b c d | c b a b."""
    turn = max(2 * (size - 1), 1)
    at = at % turn
    return np.where(at >= size, turn - at, at)


def _reflected(at: np.ndarray, size: int) -> np.ndarray:
    """d c b a | a b c d | d c b a."""
    at = at % (2 * size)
    return np.where(at >= size, 2 * size - 1 - at, at)


_INSIDE: dict[str, Callable[[np.ndarray, int], np.ndarray]] = {
    "constant": lambda at, size: np.clip(at, 0, size - 1),
    "mirror": _mirrored,
    "nearest": lambda at, size: np.clip(at, 0, size - 1),
    "reflect": _reflected,
    "wrap": lambda at, size: at % size,
}


@operation
def map_coordinates(
    inputs: Any, coordinates: Any, order: int, fill_mode: str = "constant", fill_value: float = 0
) -> Any:
    """`inputs` read at coordinates (axes, ...): at the nearest element (order 0), or between the
    neighbours (order 1). A gradient goes to the coordinates too.
    """
    x, at = floating(inputs), floating(coordinates)
    if at.shape[0] != len(x.shape):
        raise InputError(f"map_coordinates: expected {len(x.shape)} coordinates for each place. "
                         f"Received: shape {at.shape}")  # fmt: skip
    if order not in (0, 1) or fill_mode not in _INSIDE:
        known = ", ".join(map(repr, sorted(_INSIDE)))
        raise InputError(f"map_coordinates: order must be 0 or 1 and fill_mode one of {known}. "
                         f"Received: {order} and {fill_mode!r}")  # fmt: skip
    sides = [_sides(at[axis], order) for axis in range(len(x.shape))]
    total: Any = 0.0
    for corner in itertools.product(*sides):
        places, there = [], np.asarray(True)
        for (place, _), size in zip(corner, x.shape, strict=True):
            places.append(_INSIDE[fill_mode](place, size))
            there = there & (place >= 0) & (place < size)
        value = x[tuple(places)]
        if fill_mode == "constant":
            value = comparisons.where(there, value, fill_value)
        for _, share in corner:
            value = value if share is None else value * share
        total = value + total
    return as_integers(total, dtype_of(as_tensor(inputs)))


def _sides(at: Any, order: int) -> list[tuple[np.ndarray, Any]]:
    """(places, their share) of the neighbours along an axis; None for the whole share."""
    numbers = to_numpy(asarray(at))
    if order == 0:
        return [(np.round(numbers).astype(np.int64), None)]
    lower = np.floor(numbers)
    above = at - lower.astype(dtype_of(at))
    first = lower.astype(np.int64)
    return [(first, 1 - above), (first + 1, above)]


_METHODS = {
    **dict.fromkeys(("linear", "bilinear", "trilinear", "triangle"), "bilinear"),
    **dict.fromkeys(("cubic", "bicubic", "tricubic"), "bicubic"),
    "lanczos3": "lanczos3",
    "lanczos5": "lanczos5",
}


@operation
def scale_and_translate(
    images: Any,
    output_shape: Sequence[int],
    scale: Any,
    translation: Any,
    spatial_dims: Sequence[int],
    method: str,
    antialias: bool = True,
) -> Any:
    """Arrays of `output_shape` whose place x along each of `spatial_dims` is read at
    (x - translation) / scale; a pixel goes from x to x + 1. Outside there are zeros.
    """
    if method not in _METHODS:
        known = ", ".join(map(repr, _METHODS))
        raise InputError(f"scale_and_translate: method must be one of {known}. Received: {method}")
    x = floating(images)
    factors, moves = (np.asarray(to_numpy(as_tensor(v)), np.float32) for v in (scale, translation))
    for factor, move, axis in zip(factors, moves, spatial_dims, strict=True):
        sizes = x.shape[axis], int(output_shape[axis])
        shares = _shares(*sizes, factor, move, _METHODS[method], antialias)
        mixed = math.matmul(moveaxis(x, axis, -1), shares.astype(dtype_of(x)))
        x = moveaxis(mixed, -1, axis)
    return x


def _shares(
    before: int, after: int, scale: float, move: float, method: str, antialias: bool
) -> np.ndarray:
    """(before, after): how much of each element is in each of the results."""
    step = np.float32(1) / np.float32(scale)  # rounded as in Keras: it decides what is outside
    width = max(float(step), 1.0) if antialias else 1.0
    centers = np.arange(after, dtype=np.float32) + np.float32(0.5)
    middle = centers * step - np.float32(move) * step - np.float32(0.5)
    shares = KERNELS[method](np.abs(middle - np.arange(before)[:, None]) / width)
    total = shares.sum(axis=0, keepdims=True)
    shares = np.where(np.abs(total) > 1e-4, shares / np.where(total == 0, 1, total), 0)
    return shares * ((middle >= -0.5) & (middle <= before - 0.5))
