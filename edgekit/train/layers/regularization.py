"""Layers that act in training only."""

from __future__ import annotations

from typing import Any

from edgekit.errors import InputError, UnsupportedOperator
from edgekit.train.layers.layer import Layer
from edgekit.train.ops.random import dropout
from edgekit.train.random import generator

__all__ = ["Dropout"]


class Dropout(Layer):
    """In training each value is zero with probability `rate`, the others times 1 / (1 - rate).

    Source: Srivastava et al. 2014.
    """

    config_names = ("rate", "seed", "noise_shape")

    def __init__(
        self, rate: float, noise_shape: Any = None, seed: int | None = None, **options: Any
    ) -> None:
        super().__init__(**options)
        if isinstance(rate, bool) or not isinstance(rate, int | float) or not 0 <= rate <= 1:
            raise InputError(
                f"layer {self.name!r}: rate must be a number from 0 to 1. Received: rate={rate!r}"
            )
        if noise_shape is not None:
            raise UnsupportedOperator(
                f"layer {self.name!r}: noise_shape is not supported. "
                f"Received: noise_shape={noise_shape}"
            )
        self.rate = rate
        self.seed = seed
        self.noise_shape = None
        self.generator = generator(seed)
        self.built = True

    def call(self, inputs, training=False):
        if not training or self.rate == 0:
            return inputs
        return dropout(inputs, rate=self.rate, generator=self.generator)

    def compute_output_shape(self, input_shape):
        return input_shape
