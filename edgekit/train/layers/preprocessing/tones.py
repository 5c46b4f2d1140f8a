"""Layers that change the brightness of single pixels: inverted, posterized, solarized, spread."""

from __future__ import annotations

from typing import Any

import numpy as np

from edgekit.errors import InputError
from edgekit.train.backend import array_module
from edgekit.train.layers.geometry import sizes
from edgekit.train.layers.preprocessing.augmentation import RandomImageLayer, clipped
from edgekit.train.layers.preprocessing.colors import rescaled
from edgekit.train.ops import math
from edgekit.train.ops.comparisons import equal, less, where
from edgekit.train.ops.elementwise import floor
from edgekit.train.ops.tones import equalize_tiles, equalize_tones
from edgekit.train.tensor import array_of

__all__ = [
    "AutoContrast",
    "ContrastLimitedAdaptiveHistogramEqualization",
    "Equalization",
    "RandomInvert",
    "RandomPosterization",
    "Solarization",
]

_BYTES = (0, 255)


class RandomInvert(RandomImageLayer):
    """Pictures as their negatives, with a probability drawn from `factor`."""

    config_names = ("data_format", "factor", "value_range", "seed")

    def __init__(
        self,
        factor: Any = 1.0,
        value_range: Any = _BYTES,
        seed: int | None = None,
        data_format: str | None = None,
        **options: Any,
    ) -> None:
        super().__init__(**options)
        self.factor = self._bounds(factor, 0.0)
        self.value_range = self._range(value_range)
        self._set_data_format(data_format)
        self._set_seed(seed)

    def get_random_transformation(self, data, training=True, seed=None):
        return {"apply_inversion": self._chosen(data, self.factor, seed)}

    def transform_images(self, images, transformation, training=True):
        chosen = self._for_pictures(transformation["apply_inversion"])
        return where(chosen, float(self.value_range[1]) - images, images)


class RandomPosterization(RandomImageLayer):
    """Pictures with fewer tones: of the 8 bits of each value the first `factor` stay.

    One number is that many bits for all; of two, (low, high), from low to high - 1 are drawn.
    """

    config_names = ("data_format", "factor", "value_range", "seed")

    def __init__(
        self,
        factor: Any,
        value_range: Any = _BYTES,
        data_format: str | None = None,
        seed: int | None = None,
        **options: Any,
    ) -> None:
        super().__init__(**options)
        self.factor = self._bounds(factor, 1, most=8)
        self.value_range = self._range(value_range)
        self._set_data_format(data_format)
        self._set_seed(seed)

    def get_random_transformation(self, data, training=True, seed=None):
        low, high = self.factor
        module = array_module(array_of(data))
        bits = self._drawn(data, low, max(high, low + 1), (len(data),), seed)
        # what is drawn may round up to the end, which does not belong to it
        bits = module.minimum(module.floor(bits), np.float32(max(high - 1, low)))
        return {"shift_factor": 8 - bits}

    def transform_images(self, images, transformation, training=True):
        step = 2.0 ** self._for_pictures(transformation["shift_factor"]).astype(np.float32)
        values = clipped(rescaled(images, self.value_range, _BYTES), _BYTES)
        return rescaled(floor(values / step) * step, _BYTES, self.value_range)


class Solarization(RandomImageLayer):
    """Values that reach a threshold, after an addition, as their negatives.

    Both are drawn from 0 to the factor, or between two factors, times the range.
    """

    config_names = ("data_format", "addition_factor", "threshold_factor", "value_range", "seed")

    def __init__(
        self,
        addition_factor: Any = 0.0,
        threshold_factor: Any = 0.0,
        value_range: Any = _BYTES,
        seed: int | None = None,
        data_format: str | None = None,
        **options: Any,
    ) -> None:
        super().__init__(**options)
        self.addition_factor = self._bounds(addition_factor, 0.0, "addition_factor")
        self.threshold_factor = self._bounds(threshold_factor, 0.0, "threshold_factor")
        self.value_range = self._range(value_range)
        self._set_data_format(data_format)
        self._set_seed(seed)

    def get_random_transformation(self, data, training=True, seed=None):
        drawn = {"additions": self.addition_factor, "thresholds": self.threshold_factor}
        return {
            name: self._drawn(data, low, high * 255, (len(data), 1, 1, 1), seed)
            for name, (low, high) in drawn.items()
        }

    def transform_images(self, images, transformation, training=True):
        x = rescaled(images, self.value_range, _BYTES)
        x = clipped(x + self._for_pictures(transformation["additions"]), _BYTES)
        thresholds = self._for_pictures(transformation["thresholds"])
        x = where(less(x, thresholds), x, 255.0 - x)
        return rescaled(x, _BYTES, self.value_range)


class AutoContrast(RandomImageLayer):
    """Each channel of each picture stretched to the whole range; in inference too."""

    config_names = ("data_format", "value_range")

    def __init__(self, value_range: Any = _BYTES, **options: Any) -> None:
        data_format = options.pop("data_format", None)
        super().__init__(**options)
        self.value_range = self._range(value_range)
        self._set_data_format(data_format)

    def on_batch(self, images, training):
        return self.transform_images(images)

    def get_random_transformation(self, data, training=True, seed=None):
        return None

    def transform_images(self, images, transformation=None, training=True):
        low = math.min(images, axis=(1, 2), keepdims=True)
        spread = math.max(images, axis=(1, 2), keepdims=True) - low
        flat = equal(spread, 0.0)
        x = (images - low) / where(flat, 1.0, spread)
        x = rescaled(clipped(x, (0, 1)), (0, 1), self.value_range)
        return where(flat, images, x)


class Equalization(RandomImageLayer):
    """Each channel with tones that are about equally frequent, over the whole batch.

    bins: how many tones are counted. Has no derivative.
    """

    config_names = ("data_format", "value_range", "bins")

    def __init__(
        self,
        value_range: Any = _BYTES,
        bins: int = 256,
        data_format: str | None = None,
        **options: Any,
    ) -> None:
        super().__init__(**options)
        if isinstance(bins, bool) or not isinstance(bins, int) or bins < 1:
            raise InputError(
                f"layer {self.name!r}: bins must be a positive integer. Received: bins={bins!r}"
            )
        self.bins = bins
        self.value_range = self._range(value_range)
        self._set_data_format(data_format)

    def get_random_transformation(self, data, training=True, seed=None):
        return None

    def transform_images(self, images, transformation=None, training=True):
        x = equalize_tones(rescaled(images, self.value_range, _BYTES), bins=self.bins)
        return rescaled(x, _BYTES, self.value_range)


class ContrastLimitedAdaptiveHistogramEqualization(RandomImageLayer):
    """Tones about equally frequent in each of `tile_grid_size` tiles; in inference too.

    clip_limit: how much more frequent than the mean a tone counts at most; 0 for no limit. Has no
    derivative. Source: Zuiderveld 1994.
    """

    config_names = ("data_format", "value_range", "clip_limit", "tile_grid_size")

    def __init__(
        self,
        value_range: Any = _BYTES,
        clip_limit: float = 4.0,
        tile_grid_size: Any = (8, 8),
        data_format: str | None = None,
        **options: Any,
    ) -> None:
        super().__init__(**options)
        self.value_range = self._range(value_range)
        self.clip_limit = clip_limit
        self.tile_grid_size = sizes(tile_grid_size, 2, "tile_grid_size", self.name)
        self._set_data_format(data_format)

    def on_batch(self, images, training):
        return self.transform_images(images)

    def get_random_transformation(self, data, training=True, seed=None):
        return None

    def transform_images(self, images, transformation=None, training=True):
        x = rescaled(images, self.value_range, _BYTES)
        x = equalize_tiles(x, tiles=self.tile_grid_size, clip_limit=self.clip_limit)
        return rescaled(x, _BYTES, self.value_range)
