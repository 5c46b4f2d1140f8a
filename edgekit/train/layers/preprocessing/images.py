"""Layers that bring pictures to one size, in training as in inference."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from edgekit.errors import InputError, UnsupportedOperator, lookup
from edgekit.train.layers.geometry import channels_last
from edgekit.train.layers.layer import Layer
from edgekit.train.ops.images import METHODS, resize_images
from edgekit.train.ops.shape import pad

__all__ = ["CenterCrop", "ImageLayer", "Resizing", "largest_window"]


class ImageLayer(Layer):
    """A layer on one picture (h, w, c) or a batch of them (n, h, w, c)."""

    def _set_data_format(self, data_format: str | None) -> None:
        self.data_format = channels_last(data_format, self.name)

    def call(self, inputs, training=False):
        rank = len(inputs.shape)
        if rank not in (3, 4):
            raise InputError(
                f"layer {self.name!r}: expected pictures (height, width, channels) or batches of "
                f"them. Received: shape {tuple(inputs.shape)}"
            )
        images = inputs if rank == 4 else inputs.reshape(1, *inputs.shape)
        made = self.on_batch(images, training)
        return made if rank == 4 else made.reshape(*made.shape[1:])

    def on_batch(self, images: Any, training: bool) -> Any:
        """The result for a batch (n, h, w, c); to be written by subclasses."""
        raise NotImplementedError


class _ToSize(ImageLayer):
    """A layer whose result has `height` and `width`."""

    height: int
    width: int

    def _set_size(self, height: int, width: int) -> None:
        for name, value in (("height", height), ("width", width)):
            if isinstance(value, bool) or not isinstance(value, int) or value < 1:
                raise InputError(
                    f"layer {self.name!r}: {name} must be a positive integer. Received: {value!r}"
                )
        self.height, self.width = height, width

    def compute_output_shape(self, input_shape):
        return (*input_shape[:-3], self.height, self.width, input_shape[-1])


def largest_window(size: Sequence[int], target: Sequence[int]) -> tuple[slice, slice]:
    """The largest part in the middle of a picture of `size` in the proportions of `target`."""
    (height, width), (rows, columns) = size, target
    inner = (
        max(min(height, int(width * rows / columns)), 1),
        max(min(width, int(height * columns / rows)), 1),
    )
    starts = ((height - inner[0]) // 2, (width - inner[1]) // 2)
    first, second = (slice(s, s + n) for s, n in zip(starts, inner, strict=True))
    return first, second


class Resizing(_ToSize):
    """Pictures at another size, stretched, cropped or padded to its proportions.

    interpolation: bilinear, nearest, bicubic, lanczos3, lanczos5, area, gaussian, mitchellcubic.
    antialias: average over what becomes one pixel when a picture shrinks.
    """

    config_names = (
        "height", "width", "interpolation", "crop_to_aspect_ratio", "pad_to_aspect_ratio",
        "fill_mode", "fill_value", "antialias", "data_format",
    )  # fmt: skip

    def __init__(
        self,
        height: int,
        width: int,
        interpolation: str = "bilinear",
        crop_to_aspect_ratio: bool = False,
        pad_to_aspect_ratio: bool = False,
        fill_mode: str = "constant",
        fill_value: float = 0.0,
        antialias: bool = False,
        data_format: str | None = None,
        **options: Any,
    ) -> None:
        super().__init__(**options)
        self._set_size(height, width)
        self._set_data_format(data_format)
        lookup(dict.fromkeys(METHODS), interpolation, f"layer {self.name!r}: interpolation")
        if crop_to_aspect_ratio and pad_to_aspect_ratio:
            raise InputError(f"layer {self.name!r}: crop or pad to the proportions, not both")
        if fill_mode != "constant":
            raise UnsupportedOperator(f"layer {self.name!r}: fill_mode must be 'constant'")
        self.interpolation = interpolation
        self.crop_to_aspect_ratio = crop_to_aspect_ratio
        self.pad_to_aspect_ratio = pad_to_aspect_ratio
        self.fill_mode, self.fill_value = fill_mode, fill_value
        self.antialias = bool(antialias)

    def on_batch(self, images: Any, training: bool) -> Any:
        size = (self.height, self.width)
        if self.crop_to_aspect_ratio:
            images = _window(images, largest_window(images.shape[1:3], size))
        elif self.pad_to_aspect_ratio:
            images = self._padded(images)
        if tuple(images.shape[1:3]) == size:
            return images
        return resize_images(images, size=size, method=self.interpolation, antialias=self.antialias)

    def _padded(self, images: Any) -> Any:
        """Bars on both sides, so that the picture has the proportions of the result."""
        height, width = images.shape[1:3]
        rows = (max(height, int(width * self.height / self.width)) - height) // 2
        columns = (max(width, int(height * self.width / self.height)) - width) // 2
        if not rows and not columns:
            return images
        paddings = ((0, 0), (rows, rows), (columns, columns), (0, 0))
        return pad(images, paddings=paddings, value=float(self.fill_value))


class CenterCrop(_ToSize):
    """The middle of pictures; one that is too small is resized, cut to the proportions first."""

    config_names = ("height", "width", "data_format")

    def __init__(
        self, height: int, width: int, data_format: str | None = None, **options: Any
    ) -> None:
        super().__init__(**options)
        self._set_size(height, width)
        self._set_data_format(data_format)

    def on_batch(self, images: Any, training: bool) -> Any:
        height, width = images.shape[1:3]
        size = (self.height, self.width)
        top, left = (height - self.height) // 2, (width - self.width) // 2
        if top >= 0 and left >= 0:
            window = (slice(top, top + self.height), slice(left, left + self.width))
            return _window(images, window)
        images = _window(images, largest_window((height, width), size))
        return resize_images(images, size=size, method="bilinear")


def _window(images: Any, window: tuple[slice, slice]) -> Any:
    whole = all(
        part.start == 0 and part.stop == n
        for part, n in zip(window, images.shape[1:3], strict=True)
    )
    return images if whole else images[:, window[0], window[1]]
