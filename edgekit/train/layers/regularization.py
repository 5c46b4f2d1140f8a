"""Layers that act in training only."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from edgekit.errors import InputError
from edgekit.train import regularizers
from edgekit.train.layers.geometry import data_format_of
from edgekit.train.layers.input_spec import InputSpec
from edgekit.train.layers.layer import Layer
from edgekit.train.ops.random import dropout, kept_mask, normal_like
from edgekit.train.random import generator

__all__ = [
    "ActivityRegularization",
    "AlphaDropout",
    "Dropout",
    "GaussianDropout",
    "GaussianNoise",
    "SpatialDropout1D",
    "SpatialDropout2D",
    "SpatialDropout3D",
]


class _Noise(Layer):
    """Random numbers in training, its input unchanged in inference."""

    supports_masking = True

    def __init__(self, seed: int | None, **options: Any) -> None:
        super().__init__(**options)
        self.seed = seed
        self.generator = generator(seed)
        self.built = True

    def _checked(self, name: str, value: Any, most: float = math.inf) -> Any:
        """`value`, a number from 0 to `most`."""
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= most:
            bounds = f"from 0 to {most:g}" if most < math.inf else "of at least 0"
            raise InputError(
                f"layer {self.name!r}: {name} must be a number {bounds}. Received: {name}={value!r}"
            )
        return value

    def compute_output_shape(self, input_shape):
        return input_shape


def _noise_shape(given: Any, x: Any, layer: str) -> tuple[int, ...]:
    """`noise_shape` with the input's sizes for None; each size is the input's, or 1."""
    sizes = x.shape if given is None else given
    found = tuple(n if size is None else size for size, n in zip(sizes, x.shape, strict=False))
    fits = len(sizes) == len(x.shape)
    if not fits or any(m not in (1, n) for m, n in zip(found, x.shape, strict=True)):
        raise InputError(
            f"layer {layer!r}: noise_shape must have the input's sizes, 1 or None. Received: "
            f"noise_shape={given}, input of shape {x.shape}"
        )
    return found


class Dropout(_Noise):
    """In training each value is zero with probability `rate`, the others times 1 / (1 - rate).

    Along axes in which `noise_shape` is 1 values fall together. Source: Srivastava et al. 2014.
    """

    config_names: tuple[str, ...] = ("rate", "seed", "noise_shape")

    def __init__(
        self, rate: float, noise_shape: Any = None, seed: int | None = None, **options: Any
    ) -> None:
        super().__init__(seed, **options)
        self.rate = self._checked("rate", rate, most=1)
        self.noise_shape = None if noise_shape is None else tuple(noise_shape)

    def call(self, inputs, training=False):
        if not training or self.rate == 0:
            return inputs
        if self.rate == 1:
            return inputs * 0.0
        shape = self._falls_together(inputs)
        if shape is None:
            return dropout(inputs, rate=self.rate, generator=self.generator)
        return dropout(inputs, rate=self.rate, generator=self.generator, noise_shape=shape)

    def _falls_together(self, x: Any) -> tuple[int, ...] | None:
        return None if self.noise_shape is None else _noise_shape(self.noise_shape, x, self.name)


class _SpatialDropout(Dropout):
    """In training whole channels fall. Source: Tompson et al. 2014."""

    config_names: tuple[str, ...] = ("rate", "seed")
    rank: int

    def __init__(self, rate: float, seed: int | None = None, **options: Any) -> None:
        super().__init__(rate, seed=seed, **options)
        self.input_spec = InputSpec(ndim=self.rank + 2)
        self.data_format = "channels_last"

    def get_config(self) -> dict[str, Any]:
        config = super().get_config()
        del config["trainable"]  # Keras' class takes no such argument
        return config

    def _falls_together(self, x: Any) -> tuple[int, ...]:
        ones = (1,) * self.rank
        if self.data_format == "channels_first":
            return (*x.shape[:2], *ones)
        return (x.shape[0], *ones, x.shape[-1])


class SpatialDropout1D(_SpatialDropout):
    """Dropout of whole channels of (batch, length, channels)."""

    rank = 1


class _SpatialDropoutOfFormat(_SpatialDropout):
    """Where the channels are is an argument."""

    config_names = ("rate", "seed", "data_format")

    def __init__(
        self,
        rate: float,
        data_format: str | None = None,
        seed: int | None = None,
        **options: Any,
    ) -> None:
        super().__init__(rate, seed, **options)
        self.data_format = data_format_of(data_format, self.name)


class SpatialDropout2D(_SpatialDropoutOfFormat):
    """Dropout of whole channels of images."""

    rank = 2


class SpatialDropout3D(_SpatialDropoutOfFormat):
    """Dropout of whole channels of volumes."""

    rank = 3


class GaussianNoise(_Noise):
    """In training normal numbers of deviation `stddev` are added."""

    config_names = ("stddev", "seed")

    def __init__(self, stddev: float, seed: int | None = None, **options: Any) -> None:
        super().__init__(seed, **options)
        self.stddev = self._checked("stddev", stddev)

    def call(self, inputs, training=False):
        if not training or self.stddev == 0:
            return inputs
        return inputs + normal_like(self.generator, inputs.data, self.stddev)


class GaussianDropout(_Noise):
    """In training each value times a normal number of mean 1 and variance rate / (1 - rate).

    Source: Srivastava et al. 2014.
    """

    config_names = ("rate", "seed")

    def __init__(self, rate: float, seed: int | None = None, **options: Any) -> None:
        super().__init__(seed, **options)
        self.rate = self._checked("rate", rate, most=1)
        if rate == 1:
            raise InputError(f"layer {self.name!r}: rate must be below 1. Received: rate={rate!r}")

    def call(self, inputs, training=False):
        if not training or self.rate == 0:
            return inputs
        noise = normal_like(self.generator, inputs.data, math.sqrt(self.rate / (1 - self.rate)))
        return inputs * (noise + noise.dtype.type(1))


# the fixed point of selu: its values of -infinity, which stand for zero there
_ALPHA, _SCALE = 1.6732632423543772848170429916717, 1.0507009873554804934193349852946


class AlphaDropout(_Noise):
    """Dropout to selu's lowest value instead of 0, after which mean and variance are put right.

    Source: Klambauer et al. 2017.
    """

    config_names = ("rate", "seed", "noise_shape")

    def __init__(
        self, rate: float, noise_shape: Any = None, seed: int | None = None, **options: Any
    ) -> None:
        super().__init__(seed, **options)
        self.rate = self._checked("rate", rate, most=1)
        self.noise_shape = None if noise_shape is None else tuple(noise_shape)

    def call(self, inputs, training=False):
        if not training or self.rate == 0:
            return inputs
        shape = _noise_shape(self.noise_shape, inputs, self.name)
        rate, low = min(self.rate, 1 - 1 / 65536), -_ALPHA * _SCALE
        kept = kept_mask(self.generator, shape, rate, inputs.data).astype(inputs.dtype)
        scale = ((1 - rate) * (1 + rate * low**2)) ** -0.5
        shift = -scale * low * rate
        one = np.dtype(inputs.dtype).type(1)
        return inputs * (kept * one.dtype.type(scale)) + (
            (one - kept) * one.dtype.type(scale * low) + one.dtype.type(shift)
        )


class ActivityRegularization(Layer):
    """Its input, unchanged; l1 * sum |x| + l2 * sum x^2, by the size of the batch, is a loss."""

    config_names = ("l1", "l2")
    supports_masking = True

    def __init__(self, l1: float = 0.0, l2: float = 0.0, **options: Any) -> None:
        super().__init__(activity_regularizer=regularizers.L1L2(l1=l1, l2=l2), **options)
        self.l1 = l1
        self.l2 = l2
        self.built = True

    def call(self, inputs):
        return inputs

    def compute_output_shape(self, input_shape):
        return input_shape

    def get_config(self) -> dict[str, Any]:
        config = super().get_config()
        del config["activity_regularizer"]  # it is made of l1 and l2
        return config
