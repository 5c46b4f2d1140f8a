"""Convolutions over sequences, images and volumes."""

from __future__ import annotations

from typing import Any

from edgekit.errors import InputError, ShapeError
from edgekit.train import activations
from edgekit.train.backend import current_device
from edgekit.train.layers.geometry import output_size, padding_word, sizes
from edgekit.train.layers.parameters import Parameterized, parameter_names
from edgekit.train.layers.spatial import Spatial, on_images
from edgekit.train.ops.conv import conv2d
from edgekit.train.ops.conv3d import conv3d
from edgekit.train.tensor import Variable

__all__ = ["Conv1D", "Conv2D", "Conv3D", "Convolution"]


class Convolution(Spatial, Parameterized):
    """What the convolutions share: window, strides, padding, bias, activation."""

    # words for `padding` beside "same" and "valid"
    other_paddings: tuple[str, ...] = ()

    def __init__(
        self,
        kernel_size: Any,
        strides: Any,
        padding: str,
        data_format: str | None,
        dilation_rate: Any,
        activation: Any,
        use_bias: bool,
        bias: tuple[Any, Any, Any],
        **options: Any,
    ) -> None:
        super().__init__(**options)
        self._set_format(data_format)
        self.kernel_size = sizes(kernel_size, self.rank, "kernel_size", self.name)
        self.strides = sizes(strides, self.rank, "strides", self.name)
        self.padding = padding_word(padding, self.name, self.other_paddings)
        self.dilation_rate = sizes(dilation_rate, self.rank, "dilation_rate", self.name)
        if max(self.strides) > 1 and max(self.dilation_rate) > 1:
            raise InputError(
                f"layer {self.name!r}: strides > 1 cannot be combined with dilation_rate > 1. "
                f"Received: strides={self.strides}, dilation_rate={self.dilation_rate}"
            )
        self.activation = activations.get(activation)
        self.use_bias = use_bias
        self._declare("bias", *bias)
        self.bias: Variable | None = None

    def _check_filters(self, filters: Any, groups: int = 1) -> None:
        if not isinstance(filters, int) or filters <= 0 or filters % groups:
            raise InputError(
                f"layer {self.name!r}: filters must be a positive multiple of groups. "
                f"Received: filters={filters}, groups={groups}"
            )

    def _add_bias(self, size: int) -> None:
        if self.use_bias:
            self.bias = self._make("bias", (size,))

    def _window(self) -> dict[str, Any]:
        """Strides, padding and dilations, as the primitives take them."""
        padding: Any = self.padding
        if padding == "causal":
            padding = ((self.kernel_size[0] - 1) * self.dilation_rate[0], 0)
        return {"strides": self.strides, "padding": padding, "dilations": self.dilation_rate}

    def _output_shape(self, input_shape: Any, channels: int) -> tuple[Any, ...]:
        windows = zip(
            self._spatial(input_shape),
            self.kernel_size,
            self.strides,
            self.dilation_rate,
            strict=True,
        )
        spatial = [output_size(n, k, s, self.padding, d, self.name) for n, k, s, d in windows]
        return self._shape(input_shape[0], spatial, channels)

    def _convolve(self, x: Any) -> Any:
        """The layer on an input with the channels last, before the activation."""
        raise NotImplementedError

    def call(self, inputs):
        return self.activation(self._with_channels_last(self._convolve, inputs))


class _PlainConvolution(Convolution):
    """activation(conv(x, kernel) + bias); kernel (*kernel_size, channels / groups, filters)."""

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
        *parameter_names("kernel", "bias"),
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
        groups: int = 1,
        activation: Any = None,
        use_bias: bool = True,
        kernel_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros",
        kernel_regularizer: Any = None,
        bias_regularizer: Any = None,
        activity_regularizer: Any = None,
        kernel_constraint: Any = None,
        bias_constraint: Any = None,
        **options: Any,
    ) -> None:
        super().__init__(
            kernel_size, strides, padding, data_format, dilation_rate, activation, use_bias,
            (bias_initializer, bias_regularizer, bias_constraint),
            activity_regularizer=activity_regularizer, **options,
        )  # fmt: skip
        self._check_filters(filters, groups)
        self.filters = filters
        self.groups = groups
        self._declare("kernel", kernel_initializer, kernel_regularizer, kernel_constraint)

    def build(self, input_shape):
        channels = self._channels(input_shape)
        if channels % self.groups:
            raise ShapeError(
                f"layer {self.name!r}: the number of input channels must be a multiple of groups. "
                f"Received: groups={self.groups}, input_shape={input_shape}"
            )
        shape = (*self.kernel_size, channels // self.groups, self.filters)
        self.kernel = self._make("kernel", shape)
        self._add_bias(self.filters)

    def call(self, inputs):
        if current_device() != "cpu":
            from edgekit.train.gpu.activated import convolved

            if (y := convolved(self, inputs)) is not None:
                return y
        return super().call(inputs)

    def _convolve(self, x: Any) -> Any:
        if self.rank == 3:
            return conv3d(x, self.kernel, self.bias, **self._window(), groups=self.groups)
        return on_images(conv2d, x, self.kernel, self.bias, **self._window(), groups=self.groups)

    def compute_output_shape(self, input_shape):
        return self._output_shape(input_shape, self.filters)


class Conv1D(_PlainConvolution):
    """A convolution over (batch, length, channels); padding may be "causal" too: each output sees
    its own position and earlier ones only.
    """

    rank = 1
    other_paddings = ("causal",)


class Conv2D(_PlainConvolution):
    """A convolution over (batch, height, width, channels)."""

    rank = 2


class Conv3D(_PlainConvolution):
    """A convolution over (batch, depth, height, width, channels)."""

    rank = 3
