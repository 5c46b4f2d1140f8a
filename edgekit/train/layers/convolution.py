"""Convolutions over images (batch, height, width, channels)."""

from __future__ import annotations

from typing import Any

from edgekit.errors import InputError, ShapeError
from edgekit.train import activations, initializers, regularizers
from edgekit.train.layers.geometry import channels_last, output_size, pair, same_or_valid
from edgekit.train.layers.input_spec import InputSpec
from edgekit.train.layers.layer import Layer
from edgekit.train.ops.conv import conv2d
from edgekit.train.ops.depthwise import depthwise_conv2d
from edgekit.train.tensor import Variable

__all__ = ["Conv2D", "Convolution", "DepthwiseConv2D"]


class Convolution(Layer):
    """What the convolutions share: window, strides, padding, bias, activation."""

    def __init__(
        self,
        kernel_size: Any,
        strides: Any,
        padding: str,
        data_format: str | None,
        dilation_rate: Any,
        activation: Any,
        use_bias: bool,
        bias_initializer: Any,
        bias_regularizer: Any,
        **options: Any,
    ) -> None:
        super().__init__(**options)
        self.kernel_size = pair(kernel_size, "kernel_size", self.name)
        self.strides = pair(strides, "strides", self.name)
        self.padding = same_or_valid(padding, self.name)
        self.data_format = channels_last(data_format, self.name)
        self.dilation_rate = pair(dilation_rate, "dilation_rate", self.name)
        if max(self.strides) > 1 and max(self.dilation_rate) > 1:
            raise InputError(
                f"layer {self.name!r}: strides > 1 cannot be combined with dilation_rate > 1. "
                f"Received: strides={self.strides}, dilation_rate={self.dilation_rate}"
            )
        self.activation = activations.get(activation)
        self.use_bias = use_bias
        self.bias_initializer = initializers.get(bias_initializer)
        self.bias_regularizer = regularizers.get(bias_regularizer)
        self.input_spec = InputSpec(ndim=4)
        self.bias: Variable | None = None

    def _channels(self, input_shape: Any) -> int:
        channels = input_shape[-1]
        if channels is None:
            raise ShapeError(
                f"layer {self.name!r}: the number of channels must be known. "
                f"Received: input_shape={input_shape}"
            )
        self.input_spec = InputSpec(ndim=4, axes={-1: channels})
        return channels

    def _add_bias(self, size: int) -> None:
        if self.use_bias:
            self.bias = self.add_weight(
                (size,), self.bias_initializer, regularizer=self.bias_regularizer, name="bias"
            )

    def _output_shape(self, input_shape: Any, channels: int) -> tuple[int | None, ...]:
        rows, columns = (
            output_size(
                input_shape[1 + axis],
                self.kernel_size[axis],
                self.strides[axis],
                self.padding,
                self.dilation_rate[axis],
                self.name,
            )
            for axis in (0, 1)
        )
        return (input_shape[0], rows, columns, channels)


class Conv2D(Convolution):
    """activation(conv(x, kernel) + bias); kernel (height, width, channels / groups, filters)."""

    config_names = (
        "filters",
        "kernel_size",
        "strides",
        "padding",
        "data_format",
        "dilation_rate",
        "groups",
        "activation",
        "use_bias",
        "kernel_initializer",
        "bias_initializer",
        "kernel_regularizer",
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
        groups: int = 1,
        activation: Any = None,
        use_bias: bool = True,
        kernel_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros",
        kernel_regularizer: Any = None,
        bias_regularizer: Any = None,
        **options: Any,
    ) -> None:
        super().__init__(
            kernel_size, strides, padding, data_format, dilation_rate, activation, use_bias,
            bias_initializer, bias_regularizer, **options,
        )  # fmt: skip
        if not isinstance(filters, int) or filters <= 0 or filters % groups:
            raise InputError(
                f"layer {self.name!r}: filters must be a positive multiple of groups. "
                f"Received: filters={filters}, groups={groups}"
            )
        self.filters = filters
        self.groups = groups
        self.kernel_initializer = initializers.get(kernel_initializer)
        self.kernel_regularizer = regularizers.get(kernel_regularizer)

    def build(self, input_shape):
        channels = self._channels(input_shape)
        if channels % self.groups:
            raise ShapeError(
                f"layer {self.name!r}: the number of input channels must be a multiple of groups. "
                f"Received: groups={self.groups}, input_shape={input_shape}"
            )
        self.kernel = self.add_weight(
            (*self.kernel_size, channels // self.groups, self.filters),
            self.kernel_initializer,
            regularizer=self.kernel_regularizer,
            name="kernel",
        )
        self._add_bias(self.filters)

    def call(self, inputs):
        y = conv2d(
            inputs,
            self.kernel,
            self.bias,
            strides=self.strides,
            padding=self.padding,
            dilations=self.dilation_rate,
            groups=self.groups,
        )
        return self.activation(y)

    def compute_output_shape(self, input_shape):
        return self._output_shape(input_shape, self.filters)


class DepthwiseConv2D(Convolution):
    """Each channel convolved on its own; kernel (height, width, channels, depth_multiplier)."""

    config_names = (
        "depth_multiplier",
        "kernel_size",
        "strides",
        "padding",
        "data_format",
        "dilation_rate",
        "activation",
        "use_bias",
        "depthwise_initializer",
        "bias_initializer",
        "depthwise_regularizer",
        "bias_regularizer",
    )

    def __init__(
        self,
        kernel_size: Any,
        strides: Any = (1, 1),
        padding: str = "valid",
        depth_multiplier: int = 1,
        data_format: str | None = None,
        dilation_rate: Any = (1, 1),
        activation: Any = None,
        use_bias: bool = True,
        depthwise_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros",
        depthwise_regularizer: Any = None,
        bias_regularizer: Any = None,
        **options: Any,
    ) -> None:
        super().__init__(
            kernel_size, strides, padding, data_format, dilation_rate, activation, use_bias,
            bias_initializer, bias_regularizer, **options,
        )  # fmt: skip
        self.depth_multiplier = depth_multiplier
        self.depthwise_initializer = initializers.get(depthwise_initializer)
        self.depthwise_regularizer = regularizers.get(depthwise_regularizer)

    def build(self, input_shape):
        channels = self._channels(input_shape)
        self.kernel = self.add_weight(
            (*self.kernel_size, channels, self.depth_multiplier),
            self.depthwise_initializer,
            regularizer=self.depthwise_regularizer,
            name="kernel",
        )
        self._add_bias(channels * self.depth_multiplier)

    def call(self, inputs):
        y = depthwise_conv2d(
            inputs,
            self.kernel,
            self.bias,
            strides=self.strides,
            padding=self.padding,
            dilations=self.dilation_rate,
        )
        return self.activation(y)

    def compute_output_shape(self, input_shape):
        return self._output_shape(input_shape, input_shape[-1] * self.depth_multiplier)
