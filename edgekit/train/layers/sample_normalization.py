"""Normalization of each sample by itself: by layer, by group, by length."""

from __future__ import annotations

from typing import Any

from edgekit.errors import InputError, ShapeError
from edgekit.train.layers.input_spec import InputSpec
from edgekit.train.layers.layer import Layer
from edgekit.train.layers.normalization import AxisNormalization, ScaledNormalization
from edgekit.train.layers.parameters import parameter_names
from edgekit.train.ops import math
from edgekit.train.ops.group_norm import group_norm
from edgekit.train.ops.normalization import layer_norm, unit_norm
from edgekit.train.ops.shape import reshape, transpose

__all__ = ["GroupNormalization", "LayerNormalization", "RMSNormalization", "UnitNormalization"]


class LayerNormalization(ScaledNormalization):
    """gamma * (x - mean) / sqrt(variance + epsilon) + beta, mean and variance over `axis`.

    Source: Ba, Kiros and Hinton 2016.
    """

    config_names = (
        "axis",
        "epsilon",
        "center",
        "scale",
        "rms_scaling",
        *parameter_names("beta", "gamma"),
    )

    def __init__(
        self,
        axis: Any = -1,
        epsilon: float = 1e-3,
        center: bool = True,
        scale: bool = True,
        beta_initializer: Any = "zeros",
        gamma_initializer: Any = "ones",
        beta_regularizer: Any = None,
        gamma_regularizer: Any = None,
        beta_constraint: Any = None,
        gamma_constraint: Any = None,
        **options: Any,
    ) -> None:
        self.rms_scaling = bool(options.pop("rms_scaling", False))
        super().__init__(
            axis, epsilon, center, scale,
            (beta_initializer, beta_regularizer, beta_constraint),
            (gamma_initializer, gamma_regularizer, gamma_constraint), **options,
        )  # fmt: skip

    def build(self, input_shape):
        shape = self._sizes(input_shape)
        if self.rms_scaling:
            self.gamma = self._make("gamma", shape)
        else:
            self._add_scale_and_shift(shape)

    def call(self, inputs):
        if not self.rms_scaling:
            return layer_norm(inputs, self.gamma, self.beta, epsilon=self.epsilon, axis=self.axis)
        # by the deviation, without subtracting the mean: what Keras' option does
        axes = self._axes(inputs)
        centred = inputs - math.mean(inputs, axis=axes, keepdims=True)
        variance = math.mean(math.square(centred), axis=axes, keepdims=True)
        shape = tuple(n if i in axes else 1 for i, n in enumerate(inputs.shape))
        gamma = reshape(self.gamma, shape=shape)
        return inputs / math.sqrt(variance + self.epsilon) * gamma


class RMSNormalization(AxisNormalization):
    """scale * x / sqrt(mean of squares + epsilon), over `axis`. Source: Zhang and Sennrich 2019."""

    config_names = ("axis", "epsilon")
    supports_masking = False

    def __init__(self, axis: Any = -1, epsilon: float = 1e-6, **options: Any) -> None:
        super().__init__(axis, epsilon, **options)

    def build(self, input_shape):
        self.scale = self.add_weight(self._sizes(input_shape), "ones", name="scale")

    def call(self, inputs):
        axes = self._axes(inputs)
        squares = math.mean(math.square(inputs), axis=axes, keepdims=True)
        shape = tuple(n if i in axes else 1 for i, n in enumerate(inputs.shape))
        return inputs / math.sqrt(squares + self.epsilon) * reshape(self.scale, shape=shape)


class GroupNormalization(ScaledNormalization):
    """Each group of `groups` along `axis` normalized over all axes but the batch, then gamma and
    beta per entry of `axis`. `groups` -1 makes a group of each entry. Source: Wu and He 2018.
    """

    config_names = (
        "groups",
        "axis",
        "epsilon",
        "center",
        "scale",
        *parameter_names("beta", "gamma"),
    )

    def __init__(
        self,
        groups: int = 32,
        axis: int = -1,
        epsilon: float = 1e-3,
        center: bool = True,
        scale: bool = True,
        beta_initializer: Any = "zeros",
        gamma_initializer: Any = "ones",
        beta_regularizer: Any = None,
        gamma_regularizer: Any = None,
        beta_constraint: Any = None,
        gamma_constraint: Any = None,
        **options: Any,
    ) -> None:
        super().__init__(
            axis, epsilon, center, scale,
            (beta_initializer, beta_regularizer, beta_constraint),
            (gamma_initializer, gamma_regularizer, gamma_constraint), **options,
        )  # fmt: skip
        self.groups = groups

    def build(self, input_shape):
        size = self._size(input_shape, self.axis)
        groups = size if self.groups == -1 else self.groups
        if not isinstance(groups, int) or groups < 1 or size % groups:
            raise ShapeError(
                f"layer {self.name!r}: {size} channels (axis {self.axis} of {input_shape}) are no "
                f"multiple of groups={self.groups}"
            )
        self.groups = groups
        axis = self.axis % len(input_shape)
        self.input_spec = InputSpec(ndim=len(input_shape), axes={axis: size})
        self._add_scale_and_shift((size,))

    def call(self, inputs):
        rank = len(inputs.shape)
        axis = self.axis % rank
        order = (*(i for i in range(rank) if i != axis), axis)
        x = inputs if axis == rank - 1 else transpose(inputs, axes=order)
        y = group_norm(x, self.gamma, self.beta, groups=self.groups, epsilon=self.epsilon)
        if axis == rank - 1:
            return y
        return transpose(y, axes=tuple(order.index(i) for i in range(rank)))


class UnitNormalization(Layer):
    """Each vector along `axis` divided by its length."""

    config_names = ("axis",)
    supports_masking = True

    def __init__(self, axis: Any = -1, **options: Any) -> None:
        super().__init__(**options)
        self.axis = list(axis) if isinstance(axis, tuple) else axis
        given = self.axis if isinstance(self.axis, list) else [self.axis]
        if any(isinstance(a, bool) or not isinstance(a, int) for a in given):
            raise InputError(
                f"layer {self.name!r}: axis must be an integer or a list of integers. "
                f"Received: axis={axis!r}"
            )

    def call(self, inputs):
        axes = tuple(self.axis) if isinstance(self.axis, list) else self.axis
        return unit_norm(inputs, axis=axes)

    def compute_output_shape(self, input_shape):
        return input_shape
