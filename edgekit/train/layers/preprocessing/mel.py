"""Sound as pictures on the mel scale, on which frequencies are as dense as ears tell them apart."""

from __future__ import annotations

import functools
import math as numbers
from typing import Any

import numpy as np

from edgekit.errors import InputError, ShapeError, lookup
from edgekit.train.backend import constant
from edgekit.train.layers.layer import Layer
from edgekit.train.layers.spatial import on_images
from edgekit.train.ops import math
from edgekit.train.ops.conv import conv2d
from edgekit.train.ops.shape import transpose

__all__ = ["MelSpectrogram"]


@functools.lru_cache(maxsize=32)
def _mirrored(size: int, frame: int, window: int) -> np.ndarray:
    """Which samples stand where in a signal of `size`, mirrored at its ends by half a frame; those
    that no window reaches, as it is shorter than a frame, are left out.
    """
    places = np.pad(np.arange(size), frame // 2, mode="reflect")
    before = (frame - window) // 2
    return places[before : len(places) - (frame - window - before)]


class MelSpectrogram(Layer):
    """A signal (time,) or (batch, time) as (..., num_mel_bins, frames): the power of frequencies as
    dense as ears tell them apart, in decibels.

    Frames of `sequence_length` samples, each times a window, begin every `sequence_stride` samples;
    they lie around their beginning, and the signal is mirrored at its ends. top_db: what is that
    much below the largest value of the whole batch is raised to it; float("inf") leaves all as it
    is, and only so can a model with this layer become a graph.
    """

    config_names = (
        "fft_length", "sequence_stride", "sequence_length", "window", "sampling_rate",
        "num_mel_bins", "min_freq", "max_freq", "power_to_db", "top_db", "mag_exp", "min_power",
        "ref_power",
    )  # fmt: skip

    def __init__(
        self,
        fft_length: int = 2048,
        sequence_stride: int = 512,
        sequence_length: int | None = None,
        window: Any = "hann",
        sampling_rate: int = 16000,
        num_mel_bins: int = 128,
        min_freq: float = 20.0,
        max_freq: float | None = None,
        power_to_db: bool = True,
        top_db: float = 80.0,
        mag_exp: float = 2.0,
        min_power: float = 1e-10,
        ref_power: float = 1.0,
        **options: Any,
    ) -> None:
        super().__init__(**options)
        self.fft_length, self.sequence_stride = fft_length, sequence_stride
        self.sequence_length = sequence_length or fft_length
        if self.fft_length < self.sequence_length:
            raise InputError(
                f"layer {self.name!r}: fft_length must be at least sequence_length. Received: "
                f"fft_length={fft_length}, sequence_length={sequence_length}"
            )
        if isinstance(window, str):
            lookup(dict.fromkeys(("hann", "hamming")), window, f"layer {self.name!r}: window")
        self.window, self.sampling_rate, self.num_mel_bins = window, sampling_rate, num_mel_bins
        self.min_freq, self.max_freq = min_freq, max_freq or int(sampling_rate / 2)
        self.power_to_db, self.top_db, self.mag_exp = power_to_db, top_db, mag_exp
        self.min_power, self.ref_power = min_power, ref_power

    def call(self, inputs):
        single = len(inputs.shape) == 1
        x = inputs.reshape(1, -1) if single else inputs
        y = math.matmul(self._spectrum(x), constant(self._mel_weights, x))
        y = transpose(self._decibels(y) if self.power_to_db else y, axes=(0, 2, 1))
        return y.reshape(*y.shape[1:]) if single else y

    def _spectrum(self, x: Any) -> Any:
        """|Fourier's transform|^mag_exp of the frames, (batch, frames, frequencies)."""
        padding, size = self.fft_length // 2, x.shape[1]
        if len(x.shape) != 2 or size <= padding:
            raise ShapeError(
                f"layer {self.name!r}: expected signals (batch, time) of more than fft_length / 2 "
                f"= {padding} samples. Received: shape {tuple(x.shape)}"
            )
        x = x[:, constant(_mirrored(size, self.fft_length, self.sequence_length), x)]
        window = {"strides": (self.sequence_stride,), "padding": "valid", "dilations": (1,)}
        parts = on_images(conv2d, x.reshape(*x.shape, 1), constant(self._waves, x), None, **window)
        count = parts.shape[2] // 2
        power = math.square(parts[:, :, :count]) + math.square(parts[:, :, count:])
        if self.mag_exp == 2.0:
            return power
        return math.sqrt(power) if self.mag_exp == 1.0 else math.power(power, self.mag_exp / 2)

    @functools.cached_property
    def _waves(self) -> np.ndarray:
        """Cosines and sines of all frequencies times the window, (samples, 1, 2 * frequencies)."""
        length = self.sequence_length
        turn = 2 * np.pi * np.arange(length) / length
        window = self.window
        if window is None or isinstance(window, str):
            shares = {"hann": (0.5, 0.5), "hamming": (0.54, 0.46), None: (1.0, 0.0)}[window]
            window = shares[0] - shares[1] * np.cos(turn)
        elif np.shape(window) != (length,):
            raise InputError(
                f"layer {self.name!r}: the window must have the shape ({length},). Received: "
                f"{np.shape(window)}"
            )
        places = np.arange(length)[:, None] * np.arange(self.fft_length // 2 + 1)
        angles = (places % self.fft_length) * (2 * np.pi / self.fft_length)
        waves = np.concatenate([np.cos(angles), -np.sin(angles)], axis=1)
        return (waves * np.asarray(window)[:, None])[:, None].astype(np.float32)

    @functools.cached_property
    def _mel_weights(self) -> np.ndarray:
        return self.linear_to_mel_weight_matrix(
            self.num_mel_bins, self.fft_length // 2 + 1, self.sampling_rate, self.min_freq,
            self.max_freq,
        )  # fmt: skip

    def linear_to_mel_weight_matrix(
        self,
        num_mel_bins: int = 20,
        num_spectrogram_bins: int = 129,
        sampling_rate: int = 8000,
        lower_edge_hertz: float = 125.0,
        upper_edge_hertz: float = 3800.0,
        dtype: Any = "float32",
    ) -> np.ndarray:
        """(num_spectrogram_bins, num_mel_bins): triangles of height 1 on the mel scale.

        mel(f) = 1127 ln(1 + f / 700); the lowest frequency, 0, has no weight. Source: the HTK book.
        """

        def mel(hertz: Any) -> Any:
            return 1127.0 * np.log1p(np.asarray(hertz, np.float64) / 700.0)

        bins = mel(np.linspace(0, sampling_rate / 2, num_spectrogram_bins))[:, None]
        edges = np.linspace(mel(lower_edge_hertz), mel(upper_edge_hertz), num_mel_bins + 2)
        low, middle, high = edges[:-2], edges[1:-1], edges[2:]
        weights = np.minimum((bins - low) / (middle - low), (high - bins) / (high - middle))
        weights = np.maximum(weights, 0)
        weights[0] = 0
        return weights.astype(dtype)

    def _decibels(self, power: Any) -> Any:
        reference = 10 * numbers.log10(max(abs(self.ref_power), self.min_power))
        level = math.log(math.maximum(power, self.min_power)) * (10 / numbers.log(10)) - reference
        if numbers.isinf(self.top_db):
            return level
        return math.maximum(level, math.max(level) - self.top_db)

    def compute_output_shape(self, input_shape):
        *batch, time = input_shape
        frames = None if time is None else 1 + self._frames_after_first(time)
        return (*batch, self.num_mel_bins, frames)

    def _frames_after_first(self, time: int) -> int:
        return (time + 2 * (self.fft_length // 2) - self.fft_length) // self.sequence_stride
