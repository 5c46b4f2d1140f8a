"""Transposed convolutions: from few positions to many."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np

from edgekit.errors import InputError
from edgekit.train.backend import constant
from edgekit.train.layers.convolution import Convolution
from edgekit.train.layers.geometry import sizes
from edgekit.train.layers.parameters import parameter_names
from edgekit.train.ops.conv_transpose import conv2d_transpose
from edgekit.train.ops.gather import fold_time, unfold_time
from edgekit.train.ops.shape import reshape, transpose

__all__ = ["Conv1DTranspose", "Conv2DTranspose", "Conv3DTranspose"]


@functools.lru_cache(maxsize=32)
def _places(count: int, filters: int) -> np.ndarray:
    """A kernel (count, 1, filters, count * filters) that puts channels into their slices."""
    ones = np.eye(count * filters, dtype=np.float32)
    return ones.reshape(count, 1, filters, count * filters)


class _TransposedConvolution(Convolution):
    """activation(transposed conv(x, kernel) + bias); kernel (*kernel_size, filters, channels).

    Without `output_padding` the output has input * stride positions ("same"), or also those that
    the last window reaches beyond them ("valid").
    """

    config_names = (
        "filters",
        "kernel_size",
        "strides",
        "padding",
        "output_padding",
        "data_format",
        "dilation_rate",
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
        output_padding: Any = None,
        data_format: str | None = None,
        dilation_rate: Any = 1,
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
        self._check_filters(filters)
        self.filters = filters
        self.output_padding: tuple[int, ...] | None = None
        if output_padding is not None:
            self.output_padding = sizes(
                output_padding, self.rank, "output_padding", self.name, least=0
            )
            if any(o >= s for o, s in zip(self.output_padding, self.strides, strict=True)):
                raise InputError(
                    f"layer {self.name!r}: output_padding must be smaller than strides. Received: "
                    f"output_padding={self.output_padding}, strides={self.strides}"
                )
        self._declare("kernel", kernel_initializer, kernel_regularizer, kernel_constraint)

    def build(self, input_shape):
        channels = self._channels(input_shape)
        self.kernel = self._make("kernel", (*self.kernel_size, self.filters, channels))
        self._add_bias(self.filters)

    def _axis(self, size: int, axis: int) -> tuple[int, int]:
        """(output positions, how many of them the first window begins before) along an axis."""
        stride = self.strides[axis]
        reach = (self.kernel_size[axis] - 1) * self.dilation_rate[axis] + 1
        if self.output_padding is None:
            out = size * stride + (max(reach - stride, 0) if self.padding == "valid" else 0)
        else:
            lost = 2 * (reach // 2) if self.padding == "same" else 0
            out = (size - 1) * stride + reach - lost + self.output_padding[axis]
        if self.padding == "valid":
            return out, 0
        return out, max((size - 1) * stride + reach - out, 0) // 2

    def _convolve(self, x: Any) -> Any:
        kernel = self.kernel
        strides, dilations = self.strides, self.dilation_rate
        axes = [self._axis(n, axis) for axis, n in enumerate(x.shape[1:-1])]
        if self.rank == 3:
            return self._spread_volumes(x, axes)
        if self.rank == 1:
            x = reshape(x, shape=(x.shape[0], 1, *x.shape[1:]))
            kernel = reshape(kernel, shape=(1, *kernel.shape))
            strides, dilations, axes = (1, *strides), (1, *dilations), [(1, 0), *axes]
        y = conv2d_transpose(
            x,
            kernel,
            self.bias,
            size=tuple(size for size, _ in axes),
            strides=strides,
            before=tuple(before for _, before in axes),
            dilations=dilations,
        )
        return reshape(y, shape=(y.shape[0], *y.shape[2:])) if self.rank == 1 else y

    def _spread_volumes(self, x: Any, axes: list[tuple[int, int]]) -> Any:
        """Slice by slice with all kernel slices at once; what these give is then put in its places
        along the depth, by a transposed convolution whose kernel has ones alone.
        """
        batch, depth, *_, channels = x.shape
        (slices, before), (height, top), (width, left) = axes
        count = self.kernel_size[0]
        kernel = transpose(self.kernel, axes=(1, 2, 0, 3, 4))
        planes = conv2d_transpose(
            fold_time(x),
            reshape(kernel, shape=(*self.kernel_size[1:], count * self.filters, channels)),
            size=(height, width),
            strides=self.strides[1:],
            before=(top, left),
            dilations=self.dilation_rate[1:],
        )
        planes = unfold_time(planes, time=depth)
        y = conv2d_transpose(
            reshape(planes, shape=(batch, depth, height * width, count * self.filters)),
            constant(_places(count, self.filters), x),
            self.bias,
            size=(slices, height * width),
            strides=(self.strides[0], 1),
            before=(before, 0),
            dilations=(self.dilation_rate[0], 1),
        )
        return reshape(y, shape=(batch, slices, height, width, self.filters))

    def compute_output_shape(self, input_shape):
        spatial = [
            None if n is None else self._axis(n, axis)[0]
            for axis, n in enumerate(self._spatial(input_shape))
        ]
        return self._shape(input_shape[0], spatial, self.filters)


class Conv1DTranspose(_TransposedConvolution):
    """A transposed convolution over (batch, length, channels)."""

    rank = 1


class Conv2DTranspose(_TransposedConvolution):
    """A transposed convolution over (batch, height, width, channels)."""

    rank = 2


class Conv3DTranspose(_TransposedConvolution):
    """A transposed convolution over (batch, depth, height, width, channels)."""

    rank = 3
