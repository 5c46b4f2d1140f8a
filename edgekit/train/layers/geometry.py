"""Sizes along the spatial axes of images (batch, height, width, channels)."""

from __future__ import annotations

from typing import Any

from edgekit.errors import InputError, ShapeError, UnsupportedOperator

__all__ = ["channels_last", "output_size", "pair", "same_or_valid"]


def pair(value: Any, name: str, layer: str, least: int = 1) -> tuple[int, int]:
    """`value`, an integer or two, as two integers."""
    sizes = (value, value) if isinstance(value, int) else tuple(value)
    if len(sizes) != 2 or any(not isinstance(n, int) or n < least for n in sizes):
        raise InputError(
            f"layer {layer!r}: `{name}` must be an integer or two integers of at least {least}. "
            f"Received: {name}={value!r}"
        )
    return sizes


def same_or_valid(padding: str, layer: str) -> str:
    """`padding` in lower case, if it is one of the two."""
    lowered = str(padding).lower()
    if lowered not in ("same", "valid"):
        raise InputError(
            f"layer {layer!r}: `padding` must be 'same' or 'valid'. Received: padding={padding!r}"
        )
    return lowered


def channels_last(data_format: str | None, layer: str) -> str:
    """The only data format; raises UnsupportedOperator for another."""
    if data_format in (None, "channels_last"):
        return "channels_last"
    raise UnsupportedOperator(
        f"layer {layer!r}: data_format={data_format!r} is not supported; put the channels last: "
        "(batch, height, width, channels)"
    )


def output_size(
    size: int | None, kernel: int, stride: int, padding: str, dilation: int, layer: str
) -> int | None:
    """The output positions along one axis; None where the input's size is unknown."""
    if size is None:
        return None
    if padding == "same":
        return -(-size // stride)
    reach = (kernel - 1) * dilation + 1
    if reach > size:
        raise ShapeError(
            f"layer {layer!r}: a window of {reach} does not fit into an input of size {size} with "
            "padding='valid'; use padding='same' or a smaller window"
        )
    return (size - reach) // stride + 1
