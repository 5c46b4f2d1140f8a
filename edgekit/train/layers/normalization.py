"""Batch and layer normalization."""

from __future__ import annotations

from typing import Any

from edgekit.errors import ShapeError
from edgekit.train import initializers, regularizers
from edgekit.train.layers.input_spec import InputSpec
from edgekit.train.layers.layer import Layer
from edgekit.train.ops.normalization import batch_norm, layer_norm
from edgekit.train.tensor import Variable

__all__ = ["BatchNormalization", "LayerNormalization"]


class _Normalization(Layer):
    """What both share: an optional scale gamma and shift beta."""

    def __init__(
        self,
        axis: Any,
        epsilon: float,
        center: bool,
        scale: bool,
        initializers_: tuple[Any, Any],
        regularizers_: tuple[Any, Any],
        **options: Any,
    ) -> None:
        super().__init__(**options)
        self.axis = axis
        self.epsilon = epsilon
        self.center = center
        self.scale = scale
        self.beta_initializer, self.gamma_initializer = map(initializers.get, initializers_)
        self.beta_regularizer, self.gamma_regularizer = map(regularizers.get, regularizers_)
        self.gamma: Variable | None = None
        self.beta: Variable | None = None

    def _add_scale_and_shift(self, shape: tuple[int, ...]) -> None:
        if self.scale:
            self.gamma = self.add_weight(
                shape, self.gamma_initializer, regularizer=self.gamma_regularizer, name="gamma"
            )
        if self.center:
            self.beta = self.add_weight(
                shape, self.beta_initializer, regularizer=self.beta_regularizer, name="beta"
            )

    def compute_output_shape(self, input_shape):
        return input_shape


class BatchNormalization(_Normalization):
    """gamma * (x - mean) / sqrt(variance + epsilon) + beta, per entry of `axis`.

    In training mean and variance are the batch's, and the moving statistics follow them:
    moving <- moving * momentum + batch * (1 - momentum). In inference, or with trainable=False,
    they are the moving ones. Source: Ioffe and Szegedy 2015.
    """

    config_names = (
        "axis",
        "momentum",
        "epsilon",
        "center",
        "scale",
        "beta_initializer",
        "gamma_initializer",
        "moving_mean_initializer",
        "moving_variance_initializer",
        "beta_regularizer",
        "gamma_regularizer",
    )

    def __init__(
        self,
        axis: int = -1,
        momentum: float = 0.99,
        epsilon: float = 1e-3,
        center: bool = True,
        scale: bool = True,
        beta_initializer: Any = "zeros",
        gamma_initializer: Any = "ones",
        moving_mean_initializer: Any = "zeros",
        moving_variance_initializer: Any = "ones",
        beta_regularizer: Any = None,
        gamma_regularizer: Any = None,
        **options: Any,
    ) -> None:
        axis = axis[0] if isinstance(axis, list | tuple) and len(axis) == 1 else axis
        super().__init__(
            axis, epsilon, center, scale, (beta_initializer, gamma_initializer),
            (beta_regularizer, gamma_regularizer), **options,
        )  # fmt: skip
        self.momentum = momentum
        self.moving_mean_initializer = initializers.get(moving_mean_initializer)
        self.moving_variance_initializer = initializers.get(moving_variance_initializer)

    def build(self, input_shape):
        size = input_shape[self.axis]
        if size is None:
            raise ShapeError(
                f"layer {self.name!r}: axis {self.axis} must be known. "
                f"Received: input_shape={input_shape}"
            )
        self._add_scale_and_shift((size,))
        self.moving_mean = self.add_weight(
            (size,), self.moving_mean_initializer, trainable=False, name="moving_mean"
        )
        self.moving_variance = self.add_weight(
            (size,), self.moving_variance_initializer, trainable=False, name="moving_variance"
        )
        axis = self.axis % len(input_shape)
        self.input_spec = InputSpec(ndim=len(input_shape), axes={axis: size})

    def call(self, inputs, training=False):
        training = training and self.trainable
        y, mean, variance = batch_norm(
            inputs,
            self.gamma,
            self.beta,
            self.moving_mean,
            self.moving_variance,
            training=training,
            epsilon=self.epsilon,
            axis=self.axis,
        )
        if training:
            self._follow(self.moving_mean, mean)
            self._follow(self.moving_variance, variance)
        return y

    def _follow(self, moving: Any, batch: Any) -> None:
        moving.data *= moving.data.dtype.type(self.momentum)
        moving.data += batch * moving.data.dtype.type(1.0 - self.momentum)


class LayerNormalization(_Normalization):
    """gamma * (x - mean) / sqrt(variance + epsilon) + beta, mean and variance over `axis`.

    Source: Ba, Kiros and Hinton 2016.
    """

    config_names = (
        "axis",
        "epsilon",
        "center",
        "scale",
        "beta_initializer",
        "gamma_initializer",
        "beta_regularizer",
        "gamma_regularizer",
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
        **options: Any,
    ) -> None:
        axis = list(axis) if isinstance(axis, tuple) else axis
        super().__init__(
            axis, epsilon, center, scale, (beta_initializer, gamma_initializer),
            (beta_regularizer, gamma_regularizer), **options,
        )  # fmt: skip

    def build(self, input_shape):
        axes = self.axis if isinstance(self.axis, list) else [self.axis]
        self._add_scale_and_shift(tuple(input_shape[axis] for axis in axes))

    def call(self, inputs):
        return layer_norm(inputs, self.gamma, self.beta, epsilon=self.epsilon, axis=self.axis)
