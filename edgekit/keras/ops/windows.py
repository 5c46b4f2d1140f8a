"""Windows over sequences (n, length, c), pictures (n, h, w, c) and volumes (n, d, h, w, c).

With data_format="channels_first" the channels stand behind the batch.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from edgekit.errors import InputError, UnsupportedOperator
from edgekit.keras.ops.pictures import channels_first, whole_or_pair
from edgekit.keras.ops.shapes import moveaxis
from edgekit.keras.ops.tensors import as_tensor, operation
from edgekit.train import layers
from edgekit.train.layers.spatial import on_images
from edgekit.train.ops.conv import conv2d
from edgekit.train.ops.conv3d import conv3d
from edgekit.train.ops.depthwise import depthwise_conv2d

__all__ = [
    "adaptive_average_pool", "adaptive_max_pool", "average_pool", "conv", "conv_transpose",
    "convolution", "depthwise_conv", "max_pool", "separable_conv",
]  # fmt: skip


def _with_channels_last(function: Callable[[Any], Any], x: Any, data_format: Any) -> Any:
    """`function` of x with its channels last, in the given format again."""
    first, x = channels_first(data_format), as_tensor(x)
    if len(x.shape) not in (3, 4, 5):
        raise InputError(f"expected inputs of 3, 4 or 5 axes. Received: shape {x.shape}")
    return moveaxis(function(moveaxis(x, 1, -1)), -1, 1) if first else function(x)


def _sizes(value: Any, x: Any) -> tuple[int, ...]:
    """One number for each spatial axis of x."""
    return whole_or_pair(value, len(x.shape) - 2)


# -- convolutions ---------------------------------------------------------------------------------


@operation
def conv(
    inputs: Any,
    kernel: Any,
    strides: Any = 1,
    padding: str = "valid",
    data_format: Any = None,
    dilation_rate: Any = 1,
) -> Any:
    """The convolution with a kernel (*window, channels, filters).

    A kernel with fewer channels is that of groups of channels. padding: valid or same, over one
    axis causal too.
    """
    kernel = as_tensor(kernel)

    def convolved(x: Any) -> Any:
        window = _window(x, kernel, strides, padding, dilation_rate)
        groups, rest = divmod(x.shape[-1], kernel.shape[-2])
        if rest:
            raise InputError(
                f"conv: {x.shape[-1]} channels do not fit a kernel of shape {kernel.shape}"
            )
        if len(x.shape) == 5:
            return conv3d(x, kernel, None, groups=groups, **window)
        return on_images(conv2d, x, kernel, None, groups=groups, **window)

    return _with_channels_last(convolved, inputs, data_format)


convolution = conv


def _window(x: Any, kernel: Any, strides: Any, padding: Any, dilation_rate: Any) -> dict[str, Any]:
    strides, dilations = _sizes(strides, x), _sizes(dilation_rate, x)
    if max(strides) > 1 and max(dilations) > 1:
        raise InputError(
            "strides > 1 cannot be combined with dilation_rate > 1. Received: "
            f"strides={strides}, dilation_rate={dilations}"
        )
    border: Any = str(padding).lower()
    if border == "causal" and len(x.shape) == 3:
        border = ((kernel.shape[0] - 1) * dilations[0], 0)
    return {"strides": strides, "padding": border, "dilations": dilations}


@operation
def depthwise_conv(
    inputs: Any,
    kernel: Any,
    strides: Any = 1,
    padding: str = "valid",
    data_format: Any = None,
    dilation_rate: Any = 1,
) -> Any:
    """Each channel with filters of its own: a kernel (*window, channels, multiplier)."""
    kernel = as_tensor(kernel)

    def convolved(x: Any) -> Any:
        if len(x.shape) == 5:
            raise UnsupportedOperator("keras.ops.depthwise_conv: volumes are not supported")
        window = _window(x, kernel, strides, padding, dilation_rate)
        return on_images(depthwise_conv2d, x, kernel, None, **window)

    return _with_channels_last(convolved, inputs, data_format)


@operation
def separable_conv(
    inputs: Any,
    depthwise_kernel: Any,
    pointwise_kernel: Any,
    strides: Any = 1,
    padding: str = "valid",
    data_format: Any = None,
    dilation_rate: Any = 1,
) -> Any:
    """`depthwise_conv`, and then a `conv` of single positions."""
    spread = depthwise_conv(inputs, depthwise_kernel, strides, padding, data_format, dilation_rate)
    return conv(spread, pointwise_kernel, data_format=data_format)


@operation
def conv_transpose(
    inputs: Any,
    kernel: Any,
    strides: Any = 1,
    padding: str = "valid",
    output_padding: Any = None,
    data_format: Any = None,
    dilation_rate: Any = 1,
) -> Any:
    """From few positions to many: a kernel (*window, filters, channels)."""
    kernel = as_tensor(kernel)

    def convolved(x: Any) -> Any:
        made = getattr(layers, f"Conv{len(x.shape) - 2}DTranspose")
        layer = made(
            kernel.shape[-2], kernel.shape[:-2], _sizes(strides, x), padding, output_padding,
            dilation_rate=_sizes(dilation_rate, x), use_bias=False, name="conv_transpose",
        )  # fmt: skip
        layer.kernel = kernel
        return layer._convolve(x)

    return _with_channels_last(convolved, inputs, data_format)


# -- pooling --------------------------------------------------------------------------------------


@operation
def max_pool(
    inputs: Any,
    pool_size: Any,
    strides: Any = None,
    padding: str = "valid",
    data_format: Any = None,
) -> Any:
    """The largest of each window."""
    return _pooled("MaxPooling", inputs, pool_size, strides, padding, data_format)


@operation
def average_pool(
    inputs: Any,
    pool_size: Any,
    strides: Any = None,
    padding: str = "valid",
    data_format: Any = None,
) -> Any:
    """The mean of each window; with padding="same" of what lies inside."""
    return _pooled("AveragePooling", inputs, pool_size, strides, padding, data_format)


def _pooled(
    name: str, inputs: Any, pool_size: Any, strides: Any, padding: str, data_format: Any
) -> Any:
    def pooled(x: Any) -> Any:
        made = getattr(layers, f"{name}{len(x.shape) - 2}D")
        return made(_sizes(pool_size, x), strides, padding, name=name)._pool(x)

    return _with_channels_last(pooled, inputs, data_format)


@operation
def adaptive_average_pool(inputs: Any, output_size: Any, data_format: Any = None) -> Any:
    """The means of windows that lie evenly, so many that `output_size` come out."""
    return _adapted("AdaptiveAveragePooling", inputs, output_size, data_format)


@operation
def adaptive_max_pool(inputs: Any, output_size: Any, data_format: Any = None) -> Any:
    """The largest of windows that lie evenly, so many that `output_size` come out."""
    return _adapted("AdaptiveMaxPooling", inputs, output_size, data_format)


def _adapted(name: str, inputs: Any, output_size: Any, data_format: Any) -> Any:
    def pooled(x: Any) -> Any:
        made = getattr(layers, f"{name}{len(x.shape) - 2}D")
        return made(_sizes(output_size, x), name=name)._pool(x)

    return _with_channels_last(pooled, inputs, data_format)
