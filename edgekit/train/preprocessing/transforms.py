"""Random changes of single pictures, as Keras 2 made them: shifts in pixels, angles in degrees."""

from __future__ import annotations

from typing import Any

import numpy as np

from edgekit.errors import InputError
from edgekit.train.ops.images import warp_images
from edgekit.train.tensor import wrap

__all__ = [
    "affine_matrix",
    "apply_affine_transform",
    "apply_brightness_shift",
    "apply_channel_shift",
    "random_brightness",
    "random_channel_shift",
    "random_rotation",
    "random_shear",
    "random_shift",
    "random_zoom",
    "warped",
]


_AS_SCIPY = {"constant": "constant_outside", "wrap": "wrap_short"}


def affine_matrix(
    size: tuple[int, int],
    theta: float = 0,
    tx: float = 0,
    ty: float = 0,
    shear: float = 0,
    zx: float = 1,
    zy: float = 1,
) -> np.ndarray:
    """The map of `warp_images` (8 numbers) for a picture of `size`.

    Rotation, shift (rows, columns), shear and zoom, one after the other, around the middle.
    """
    turn, slant = np.deg2rad(theta), np.deg2rad(shear)
    rotation = [[np.cos(turn), -np.sin(turn), 0], [np.sin(turn), np.cos(turn), 0], [0, 0, 1]]
    shift = [[1, 0, tx], [0, 1, ty], [0, 0, 1]]
    sheared = [[1, -np.sin(slant), 0], [0, np.cos(slant), 0], [0, 0, 1]]
    zoomed = np.diag([zx, zy, 1.0])
    middle = np.array([(n / 2) - 0.5 for n in size])
    to_middle = np.array([[1, 0, middle[0]], [0, 1, middle[1]], [0, 0, 1]])
    back = np.array([[1, 0, -middle[0]], [0, 1, -middle[1]], [0, 0, 1]])
    m = to_middle @ np.array(rotation) @ np.array(shift) @ np.array(sheared) @ zoomed @ back
    # rows and columns of the matrix are (row, column); the map wants (column, row)
    return np.array([m[1, 1], m[1, 0], m[1, 2], m[0, 1], m[0, 0], m[0, 2], 0, 0], np.float32)


def warped(
    images: np.ndarray, matrices: np.ndarray, fill_mode: str, cval: float, order: int = 1
) -> np.ndarray:
    """Pictures (n, h, w, c) through one map each; `order` 0 takes the nearest pixel, 1 blends."""
    if order not in (0, 1):
        raise InputError(f"interpolation_order must be 0 or 1. Received: {order}")
    return warp_images(
        wrap(np.asarray(images, np.float32)),
        transforms=np.asarray(matrices, np.float32),
        interpolation="bilinear" if order else "nearest",
        fill_mode=_AS_SCIPY.get(fill_mode, fill_mode),
        fill_value=float(cval),
    ).numpy()


def apply_affine_transform(
    x: Any,
    theta: float = 0,
    tx: float = 0,
    ty: float = 0,
    shear: float = 0,
    zx: float = 1,
    zy: float = 1,
    row_axis: int = 0,
    col_axis: int = 1,
    channel_axis: int = 2,
    fill_mode: str = "nearest",
    cval: float = 0.0,
    order: int = 1,
) -> np.ndarray:
    """A picture, turned by `theta` degrees, moved by tx rows and ty columns, sheared, zoomed."""
    axes = (row_axis, col_axis, channel_axis)
    image = np.asarray(x, np.float32).transpose(axes)
    matrix = affine_matrix(image.shape[:2], theta, tx, ty, shear, zx, zy)
    made = warped(image[None], matrix[None], fill_mode, cval, order)[0]
    return made.transpose(tuple(np.argsort(axes)))


def apply_channel_shift(x: Any, intensity: float, channel_axis: int = 2) -> np.ndarray:
    """`intensity` added, within the range that the picture has."""
    image = np.asarray(x)
    return np.clip(image + intensity, image.min(), image.max())


def apply_brightness_shift(x: Any, brightness: float, scale: bool = True) -> np.ndarray:
    """All values times `brightness`, within 0..255; `scale` keeps the picture's own range."""
    image = np.asarray(x, np.float32)
    low, high = float(image.min()), float(image.max())
    inside = low >= 0 and high <= 255
    local = scale is True or (scale is None and not inside)
    if local and high > low:
        image = (image - low) / (high - low) * 255
    bright = np.clip(np.trunc(image) * np.float32(brightness), 0, 255).astype(np.uint8)
    made = bright.astype(np.float32)
    return made / 255 * (high - low) + low if local and high > low else made


def random_rotation(x: Any, rg: float, *axes: int, **options: Any) -> np.ndarray:
    """Turned by up to `rg` degrees; the axes and options are those of apply_affine_transform."""
    return _with_axes(x, axes, options, theta=np.random.uniform(-rg, rg))


def random_shift(x: Any, wrg: float, hrg: float, *axes: int, **options: Any) -> np.ndarray:
    """Moved by up to shares of the width and the height."""
    rows, columns = (options.get(name, at) for name, at in (("row_axis", 0), ("col_axis", 1)))
    if axes:
        rows, columns = axes[:2]
    tx = np.random.uniform(-hrg, hrg) * np.shape(x)[rows]
    ty = np.random.uniform(-wrg, wrg) * np.shape(x)[columns]
    return _with_axes(x, axes, options, tx=tx, ty=ty)


def random_shear(x: Any, intensity: float, *axes: int, **options: Any) -> np.ndarray:
    """Sheared by up to `intensity` degrees."""
    return _with_axes(x, axes, options, shear=np.random.uniform(-intensity, intensity))


def random_zoom(x: Any, zoom_range: tuple[float, float], *axes: int, **options: Any) -> np.ndarray:
    """Zoomed by factors from `zoom_range`, one for the rows and one for the columns."""
    zx, zy = (1, 1) if tuple(zoom_range) == (1, 1) else np.random.uniform(*zoom_range, 2)
    return _with_axes(x, axes, options, zx=zx, zy=zy)


def _with_axes(x: Any, axes: tuple[int, ...], options: dict[str, Any], **drawn: Any) -> np.ndarray:
    named: dict[str, Any] = dict(zip(("row_axis", "col_axis", "channel_axis"), axes, strict=False))
    options = {"order" if k == "interpolation_order" else k: v for k, v in options.items()}
    return apply_affine_transform(x, **drawn, **named, **options)


def random_channel_shift(x: Any, intensity_range: float, channel_axis: int = 2) -> np.ndarray:
    """Up to `intensity_range` added."""
    drawn = np.random.uniform(-intensity_range, intensity_range)
    return apply_channel_shift(x, drawn, channel_axis)


def random_brightness(
    x: Any, brightness_range: tuple[float, float], scale: bool = True
) -> np.ndarray:
    """Times a factor from `brightness_range`."""
    if len(brightness_range) != 2:
        raise InputError(f"brightness_range must be two numbers. Received: {brightness_range!r}")
    return apply_brightness_shift(x, np.random.uniform(*brightness_range), scale)
