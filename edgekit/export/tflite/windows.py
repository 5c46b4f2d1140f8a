"""Rules of the operators that sum or compare over windows: convolutions, dense, pooling."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from edgekit.errors import UnsupportedOperator
from edgekit.ir import Node, Value, attributes
from edgekit.ir.quant import LIMITS
from edgekit.schema import tflite_layout as tflite

from .lowering import Lowering, Rule, constant_input, versioned
from .weights import bias, bias_type, weighted_version

__all__ = ["WINDOW_RULES", "activation"]

ACTIVATIONS = {
    "none": tflite.ActivationFunctionType.NONE,
    "relu": tflite.ActivationFunctionType.RELU,
    "relu6": tflite.ActivationFunctionType.RELU6,
}


def activation(attrs: dict[str, Any]) -> dict[str, int]:
    """The option of every operator that applies an activation to its own result."""
    return {"fused_activation_function": ACTIVATIONS[attrs["activation"]]}


def conv2d(node: Node, to: Lowering) -> None:
    """A grouped convolution is one whose weight has fewer input channels than its input."""
    attrs = attributes(node)
    weight = constant_input(node, 1, to)
    reach = _reach(weight, attrs["dilations"])
    x, padding = _padded(node, to, reach)
    options = {"padding": padding, **_steps(attrs), **activation(attrs), **bias_type(node, to)}
    version = max(6 if attrs["groups"] > 1 else 1, weighted_version("CONV_2D", node, to))
    to.emit(
        "CONV_2D",
        (x, weight.name, bias(node, to)),
        node.outputs[0],
        ("Conv2DOptions", options),
        version,
    )


def depthwise_conv2d(node: Node, to: Lowering) -> None:
    attrs = attributes(node)
    weight = constant_input(node, 1, to)
    reach = _reach(weight, attrs["dilations"])
    x, padding = _padded(node, to, reach)
    channels, filters = to.input(node, 0).shape[3], weight.shape[3]
    assert channels is not None and filters is not None
    options = {
        "padding": padding,
        "depth_multiplier": filters // channels,
        **_steps(attrs),
        **activation(attrs),
    }
    version = weighted_version("DEPTHWISE_CONV_2D", node, to)
    if version == 1 and attrs["dilations"] != (1, 1):
        version = 2
    inputs = (x, weight.name, bias(node, to))
    table = ("DepthwiseConv2DOptions", options)
    to.emit("DEPTHWISE_CONV_2D", inputs, node.outputs[0], table, version)


def dense(node: Node, to: Lowering) -> None:
    """FULLY_CONNECTED flattens all but the last dimension unless told to keep them."""
    x, weight = to.input(node, 0), constant_input(node, 1, to)
    keep = len(x.shape) != 2
    options = {"keep_num_dims": keep, **activation(attributes(node)), **bias_type(node, to)}
    if attributes(node)["asymmetric"]:
        options["asymmetric_quantize_inputs"] = True
    version = weighted_version("FULLY_CONNECTED", node, to)
    if keep:
        version = max(version, 5)
    inputs = (x.name, weight.name, bias(node, to))
    table = ("FullyConnectedOptions", options)
    to.emit("FULLY_CONNECTED", inputs, node.outputs[0], table, version)


def max_pool2d(node: Node, to: Lowering) -> None:
    """Pads that are neither SAME nor VALID become cells that never win."""
    attrs, x = attributes(node), to.input(node, 0)
    lowest = np.finfo(np.float32).min if x.quant is None else LIMITS[x.dtype][0]
    padded, padding = _padded(node, to, attrs["pool"], lowest)
    _pool("MAX_POOL_2D", padded, node.outputs[0], padding, attrs["strides"], node, to)


def average_pool2d(node: Node, to: Lowering) -> None:
    """The mean over the valid cells of each window.

    Other pads than SAME or VALID: the pool moves one cell at a time with SAME pads, and a strided
    slice takes the windows that were asked for. Both count only valid cells, so the bits agree.
    """
    attrs, x = attributes(node), to.input(node, 0)
    output, strides = to.output(node), attrs["strides"]
    padding = _named_padding(x, attrs["pool"], strides, attrs["pads"])
    if padding is not None:
        _pool("AVERAGE_POOL_2D", x.name, output.name, padding, strides, node, to)
        return
    first = [(attrs["pool"][i] - 1) // 2 - attrs["pads"][i] for i in (0, 1)]
    end = [first[i] + (_size(output, i + 1) - 1) * strides[i] + 1 for i in (0, 1)]
    if min(first) < 0 or any(end[i] > _size(x, i + 1) for i in (0, 1)):
        raise UnsupportedOperator(
            f"pads {attrs['pads']} reach over half of the window {attrs['pool']}; "
            "TFLite averages with SAME or VALID padding only"
        )
    every = to.between(f"{node.name}/every_window", x.shape, output)
    _pool("AVERAGE_POOL_2D", x.name, every, tflite.Padding.SAME, (1, 1), node, to)
    whole = 0b1001  # batch and channels
    options = {"begin_mask": whole, "end_mask": whole}
    inputs = (
        every,
        to.integers((0, *first, 0), f"{node.name}/begin"),
        to.integers((0, *end, 0), f"{node.name}/end"),
        to.integers((1, *strides, 1), f"{node.name}/strides"),
    )
    to.emit("STRIDED_SLICE", inputs, output.name, ("StridedSliceOptions", options), versioned(x))


def _pool(
    code: str, x: str, y: str, padding: int, strides: Sequence[int], node: Node, to: Lowering
) -> None:
    height, width = attributes(node)["pool"]
    options = {
        "padding": padding,
        "stride_h": strides[0],
        "stride_w": strides[1],
        "filter_height": height,
        "filter_width": width,
    }
    to.emit(code, (x,), y, ("Pool2DOptions", options), versioned(to.value(x), int16=3))


def _steps(attrs: dict[str, Any]) -> dict[str, int]:
    strides, dilations = attrs["strides"], attrs["dilations"]
    return {
        "stride_h": strides[0],
        "stride_w": strides[1],
        "dilation_h_factor": dilations[0],
        "dilation_w_factor": dilations[1],
    }


def _padded(
    node: Node, to: Lowering, reach: Sequence[int], fill: float | np.floating[Any] | None = None
) -> tuple[str, int]:
    """The input of a windowed operator and its padding; PAD runs in front where it must.

    `fill` is what the added cells hold, by default zero (in int8 the zero point).
    """
    x, attrs = to.input(node, 0), attributes(node)
    padding = _named_padding(x, reach, attrs["strides"], attrs["pads"])
    if padding is not None:
        return x.name, padding
    top, left, bottom, right = attrs["pads"]
    shape = (x.shape[0], _size(x, 1) + top + bottom, _size(x, 2) + left + right, x.shape[3])
    padded = to.between(f"{node.name}/padded", shape, x)
    pads = np.array([[0, 0], [top, bottom], [left, right], [0, 0]], np.int32)
    inputs = (x.name, to.constant(pads, f"{node.name}/pads"))
    if fill is None:
        to.emit("PAD", inputs, padded, ("PadOptions", {}), versioned(x, int16=3))
    else:
        value = to.constant(np.array([fill], x.dtype), f"{node.name}/lowest", x.quant)
        to.emit("PADV2", (*inputs, value), padded, ("PadV2Options", {}), versioned(x, int16=3))
    return padded, tflite.Padding.VALID


def _named_padding(
    x: Value, reach: Sequence[int], strides: Sequence[int], pads: Sequence[int]
) -> int | None:
    """VALID without pads, SAME where the pads are exactly TFLite's for this size, else None.

    SAME gives ceil(size / stride) windows; the cells missing for that are added half before,
    half after, the odd one after.
    """
    if not any(pads):
        return int(tflite.Padding.VALID)
    for axis in (0, 1):
        size, stride = _size(x, axis + 1), strides[axis]
        missing = max((-(-size // stride) - 1) * stride + reach[axis] - size, 0)
        if (pads[axis], pads[axis + 2]) != (missing // 2, missing - missing // 2):
            return None
    return int(tflite.Padding.SAME)


def _reach(weight: Value, dilations: Sequence[int]) -> tuple[int, int]:
    """Rows and columns from the first to the last cell of a dilated window."""
    height, width = _size(weight, 1), _size(weight, 2)
    return (height - 1) * dilations[0] + 1, (width - 1) * dilations[1] + 1


def _size(value: Value, axis: int) -> int:
    size = value.shape[axis]
    assert size is not None
    return size


WINDOW_RULES: dict[str, Rule] = {
    "Conv2D": conv2d,
    "DepthwiseConv2D": depthwise_conv2d,
    "Dense": dense,
    "MaxPool2D": max_pool2d,
    "AveragePool2D": average_pool2d,
}
