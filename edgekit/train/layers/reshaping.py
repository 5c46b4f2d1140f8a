"""Layers that move values without changing them."""

from __future__ import annotations

import math
from typing import Any

from edgekit.errors import InputError, ShapeError
from edgekit.train.layers.geometry import data_format_of
from edgekit.train.layers.input_spec import InputSpec
from edgekit.train.layers.layer import Layer
from edgekit.train.ops import shape as ops
from edgekit.train.ops.reductions import broadcast_to

__all__ = ["Flatten", "Permute", "RepeatVector", "Reshape"]


class Flatten(Layer):
    """(batch, a, b, ...) to (batch, a * b * ...), in the order of channels last."""

    config_names = ("data_format",)

    def __init__(self, data_format: str | None = None, **options: Any) -> None:
        super().__init__(**options)
        self.data_format = data_format_of(data_format, self.name)
        self.input_spec = InputSpec(min_ndim=1)

    def call(self, inputs):
        rank = len(inputs.shape)
        if self.data_format == "channels_first" and rank > 2:
            inputs = ops.transpose(inputs, axes=(0, *range(2, rank), 1))
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


class RepeatVector(Layer):
    """(batch, features) to (batch, n, features)."""

    config_names = ("n",)

    def __init__(self, n: int, **options: Any) -> None:
        super().__init__(**options)
        if not isinstance(n, int) or n < 1:
            raise InputError(
                f"layer {self.name!r}: n must be an integer of at least 1. Received: n={n!r}"
            )
        self.n = n
        self.input_spec = InputSpec(ndim=2)

    def call(self, inputs):
        batch, features = inputs.shape
        row = ops.reshape(inputs, shape=(batch, 1, features))
        return broadcast_to(row, shape=(batch, self.n, features))

    def compute_output_shape(self, input_shape):
        return (input_shape[0], self.n, input_shape[1])
