"""Pooling to a size that is given: the windows follow from it."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from edgekit.errors import ShapeError
from edgekit.train.layers.geometry import sizes
from edgekit.train.layers.spatial import Spatial
from edgekit.train.ops import pooling
from edgekit.train.ops.shape import concat, reshape

__all__ = [
    "AdaptiveAveragePooling1D",
    "AdaptiveAveragePooling2D",
    "AdaptiveAveragePooling3D",
    "AdaptiveMaxPooling1D",
    "AdaptiveMaxPooling2D",
    "AdaptiveMaxPooling3D",
]


class _AdaptivePooling(Spatial):
    """`output_size` windows along each axis: window i of n goes from floor(i * size / n) up to
    ceil((i + 1) * size / n).
    """

    config_names = ("output_size", "data_format")
    over_images: Callable[..., Any]  # the primitive

    def __init__(self, output_size: Any, data_format: str | None = None, **options: Any) -> None:
        super().__init__(**options)
        self._set_format(data_format)
        self.output_size = sizes(output_size, self.rank, "output_size", self.name)

    def compute_output_shape(self, input_shape):
        channels = input_shape[self._channel_axis]
        return self._shape(input_shape[0], self.output_size, channels)

    def build(self, input_shape):
        if len(input_shape) == self.rank + 2 and None in self._spatial(input_shape):
            raise ShapeError(
                f"layer {self.name!r}: the spatial sizes of its input must be known. "
                f"Received: input_shape={input_shape}"
            )

    def call(self, inputs):
        return self._with_channels_last(self._pool, inputs)

    def _pool(self, x: Any) -> Any:
        """Along one axis after the other: of means, and of maxima, the order does not matter."""
        for axis, count in enumerate(self.output_size, 1):
            x = self._pool_along(x, axis, count)
        return x

    def _pool_along(self, x: Any, axis: int, count: int) -> Any:
        """As the rows of images, whose columns and channels hold the other axes."""
        batch, *spatial = x.shape
        size = spatial[axis - 1]
        if size == count:
            return x
        before, after = spatial[: axis - 1], spatial[axis:]
        rows = reshape(x, shape=(batch, math.prod(before), size, math.prod(after)))
        if size % count == 0:
            pooled = self._windows(rows, size // count)
        else:
            parts = [
                rows[:, :, i * size // count : -(-(i + 1) * size // count)] for i in range(count)
            ]
            pooled = concat([self._windows(part, part.shape[2]) for part in parts], axis=2)
        return reshape(pooled, shape=(batch, *before, count, *after))

    def _windows(self, rows: Any, length: int) -> Any:
        return type(self).over_images(rows, pool_size=(1, length), strides=(1, length))


class _AdaptiveAverage(_AdaptivePooling):
    over_images = pooling.average_pool2d


class _AdaptiveMax(_AdaptivePooling):
    over_images = pooling.max_pool2d


class AdaptiveAveragePooling1D(_AdaptiveAverage):
    """(batch, length, channels) to (batch, output_size, channels), by means."""

    rank = 1


class AdaptiveAveragePooling2D(_AdaptiveAverage):
    """(batch, height, width, channels) to (batch, *output_size, channels), by means."""

    rank = 2


class AdaptiveAveragePooling3D(_AdaptiveAverage):
    """(batch, depth, height, width, channels) to (batch, *output_size, channels), by means."""

    rank = 3


class AdaptiveMaxPooling1D(_AdaptiveMax):
    """(batch, length, channels) to (batch, output_size, channels), by the largest values."""

    rank = 1


class AdaptiveMaxPooling2D(_AdaptiveMax):
    """(batch, height, width, channels) to (batch, *output_size, channels), by the largest
    values.
    """

    rank = 2


class AdaptiveMaxPooling3D(_AdaptiveMax):
    """(batch, depth, height, width, channels) to (batch, *output_size, channels), by the largest
    values.
    """

    rank = 3
