"""Sound as pictures: which frequencies it has at which time."""

from __future__ import annotations

import functools
import math as numbers
from typing import Any

import numpy as np

from edgekit.errors import InputError, lookup
from edgekit.train.backend import constant
from edgekit.train.initializers import STFT
from edgekit.train.layers.geometry import data_format_of, output_size, padding_word
from edgekit.train.layers.input_spec import InputSpec
from edgekit.train.layers.layer import Layer
from edgekit.train.layers.spatial import on_images
from edgekit.train.ops import math, special
from edgekit.train.ops.conv import conv2d
from edgekit.train.ops.shape import concat, transpose

__all__ = ["STFTSpectrogram"]

_MODES = ("log", "magnitude", "psd", "real", "imag", "angle", "stft")
_LEAST = 1e-7  # of magnitudes and powers, before roots and logarithms


@functools.lru_cache(maxsize=32)
def _sides(frequencies: int) -> np.ndarray:
    """How often each frequency is in the whole spectrum: the first and the last are there once."""
    return np.array([1, *[2] * (frequencies - 2), 1], np.float32)[:frequencies]


class STFTSpectrogram(Layer):
    """Fourier's transform of frames of a signal (batch, time, channels), by convolution.

    The kernels, cosines and sines times a window, are weights and may train. mode: "log" or
    "magnitude" (of the absolute value), "psd" (power, both sides of the spectrum), "real", "imag",
    "angle", or "stft" (real parts, then imaginary ones). With expand_dims the result is a picture,
    (batch, time, frequencies, channels) instead of (batch, time, channels * frequencies).
    """

    config_names = (
        "mode", "frame_length", "frame_step", "fft_length", "window", "periodic", "scaling",
        "padding", "data_format", "expand_dims",
    )  # fmt: skip

    def __init__(
        self,
        mode: str = "log",
        frame_length: int = 256,
        frame_step: int | None = None,
        fft_length: int | None = None,
        window: Any = "hann",
        periodic: bool = False,
        scaling: str | None = "density",
        padding: str = "valid",
        expand_dims: bool = False,
        data_format: str | None = None,
        **options: Any,
    ) -> None:
        super().__init__(**options)
        lookup(dict.fromkeys(_MODES), mode, f"layer {self.name!r}: mode", InputError)
        if frame_step is not None and not 1 <= frame_step <= frame_length:
            raise InputError(
                f"layer {self.name!r}: frame_step must be from 1 to frame_length={frame_length}. "
                f"Received: frame_step={frame_step}"
            )
        if fft_length is not None and fft_length < frame_length:
            raise InputError(
                f"layer {self.name!r}: fft_length must be at least frame_length={frame_length}. "
                f"Received: fft_length={fft_length}"
            )
        self.mode, self.window, self.periodic, self.scaling = mode, window, periodic, scaling
        self.frame_length, self.frame_step, self.fft_length = frame_length, frame_step, fft_length
        self.padding = padding_word(padding, self.name)
        self.expand_dims = expand_dims
        self.data_format = data_format_of(data_format, self.name)
        self.input_spec = InputSpec(ndim=3)
        self._step = frame_step or frame_length // 2
        length = fft_length or 2 ** numbers.ceil(numbers.log2(frame_length))
        self._frequencies = length // 2 + 1
        for side in self._parts():
            STFT(side, window, scaling, periodic)  # which says what is wrong with its arguments

    def _parts(self) -> list[str]:
        return [self.mode] if self.mode in ("real", "imag") else ["real", "imag"]

    def build(self, input_shape):
        shape = (self.frame_length, 1, self._frequencies)
        for side in self._parts():
            made = STFT(side, self.window, self.scaling, self.periodic)
            setattr(self, f"{side}_kernel", self.add_weight(shape, made, name=f"{side}_kernel"))

    def call(self, inputs):
        if self.data_format == "channels_first":
            inputs = transpose(inputs, axes=(0, 2, 1))
        channels = [self._of_one(inputs[:, :, c : c + 1]) for c in range(inputs.shape[2])]
        if not self.expand_dims:
            y = channels[0] if len(channels) == 1 else concat(channels, axis=2)
            return transpose(y, axes=(0, 2, 1)) if self.data_format == "channels_first" else y
        maps = [y.reshape(*y.shape, 1) for y in channels]
        y = maps[0] if len(maps) == 1 else concat(maps, axis=3)
        return transpose(y, axes=(0, 3, 1, 2)) if self.data_format == "channels_first" else y

    def _of_one(self, x: Any) -> Any:
        """(batch, time, 1) as (batch, frames, frequencies)."""
        window = {"strides": (self._step,), "padding": self.padding, "dilations": (1,)}
        parts = [
            on_images(conv2d, x, getattr(self, f"{side}_kernel"), None, **window)
            for side in self._parts()
        ]
        if len(parts) == 1:
            return parts[0]
        real, imaginary = parts
        if self.mode == "stft":
            return concat(parts, axis=2)
        if self.mode == "angle":
            return special.arctan2(imaginary, real)
        power = math.square(real) + math.square(imaginary)
        if self.mode == "psd":
            return power * constant(_sides(self._frequencies), power)
        magnitude = math.sqrt(math.maximum(power, _LEAST))
        return magnitude if self.mode == "magnitude" else math.log(math.maximum(magnitude, _LEAST))

    def compute_output_shape(self, input_shape):
        last = self.data_format == "channels_last"
        batch, time, channels = input_shape if last else (input_shape[i] for i in (0, 2, 1))
        frames = output_size(time, self.frame_length, self._step, self.padding, 1, self.name)
        count = self._frequencies * (2 if self.mode == "stft" else 1)
        if self.expand_dims:
            return (batch, frames, count, channels) if last else (batch, channels, frames, count)
        return (batch, frames, channels * count) if last else (batch, channels * count, frames)
