"""The door of functions of pictures: alone or in batches, with the channels last or first."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from edgekit.errors import InputError
from edgekit.keras.ops.casting import saturate_cast
from edgekit.keras.ops.shapes import moveaxis
from edgekit.keras.ops.tensors import as_tensor, dtype_of, floating
from edgekit.train.ops import elementwise

__all__ = ["as_integers", "channels_first", "of_pictures", "whole_or_pair"]


def channels_first(data_format: Any) -> bool:
    """Whether the channels stand first. Raises InputError for what is no data format."""
    if data_format not in (None, "channels_last", "channels_first"):
        raise InputError(
            f"data_format must be 'channels_last' or 'channels_first'. Received: {data_format!r}"
        )
    return data_format == "channels_first"


def of_pictures(
    function: Callable[[Any], Any],
    images: Any,
    data_format: Any = None,
    rank: int = 2,
    integers: str = "computed",
) -> Any:
    """`function` of a batch with the channels last, its result as the pictures were given.

    images: (h, w, c) or (n, h, w, c), or with the channels first; volumes with rank 3. What becomes
    of pictures of integers: "computed" as real numbers, "rounded" or "cut" to integers again, or
    "moved" as they are.
    """
    images, first = as_tensor(images), channels_first(data_format)
    axes, dtype = len(images.shape), dtype_of(images)
    if axes not in (rank + 1, rank + 2):
        raise InputError(f"expected inputs of {rank + 1} or {rank + 2} axes. Received: shape "
                         f"{images.shape}")  # fmt: skip
    alone = axes == rank + 1
    images = images if integers == "moved" else floating(images)
    images = images[None] if alone else images
    made = function(moveaxis(images, 1, -1) if first else images)
    made = moveaxis(made, -1, 1) if first else made
    made = made[0] if alone else made
    return as_integers(made, dtype, integers) if integers in ("rounded", "cut") else made


def as_integers(x: Any, dtype: Any, how: str = "rounded") -> Any:
    """Numbers computed of integers, "rounded" or "cut" to their dtype; real ones stay."""
    if dtype.kind not in "iu":
        return x
    return saturate_cast(elementwise.round(x) if how == "rounded" else x, dtype)


def whole_or_pair(value: Any, rank: int = 2) -> tuple[int, ...]:
    """One number for each of `rank` axes."""
    return (value,) * rank if isinstance(value, int) else tuple(int(n) for n in value)
