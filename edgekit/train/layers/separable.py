"""Convolution in two steps: each channel on its own, then a mixture of the channels."""

from __future__ import annotations

from typing import Any

from edgekit.train import initializers, regularizers
from edgekit.train.layers.convolution import Convolution
from edgekit.train.ops.conv import conv2d
from edgekit.train.ops.depthwise import depthwise_conv2d

__all__ = ["SeparableConv2D"]


class SeparableConv2D(Convolution):
    """A depthwise convolution, then a 1 x 1 convolution that mixes the channels."""

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
        "depthwise_initializer",
        "pointwise_initializer",
        "bias_initializer",
        "depthwise_regularizer",
        "pointwise_regularizer",
        "bias_regularizer",
    )

    def __init__(
        self,
        filters: int,
        kernel_size: Any,
        strides: Any = (1, 1),
        padding: str = "valid",
        data_format: str | None = None,
        dilation_rate: Any = (1, 1),
        depth_multiplier: int = 1,
        activation: Any = None,
        use_bias: bool = True,
        depthwise_initializer: Any = "glorot_uniform",
        pointwise_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros",
        depthwise_regularizer: Any = None,
        pointwise_regularizer: Any = None,
        bias_regularizer: Any = None,
        **options: Any,
    ) -> None:
        super().__init__(
            kernel_size, strides, padding, data_format, dilation_rate, activation, use_bias,
            bias_initializer, bias_regularizer, **options,
        )  # fmt: skip
        self.filters = filters
        self.depth_multiplier = depth_multiplier
        self.depthwise_initializer = initializers.get(depthwise_initializer)
        self.pointwise_initializer = initializers.get(pointwise_initializer)
        self.depthwise_regularizer = regularizers.get(depthwise_regularizer)
        self.pointwise_regularizer = regularizers.get(pointwise_regularizer)

    def build(self, input_shape):
        channels = self._channels(input_shape)
        self.depthwise_kernel = self.add_weight(
            (*self.kernel_size, channels, self.depth_multiplier),
            self.depthwise_initializer,
            regularizer=self.depthwise_regularizer,
            name="depthwise_kernel",
        )
        self.pointwise_kernel = self.add_weight(
            (1, 1, channels * self.depth_multiplier, self.filters),
            self.pointwise_initializer,
            regularizer=self.pointwise_regularizer,
            name="pointwise_kernel",
        )
        self._add_bias(self.filters)

    def call(self, inputs):
        y = depthwise_conv2d(
            inputs,
            self.depthwise_kernel,
            None,
            strides=self.strides,
            padding=self.padding,
            dilations=self.dilation_rate,
        )
        return self.activation(conv2d(y, self.pointwise_kernel, self.bias))

    def compute_output_shape(self, input_shape):
        return self._output_shape(input_shape, self.filters)
