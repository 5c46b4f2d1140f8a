"""Convolution of each channel on its own."""

from __future__ import annotations

from typing import Any

from edgekit.train.layers.convolution import Convolution
from edgekit.train.layers.parameters import parameter_names
from edgekit.train.layers.spatial import on_images
from edgekit.train.ops.depthwise import depthwise_conv2d

__all__ = ["DepthwiseConv1D", "DepthwiseConv2D"]


class _DepthwiseConvolution(Convolution):
    """Each channel convolved on its own; kernel (*kernel_size, channels, depth_multiplier)."""

    config_names = (
        "depth_multiplier",
        "kernel_size",
        "strides",
        "padding",
        "data_format",
        "dilation_rate",
        "activation",
        "use_bias",
        *parameter_names("depthwise", "bias"),
        "activity_regularizer",
    )

    def __init__(
        self,
        kernel_size: Any,
        strides: Any = 1,
        padding: str = "valid",
        depth_multiplier: int = 1,
        data_format: str | None = None,
        dilation_rate: Any = 1,
        activation: Any = None,
        use_bias: bool = True,
        depthwise_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros",
        depthwise_regularizer: Any = None,
        bias_regularizer: Any = None,
        activity_regularizer: Any = None,
        depthwise_constraint: Any = None,
        bias_constraint: Any = None,
        **options: Any,
    ) -> None:
        super().__init__(
            kernel_size, strides, padding, data_format, dilation_rate, activation, use_bias,
            (bias_initializer, bias_regularizer, bias_constraint),
            activity_regularizer=activity_regularizer, **options,
        )  # fmt: skip
        self.depth_multiplier = depth_multiplier
        self._declare(
            "depthwise", depthwise_initializer, depthwise_regularizer, depthwise_constraint
        )

    def build(self, input_shape):
        channels = self._channels(input_shape)
        shape = (*self.kernel_size, channels, self.depth_multiplier)
        self.kernel = self._make("depthwise", shape, "kernel")
        self._add_bias(channels * self.depth_multiplier)

    def _convolve(self, x: Any) -> Any:
        return on_images(depthwise_conv2d, x, self.kernel, self.bias, **self._window())

    def compute_output_shape(self, input_shape):
        channels = input_shape[self._channel_axis]
        return self._output_shape(input_shape, channels * self.depth_multiplier)


class DepthwiseConv1D(_DepthwiseConvolution):
    """A depthwise convolution over (batch, length, channels)."""

    rank = 1


class DepthwiseConv2D(_DepthwiseConvolution):
    """A depthwise convolution over (batch, height, width, channels)."""

    rank = 2
