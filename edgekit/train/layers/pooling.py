"""Pooling over the windows of sequences, images and volumes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from edgekit.train.layers.geometry import output_size, padding_word, sizes
from edgekit.train.layers.spatial import Spatial
from edgekit.train.ops import pooling
from edgekit.train.ops.shape import reshape

__all__ = [
    "AveragePooling1D",
    "AveragePooling2D",
    "AveragePooling3D",
    "MaxPooling1D",
    "MaxPooling2D",
    "MaxPooling3D",
]


class _Pooling(Spatial):
    """A window that moves over the spatial axes; `strides` is the window's size by default."""

    config_names = ("pool_size", "padding", "strides", "data_format")
    over_images: Callable[..., Any]  # the primitive

    def __init__(
        self,
        pool_size: Any = 2,
        strides: Any = None,
        padding: str = "valid",
        data_format: str | None = None,
        **options: Any,
    ) -> None:
        super().__init__(**options)
        self._set_format(data_format)
        self.pool_size = sizes(pool_size, self.rank, "pool_size", self.name)
        self.strides = (
            self.pool_size if strides is None else sizes(strides, self.rank, "strides", self.name)
        )
        self.padding = padding_word(padding, self.name)

    def compute_output_shape(self, input_shape):
        windows = zip(self._spatial(input_shape), self.pool_size, self.strides, strict=True)
        spatial = [output_size(n, k, s, self.padding, 1, self.name) for n, k, s in windows]
        channels = input_shape[self._channel_axis]
        return self._shape(input_shape[0], spatial, channels)

    def build(self, input_shape):
        if len(input_shape) == self.rank + 2:  # what else is wrong is said after building
            self.compute_output_shape(input_shape)

    def call(self, inputs):
        return self._with_channels_last(self._pool, inputs)

    def _pool(self, x: Any) -> Any:
        """Over images as they are; over sequences as images of height 1; over volumes along the
        width of images (depth * height, width), then along the other two axes at once.
        """
        if self.rank == 2:
            return self._pool_images(x, self.pool_size, self.strides)
        batch, *spatial, channels = x.shape
        if self.rank == 1:
            x = reshape(x, shape=(batch, 1, *spatial, channels))
            x = self._pool_images(x, (1, *self.pool_size), (1, *self.strides))
            return reshape(x, shape=(batch, -1, channels))
        depth, height, width = spatial
        x = reshape(x, shape=(batch, depth * height, width, channels))
        x = self._pool_images(x, (1, self.pool_size[2]), (1, self.strides[2]))
        width = x.shape[2]
        x = reshape(x, shape=(batch, depth, height, width * channels))
        x = self._pool_images(x, self.pool_size[:2], self.strides[:2])
        return reshape(x, shape=(batch, *x.shape[1:3], width, channels))

    def _pool_images(self, x: Any, pool: tuple[int, ...], strides: tuple[int, ...]) -> Any:
        return type(self).over_images(x, pool_size=pool, strides=strides, padding=self.padding)


class _MaxPooling(_Pooling):
    """The largest value in each window."""

    over_images = pooling.max_pool2d


class _AveragePooling(_Pooling):
    """The mean of each window; with padding="same" of the values inside the input."""

    over_images = pooling.average_pool2d


class MaxPooling1D(_MaxPooling):
    """The largest value in each window of (batch, length, channels)."""

    rank = 1


class MaxPooling2D(_MaxPooling):
    """The largest value in each window of (batch, height, width, channels)."""

    rank = 2


class MaxPooling3D(_MaxPooling):
    """The largest value in each window of (batch, depth, height, width, channels)."""

    rank = 3


class AveragePooling1D(_AveragePooling):
    """The mean of each window of (batch, length, channels); padding is not counted."""

    rank = 1


class AveragePooling2D(_AveragePooling):
    """The mean of each window of (batch, height, width, channels); padding is not counted."""

    rank = 2


class AveragePooling3D(_AveragePooling):
    """The mean of each window of (batch, depth, height, width, channels); padding is not
    counted.
    """

    rank = 3
