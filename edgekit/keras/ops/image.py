"""Pictures (height, width, channels), alone or in batches: `keras.ops.image`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from edgekit.errors import InputError
from edgekit.keras.ops.patches import blocks_of
from edgekit.keras.ops.pictures import channels_first, of_pictures, whole_or_pair
from edgekit.keras.ops.reductions import mean
from edgekit.keras.ops.shapes import moveaxis, pad
from edgekit.keras.ops.tensors import as_tensor, dtype_of, floating, operation
from edgekit.keras.ops.warping import (
    affine_transform,
    elastic_transform,
    map_coordinates,
    perspective_transform,
    scale_and_translate,
)
from edgekit.train.layers import Resizing
from edgekit.train.layers.preprocessing.colors import hue_saturation_value, red_green_blue
from edgekit.train.layers.preprocessing.filters import blurred
from edgekit.train.ops import math
from edgekit.train.ops.depthwise import depthwise_conv2d
from edgekit.train.ops.images import resize_images
from edgekit.train.ops.shape import concat
from edgekit.train.ops.windows import explicit_padding

__all__ = [
    "affine_transform", "crop_images", "elastic_transform", "extract_patches", "extract_patches_3d",
    "gaussian_blur", "hsv_to_rgb", "map_coordinates", "pad_images", "perspective_transform",
    "resize", "rgb_to_grayscale", "rgb_to_hsv", "scale_and_translate", "sobel_edges", "ssim",
]  # fmt: skip

# of Rec. 601, as Keras has them
_GRAY = np.array([[0.2989], [0.5870], [0.1140]], np.float32)
_METHODS = ("bicubic", "bilinear", "lanczos3", "lanczos5", "nearest")


@operation
def resize(
    images: Any,
    size: Sequence[int],
    interpolation: str = "bilinear",
    antialias: bool = False,
    crop_to_aspect_ratio: bool = False,
    pad_to_aspect_ratio: bool = False,
    fill_mode: str = "constant",
    fill_value: float = 0.0,
    data_format: Any = None,
) -> Any:
    """Pictures at another height and width."""
    if interpolation not in _METHODS:
        raise InputError(f"resize: interpolation must be one of {', '.join(_METHODS)}")
    height, width = int(size[0]), int(size[1])

    def resized(x: Any) -> Any:
        if not crop_to_aspect_ratio and not pad_to_aspect_ratio:
            return resize_images(x, size=(height, width), method=interpolation, antialias=antialias)
        layer = Resizing(
            height, width, interpolation, crop_to_aspect_ratio, pad_to_aspect_ratio, fill_mode,
            fill_value, antialias, name="resize",
        )  # fmt: skip
        return layer.call(x)

    return of_pictures(resized, images, data_format, integers="rounded")


# -- borders --------------------------------------------------------------------------------------


def _borders(name: str, given: Sequence[Any], target: Any, size: int, sign: int) -> tuple[int, int]:
    """(before, after) along an axis of `size`, of which two of three are said."""
    before, after = given
    target = None if target is None else int(target)
    if (before, after, target).count(None) != 1:
        raise InputError(f"{name}: give two of three along each axis: before, after, the new size")
    if target is None:
        return int(before), int(after)
    whole = sign * (target - size)
    before = whole - int(after) if before is None else int(before)
    after = whole - before
    if before < 0 or after < 0:
        raise InputError(f"{name}: {size} pixels do not become {target} by {before} and {after}")
    return before, after


@operation
def crop_images(
    images: Any,
    top_cropping: Any = None,
    left_cropping: Any = None,
    bottom_cropping: Any = None,
    right_cropping: Any = None,
    target_height: Any = None,
    target_width: Any = None,
    data_format: Any = None,
) -> Any:
    """Pictures without borders; along each axis two of three are given."""

    def cropped(x: Any) -> Any:
        height, width = x.shape[1:3]
        rows = _borders("crop_images", (top_cropping, bottom_cropping), target_height, height, -1)
        columns = _borders("crop_images", (left_cropping, right_cropping), target_width, width, -1)
        return x[:, rows[0] : height - rows[1], columns[0] : width - columns[1]]

    return of_pictures(cropped, images, data_format, integers="moved")


@operation
def pad_images(
    images: Any,
    top_padding: Any = None,
    left_padding: Any = None,
    bottom_padding: Any = None,
    right_padding: Any = None,
    target_height: Any = None,
    target_width: Any = None,
    data_format: Any = None,
) -> Any:
    """Pictures with borders of zeros; along each axis two of three are given."""

    def padded(x: Any) -> Any:
        height, width = x.shape[1:3]
        rows = _borders("pad_images", (top_padding, bottom_padding), target_height, height, 1)
        columns = _borders("pad_images", (left_padding, right_padding), target_width, width, 1)
        return pad(x, ((0, 0), rows, columns, (0, 0)))

    return of_pictures(padded, images, data_format, integers="moved")


@operation
def extract_patches(
    images: Any,
    size: Any,
    strides: Any = None,
    dilation_rate: Any = 1,
    padding: str = "valid",
    data_format: Any = None,
) -> Any:
    """Blocks of pictures (of volumes with three sizes) as channels: (n, rows, columns, all)."""
    rank = 2 if isinstance(size, int) else len(size)
    window = whole_or_pair(size, rank)
    steps = window if strides is None else whole_or_pair(strides, rank)
    spacing = whole_or_pair(dilation_rate, rank)

    def taken(x: Any) -> Any:
        borders = [(0, 0)] * len(x.shape)
        for axis in range(rank):
            one = [(v[axis], 1) for v in (x.shape[1:], window, steps, spacing)]
            top, _, bottom, _ = explicit_padding(str(padding).lower(), *one)
            borders[axis + 1] = (top, bottom)
        x = pad(x, borders)
        found = blocks_of(x, window, spacing, steps)
        return found.reshape(*found.shape[: rank + 1], -1)

    return of_pictures(taken, images, data_format, rank, "moved")


def extract_patches_3d(
    volumes: Any,
    size: Any,
    strides: Any = None,
    dilation_rate: Any = 1,
    padding: str = "valid",
    data_format: Any = None,
) -> Any:
    """Blocks of volumes as channels."""
    window = whole_or_pair(size, 3)
    return extract_patches(volumes, window, strides, dilation_rate, padding, data_format)


# -- colours --------------------------------------------------------------------------------------


def _of_shares(name: str, images: Any) -> Any:
    """`images`, which must be real numbers: within 0 and 1."""
    if dtype_of(as_tensor(images)).kind in "biu":
        raise InputError(f"{name}: expected real numbers within 0 and 1, not integers")
    return images


def _coloured(x: Any) -> Any:
    if x.shape[-1] != 3:
        raise InputError(f"expected 3 channels. Received: shape {x.shape}")
    return x


@operation
def rgb_to_grayscale(images: Any, data_format: Any = None) -> Any:
    """One channel from red, green and blue."""
    return of_pictures(
        lambda x: math.matmul(_coloured(x), _GRAY.astype(dtype_of(x))),
        images, data_format, integers="cut",
    )  # fmt: skip


@operation
def rgb_to_hsv(images: Any, data_format: Any = None) -> Any:
    """Hue (a turn is 1), saturation and value from red, green and blue within 0 and 1."""
    return of_pictures(
        lambda x: concat(hue_saturation_value(_coloured(x)), axis=-1),
        _of_shares("rgb_to_hsv", images), data_format,
    )  # fmt: skip


@operation
def hsv_to_rgb(images: Any, data_format: Any = None) -> Any:
    """Red, green and blue from hue, saturation and value within 0 and 1."""
    return of_pictures(
        lambda x: red_green_blue(*(_coloured(x)[..., i : i + 1] for i in range(3))),
        _of_shares("hsv_to_rgb", images), data_format,
    )  # fmt: skip


# -- filters --------------------------------------------------------------------------------------


@operation
def gaussian_blur(
    images: Any, kernel_size: Any = (3, 3), sigma: Any = (1.0, 1.0), data_format: Any = None
) -> Any:
    """Pictures under a bell of `kernel_size` pixels, with deviations `sigma` along both axes.

    A window that is not square is filled row by row with the bell of the other way round, as in
    Keras; use equal sizes.
    """
    rows, columns = whole_or_pair(kernel_size)
    deviations = (sigma,) * 2 if isinstance(sigma, int | float) else tuple(sigma)

    def under_a_bell(x: Any) -> Any:
        return blurred(x, (rows, columns), np.array(deviations, dtype_of(x)))

    return of_pictures(under_a_bell, images, data_format)


_SOBEL = np.array([[-1, -2, -1], [0, 0, 0], [1, 2, 1]], np.float32)


@operation
def sobel_edges(images: Any, data_format: Any = None) -> Any:
    """How much brighter pictures become downwards and to the right: (..., channels, 2)."""
    images, first = floating(images), channels_first(data_format)
    x = moveaxis(images, 1, -1) if first else images
    channels = x.shape[-1]
    window = np.stack([_SOBEL, _SOBEL.T], axis=-1)[:, :, None].repeat(channels, axis=2)
    x = pad(x, ((0, 0), (1, 1), (1, 1), (0, 0)), "reflect")
    edges = depthwise_conv2d(x, window.astype(dtype_of(x)), None)
    edges = edges.reshape(*edges.shape[:-1], channels, 2)
    return moveaxis(edges, -2, 1) if first else edges


@operation
def ssim(
    image1: Any,
    image2: Any,
    max_val: float = 1.0,
    filter_size: int = 11,
    filter_sigma: float = 1.5,
    k1: float = 0.01,
    k2: float = 0.03,
    data_format: Any = None,
) -> Any:
    """How alike two pictures are, in brightness, contrast and structure: 1 where they are the same.

    Source: Wang et al. 2004.
    """
    if filter_size < 1 or filter_size % 2 == 0:
        raise InputError(f"ssim: filter_size must be odd. Received: {filter_size}")
    both = [as_tensor(image1), as_tensor(image2)]
    if tuple(both[0].shape) != tuple(both[1].shape):
        raise InputError(f"ssim: shapes differ. Received: {both[0].shape} and {both[1].shape}")
    offsets = np.arange(filter_size) - filter_size // 2
    bell = np.exp(-(offsets**2) / (2 * filter_sigma**2))
    window = np.outer(bell, bell) / bell.sum() ** 2

    def averaged(x: Any) -> Any:
        kernel = np.repeat(window[:, :, None, None], x.shape[-1], axis=2).astype(dtype_of(x))
        return depthwise_conv2d(x, kernel, None)

    def likeness(x: Any) -> Any:
        """Of pairs, one behind the other along the channels: (n, 1, 1, 1)."""
        half = x.shape[-1] // 2
        a, b = x[..., :half], x[..., half:]
        of_a, of_b, ab = averaged(a), averaged(b), averaged(a * b)
        squares = averaged(math.square(a) + math.square(b))
        light, steady = (k1 * max_val) ** 2, (k2 * max_val) ** 2
        means = of_a * of_b
        both = math.square(of_a) + math.square(of_b)
        found = (means * 2 + light) / (both + light)
        found = found * ((ab - means) * 2 + steady) / (squares - both + steady)
        return mean(found, (1, 2, 3), True)

    axis = -3 if channels_first(data_format) else -1
    made = of_pictures(likeness, concat([floating(x) for x in both], axis=axis), data_format)
    return made.reshape(-1) if len(both[0].shape) == 4 else made.reshape(())
