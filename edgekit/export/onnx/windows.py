"""Rules of convolutions, dense layers and pooling: they want channels first."""

from __future__ import annotations

import numpy as np

from edgekit.errors import UnsupportedOperator
from edgekit.ir import Node, Value, attributes

from .lowering import Layout, Lowering, Rule

__all__ = ["WINDOW_RULES", "bias_inputs", "constant_input"]


def conv2d(node: Node, to: Lowering) -> None:
    """OHWI becomes OIHW."""
    weight = constant_input(node, 1, to).array().transpose(0, 3, 1, 2)
    _convolve(node, to, weight, attributes(node)["groups"])


def depthwise(node: Node, to: Lowering) -> None:
    """1HW(channels * multiplier) becomes a convolution of one group per channel."""
    weight = constant_input(node, 1, to).array().transpose(3, 0, 1, 2)
    channels = to.value(node.inputs[0]).shape[3]
    assert channels is not None
    _convolve(node, to, weight, channels)


def _convolve(node: Node, to: Lowering, weight: np.ndarray, groups: int) -> None:
    attrs = attributes(node)
    inputs = [
        to.read(node.inputs[0], "first"),
        to.parameter(node, 1, weight),
        *bias_inputs(node, to),
    ]
    to.write(
        node,
        "Conv",
        inputs,
        "first",
        kernel_shape=weight.shape[2:],
        strides=attrs["strides"],
        pads=attrs["pads"],
        dilations=attrs["dilations"],
        group=groups,
    )


def dense(node: Node, to: Lowering) -> None:
    """Gemm for rows of features; MatMul and Add for more dimensions."""
    weight = constant_input(node, 1, to).array()
    source = to.value(node.inputs[0])
    if source.name in to.flattened:
        height, width, channels = to.flattened[source.name]
        planes = weight.reshape(-1, height, width, channels).transpose(0, 3, 1, 2)
        weight = planes.reshape(weight.shape)
    x, kernel = to.read(source.name), to.parameter(node, 1, weight)
    if len(source.shape) == 2:
        to.write(node, "Gemm", [x, kernel, *bias_inputs(node, to)], transB=1)
        return
    turned = to.between(node, "Transpose", [kernel], perm=(1, 0))
    bias = bias_inputs(node, to)
    if bias:
        product = to.between(node, "MatMul", [x, turned])
        to.write(node, "Add", [product, *bias])
    else:
        to.write(node, "MatMul", [x, turned])


def max_pool(node: Node, to: Lowering) -> None:
    _pool(node, to, "MaxPool")


def average_pool(node: Node, to: Lowering) -> None:
    """Cells outside the image do not count."""
    _pool(node, to, "AveragePool", count_include_pad=0)


def _pool(node: Node, to: Lowering, op: str, **settings: int) -> None:
    attrs = attributes(node)
    to.write(
        node,
        op,
        [to.read(node.inputs[0], "first")],
        "first",
        kernel_shape=attrs["pool"],
        strides=attrs["strides"],
        pads=attrs["pads"],
        **settings,
    )


def batch_norm(node: Node, to: Lowering) -> None:
    """ONNX's normalizes along dimension 1: channels first, or the features of rows."""
    source = to.value(node.inputs[0])
    if len(source.shape) not in (2, 4):
        raise UnsupportedOperator(
            f"BatchNormalization takes 2 or 4 dimensions, received {len(source.shape)}"
        )
    layout: Layout = "first" if len(source.shape) == 4 else "last"
    parameters = [to.parameter(node, i, constant_input(node, i, to).array()) for i in range(1, 5)]
    epsilon = attributes(node)["epsilon"]
    inputs = [to.read(source.name, layout), *parameters]
    to.write(node, "BatchNormalization", inputs, layout, epsilon=epsilon)


def bias_inputs(node: Node, to: Lowering) -> list[str]:
    if len(node.inputs) < 3 or node.inputs[2] is None:
        return []
    return [to.parameter(node, 2, constant_input(node, 2, to).array())]


def constant_input(node: Node, position: int, to: Lowering) -> Value:
    """A weight or bias; edgekit's own layouts can be turned only while it is a constant."""
    value = to.value(node.inputs[position])
    if not value.is_constant:
        raise UnsupportedOperator(f"{value.name!r} is computed by the graph, not a constant")
    return value


WINDOW_RULES: dict[str, Rule] = {
    "Conv2D": conv2d,
    "DepthwiseConv2D": depthwise,
    "Dense": dense,
    "MaxPool2D": max_pool,
    "AveragePool2D": average_pool,
    "BatchNorm": batch_norm,
}
