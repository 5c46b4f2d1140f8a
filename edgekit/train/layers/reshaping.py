"""Layers that move values without changing them."""

from __future__ import annotations

import math
from typing import Any

from edgekit.errors import InputError, ShapeError, UnsupportedOperator
from edgekit.train.layers.geometry import channels_last, pair
from edgekit.train.layers.input_spec import InputSpec
from edgekit.train.layers.layer import Layer
from edgekit.train.ops import shape as ops

__all__ = ["Flatten", "Permute", "Reshape", "UpSampling2D", "ZeroPadding2D"]


class Flatten(Layer):
    """(batch, a, b, ...) to (batch, a * b * ...)."""

    config_names = ("data_format",)

    def __init__(self, data_format: str | None = None, **options: Any) -> None:
        super().__init__(**options)
        self.data_format = channels_last(data_format, self.name)
        self.input_spec = InputSpec(min_ndim=1)

    def call(self, inputs):
        return ops.flatten(inputs)

    def compute_output_shape(self, input_shape):
        sizes = input_shape[1:]
        return (input_shape[0], None if None in sizes else math.prod(sizes))


class Reshape(Layer):
    """The same values in `target_shape`, which is without the batch; one size may be -1."""

    config_names = ("target_shape",)

    def __init__(self, target_shape: Any, **options: Any) -> None:
        super().__init__(**options)
        self.target_shape = tuple(target_shape)
        if self.target_shape.count(-1) > 1:
            raise InputError(
                f"layer {self.name!r}: only one size may be -1. "
                f"Received: target_shape={self.target_shape}"
            )

    def call(self, inputs):
        return ops.reshape(inputs, shape=(inputs.shape[0], *self._target(inputs.shape)))

    def compute_output_shape(self, input_shape):
        if None in input_shape[1:]:
            return (input_shape[0], *(None if n == -1 else n for n in self.target_shape))
        return (input_shape[0], *self._target(input_shape))

    def _target(self, input_shape: Any) -> tuple[int, ...]:
        """The target without -1; raises ShapeError where the numbers of values differ."""
        count = math.prod(input_shape[1:])
        known = math.prod(n for n in self.target_shape if n != -1)
        target = tuple(count // max(known, 1) if n == -1 else n for n in self.target_shape)
        if math.prod(target) != count:
            raise ShapeError(
                f"layer {self.name!r}: {count} values per sample cannot take the shape "
                f"{self.target_shape}. Received: input_shape={tuple(input_shape)}"
            )
        return target


class Permute(Layer):
    """The axes in another order; `dims` counts from 1, without the batch."""

    config_names = ("dims",)

    def __init__(self, dims: Any, **options: Any) -> None:
        super().__init__(**options)
        self.dims = tuple(dims)
        if sorted(self.dims) != list(range(1, len(self.dims) + 1)):
            raise InputError(
                f"layer {self.name!r}: `dims` must hold 1 to {len(self.dims)} once each. "
                f"Received: dims={self.dims}"
            )
        self.input_spec = InputSpec(ndim=len(self.dims) + 1)

    def call(self, inputs):
        return ops.transpose(inputs, axes=(0, *self.dims))

    def compute_output_shape(self, input_shape):
        return (input_shape[0], *(input_shape[axis] for axis in self.dims))


class ZeroPadding2D(Layer):
    """Rows and columns of zeros: one number, (rows, columns), or ((top, bottom), (left, right))."""

    config_names = ("padding", "data_format")

    def __init__(
        self, padding: Any = (1, 1), data_format: str | None = None, **options: Any
    ) -> None:
        super().__init__(**options)
        self.data_format = channels_last(data_format, self.name)
        rows, columns = (padding, padding) if isinstance(padding, int) else tuple(padding)
        self.padding = tuple(
            pair(sides, "padding", self.name, least=0) for sides in (rows, columns)
        )
        self.input_spec = InputSpec(ndim=4)

    def call(self, inputs):
        return ops.pad(inputs, paddings=((0, 0), *self.padding, (0, 0)))

    def compute_output_shape(self, input_shape):
        rows, columns = (
            None if size is None else size + sum(sides)
            for size, sides in zip(input_shape[1:3], self.padding, strict=True)
        )
        return (input_shape[0], rows, columns, input_shape[3])


class UpSampling2D(Layer):
    """Every row and column repeated `size` times."""

    config_names = ("size", "data_format", "interpolation")

    def __init__(
        self,
        size: Any = (2, 2),
        data_format: str | None = None,
        interpolation: str = "nearest",
        **options: Any,
    ) -> None:
        super().__init__(**options)
        self.size = pair(size, "size", self.name)
        self.data_format = channels_last(data_format, self.name)
        if interpolation != "nearest":
            raise UnsupportedOperator(
                f"layer {self.name!r}: interpolation={interpolation!r} is not supported; "
                "use 'nearest'"
            )
        self.interpolation = interpolation
        self.input_spec = InputSpec(ndim=4)

    def call(self, inputs):
        return ops.resize_nearest(inputs, size=self.size)

    def compute_output_shape(self, input_shape):
        rows, columns = (
            None if size is None else size * factor
            for size, factor in zip(input_shape[1:3], self.size, strict=True)
        )
        return (input_shape[0], rows, columns, input_shape[3])
