"""Activations as layers of their own."""

from __future__ import annotations

from typing import Any

from edgekit.errors import InputError
from edgekit.train import activations
from edgekit.train.layers.layer import Layer
from edgekit.train.ops import activations as ops

__all__ = ["ELU", "LeakyReLU", "ReLU", "Softmax"]


class _Activation(Layer):
    """The output has the input's shape."""

    def compute_output_shape(self, input_shape):
        return input_shape


class ReLU(_Activation):
    """max(x, 0), with a ceiling, a slope and a threshold where they are asked for."""

    config_names = ("max_value", "negative_slope", "threshold")

    def __init__(
        self,
        max_value: float | None = None,
        negative_slope: float = 0.0,
        threshold: float = 0.0,
        **options: Any,
    ) -> None:
        super().__init__(**options)
        values = {"max_value": max_value, "negative_slope": negative_slope, "threshold": threshold}
        for name, value in values.items():
            if value is None and name == "max_value":
                continue
            if not isinstance(value, int | float) or value < 0:
                raise InputError(
                    f"layer {self.name!r}: {name} must be a number of at least 0. "
                    f"Received: {name}={value!r}"
                )
        self.max_value = max_value
        self.negative_slope = negative_slope
        self.threshold = threshold

    def call(self, inputs):
        return activations.relu(inputs, self.negative_slope, self.max_value, self.threshold)


class LeakyReLU(_Activation):
    """x above 0, negative_slope * x below."""

    config_names = ("negative_slope",)

    def __init__(self, negative_slope: float = 0.3, **options: Any) -> None:
        if "alpha" in options:
            negative_slope = options.pop("alpha")
        super().__init__(**options)
        self.negative_slope = float(negative_slope)

    def call(self, inputs):
        return ops.leaky_relu(inputs, negative_slope=self.negative_slope)


class ELU(_Activation):
    """x above 0, alpha * (exp(x) - 1) below."""

    config_names = ("alpha",)

    def __init__(self, alpha: float = 1.0, **options: Any) -> None:
        super().__init__(**options)
        self.alpha = alpha

    def call(self, inputs):
        return ops.elu(inputs, alpha=self.alpha)


class Softmax(_Activation):
    """exp(x) / sum(exp(x)) along `axis`."""

    config_names = ("axis",)

    def __init__(self, axis: int = -1, **options: Any) -> None:
        super().__init__(**options)
        self.axis = axis

    def call(self, inputs):
        return activations.softmax(inputs, axis=self.axis)
