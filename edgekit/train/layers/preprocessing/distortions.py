"""Layers that shear, tilt and bend pictures at random, in training only."""

from __future__ import annotations

from typing import Any

import numpy as np

from edgekit.train.backend import array_module, same_place, to_numpy
from edgekit.train.layers.preprocessing.augmentation import clipped
from edgekit.train.layers.preprocessing.filters import blurred
from edgekit.train.layers.preprocessing.geometry import Warping
from edgekit.train.ops.comparisons import where
from edgekit.train.tensor import array_of

__all__ = ["RandomElasticTransform", "RandomPerspective", "RandomShear", "perspective_maps"]


class RandomShear(Warping):
    """Rows moved by up to `x_factor` of their distance from the top, columns by `y_factor`; all of
    a picture to one side, or to the other.
    """

    config_names = (
        "data_format", "x_factor", "y_factor", "fill_mode", "interpolation", "seed", "fill_value",
    )  # fmt: skip

    def __init__(
        self,
        x_factor: Any = 0.0,
        y_factor: Any = 0.0,
        interpolation: str = "bilinear",
        fill_mode: str = "reflect",
        fill_value: float = 0.0,
        data_format: str | None = None,
        seed: int | None = None,
        **options: Any,
    ) -> None:
        super().__init__(**options)
        self.x_factor = self._bounds(_without_sign(x_factor), 0.0, "x_factor")
        self.y_factor = self._bounds(_without_sign(y_factor), 0.0, "y_factor")
        self._set_warp(fill_mode, interpolation, seed, fill_value, data_format)

    def get_random_transformation(self, data, training=True, seed=None):
        shape = (len(data), 1)
        side = np.float32(1) - 2 * (self._drawn(data, 0, 1, shape, seed) > 0.5).astype(np.float32)
        down, right = (
            self._drawn(data, *factor, shape, seed) for factor in (self.y_factor, self.x_factor)
        )
        both = array_module(side).concatenate([right, down], axis=1) * side
        return {"shear_factor": both, "input_shape": tuple(data.shape)}

    def transform_images(self, images, transformation, training=True):
        shear = transformation["shear_factor"]
        module = array_module(shear)
        maps = module.zeros((len(shear), 8), np.float32)
        maps[:, 0] = maps[:, 4] = 1
        maps[:, 1], maps[:, 3] = shear[:, 0], shear[:, 1]
        return self._warped(images, maps)


def _without_sign(factor: Any) -> Any:
    """Keras writes (-x, x) for x: either side is drawn in any case."""
    if isinstance(factor, list | tuple) and len(factor) == 2 and factor[0] == -factor[1]:
        return factor[1]
    return factor


def perspective_maps(start: Any, end: Any) -> Any:
    """(n, 8) maps of `warp_images` that bring the points `start` (n, 4, 2) to `end`."""
    (x, y), (u, v) = (np.moveaxis(to_numpy(p), -1, 0) for p in (end, start))  # each (n, 4)
    one, nothing = np.ones_like(x), np.zeros_like(x)
    across = np.stack([x, y, one, nothing, nothing, nothing, -u * x, -u * y], axis=-1)
    down = np.stack([nothing, nothing, nothing, x, y, one, -v * x, -v * y], axis=-1)
    known = np.concatenate([u, v], axis=1)[..., None]
    maps = np.linalg.solve(np.concatenate([across, down], axis=1), known)[..., 0]
    return same_place(maps.astype(np.float32), end)


class RandomPerspective(Warping):
    """Pictures seen at an angle, with a probability drawn from `factor`: each corner moves by up to
    half of `scale` times its place.
    """

    config_names = ("data_format", "factor", "scale", "interpolation", "fill_value", "seed")

    def __init__(
        self,
        factor: Any = 1.0,
        scale: float = 1.0,
        interpolation: str = "bilinear",
        fill_value: float = 0.0,
        seed: int | None = None,
        data_format: str | None = None,
        **options: Any,
    ) -> None:
        super().__init__(**options)
        self.factor = self._bounds(factor, 0.0)
        self.scale = self._share(scale, "scale")
        self._set_warp("constant", interpolation, seed, fill_value, data_format)

    def get_random_transformation(self, data, training=True, seed=None):
        count, height, width = data.shape[:3]
        right, down = width - 1, height - 1
        corners = np.array([[[0, 0], [right, 0], [0, down], [right, down]]], np.float32)
        start = same_place(np.repeat(corners, count, axis=0), array_of(data))
        chosen = self._chosen(data, self.factor, seed)
        moves = self._drawn(data, -0.5 * self.scale, 0.5 * self.scale, (count, 4, 2), seed)
        return {
            "apply_perspective": chosen,
            "start_points": start,
            "end_points": start + start * moves,
            "input_shape": tuple(data.shape),
        }

    def transform_images(self, images, transformation, training=True):
        maps = perspective_maps(transformation["start_points"], transformation["end_points"])
        chosen = self._for_pictures(transformation["apply_perspective"])
        return where(chosen, self._warped(images, maps), images)


class RandomElasticTransform(Warping):
    """Pictures bent like rubber, with a probability drawn from `factor`: each pixel is read where
    smooth noise moves it. `scale` is how far, and how smoothly. Source: Simard et al. 2003.
    """

    config_names = (
        "data_format", "factor", "scale", "interpolation", "fill_mode", "fill_value", "value_range",
        "seed",
    )  # fmt: skip

    def __init__(
        self,
        factor: Any = 1.0,
        scale: Any = 1.0,
        interpolation: str = "bilinear",
        fill_mode: str = "reflect",
        fill_value: float = 0.0,
        value_range: Any = (0, 255),
        seed: int | None = None,
        data_format: str | None = None,
        **options: Any,
    ) -> None:
        super().__init__(**options)
        self.factor = self._bounds(factor, 0.0)
        self.scale = self._bounds(scale, 0.0, "scale")
        self.value_range = self._range(value_range)
        self._set_warp(fill_mode, interpolation, seed, fill_value, data_format)

    def get_random_transformation(self, data, training=True, seed=None):
        source = self._on_host(seed)
        noise = source.standard_normal((*data.shape[:3], 2), dtype=np.float32)
        return {
            "apply_transform": self._chosen(data, self.factor, seed),
            "distortion_factor": float(np.float32(source.uniform(*self.scale))),
            "noise": same_place(noise, array_of(data)),
        }

    def get_elastic_transform_params(self, height: int, width: int, factor: float) -> Any:
        """(alpha, sigma): how far pixels move, and over how many the noise is smoothed."""
        return max(height, width) * 0.1 * factor, min(height, width) * 0.05 * factor

    def transform_images(self, images, transformation, training=True):
        amount = transformation["distortion_factor"]
        _, height, width, _ = images.shape
        alpha, sigma = self.get_elastic_transform_params(height, width, amount)
        if not sigma:
            return images
        size = 6 * int(sigma) | 1
        noise = transformation["noise"] * np.float32(sigma)
        widths = same_place(np.full(2, sigma, np.float32), noise)
        moves = array_of(blurred(noise, (size, size), widths)) * np.float32(alpha)
        chosen = self._for_pictures(transformation["apply_transform"])
        return clipped(where(chosen, self._warped(images, moves), images), self.value_range)
