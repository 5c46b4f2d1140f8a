"""One number per channel of a whole sequence, image or volume."""

from __future__ import annotations

from typing import Any

from edgekit.train.layers.spatial import Spatial
from edgekit.train.ops import math, pooling
from edgekit.train.ops.shape import reshape

__all__ = [
    "GlobalAveragePooling1D",
    "GlobalAveragePooling2D",
    "GlobalAveragePooling3D",
    "GlobalMaxPooling1D",
    "GlobalMaxPooling2D",
    "GlobalMaxPooling3D",
]


class _GlobalPooling(Spatial):
    """(batch, channels), or with `keepdims` spatial axes of size 1."""

    config_names = ("data_format", "keepdims")

    def __init__(
        self, data_format: str | None = None, keepdims: bool = False, **options: Any
    ) -> None:
        super().__init__(**options)
        self._set_format(data_format)
        self.keepdims = keepdims

    def compute_output_shape(self, input_shape):
        batch, channels = input_shape[0], input_shape[self._channel_axis]
        ones = (1,) * self.rank
        return self._shape(batch, ones, channels) if self.keepdims else (batch, channels)

    def call(self, inputs):
        return self._with_channels_last(self._pool, inputs)

    def _pool(self, x: Any) -> Any:
        """Sequences and volumes as images, whose height is the length or depth * height."""
        images = x
        if self.rank == 1:
            images = reshape(x, shape=(x.shape[0], x.shape[1], 1, x.shape[2]))
        elif self.rank == 3:
            images = reshape(x, shape=(x.shape[0], x.shape[1] * x.shape[2], *x.shape[3:]))
        y = self._pool_images(images, self.keepdims and self.rank == 2)
        if self.keepdims and self.rank != 2:
            return reshape(y, shape=(x.shape[0], *(1,) * self.rank, x.shape[-1]))
        return y

    def _pool_images(self, x: Any, keepdims: bool) -> Any:
        raise NotImplementedError


class _GlobalAveragePooling(_GlobalPooling):
    """The mean over the spatial axes."""

    def _pool_images(self, x: Any, keepdims: bool) -> Any:
        return pooling.global_average_pool2d(x, keepdims=keepdims)


class _GlobalMaxPooling(_GlobalPooling):
    """The largest value over the spatial axes."""

    def _pool_images(self, x: Any, keepdims: bool) -> Any:
        return pooling.global_max_pool2d(x, keepdims=keepdims)


class GlobalAveragePooling1D(_GlobalAveragePooling):
    """The mean over the length of (batch, length, channels), of the steps that a mask leaves."""

    rank = 1
    supports_masking = True

    def call(self, inputs, mask=None):
        if mask is None:
            return super().call(inputs)
        axis = 2 if self.data_format == "channels_first" else 1
        shape = [inputs.shape[0], 1, 1]
        shape[axis] = inputs.shape[axis]
        kept = reshape(math.cast(mask, dtype=inputs.dtype), shape=tuple(shape))
        total = math.sum(inputs * kept, axis=axis, keepdims=self.keepdims)
        return total / math.sum(kept, axis=axis, keepdims=self.keepdims)

    def compute_mask(self, inputs, mask=None):
        return None


class GlobalAveragePooling2D(_GlobalAveragePooling):
    """The mean over rows and columns."""

    rank = 2


class GlobalAveragePooling3D(_GlobalAveragePooling):
    """The mean over depth, rows and columns."""

    rank = 3


class GlobalMaxPooling1D(_GlobalMaxPooling):
    """The largest value over the length of (batch, length, channels)."""

    rank = 1


class GlobalMaxPooling2D(_GlobalMaxPooling):
    """The largest value over rows and columns."""

    rank = 2


class GlobalMaxPooling3D(_GlobalMaxPooling):
    """The largest value over depth, rows and columns."""

    rank = 3
