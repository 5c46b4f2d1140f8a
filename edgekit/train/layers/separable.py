"""Convolution in two steps: each channel on its own, then a mixture of the channels."""

from __future__ import annotations

from typing import Any

from edgekit.train.layers.convolution import Convolution
from edgekit.train.layers.parameters import parameter_names
from edgekit.train.layers.spatial import on_images
from edgekit.train.ops.conv import conv2d
from edgekit.train.ops.depthwise import depthwise_conv2d

__all__ = ["SeparableConv1D", "SeparableConv2D"]


class _SeparableConvolution(Convolution):
    """A depthwise convolution, then a convolution with a window of 1 that mixes the channels."""

    config_names = (
        "depth_multiplier",
        "filters",
        "kernel_size",
        "strides",
        "padding",
        "data_format",
        "dilation_rate",
        "activation",
        "use_bias",
        *parameter_names("depthwise", "pointwise", "bias"),
        "activity_regularizer",
    )

    def __init__(
        self,
        filters: int,
        kernel_size: Any,
        strides: Any = 1,
        padding: str = "valid",
        data_format: str | None = None,
        dilation_rate: Any = 1,
        depth_multiplier: int = 1,
        activation: Any = None,
        use_bias: bool = True,
        depthwise_initializer: Any = "glorot_uniform",
        pointwise_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros",
        depthwise_regularizer: Any = None,
        pointwise_regularizer: Any = None,
        bias_regularizer: Any = None,
        activity_regularizer: Any = None,
        depthwise_constraint: Any = None,
        pointwise_constraint: Any = None,
        bias_constraint: Any = None,
        **options: Any,
    ) -> None:
        super().__init__(
            kernel_size, strides, padding, data_format, dilation_rate, activation, use_bias,
            (bias_initializer, bias_regularizer, bias_constraint),
            activity_regularizer=activity_regularizer, **options,
        )  # fmt: skip
        self._check_filters(filters)
        self.filters = filters
        self.depth_multiplier = depth_multiplier
        self._declare(
            "depthwise", depthwise_initializer, depthwise_regularizer, depthwise_constraint
        )
        self._declare(
            "pointwise", pointwise_initializer, pointwise_regularizer, pointwise_constraint
        )

    def build(self, input_shape):
        channels = self._channels(input_shape)
        shape = (*self.kernel_size, channels, self.depth_multiplier)
        self.depthwise_kernel = self._make("depthwise", shape, "depthwise_kernel")
        ones = (1,) * self.rank
        shape = (*ones, channels * self.depth_multiplier, self.filters)
        self.pointwise_kernel = self._make("pointwise", shape, "pointwise_kernel")
        self._add_bias(self.filters)

    def _convolve(self, x: Any) -> Any:
        y = on_images(depthwise_conv2d, x, self.depthwise_kernel, None, **self._window())
        return on_images(conv2d, y, self.pointwise_kernel, self.bias)

    def compute_output_shape(self, input_shape):
        return self._output_shape(input_shape, self.filters)


class SeparableConv1D(_SeparableConvolution):
    """A separable convolution over (batch, length, channels)."""

    rank = 1


class SeparableConv2D(_SeparableConvolution):
    """A separable convolution over (batch, height, width, channels)."""

    rank = 2
