"""The door of functions of pictures: alone or in batches, with the channels last or first."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from edgekit.errors import InputError
from edgekit.keras.ops.shapes import moveaxis
from edgekit.keras.ops.tensors import floating

__all__ = ["channels_first", "of_pictures", "whole_or_pair"]


def channels_first(data_format: Any) -> bool:
    """Whether the channels stand first. Raises InputError for what is no data format."""
    if data_format not in (None, "channels_last", "channels_first"):
        raise InputError(
            f"data_format must be 'channels_last' or 'channels_first'. Received: {data_format!r}"
        )
    return data_format == "channels_first"


def of_pictures(
    function: Callable[[Any], Any], images: Any, data_format: Any = None, rank: int = 2
) -> Any:
    """`function` of a batch with the channels last, its result as the pictures were given.

    images: (h, w, c) or (n, h, w, c), or with the channels first; volumes with rank 3.
    """
    images, first = floating(images), channels_first(data_format)
    axes = len(images.shape)
    if axes not in (rank + 1, rank + 2):
        raise InputError(f"expected inputs of {rank + 1} or {rank + 2} axes. Received: shape "
                         f"{images.shape}")  # fmt: skip
    alone = axes == rank + 1
    images = images[None] if alone else images
    made = function(moveaxis(images, 1, -1) if first else images)
    made = moveaxis(made, -1, 1) if first else made
    return made[0] if alone else made


def whole_or_pair(value: Any, rank: int = 2) -> tuple[int, ...]:
    """One number for each of `rank` axes."""
    return (value,) * rank if isinstance(value, int) else tuple(int(n) for n in value)
