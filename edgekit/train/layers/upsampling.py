"""More positions out of few: repetition, or interpolation between them."""

from __future__ import annotations

from typing import Any

from edgekit.errors import lookup
from edgekit.train.layers.geometry import sizes
from edgekit.train.layers.spatial import Spatial
from edgekit.train.ops.images import resize_images
from edgekit.train.ops.shape import reshape, resize_nearest

__all__ = ["UpSampling1D", "UpSampling2D", "UpSampling3D"]

_INTERPOLATIONS = ("nearest", "bilinear", "bicubic", "lanczos3", "lanczos5")


class _UpSampling(Spatial):
    """Each position `size` times along each spatial axis."""

    config_names: tuple[str, ...] = ("size", "data_format")

    def __init__(self, size: Any = 2, data_format: str | None = None, **options: Any) -> None:
        super().__init__(**options)
        self._set_format(data_format)
        self.size: Any = sizes(size, self.rank, "size", self.name)

    def call(self, inputs):
        return self._with_channels_last(self._enlarge, inputs)

    def _enlarge(self, x: Any) -> Any:
        raise NotImplementedError

    def _factors(self) -> tuple[int, ...]:
        return self.size

    def compute_output_shape(self, input_shape):
        spatial = [
            None if size is None else size * factor
            for size, factor in zip(self._spatial(input_shape), self._factors(), strict=True)
        ]
        return self._shape(input_shape[0], spatial, input_shape[self._channel_axis])


class UpSampling1D(_UpSampling):
    """Every step of (batch, length, channels) repeated `size` times."""

    rank = 1
    config_names = ("size",)

    def __init__(self, size: int = 2, **options: Any) -> None:
        super().__init__(size, **options)
        self.size = self.size[0]

    def _factors(self) -> tuple[int, ...]:
        return (self.size,)

    def _enlarge(self, x: Any) -> Any:
        y = reshape(x, shape=(x.shape[0], 1, *x.shape[1:]))
        y = resize_nearest(y, size=(1, self.size))
        return reshape(y, shape=(y.shape[0], *y.shape[2:]))


class UpSampling2D(_UpSampling):
    """Images `size` times as large: pixels repeated ("nearest"), or interpolated ("bilinear",
    "bicubic", "lanczos3", "lanczos5") with the centers of pixels at half numbers.
    """

    rank = 2
    config_names = ("size", "data_format", "interpolation")

    def __init__(
        self,
        size: Any = (2, 2),
        data_format: str | None = None,
        interpolation: str = "nearest",
        **options: Any,
    ) -> None:
        super().__init__(size, data_format, **options)
        lookup(dict.fromkeys(_INTERPOLATIONS), interpolation, "interpolation")
        self.interpolation = interpolation

    def _enlarge(self, x: Any) -> Any:
        if self.interpolation == "nearest":
            return resize_nearest(x, size=self.size)
        target = (x.shape[1] * self.size[0], x.shape[2] * self.size[1])
        return resize_images(x, size=target, method=self.interpolation)


class UpSampling3D(_UpSampling):
    """Every slice, row and column of volumes repeated `size` times."""

    rank = 3

    def _enlarge(self, x: Any) -> Any:
        """The width of images (depth * height, width), then the other two axes at once."""
        batch, depth, height, width, channels = x.shape
        x = reshape(x, shape=(batch, depth * height, width, channels))
        x = resize_nearest(x, size=(1, self.size[2]))
        width *= self.size[2]
        x = reshape(x, shape=(batch, depth, height, width * channels))
        x = resize_nearest(x, size=self.size[:2])
        return reshape(x, shape=(batch, *x.shape[1:3], width, channels))
