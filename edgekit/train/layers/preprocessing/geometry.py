"""Layers that move pictures at random, in training only: rotation, zoom, translation, stretch."""

from __future__ import annotations

from typing import Any

import numpy as np

from edgekit.errors import InputError, lookup
from edgekit.train.backend import array_module
from edgekit.train.layers.preprocessing.augmentation import RandomImageLayer
from edgekit.train.ops.images import FILL_MODES, METHODS, resize_images, warp_images

__all__ = [
    "RandomHeight",
    "RandomRotation",
    "RandomTranslation",
    "RandomWidth",
    "RandomZoom",
    "Warping",
    "rotation_matrices",
    "translation_matrices",
    "zoom_matrices",
]


def rotation_matrices(degrees: Any, height: int, width: int) -> Any:
    """(n, 8) maps of `warp_images` that turn around the middle, counter-clockwise."""
    module = array_module(degrees)
    angle = module.asarray(degrees, dtype=np.float32) * np.float32(np.pi / 180)
    cosine, sine = module.cos(angle), module.sin(angle)
    x, y = np.float32((width - 1) / 2), np.float32((height - 1) / 2)
    nothing = module.zeros_like(angle)
    columns = (cosine, -sine, x - x * cosine + y * sine, sine, cosine, y - x * sine - y * cosine)
    return _rows(module, [*columns, nothing, nothing])


def zoom_matrices(rows: Any, columns: Any, height: int, width: int) -> Any:
    """(n, 8) maps that show the middle; a factor above 1 makes the picture smaller."""
    module = array_module(rows)
    vertical, across = (module.asarray(z, dtype=np.float32).reshape(-1) for z in (rows, columns))
    nothing = module.zeros_like(across)
    x = np.float32((width - 1) / 2) * (1 - across)
    y = np.float32((height - 1) / 2) * (1 - vertical)
    return _rows(module, [across, nothing, x, nothing, vertical, y, nothing, nothing])


def translation_matrices(translations: Any) -> Any:
    """(n, 8) maps that move by (to the right, down) pixels; `translations` is (n, 2)."""
    module = array_module(translations)
    right, down = module.asarray(translations, dtype=np.float32).T
    one, nothing = module.ones_like(right), module.zeros_like(right)
    return _rows(module, [one, nothing, -right, nothing, one, -down, nothing, nothing])


def _rows(module: Any, columns: list[Any]) -> Any:
    """Columns (n,) as rows of maps, by copies that a captured step can hold."""
    rows = module.empty((len(columns[0]), len(columns)), np.float32)
    for i, column in enumerate(columns):
        rows[:, i] = column
    return rows


class Warping(RandomImageLayer):
    """What layers that move pixels share: interpolation, fill mode and fill value."""

    def _set_warp(
        self,
        fill_mode: str,
        interpolation: str,
        seed: int | None,
        fill_value: float,
        data_format: str | None,
    ) -> None:
        where = f"layer {self.name!r}:"
        lookup(dict.fromkeys(FILL_MODES), fill_mode, f"{where} fill_mode", InputError)
        known = dict.fromkeys(("bilinear", "nearest"))
        lookup(known, interpolation, f"{where} interpolation", InputError)
        self.fill_mode, self.interpolation, self.fill_value = fill_mode, interpolation, fill_value
        self._set_data_format(data_format)
        self._set_seed(seed)

    def _warped(self, images: Any, matrices: Any) -> Any:
        return warp_images(
            images,
            transforms=array_module(matrices).asarray(matrices, dtype=np.float32),
            interpolation=self.interpolation,
            fill_mode=self.fill_mode,
            fill_value=float(self.fill_value),
        )


class RandomRotation(Warping):
    """Each picture turned around its middle by an angle from `factor` times 360 degrees."""

    config_names = ("factor", "data_format", "fill_mode", "fill_value", "interpolation", "seed")

    def __init__(
        self,
        factor: Any,
        fill_mode: str = "reflect",
        interpolation: str = "bilinear",
        seed: int | None = None,
        fill_value: float = 0.0,
        data_format: str | None = None,
        **options: Any,
    ) -> None:
        super().__init__(**options)
        self.factor = self._bounds(factor, -1.0)
        self._set_warp(fill_mode, interpolation, seed, fill_value, data_format)

    def get_random_transformation(self, data, training=True, seed=None):
        count, height, width = data.shape[:3]
        angle = self._drawn(data, self.factor[0] * 360, self.factor[1] * 360, (count,), seed)
        return {"angle": angle, "rotation_matrix": rotation_matrices(angle, height, width)}

    def transform_images(self, images, transformation, training=True):
        return self._warped(images, transformation["rotation_matrix"])


class _TwoFactors(Warping):
    """A layer with a factor for the height and one for the width."""

    config_names = (
        "height_factor", "width_factor", "fill_mode", "interpolation", "seed", "fill_value",
        "data_format",
    )  # fmt: skip

    def __init__(
        self,
        height_factor: Any,
        width_factor: Any = None,
        fill_mode: str = "reflect",
        interpolation: str = "bilinear",
        seed: int | None = None,
        fill_value: float = 0.0,
        data_format: str | None = None,
        **options: Any,
    ) -> None:
        super().__init__(**options)
        self.height_factor, self.width_factor = height_factor, width_factor
        self._rows = self._bounds(height_factor, -1.0, "height_factor")
        columns = height_factor if width_factor is None else width_factor
        self._columns = self._bounds(columns, -1.0, "width_factor")
        self._set_warp(fill_mode, interpolation, seed, fill_value, data_format)


class RandomZoom(_TwoFactors):
    """Each picture smaller (factors above 0) or larger; without `width_factor` in proportion."""

    def get_random_transformation(self, data, training=True, seed=None):
        shape = (data.shape[0], 1)
        rows = self._drawn(data, 1 + self._rows[0], 1 + self._rows[1], shape, seed)
        columns = rows
        if self.width_factor is not None:
            columns = self._drawn(data, 1 + self._columns[0], 1 + self._columns[1], shape, seed)
        return {"height_zoom": rows, "width_zoom": columns, "input_shape": tuple(data.shape)}

    def transform_images(self, images, transformation, training=True):
        zooms = (transformation["height_zoom"], transformation["width_zoom"])
        return self._warped(images, zoom_matrices(*zooms, *images.shape[1:3]))


class RandomTranslation(_TwoFactors):
    """Each picture moved down and to the right by shares of its size."""

    def __init__(self, height_factor: Any, width_factor: Any, *rest: Any, **options: Any) -> None:
        super().__init__(height_factor, width_factor, *rest, **options)

    def get_random_transformation(self, data, training=True, seed=None):
        count, height, width = data.shape[:3]
        down = self._drawn(data, *self._rows, (count, 1), seed) * np.float32(height)
        right = self._drawn(data, *self._columns, (count, 1), seed) * np.float32(width)
        moves = array_module(right).empty((count, 2), np.float32)
        moves[:, :1], moves[:, 1:] = right, down
        return {"translations": moves, "input_shape": tuple(data.shape)}

    def transform_images(self, images, transformation, training=True):
        return self._warped(images, translation_matrices(transformation["translations"]))


class _RandomSize(RandomImageLayer):
    """The whole batch stretched along one axis by a random share."""

    config_names = ("factor", "interpolation", "seed")
    axis: int

    def __init__(
        self,
        factor: Any,
        interpolation: str = "bilinear",
        seed: int | None = None,
        **options: Any,
    ) -> None:
        super().__init__(**options)
        lookup(dict.fromkeys(METHODS), interpolation, f"layer {self.name!r}: interpolation")
        self.factor = factor
        self._shares = self._bounds(factor, -1.0, most=float("inf"))
        self.interpolation = interpolation
        self._set_seed(seed)

    def get_random_transformation(self, data, training=True, seed=None):
        share = 1 + self._drawn_size(seed)
        return {"size": max(int(data.shape[self.axis] * share), 1)}

    def _drawn_size(self, seed: int | None) -> float:
        """On the host, wherever the pictures are: it is the shape of the result."""
        return float(np.float32(self._on_host(seed).uniform(*self._shares)))

    def transform_images(self, images, transformation, training=True):
        size = list(images.shape[1:3])
        size[self.axis - 1] = int(transformation["size"])
        return resize_images(images, size=tuple(size), method=self.interpolation)

    def compute_output_shape(self, input_shape):
        axis = len(input_shape) - 4 + self.axis
        return tuple(None if i == axis else n for i, n in enumerate(input_shape))


class RandomHeight(_RandomSize):
    """The batch at another height, in training (Keras 2)."""

    axis = 1


class RandomWidth(_RandomSize):
    """The batch at another width, in training (Keras 2)."""

    axis = 2
