"""What layers over 1, 2 or 3 spatial axes share: the rank, and where the channels are.

Everything is computed with the channels last. A layer with data_format="channels_first" moves them
there on the way in and back on the way out. One spatial axis is computed as an image of height 1.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from edgekit.errors import ShapeError
from edgekit.train.layers.geometry import data_format_of
from edgekit.train.layers.input_spec import InputSpec
from edgekit.train.layers.layer import Layer
from edgekit.train.ops.shape import reshape, transpose

__all__ = ["Spatial", "on_images"]


class Spatial(Layer):
    """A layer over inputs (batch, `rank` spatial axes, channels), or with the channels first."""

    rank: int
    data_format: str

    def _set_format(self, data_format: str | None) -> None:
        self.data_format = data_format_of(data_format, self.name)
        self.input_spec = InputSpec(ndim=self.rank + 2)

    @property
    def _channel_axis(self) -> int:
        return 1 if self.data_format == "channels_first" else -1

    def _channels(self, input_shape: Any) -> int:
        """The number of channels, from now on the only one that the layer takes."""
        channels = input_shape[self._channel_axis]
        if channels is None:
            raise ShapeError(
                f"layer {self.name!r}: the number of channels must be known. "
                f"Received: input_shape={input_shape}"
            )
        self.input_spec = InputSpec(ndim=self.rank + 2, axes={self._channel_axis: channels})
        return channels

    def _spatial(self, input_shape: Any) -> tuple[int | None, ...]:
        """The spatial sizes in an input's shape."""
        first = 2 if self.data_format == "channels_first" else 1
        return tuple(input_shape[first : first + self.rank])

    def _shape(self, batch: Any, spatial: Sequence[Any], channels: Any) -> tuple[Any, ...]:
        """A shape in the layer's data format."""
        if self.data_format == "channels_first":
            return (batch, channels, *spatial)
        return (batch, *spatial, channels)

    def _with_channels_last(self, function: Callable[[Any], Any], inputs: Any) -> Any:
        """`function` of the inputs with the channels last, in the layer's data format again."""
        if self.data_format == "channels_last":
            return function(inputs)
        y = function(transpose(inputs, axes=(0, *range(2, self.rank + 2), 1)))
        if len(y.shape) != self.rank + 2:
            return y
        return transpose(y, axes=(0, self.rank + 1, *range(1, self.rank + 1)))


def on_images(primitive: Callable[..., Any], x: Any, kernel: Any, bias: Any, **window: Any) -> Any:
    """A primitive over images, also of (batch, length, channels) with a kernel (length, ...).

    `window` holds pairs, or single numbers in a tuple, and the padding: a word or, for a single
    axis, (before, after).
    """
    if len(x.shape) == 4:
        return primitive(x, kernel, bias, **window)
    lifted: dict[str, Any] = {
        name: (1, *value) if isinstance(value, tuple) else value for name, value in window.items()
    }
    if isinstance(window.get("padding"), tuple):
        before, after = window["padding"]
        lifted["padding"] = (0, before, 0, after)
    y = primitive(
        reshape(x, shape=(x.shape[0], 1, *x.shape[1:])),
        reshape(kernel, shape=(1, *kernel.shape)),
        bias,
        **lifted,
    )
    return reshape(y, shape=(y.shape[0], *y.shape[2:]))
