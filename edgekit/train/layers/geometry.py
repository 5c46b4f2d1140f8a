"""Sizes along the spatial axes of a layer's inputs, and the words that steer them."""

from __future__ import annotations

from typing import Any

from edgekit.errors import InputError, ShapeError, UnsupportedOperator

__all__ = ["channels_last", "data_format_of", "output_size", "padding_word", "sizes"]

_NUMBERS = {1: "one integer", 2: "two integers", 3: "three integers"}


def sizes(value: Any, rank: int, name: str, layer: str, least: int = 1) -> tuple[int, ...]:
    """`value`, an integer or `rank` of them, as `rank` integers of at least `least`."""
    given = (value,) * rank if isinstance(value, int) else tuple(value)
    if len(given) != rank or any(not isinstance(n, int) or n < least for n in given):
        raise InputError(
            f"layer {layer!r}: `{name}` must be an integer or {_NUMBERS[rank]} of at least "
            f"{least}. Received: {name}={value!r}"
        )
    return given


def padding_word(padding: str, layer: str, also: tuple[str, ...] = ()) -> str:
    """`padding` in lower case, if it is 'same', 'valid' or one of `also`."""
    lowered = str(padding).lower()
    if lowered not in ("same", "valid", *also):
        words = " or ".join(repr(word) for word in ("same", "valid", *also))
        raise InputError(
            f"layer {layer!r}: `padding` must be {words}. Received: padding={padding!r}"
        )
    return lowered


def data_format_of(data_format: str | None, layer: str) -> str:
    """'channels_last' (for None too) or 'channels_first'; raises InputError for another word."""
    if data_format in (None, "channels_last"):
        return "channels_last"
    if data_format == "channels_first":
        return "channels_first"
    raise InputError(
        f"layer {layer!r}: `data_format` must be 'channels_last' or 'channels_first'. "
        f"Received: data_format={data_format!r}"
    )


def output_size(
    size: int | None, kernel: int, stride: int, padding: str, dilation: int, layer: str
) -> int | None:
    """The output positions along one axis; None where the input's size is unknown."""
    if size is None:
        return None
    if padding in ("same", "causal"):
        return -(-size // stride)
    reach = (kernel - 1) * dilation + 1
    if reach > size:
        raise ShapeError(
            f"layer {layer!r}: a window of {reach} does not fit into an input of size {size} with "
            "padding='valid'; use padding='same' or a smaller window"
        )
    return (size - reach) // stride + 1


def channels_last(data_format: str | None, layer: str) -> str:
    """The only data format of a layer; raises UnsupportedOperator for another."""
    if data_format in (None, "channels_last"):
        return "channels_last"
    raise UnsupportedOperator(
        f"layer {layer!r}: data_format={data_format!r} is not supported; put the channels last: "
        "(batch, height, width, channels)"
    )
