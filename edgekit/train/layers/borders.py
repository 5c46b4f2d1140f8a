"""A border of zeros around sequences, images and volumes, and the opposite: cutting one off."""

from __future__ import annotations

from typing import Any

from edgekit.errors import InputError, ShapeError
from edgekit.train.layers.spatial import Spatial
from edgekit.train.ops.shape import getitem, pad

__all__ = [
    "Cropping1D",
    "Cropping2D",
    "Cropping3D",
    "ZeroPadding1D",
    "ZeroPadding2D",
    "ZeroPadding3D",
]

Sides = tuple[int, int]


def _sides(value: Any, rank: int, name: str, layer: str) -> tuple[Sides, ...]:
    """One number, or for each axis a number or (before, after): as (before, after) of each axis.

    With one axis two numbers are its two sides.
    """
    if rank == 1 and not isinstance(value, int):
        value = (value,)
    axes = (value,) * rank if isinstance(value, int) else tuple(value)
    found = tuple((n, n) if isinstance(n, int) else tuple(n) for n in axes)
    if len(found) != rank or any(
        len(sides) != 2 or any(not isinstance(n, int) or n < 0 for n in sides) for sides in found
    ):
        raise InputError(
            f"layer {layer!r}: `{name}` must be a number of at least 0, or for each of {rank} axes "
            f"a number or (before, after). Received: {name}={value!r}"
        )
    return found


class _ZeroPadding(Spatial):
    """Zeros before and after along each spatial axis."""

    config_names = ("padding", "data_format")

    def __init__(self, padding: Any = 1, data_format: str | None = None, **options: Any) -> None:
        super().__init__(**options)
        self._set_format(data_format)
        sides = _sides(padding, self.rank, "padding", self.name)
        self._sides = sides
        self.padding = sides[0] if self.rank == 1 else sides

    def call(self, inputs):
        return pad(inputs, paddings=self._shape((0, 0), self._sides, (0, 0)))

    def compute_output_shape(self, input_shape):
        spatial = [
            None if size is None else size + sum(sides)
            for size, sides in zip(self._spatial(input_shape), self._sides, strict=True)
        ]
        return self._shape(input_shape[0], spatial, input_shape[self._channel_axis])


class ZeroPadding1D(_ZeroPadding):
    """Steps of zeros before and after; `padding` is one number or (before, after)."""

    rank = 1


class ZeroPadding2D(_ZeroPadding):
    """Rows and columns of zeros: one number, (rows, columns), or ((top, bottom), (left, right))."""

    rank = 2


class ZeroPadding3D(_ZeroPadding):
    """Zeros along depth, rows and columns: one number, or for each a number or (before, after)."""

    rank = 3


class _Cropping(Spatial):
    """Without the first and last positions of each spatial axis."""

    config_names: tuple[str, ...] = ("cropping", "data_format")

    def __init__(self, cropping: Any = 0, data_format: str | None = None, **options: Any) -> None:
        super().__init__(**options)
        self._set_format(data_format)
        sides = _sides(cropping, self.rank, "cropping", self.name)
        self._sides = sides
        self.cropping = sides[0] if self.rank == 1 else sides

    def build(self, input_shape):
        if len(input_shape) == self.rank + 2:  # what else is wrong is said after building
            self.compute_output_shape(input_shape)

    def call(self, inputs):
        sizes: Any = self._spatial(inputs.shape)
        spatial = [
            slice(before, size - after)
            for size, (before, after) in zip(sizes, self._sides, strict=True)
        ]
        whole = slice(None)
        return getitem(inputs, index=self._shape(whole, spatial, whole))

    def compute_output_shape(self, input_shape):
        spatial = self._spatial(input_shape)
        left = [
            None if size is None else size - sum(sides)
            for size, sides in zip(spatial, self._sides, strict=True)
        ]
        if any(size is not None and size <= 0 for size in left):
            raise ShapeError(
                f"layer {self.name!r}: nothing is left of an input of size {spatial} without "
                f"cropping={self.cropping}"
            )
        return self._shape(input_shape[0], left, input_shape[self._channel_axis])


class Cropping1D(_Cropping):
    """Without steps at both ends; `cropping` is one number or (before, after)."""

    rank = 1
    config_names = ("cropping",)

    def __init__(self, cropping: Any = (1, 1), **options: Any) -> None:
        super().__init__(cropping, **options)


class Cropping2D(_Cropping):
    """Without rows and columns at the sides, given as in ZeroPadding2D."""

    rank = 2


class Cropping3D(_Cropping):
    """Without slices, rows and columns at the sides, given as in ZeroPadding3D."""

    rank = 3

    def __init__(self, cropping: Any = 1, data_format: str | None = None, **options: Any) -> None:
        super().__init__(cropping, data_format, **options)
