"""Layers of several inputs."""

from __future__ import annotations

from functools import reduce
from typing import Any

from edgekit.errors import ShapeError
from edgekit.train.layers.layer import Layer
from edgekit.train.ops import math, shape

__all__ = ["Add", "Average", "Concatenate", "Maximum", "Minimum", "Multiply", "Subtract"]


class _Merge(Layer):
    """Elementwise over a list of inputs whose shapes broadcast."""

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
        return self.merge(list(inputs))

    def compute_output_shape(self, input_shape):
        ndim = max(len(s) for s in input_shape)
        padded = [(1,) * (ndim - len(s)) + tuple(s) for s in input_shape]
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
    """The product of the inputs."""

    def merge(self, inputs):
        return reduce(math.multiply, inputs)


class Average(_Merge):
    """The mean of the inputs."""

    def merge(self, inputs):
        return reduce(math.add, inputs) * (1.0 / len(inputs))


class Maximum(_Merge):
    """The largest of the inputs, elementwise."""

    def merge(self, inputs):
        return reduce(math.maximum, inputs)


class Minimum(_Merge):
    """The smallest of the inputs, elementwise."""

    def merge(self, inputs):
        return reduce(math.minimum, inputs)


class Concatenate(_Merge):
    """The inputs one after the other along `axis`."""

    config_names = ("axis",)

    def __init__(self, axis: int = -1, **options: Any) -> None:
        super().__init__(**options)
        self.axis = axis

    def merge(self, inputs):
        return shape.concat(inputs, axis=self.axis)

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
