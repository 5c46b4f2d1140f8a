"""Pictures (height, width, channels), alone or in batches: `keras.ops.image`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from edgekit.errors import InputError, UnsupportedOperator
from edgekit.keras.ops.tensors import as_tensor
from edgekit.train.layers import Resizing
from edgekit.train.ops import math
from edgekit.train.ops.images import resize_images

__all__ = ["resize", "rgb_to_grayscale"]

# of Rec. 601, as Keras has them
_GRAY = np.array([[0.2989], [0.5870], [0.1140]], np.float32)
_METHODS = ("bicubic", "bilinear", "lanczos3", "lanczos5", "nearest")


def _batch(images: Any, data_format: Any) -> tuple[Any, bool]:
    if data_format not in (None, "channels_last"):
        raise UnsupportedOperator("keras.ops.image: data_format must be 'channels_last'")
    images = as_tensor(images)
    if len(images.shape) not in (3, 4):
        raise InputError(f"expected pictures of 3 or 4 axes. Received: shape {images.shape}")
    alone = len(images.shape) == 3
    return (images.reshape(1, *images.shape) if alone else images), alone


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
    if crop_to_aspect_ratio or pad_to_aspect_ratio:
        options: dict[str, Any] = {
            "interpolation": interpolation,
            "antialias": antialias,
            "crop_to_aspect_ratio": crop_to_aspect_ratio,
            "pad_to_aspect_ratio": pad_to_aspect_ratio,
            "fill_mode": fill_mode,
            "fill_value": fill_value,
            "data_format": data_format,
        }
        layer = Resizing(int(size[0]), int(size[1]), **options)
        return layer(images)
    batch, alone = _batch(images, data_format)
    made = resize_images(
        batch, size=(int(size[0]), int(size[1])), method=interpolation, antialias=antialias
    )
    return made.reshape(*made.shape[1:]) if alone else made


def rgb_to_grayscale(images: Any, data_format: Any = None) -> Any:
    """One channel from red, green and blue."""
    batch, alone = _batch(images, data_format)
    if batch.shape[-1] != 3:
        raise InputError(f"expected 3 channels. Received: shape {batch.shape}")
    gray = math.matmul(batch, _GRAY.astype(np.dtype(batch.dtype)))
    return gray.reshape(*gray.shape[1:]) if alone else gray
