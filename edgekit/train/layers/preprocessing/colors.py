"""Layers that change the colors of pictures at random, in training only."""

from __future__ import annotations

from typing import Any

import numpy as np

from edgekit.errors import ShapeError
from edgekit.train.backend import constant
from edgekit.train.layers.preprocessing.augmentation import (
    RandomBrightness,
    RandomContrast,
    RandomImageLayer,
    clipped,
)
from edgekit.train.ops import math
from edgekit.train.ops.comparisons import equal, greater, less, where
from edgekit.train.ops.shape import concat

__all__ = [
    "FactorLayer",
    "RandomColorDegeneration",
    "RandomColorJitter",
    "RandomGrayscale",
    "RandomHue",
    "RandomSaturation",
    "grayscale",
    "rescaled",
]

_GRAY = np.array(
    [[0.2989], [0.5870], [0.1140]], np.float32
)  # the brightness of red, green and blue


def grayscale(images: Any, layer: str) -> Any:
    """(n, h, w, 1): the brightness of pictures of three channels; one channel stays as it is."""
    if images.shape[-1] not in (1, 3):
        raise ShapeError(
            f"layer {layer!r}: expected pictures of 3 channels, or 1. Received: shape "
            f"{tuple(images.shape)}"
        )
    return images if images.shape[-1] == 1 else math.matmul(images, constant(_GRAY, images))


def rescaled(x: Any, source: Any, target: Any) -> Any:
    """Values of the range `source` as those of `target`."""
    (low, high), (least, most) = source, target
    if low == least and high == most:
        return x
    return (x - float(low)) / float(high - low) * float(most - least) + float(least)


def hue_saturation_value(x: Any) -> tuple[Any, Any, Any]:
    """Hue (a turn is 1), saturation and value of (n, h, w, 3), each (n, h, w, 1)."""
    red, green, blue = (x[..., i : i + 1] for i in range(3))
    value = math.max(x, axis=-1, keepdims=True)
    spread = value - math.min(x, axis=-1, keepdims=True)
    saturation = where(greater(value, 0.0), spread / where(greater(value, 0.0), value, 1.0), 0.0)
    sixth = 1.0 / (where(greater(spread, 0.0), spread, 1.0) * 6.0)
    of_green = where(
        equal(green, value), sixth * (blue - red) + 2 / 6, sixth * (red - green) + 4 / 6
    )
    hue = where(equal(red, value), sixth * (green - blue), of_green)
    hue = where(greater(spread, 0.0), hue, 0.0)
    return where(less(hue, 0.0), hue + 1.0, hue), saturation, value


def red_green_blue(hue: Any, saturation: Any, value: Any) -> Any:
    """The opposite of `hue_saturation_value`: (n, h, w, 3)."""
    turn = hue * 6.0
    shares = (
        math.absolute(turn - 3.0) - 1.0,
        2.0 - math.absolute(turn - 2.0),
        2.0 - math.absolute(turn - 4.0),
    )
    pale = 1.0 - saturation
    return concat([(pale + saturation * clipped(s, (0, 1))) * value for s in shares], axis=-1)


class FactorLayer(RandomImageLayer):
    """A layer with a `factor` for each picture, and the range that pixels are in."""

    config_names = ("data_format", "factor", "value_range", "seed")
    least = -1.0  # of the factor

    def __init__(
        self,
        factor: Any,
        value_range: Any = (0, 255),
        data_format: str | None = None,
        seed: int | None = None,
        **options: Any,
    ) -> None:
        super().__init__(**options)
        self.factor = self._bounds(factor, self.least)
        self.value_range = self._range(value_range)
        self._set_data_format(data_format)
        self._set_seed(seed)

    def get_random_transformation(self, data, training=True, seed=None):
        return {"factor": self._drawn(data, *self.factor, (len(data),), seed)}


class RandomGrayscale(RandomImageLayer):
    """A share `factor` of the pictures without their colors."""

    config_names = ("data_format", "factor")

    def __init__(
        self,
        factor: float = 0.5,
        data_format: str | None = None,
        seed: int | None = None,
        **options: Any,
    ) -> None:
        super().__init__(**options)
        self.factor = self._share(factor, "factor")
        self._set_data_format(data_format)
        self._set_seed(seed)

    def get_random_transformation(self, data, training=True, seed=None):
        return self._drawn(data, 0, 1, (len(data), 1, 1, 1), seed) < self.factor

    def transform_images(self, images, transformation, training=True):
        return where(transformation, grayscale(images, self.name), images)


class RandomColorDegeneration(FactorLayer):
    """Pictures that have lost a share `factor` of their colors."""

    def transform_images(self, images, transformation, training=True):
        factor = self._for_pictures(transformation["factor"])
        changed = images + (grayscale(images, self.name) - images) * factor
        return clipped(changed, self.value_range)


class RandomHue(FactorLayer):
    """Colors turned by up to `factor` half turns, this way or that."""

    least = 0.0

    def get_random_transformation(self, data, training=True, seed=None):
        sides = self._drawn(data, 0, 1, (len(data),), seed) > 0.5
        amounts = self._drawn(data, *self.factor, (len(data),), seed)
        return {"factor": amounts * (0.5 - sides.astype(np.float32))}

    def transform_images(self, images, transformation, training=True):
        x = rescaled(images, self.value_range, (0, 1))
        hue, saturation, value = hue_saturation_value(x)
        hue = hue + self._for_pictures(transformation["factor"])
        hue = where(greater(hue, 1.0), hue - 1.0, hue)
        hue = where(less(hue, 0.0), hue + 1.0, hue)
        changed = clipped(red_green_blue(hue, saturation, value), (0, 1))
        return rescaled(changed, (0, 1), self.value_range)


class RandomSaturation(FactorLayer):
    """Colors f / (1 - f) times as strong, f being drawn from `factor`: 0.5 leaves them as they
    are.
    """

    def get_random_transformation(self, data, training=True, seed=None):
        factor = super().get_random_transformation(data, training, seed)["factor"]
        return {"factor": factor / (1 - factor + np.float32(1e-7))}

    def transform_images(self, images, transformation, training=True):
        hue, saturation, value = hue_saturation_value(images)
        saturation = saturation * self._for_pictures(transformation["factor"])
        return red_green_blue(hue, clipped(saturation, self.value_range), value)


class RandomColorJitter(RandomImageLayer):
    """Brightness, contrast, saturation and hue, one after the other; those whose factor is None
    stay.
    """

    config_names = (
        "data_format", "value_range", "brightness_factor", "contrast_factor", "saturation_factor",
        "hue_factor", "seed",
    )  # fmt: skip

    def __init__(
        self,
        value_range: Any = (0, 255),
        brightness_factor: Any = None,
        contrast_factor: Any = None,
        saturation_factor: Any = None,
        hue_factor: Any = None,
        seed: int | None = None,
        data_format: str | None = None,
        **options: Any,
    ) -> None:
        super().__init__(**options)
        self.value_range = self._range(value_range)
        self.brightness_factor, self.contrast_factor = brightness_factor, contrast_factor
        self.saturation_factor, self.hue_factor = saturation_factor, hue_factor
        self._set_data_format(data_format)
        self._set_seed(seed)
        factors = (
            (RandomBrightness, brightness_factor),
            (RandomContrast, contrast_factor),
            (RandomSaturation, saturation_factor),
            (RandomHue, hue_factor),
        )
        self.steps = [
            cls(factor, value_range=self.value_range, seed=seed)
            for cls, factor in factors
            if factor is not None
        ]

    def get_random_transformation(self, data, training=True, seed=None):
        return [step.get_random_transformation(data, training, seed) for step in self.steps]

    def transform_images(self, images, transformation, training=True):
        for step, drawn in zip(self.steps, transformation, strict=True):
            images = step.transform_images(images, drawn)
        return images
