"""Picture files and arrays, through Pillow."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np

from edgekit.errors import InputError, lookup, require
from edgekit.train.backend import to_numpy
from edgekit.train.layers.preprocessing.images import largest_window
from edgekit.train.ops.images import METHODS, resize_images
from edgekit.train.tensor import wrap

__all__ = ["array_to_img", "img_to_array", "load_img", "save_img", "smart_resize"]

COLOR_MODES = {"grayscale": "L", "rgb": "RGB", "rgba": "RGBA"}
_INTERPOLATIONS = ("nearest", "bilinear", "bicubic", "hamming", "box", "lanczos")


def load_img(
    path: Any,
    color_mode: str = "rgb",
    target_size: tuple[int, int] | None = None,
    interpolation: str = "nearest",
    keep_aspect_ratio: bool = False,
) -> Any:
    """A picture of a file (or of bytes in a BytesIO) as a PIL image.

    target_size: (height, width). interpolation: nearest, bilinear, bicubic, hamming, box, lanczos.
    """
    images = require("PIL.Image", extra="desktop")
    mode = lookup(COLOR_MODES, color_mode, "color_mode", InputError)
    try:
        with images.open(path if isinstance(path, io.BytesIO) else Path(path)) as opened:
            # 16-bit and 32-bit grey stays as it is, as in Keras
            wide = mode == "L" and opened.mode in ("I;16", "I;16B", "I;16L", "I")
            image = opened.copy() if wide or opened.mode == mode else opened.convert(mode)
    except OSError as error:
        raise InputError(f"{path} is not a picture that can be read: {error}") from error
    if target_size is None:
        return image
    lookup(dict.fromkeys(_INTERPOLATIONS), interpolation, "interpolation", InputError)
    height, width = target_size
    if image.size == (width, height):
        return image
    box = None
    if keep_aspect_ratio:
        rows, columns = largest_window((image.height, image.width), (height, width))
        box = (columns.start, rows.start, columns.stop, rows.stop)
    resampling = images.Resampling[interpolation.upper()]
    return image.resize((width, height), resampling, box=box)


def img_to_array(img: Any, data_format: str | None = None, dtype: Any = None) -> np.ndarray:
    """A PIL image as an array (height, width, channels), float32 by default."""
    _channels_last(data_format)
    array = np.asarray(img, dtype=dtype or "float32")
    if array.ndim == 2:
        return array[..., None]
    if array.ndim != 3:
        raise InputError(f"a picture has two or three axes. Received: shape {array.shape}")
    return array


def array_to_img(
    x: Any, data_format: str | None = None, scale: bool = True, dtype: Any = None
) -> Any:
    """An array (height, width, channels) as a PIL image; `scale` spreads its values to 0..255."""
    images = require("PIL.Image", extra="desktop")
    _channels_last(data_format)
    array = np.asarray(to_numpy(x), dtype=dtype or "float32")
    if array.ndim != 3 or array.shape[2] not in (1, 3, 4):
        raise InputError(
            "a picture has the shape (height, width, channels) with 1, 3 or 4 channels. "
            f"Received: {array.shape}"
        )
    if scale:
        array = array - array.min()
        most = array.max()
        array = array * (255.0 / most) if most else array
    if array.shape[2] > 1:
        return images.fromarray(array.astype("uint8"))
    if array.max() > 255:  # 32-bit grey
        return images.fromarray(array[..., 0].astype("int32"))
    return images.fromarray(array[..., 0].astype("uint8"))


def save_img(
    path: Any,
    x: Any,
    data_format: str | None = None,
    file_format: str | None = None,
    scale: bool = True,
    **options: Any,
) -> None:
    """Write an array as a picture file."""
    image = array_to_img(x, data_format, scale)
    jpeg = file_format in ("jpg", "jpeg") or str(path).lower().endswith((".jpg", ".jpeg"))
    if jpeg and image.mode == "RGBA":
        image = image.convert("RGB")  # JPEG has no transparency
    kind = "jpeg" if file_format == "jpg" else file_format
    image.save(path, format=kind, **options)


def smart_resize(
    x: Any,
    size: tuple[int, int],
    interpolation: str = "bilinear",
    data_format: str | None = "channels_last",
) -> np.ndarray:
    """Pictures at `size` without distortion: the largest window in its proportions, resized."""
    _channels_last(data_format)
    lookup(dict.fromkeys(METHODS), interpolation, "interpolation", InputError)
    array = np.asarray(to_numpy(x), np.float32)
    batch = array if array.ndim == 4 else array[None]
    rows, columns = largest_window(batch.shape[1:3], tuple(size))
    window = wrap(np.ascontiguousarray(batch[:, rows, columns]))
    made = resize_images(window, size=tuple(size), method=interpolation).numpy()
    return made if array.ndim == 4 else made[0]


def _channels_last(data_format: str | None) -> None:
    if data_format not in (None, "channels_last"):
        raise InputError(f"data_format {data_format!r} is not supported; use 'channels_last'")
