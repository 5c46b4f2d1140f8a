"""Structures of shapes: a model's inputs and outputs before there are any."""

from __future__ import annotations

from typing import Any

import numpy as np

from edgekit.train.tensor import wrap

__all__ = ["map_shapes_like", "zeros_of"]


def zeros_of(shape: Any) -> Any:
    """Tensors of zeros, with 1 where a size is not known."""
    if isinstance(shape, dict):
        return {key: zeros_of(value) for key, value in shape.items()}
    if shape and isinstance(shape[0], list | tuple):
        return [zeros_of(one) for one in shape]
    return wrap(np.zeros([1 if size is None else size for size in shape], np.float32))


def map_shapes_like(structure: Any, shapes: Any, function: Any) -> Any:
    """Apply to each shape in `shapes`, which are arranged as the leaves of `structure`."""
    if isinstance(structure, dict):
        made = {
            key: map_shapes_like(structure[key], shapes[key], function) for key in sorted(structure)
        }
        return {key: made[key] for key in structure}
    if isinstance(structure, list | tuple):
        return [
            map_shapes_like(one, shape, function)
            for one, shape in zip(structure, shapes, strict=True)
        ]
    return function(shapes)
