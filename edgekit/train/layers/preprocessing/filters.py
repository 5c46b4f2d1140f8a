"""Layers that blur and sharpen pictures and cut holes into them at random, in training only."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np

from edgekit.errors import InputError
from edgekit.train.backend import array_module, constant
from edgekit.train.layers.preprocessing.augmentation import RandomImageLayer, clipped
from edgekit.train.layers.preprocessing.colors import FactorLayer
from edgekit.train.ops.comparisons import where
from edgekit.train.ops.depthwise import depthwise_conv2d
from edgekit.train.ops.random import normal_like
from edgekit.train.tensor import array_of

__all__ = ["RandomErasing", "RandomGaussianBlur", "RandomSharpness", "blurred", "boxes_in"]

_MEAN = np.array([[1, 1, 1], [1, 5, 1], [1, 1, 1]], np.float32) / np.float32(13)


def _filtered(images: Any, window: Any) -> Any:
    """Each channel convolved with a window, zeros around the pictures."""
    module, channels = array_module(window), images.shape[-1]
    kernel = module.broadcast_to(window[:, :, None, None], (*window.shape, channels, 1))
    return depthwise_conv2d(images, module.ascontiguousarray(kernel), padding="same")


def blurred(images: Any, size: tuple[int, int], sigma: Any) -> Any:
    """Pictures under a bell of `size` = (rows, columns) pixels; `sigma` is across, then down."""
    bells = []
    for i, count in enumerate(size):
        x = constant(_centered(count), sigma) / sigma[i : i + 1]
        bell = array_module(sigma).exp(x * x * np.float32(-0.5))
        bells.append(bell / bell.sum())
    window = (bells[1][:, None] * bells[0]).reshape(size)
    return _filtered(images, window)


@functools.lru_cache(maxsize=32)
def _centered(count: int) -> np.ndarray:
    return np.arange(count, dtype=np.float32) - np.float32((count - 1) / 2)


def boxes_in(layer: RandomImageLayer, data: Any, shares: Any, seed: int | None) -> Any:
    """(masks (n, h, w, 1), areas (n,)): a box in each picture, at a random place.

    shares: (n, 2), which part of the width and of the height a box takes.
    """
    count, height, width = data.shape[:3]
    inside, area = True, np.float32(1)
    for axis, length in ((0, width), (1, height)):
        size = shares[:, axis] * np.float32(length)
        start = layer._drawn(data, 0, 1, (count,), seed) * (np.float32(length) - size)
        places = array_module(size).arange(length, dtype=np.float32)
        within = (places >= start[:, None]) & (places < (start + size)[:, None])
        inside = inside & (within[:, None, :, None] if axis == 0 else within[:, :, None, None])
        area = area * size / np.float32(length)
    return inside, area


class RandomSharpness(FactorLayer):
    """Pictures between blurred and sharp: a factor of 0 blurs, 0.5 changes nothing, 1 sharpens."""

    least = 0.0

    def transform_images(self, images, transformation, training=True):
        factor = self._for_pictures(transformation["factor"]) * np.float32(2)
        changed = images + (_filtered(images, constant(_MEAN, images)) - images) * (
            np.float32(1) - factor
        )
        return clipped(changed, self.value_range)


class RandomGaussianBlur(RandomImageLayer):
    """Pictures blurred, with a probability drawn from `factor`, all of a batch alike.

    kernel_size: odd, one number or (rows, columns). sigma: the width of the bell is drawn from it.
    """

    config_names = ("data_format", "factor", "kernel_size", "sigma", "value_range", "seed")

    def __init__(
        self,
        factor: Any = 1.0,
        kernel_size: Any = 3,
        sigma: Any = 1.0,
        value_range: Any = (0, 255),
        data_format: str | None = None,
        seed: int | None = None,
        **options: Any,
    ) -> None:
        super().__init__(**options)
        self.factor = self._bounds(factor, 0.0)
        pair = tuple(kernel_size) if isinstance(kernel_size, list | tuple) else (kernel_size,) * 2
        if len(pair) != 2 or any(not isinstance(n, int) or n % 2 == 0 for n in pair):
            raise InputError(
                f"layer {self.name!r}: kernel_size must be an odd number, or two. Received: "
                f"kernel_size={kernel_size!r}"
            )
        self.kernel_size = pair
        self.sigma = self._bounds(sigma, 0.0, "sigma")
        self.value_range = self._range(value_range)
        self._set_data_format(data_format)
        self._set_seed(seed)

    def get_random_transformation(self, data, training=True, seed=None):
        widths = self._drawn(data, *self.sigma, (2,), seed) + np.float32(1e-6)
        return {"should_apply_blur": self._chosen(data, self.factor, seed), "blur_factor": widths}

    def transform_images(self, images, transformation=None, training=True):
        chosen = self._for_pictures(transformation["should_apply_blur"])
        soft = blurred(images, self.kernel_size, transformation["blur_factor"])
        return clipped(where(chosen, soft, images), self.value_range)


class RandomErasing(RandomImageLayer):
    """A box of each picture filled with a value, or with noise, with a probability drawn from
    `factor`; the box takes a share of the picture that is drawn from `scale`.
    """

    config_names = ("data_format", "factor", "scale", "fill_value", "value_range", "seed")

    def __init__(
        self,
        factor: Any = 1.0,
        scale: Any = (0.02, 0.33),
        fill_value: Any = None,
        value_range: Any = (0, 255),
        seed: int | None = None,
        data_format: str | None = None,
        **options: Any,
    ) -> None:
        super().__init__(**options)
        self.factor = self._bounds(factor, 0.0)
        self.scale = self._bounds(scale, 0.0, "scale")
        if isinstance(fill_value, list | tuple) and len(fill_value) != 3:
            raise InputError(
                f"layer {self.name!r}: fill_value must be a number, or three. Received: "
                f"fill_value={fill_value!r}"
            )
        self.fill_value = fill_value
        self.value_range = self._range(value_range)
        self._set_data_format(data_format)
        self._set_seed(seed)

    def get_random_transformation(self, data, training=True, seed=None):
        shares = self._drawn(data, *self.scale, (len(data), 2), seed) ** np.float32(0.5)
        masks, _ = boxes_in(self, data, shares, seed)
        chosen = self._chosen(data, self.factor, seed)
        if self.fill_value is None:
            fill = normal_like(self._source(seed), array_of(data), float(self.value_range[1]))
        else:
            fill = np.asarray(self.fill_value, np.float32)
        fill = fill.clip(*(np.float32(end) for end in self.value_range))
        return {"apply_erasing": chosen, "batch_masks": masks, "fill_value": fill}

    def transform_images(self, images, transformation=None, training=True):
        holes = transformation["batch_masks"] & self._for_pictures(transformation["apply_erasing"])
        return where(holes, transformation["fill_value"], images)
