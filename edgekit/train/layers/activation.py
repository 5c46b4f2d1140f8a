"""Activations as layers of their own."""

from __future__ import annotations

from typing import Any

import numpy as np

from edgekit.errors import InputError, ShapeError
from edgekit.train import activations
from edgekit.train.deprecations import old_spelling
from edgekit.train.layers.input_spec import InputSpec
from edgekit.train.layers.layer import Layer
from edgekit.train.layers.parameters import Parameterized, parameter_names
from edgekit.train.ops import activations as ops
from edgekit.train.ops import comparisons, slopes

__all__ = ["ELU", "LeakyReLU", "PReLU", "ReLU", "Softmax", "ThresholdedReLU"]


class _Activation(Layer):
    """The output has the input's shape."""

    supports_masking = True

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
    """exp(x) / sum(exp(x)) along `axis`, or several axes; with a mask, over what it leaves."""

    config_names = ("axis",)

    def __init__(self, axis: Any = -1, **options: Any) -> None:
        super().__init__(**options)
        self.axis = list(axis) if isinstance(axis, tuple) else axis

    def call(self, inputs, mask=None):
        if mask is not None:  # entries that the mask leaves out get nothing, all of them too
            lowest = comparisons.where(mask, np.float32(0), np.float32(-3.4e38 / 2))
            return comparisons.where(mask, self._shares(inputs + lowest), 0.0)
        return self._shares(inputs)

    def _shares(self, inputs: Any) -> Any:
        if not isinstance(self.axis, list):
            return activations.softmax(inputs, axis=self.axis)
        if len(self.axis) == 1:
            return activations.softmax(inputs, axis=self.axis[0])
        return ops.softmax(inputs, axis=tuple(self.axis))


class PReLU(Parameterized):
    """x above 0, alpha * x below; alpha is learned, one for each entry of a sample.

    Along the axes `shared_axes` (counted from 1, the batch being 0) entries share theirs. Source:
    He et al. 2015.
    """

    config_names = (*parameter_names("alpha"), "shared_axes")
    supports_masking = True

    def __init__(
        self,
        alpha_initializer: Any = "Zeros",
        alpha_regularizer: Any = None,
        alpha_constraint: Any = None,
        shared_axes: Any = None,
        **options: Any,
    ) -> None:
        super().__init__(**options)
        self._declare("alpha", alpha_initializer, alpha_regularizer, alpha_constraint)
        if shared_axes is not None and not isinstance(shared_axes, list | tuple):
            shared_axes = [shared_axes]
        self.shared_axes = None if shared_axes is None else list(shared_axes)

    def build(self, input_shape):
        shared = self.shared_axes or []
        shape = [1 if i in shared else n for i, n in enumerate(input_shape)][1:]
        if None in shape:
            raise ShapeError(
                f"layer {self.name!r}: axes that do not share alpha must be known. Received: "
                f"input_shape={input_shape}, shared_axes={self.shared_axes}"
            )
        self.alpha = self._make("alpha", shape)
        own = {i: n for i, n in enumerate(input_shape) if i and i not in shared}
        self.input_spec = InputSpec(ndim=len(input_shape), axes=own)

    def call(self, inputs):
        return slopes.prelu(inputs, self.alpha)

    def compute_output_shape(self, input_shape):
        return input_shape


class ThresholdedReLU(_Activation):
    """x above theta, 0 below: a layer of Keras 2, today ReLU(threshold=theta)."""

    config_names = ("theta",)

    def __init__(self, theta: float = 1.0, **options: Any) -> None:
        old_spelling("ThresholdedReLU is an old layer", "use ReLU(threshold=theta)")
        super().__init__(**options)
        if not isinstance(theta, int | float) or theta < 0:
            raise InputError(
                f"layer {self.name!r}: theta must be a number of at least 0. "
                f"Received: theta={theta!r}"
            )
        self.theta = float(theta)

    def call(self, inputs):
        return activations.threshold(inputs, self.theta, 0.0)
