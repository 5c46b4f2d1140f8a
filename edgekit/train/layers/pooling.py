"""Pooling over windows of an image, and over whole images."""

from __future__ import annotations

from typing import Any

from edgekit.train.layers.geometry import channels_last, output_size, pair, same_or_valid
from edgekit.train.layers.input_spec import InputSpec
from edgekit.train.layers.layer import Layer
from edgekit.train.ops import pooling

__all__ = [
    "AveragePooling2D",
    "GlobalAveragePooling2D",
    "GlobalMaxPooling2D",
    "MaxPooling2D",
]


class _Pooling2D(Layer):
    """A window that moves over rows and columns; `strides` is the window's size by default."""

    config_names = ("pool_size", "padding", "strides", "data_format")
    reduce: Any

    def __init__(
        self,
        pool_size: Any = (2, 2),
        strides: Any = None,
        padding: str = "valid",
        data_format: str | None = None,
        **options: Any,
    ) -> None:
        super().__init__(**options)
        self.pool_size = pair(pool_size, "pool_size", self.name)
        self.strides = self.pool_size if strides is None else pair(strides, "strides", self.name)
        self.padding = same_or_valid(padding, self.name)
        self.data_format = channels_last(data_format, self.name)
        self.input_spec = InputSpec(ndim=4)

    def compute_output_shape(self, input_shape):
        rows, columns = (
            output_size(
                input_shape[1 + axis],
                self.pool_size[axis],
                self.strides[axis],
                self.padding,
                1,
                self.name,
            )
            for axis in (0, 1)
        )
        return (input_shape[0], rows, columns, input_shape[3])

    def build(self, input_shape):
        self.compute_output_shape(input_shape)


class MaxPooling2D(_Pooling2D):
    """The largest value in each window."""

    def call(self, inputs):
        return pooling.max_pool2d(
            inputs, pool_size=self.pool_size, strides=self.strides, padding=self.padding
        )


class AveragePooling2D(_Pooling2D):
    """The mean of each window; with padding="same" of the values inside the image."""

    def call(self, inputs):
        return pooling.average_pool2d(
            inputs, pool_size=self.pool_size, strides=self.strides, padding=self.padding
        )


class _GlobalPooling2D(Layer):
    """One number per channel of the whole image."""

    config_names = ("data_format", "keepdims")

    def __init__(
        self, data_format: str | None = None, keepdims: bool = False, **options: Any
    ) -> None:
        super().__init__(**options)
        self.data_format = channels_last(data_format, self.name)
        self.keepdims = keepdims
        self.input_spec = InputSpec(ndim=4)

    def compute_output_shape(self, input_shape):
        batch, channels = input_shape[0], input_shape[3]
        return (batch, 1, 1, channels) if self.keepdims else (batch, channels)


class GlobalAveragePooling2D(_GlobalPooling2D):
    """The mean over rows and columns."""

    def call(self, inputs):
        return pooling.global_average_pool2d(inputs, keepdims=self.keepdims)


class GlobalMaxPooling2D(_GlobalPooling2D):
    """The largest value over rows and columns."""

    def call(self, inputs):
        return pooling.global_max_pool2d(inputs, keepdims=self.keepdims)
