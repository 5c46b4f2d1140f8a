"""Products of two tensors, sample by sample."""

from __future__ import annotations

import math as numbers
from typing import Any

from edgekit.errors import InputError, ShapeError
from edgekit.train.layers.layer import Layer
from edgekit.train.ops.math import matmul
from edgekit.train.ops.normalization import unit_norm
from edgekit.train.ops.shape import reshape, transpose

__all__ = ["Dot", "dot"]


class Dot(Layer):
    """For each sample the sum of products along one axis of each of two inputs.

    The other axes of the first input come first, then those of the second: axes=(1, 2) of (batch,
    a, b) and (batch, c, a) gives (batch, b, c). With `normalize` vectors are brought to length 1
    first, which makes products of two vectors their cosine.
    """

    config_names = ("axes", "normalize")
    supports_masking = True

    def __init__(self, axes: Any, normalize: bool = False, **options: Any) -> None:
        super().__init__(**options)
        given = [axes] if isinstance(axes, int) else list(axes)
        if len(given) not in (1, 2) or any(not isinstance(a, int) or a == 0 for a in given):
            raise InputError(
                f"layer {self.name!r}: axes must be an integer, or one for each of two inputs, and "
                f"not the batch axis 0. Received: axes={axes!r}"
            )
        self.axes = axes
        self.normalize = normalize

    def build(self, input_shape):
        self.compute_output_shape(input_shape)

    def _axes(self, shapes: Any) -> tuple[int, int]:
        """The axis of each input, counted from the batch."""
        if not isinstance(shapes, list | tuple) or len(shapes) != 2:
            raise ShapeError(
                f"layer {self.name!r}: Dot takes a list of exactly 2 inputs. Received: {shapes}"
            )
        pair = (self.axes, self.axes) if isinstance(self.axes, int) else tuple(self.axes)
        ranks = [len(shape) for shape in shapes]
        if any(not -rank < axis < rank for axis, rank in zip(pair, ranks, strict=True)):
            raise ShapeError(
                f"layer {self.name!r}: axes={self.axes} are not all there in inputs of shapes "
                f"{[tuple(shape) for shape in shapes]}"
            )
        return pair[0] % ranks[0], pair[1] % ranks[1]

    def call(self, inputs):
        x, y = inputs
        first, second = self._axes([x.shape, y.shape])
        if self.normalize:
            x, y = unit_norm(x, axis=first), unit_norm(y, axis=second)
        rows, columns = _others(x.shape, first), _others(y.shape, second)
        x = _moved(x, (0, *(i for i in range(1, len(x.shape)) if i != first), first))
        y = _moved(y, (0, second, *(i for i in range(1, len(y.shape)) if i != second)))
        x = reshape(x, shape=(x.shape[0], numbers.prod(rows), x.shape[-1]))
        y = reshape(y, shape=(y.shape[0], y.shape[1], numbers.prod(columns)))
        z = matmul(x, y)
        return reshape(z, shape=(z.shape[0], *((*rows, *columns) or (1,))))

    def compute_output_shape(self, input_shape):
        first, second = self._axes(input_shape)
        one, two = input_shape
        if None not in (one[first], two[second]) and one[first] != two[second]:
            raise ShapeError(
                f"layer {self.name!r}: the axes {self.axes} have different sizes in inputs of "
                f"shapes {tuple(one)} and {tuple(two)}"
            )
        return (one[0], *((*_others(one, first), *_others(two, second)) or (1,)))

    def compute_mask(self, inputs, mask=None):
        return None


def _others(shape: Any, axis: int) -> tuple[int, ...]:
    """The sizes but those of the batch and of `axis`."""
    return tuple(n for i, n in enumerate(shape) if i not in (0, axis))


def _moved(x: Any, axes: tuple[int, ...]) -> Any:
    return x if axes == tuple(range(len(axes))) else transpose(x, axes=axes)


def dot(inputs: Any, axes: Any = -1, **options: Any) -> Any:
    """`Dot(axes, **options)(inputs)`."""
    return Dot(axes=axes, **options)(inputs)
