"""The base of initializers, and how the inputs and outputs of a weight are counted."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from edgekit.train.serialization import Serializable

__all__ = ["Initializer", "compute_fans"]


class Initializer(Serializable):
    """The base: `initializer(shape, dtype)` gives an array."""

    keras_module = "keras.initializers"

    def __call__(self, shape: tuple[int, ...], dtype: Any = "float32") -> np.ndarray:
        raise NotImplementedError(f"{type(self).__name__} has no __call__(shape, dtype)")

    def clone(self) -> Any:
        """Another initializer with the same arguments."""
        return type(self).from_config(self.get_config())


def compute_fans(
    shape: Sequence[int],
    input_axes: Sequence[int] | None = None,
    output_axes: Sequence[int] | None = None,
) -> tuple[float, float]:
    """Inputs and outputs per unit of a weight (spatial..., in, out), counted as Keras counts.

    With `input_axes` and `output_axes` the lengths of these axes are multiplied instead.
    """
    if input_axes is not None and output_axes is not None:
        fans = [math.prod(shape[axis] for axis in axes) for axes in (input_axes, output_axes)]
        return float(fans[0]), float(fans[1])
    if len(shape) < 2:
        n = float(shape[0]) if shape else 1.0
        return n, n
    field = math.prod(shape[:-2])
    return float(field * shape[-2]), float(field * shape[-1])
