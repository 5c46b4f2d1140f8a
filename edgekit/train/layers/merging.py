"""Layers of several inputs."""

from __future__ import annotations

from functools import reduce
from typing import Any

import numpy as np

from edgekit.errors import ShapeError
from edgekit.train.backend import asarray, to_numpy
from edgekit.train.layers.layer import Layer
from edgekit.train.masks import mask_of
from edgekit.train.ops import math, shape
from edgekit.train.ops.comparisons import where
from edgekit.train.tensor import Tensor

__all__ = [
    "Add",
    "Average",
    "Concatenate",
    "Maximum",
    "Minimum",
    "Multiply",
    "Subtract",
    "add",
    "average",
    "concatenate",
    "maximum",
    "minimum",
    "multiply",
    "subtract",
]


class _Merge(Layer):
    """Elementwise over a list of inputs whose shapes broadcast.

    An input of fewer axes than another gets axes of size 1 behind the batch.
    """

    supports_masking = True

    def build(self, input_shape):
        if not isinstance(input_shape, list | tuple) or not isinstance(
            input_shape[0], list | tuple
        ):
            raise ShapeError(
                f"layer {self.name!r} merges a list of at least one input. "
                f"Received: input_shape={input_shape}"
            )
        self.compute_output_shape(input_shape)

    def merge(self, inputs: list[Any]) -> Any:
        raise NotImplementedError

    def call(self, inputs):
        rank = max(len(x.shape) for x in inputs)
        return self.merge([_of_rank(x, rank) for x in inputs])

    def compute_mask(self, inputs, mask=None):
        """Steps are there that are there in any of the inputs, if all of them have masks."""
        if mask is None or any(one is None for one in mask):
            return None
        return Tensor(reduce(np.logical_or, map(asarray, mask)))

    def compute_output_shape(self, input_shape):
        rank = max(len(s) for s in input_shape)
        padded = [(s[0], *(1,) * (rank - len(s)), *s[1:]) for s in input_shape]
        merged = []
        for sizes in zip(*padded, strict=True):
            known = {size for size in sizes if size not in (1, None)}
            if len(known) > 1:
                raise ShapeError(
                    f"layer {self.name!r}: inputs have shapes that do not broadcast. "
                    f"Received: {[tuple(s) for s in input_shape]}"
                )
            merged.append(known.pop() if known else (None if None in sizes else 1))
        return tuple(merged)


def _of_rank(x: Any, rank: int) -> Any:
    """`x` with axes of size 1 behind the batch."""
    missing = rank - len(x.shape)
    if not missing:
        return x
    return shape.reshape(x, shape=(x.shape[0], *(1,) * missing, *x.shape[1:]))


def _mask_like(x: Any) -> Any:
    """The mask of `x` as an array with axes of size 1 up to the rank of `x`, or None."""
    mask = mask_of(x)
    if mask is None:
        return None
    array = asarray(mask)
    return array.reshape(*array.shape, *(1,) * (len(x.shape) - array.ndim))


class Add(_Merge):
    """The sum of the inputs."""

    def merge(self, inputs):
        return reduce(math.add, inputs)


class Subtract(_Merge):
    """The first input minus the second."""

    def build(self, input_shape):
        super().build(input_shape)
        if len(input_shape) != 2:
            raise ShapeError(
                f"layer {self.name!r}: Subtract takes exactly 2 inputs. "
                f"Received: {len(input_shape)}"
            )

    def merge(self, inputs):
        return math.subtract(*inputs)


class Multiply(_Merge):
    """The product of the inputs; a step that a mask leaves out is no factor."""

    def merge(self, inputs):
        masks = [_mask_like(x) for x in inputs]
        if all(mask is None for mask in masks):
            return reduce(math.multiply, inputs)
        factors = [
            x if mask is None else where(mask, x, 1.0)
            for x, mask in zip(inputs, masks, strict=True)
        ]
        product = reduce(math.multiply, factors)
        if any(mask is None for mask in masks):
            return product
        return where(reduce(np.logical_or, masks), product, 0.0)


class Average(_Merge):
    """The mean of the inputs."""

    def merge(self, inputs):
        return reduce(math.add, inputs) * (1.0 / len(inputs))


def _of_those_there(function: Any, inputs: list[Any]) -> Any:
    """`function` from input to input, in which a step that a mask leaves out takes no part."""
    y, there = inputs[0], _mask_like(inputs[0])
    for x in inputs[1:]:
        mask = _mask_like(x)
        x = x if mask is None else where(mask, x, y)
        y = y if there is None else where(there, y, x)
        there = None if there is None or mask is None else there | mask
        y = function(y, x)
    return y


class Maximum(_Merge):
    """The largest of the inputs that masks leave, elementwise."""

    def merge(self, inputs):
        return _of_those_there(math.maximum, inputs)


class Minimum(_Merge):
    """The smallest of the inputs that masks leave, elementwise."""

    def merge(self, inputs):
        return _of_those_there(math.minimum, inputs)


class Concatenate(_Merge):
    """The inputs one after the other along `axis`."""

    config_names = ("axis",)

    def __init__(self, axis: int = -1, **options: Any) -> None:
        super().__init__(**options)
        self.axis = axis

    def merge(self, inputs):
        return shape.concat(inputs, axis=self.axis)

    def call(self, inputs):
        return self.merge(list(inputs))

    def compute_mask(self, inputs, mask=None):
        """The masks one after the other too; inputs without one are there as a whole."""
        if mask is None or all(one is None for one in mask):
            return None
        masks = []
        for x, one in zip(inputs, mask, strict=True):
            kept = np.ones((1,), bool) if one is None else to_numpy(one)
            kept = kept.reshape(*kept.shape, *(1,) * (len(x.shape) - kept.ndim))
            masks.append(np.broadcast_to(kept, x.shape))
        return Tensor(np.concatenate(masks, axis=self.axis).any(axis=-1))

    def compute_output_shape(self, input_shape):
        shapes = [tuple(s) for s in input_shape]
        ndim = len(shapes[0])
        axis = self.axis % ndim
        rest = {tuple(s[i] for i in range(len(s)) if i != axis) for s in shapes}
        if any(len(s) != ndim for s in shapes) or not _agree(rest):
            raise ShapeError(
                f"layer {self.name!r}: inputs must have the same shape except along axis "
                f"{self.axis}. Received: {shapes}"
            )
        sizes = [s[axis] for s in shapes]
        merged = list(shapes[0])
        merged[axis] = None if None in sizes else sum(sizes)
        return tuple(merged)


def _agree(shapes: set[tuple[int | None, ...]]) -> bool:
    """True if the shapes are equal wherever they are known."""
    return all(
        len({size for size in sizes if size is not None}) <= 1
        for sizes in zip(*shapes, strict=True)
    )


def add(inputs: Any, **options: Any) -> Any:
    """The sum of the inputs: `Add(**options)(inputs)`."""
    return Add(**options)(inputs)


def subtract(inputs: Any, **options: Any) -> Any:
    """The first of two inputs minus the second."""
    return Subtract(**options)(inputs)


def multiply(inputs: Any, **options: Any) -> Any:
    """The product of the inputs."""
    return Multiply(**options)(inputs)


def average(inputs: Any, **options: Any) -> Any:
    """The mean of the inputs."""
    return Average(**options)(inputs)


def maximum(inputs: Any, **options: Any) -> Any:
    """The largest of the inputs, elementwise."""
    return Maximum(**options)(inputs)


def minimum(inputs: Any, **options: Any) -> Any:
    """The smallest of the inputs, elementwise."""
    return Minimum(**options)(inputs)


def concatenate(inputs: Any, axis: int = -1, **options: Any) -> Any:
    """The inputs one after the other along `axis`."""
    return Concatenate(axis=axis, **options)(inputs)
