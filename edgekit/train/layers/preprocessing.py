"""Layers that prepare data inside the model."""

from __future__ import annotations

from typing import Any

from edgekit.train.layers.layer import Layer

__all__ = ["Rescaling"]


class Rescaling(Layer):
    """x * scale + offset: Rescaling(1 / 255) maps bytes to 0..1."""

    config_names = ("scale", "offset")

    def __init__(self, scale: Any, offset: Any = 0.0, **options: Any) -> None:
        super().__init__(**options)
        self.scale = scale
        self.offset = offset

    def call(self, inputs):
        return inputs * self.scale + self.offset

    def compute_output_shape(self, input_shape):
        return input_shape
