"""Batch normalization, and what it shares with the normalizations of single samples."""

from __future__ import annotations

from typing import Any

from edgekit.errors import ShapeError
from edgekit.train import initializers
from edgekit.train.backend import current_device
from edgekit.train.layers.input_spec import InputSpec
from edgekit.train.layers.parameters import Parameterized, parameter_names
from edgekit.train.ops import math
from edgekit.train.ops.normalization import batch_norm
from edgekit.train.ops.shape import reshape
from edgekit.train.tensor import Variable

__all__ = ["AxisNormalization", "BatchNormalization", "ScaledNormalization"]


class AxisNormalization(Parameterized):
    """A normalization along `axis`, a number or a list of them; the shape stays."""

    supports_masking = True
    axis: Any

    def __init__(self, axis: Any, epsilon: float, **options: Any) -> None:
        super().__init__(**options)
        self.axis = list(axis) if isinstance(axis, tuple) else axis
        self.epsilon = epsilon

    def _size(self, input_shape: Any, axis: int) -> int:
        """The size of an axis that must be known."""
        size = input_shape[axis]
        if size is None:
            raise ShapeError(
                f"layer {self.name!r}: axis {axis} must be known. "
                f"Received: input_shape={input_shape}"
            )
        return size

    def _sizes(self, input_shape: Any) -> tuple[int, ...]:
        """The sizes of all axes in `axis`."""
        axes = self.axis if isinstance(self.axis, list) else [self.axis]
        return tuple(self._size(input_shape, axis) for axis in axes)

    def _axes(self, x: Any) -> tuple[int, ...]:
        """`axis` counted from the first axis."""
        given = self.axis if isinstance(self.axis, list) else [self.axis]
        return tuple(axis % len(x.shape) for axis in given)

    def compute_output_shape(self, input_shape):
        return input_shape


class ScaledNormalization(AxisNormalization):
    """An optional scale gamma and shift beta."""

    def __init__(
        self,
        axis: Any,
        epsilon: float,
        center: bool,
        scale: bool,
        beta: tuple[Any, Any, Any],
        gamma: tuple[Any, Any, Any],
        **options: Any,
    ) -> None:
        super().__init__(axis, epsilon, **options)
        self.center = center
        self.scale = scale
        self._declare("beta", *beta)
        self._declare("gamma", *gamma)
        self.gamma: Variable | None = None
        self.beta: Variable | None = None

    def _add_scale_and_shift(self, shape: tuple[int, ...]) -> None:
        if self.scale:
            self.gamma = self._make("gamma", shape)
        if self.center:
            self.beta = self._make("beta", shape)


class BatchNormalization(ScaledNormalization):
    """gamma * (x - mean) / sqrt(variance + epsilon) + beta, per entry of `axis`.

    In training mean and variance are the batch's (of the steps that a mask leaves), and the moving
    statistics follow them: moving <- moving * momentum + batch * (1 - momentum). In inference, or
    with trainable=False, they are the moving ones. Source: Ioffe and Szegedy 2015.
    """

    config_names = (
        "axis",
        "momentum",
        "epsilon",
        "center",
        "scale",
        *parameter_names("beta", "gamma"),
        "moving_mean_initializer",
        "moving_variance_initializer",
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
        beta_constraint: Any = None,
        gamma_constraint: Any = None,
        **options: Any,
    ) -> None:
        axis = axis[0] if isinstance(axis, list | tuple) and len(axis) == 1 else axis
        super().__init__(
            axis, epsilon, center, scale,
            (beta_initializer, beta_regularizer, beta_constraint),
            (gamma_initializer, gamma_regularizer, gamma_constraint), **options,
        )  # fmt: skip
        self.momentum = momentum
        self.moving_mean_initializer = initializers.get(moving_mean_initializer)
        self.moving_variance_initializer = initializers.get(moving_variance_initializer)

    def build(self, input_shape):
        size = self._size(input_shape, self.axis)
        self._add_scale_and_shift((size,))
        self.moving_mean = self.add_weight(
            (size,), self.moving_mean_initializer, trainable=False, name="moving_mean"
        )
        self.moving_variance = self.add_weight(
            (size,), self.moving_variance_initializer, trainable=False, name="moving_variance"
        )
        axis = self.axis % len(input_shape)
        self.input_spec = InputSpec(ndim=len(input_shape), axes={axis: size})

    def call(self, inputs, training=False, mask=None):
        training = training and self.trainable
        if training and mask is not None:
            return self._masked(inputs, mask)
        if training and current_device() != "cpu":
            from edgekit.train.gpu.peephole import normalized

            if (y := normalized(self, inputs)) is not None:
                return y
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

    def _masked(self, x: Any, mask: Any) -> Any:
        """Normalized by the mean and variance of the entries that the mask leaves."""
        rank = len(x.shape)
        axis = self.axis % rank
        axes = tuple(i for i in range(rank) if i != axis)
        ones = (1,) * (rank - len(mask.shape))
        kept = reshape(math.cast(mask, dtype=x.dtype), shape=(*mask.shape, *ones))
        kept = math.broadcast_to(
            kept, shape=tuple(n if i != axis else 1 for i, n in enumerate(x.shape))
        )
        count = math.sum(kept, axis=axes, keepdims=True) + 1e-7  # none left: not 0 / 0
        mean = math.sum(x * kept, axis=axes, keepdims=True) / count
        centred = x - mean
        variance = math.sum(math.square(centred) * kept, axis=axes, keepdims=True) / count
        self._follow(self.moving_mean, mean.data.reshape(-1))
        self._follow(self.moving_variance, variance.data.reshape(-1))
        y = centred / math.sqrt(variance + self.epsilon)
        shape = tuple(n if i == axis else 1 for i, n in enumerate(x.shape))
        y = y if self.gamma is None else y * reshape(self.gamma, shape=shape)
        return y if self.beta is None else y + reshape(self.beta, shape=shape)

    def _follow(self, moving: Any, batch: Any) -> None:
        moving.data *= moving.data.dtype.type(self.momentum)
        moving.data += batch * moving.data.dtype.type(1.0 - self.momentum)
