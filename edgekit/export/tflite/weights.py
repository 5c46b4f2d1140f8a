"""What convolutions and dense layers write besides their weight: bias, its type, versions."""

from __future__ import annotations

import numpy as np

from edgekit.ir import Node, QuantParams
from edgekit.schema import tflite_layout as tflite

from .lowering import Lowering, constant_input

__all__ = ["bias", "bias_type", "weighted_version"]

VERSIONS = {
    "CONV_2D": {"int8": 3, "int16": 4, "int16, int32 bias": 8, "hybrid": 2, "channels": 5},
    "DEPTHWISE_CONV_2D": {"int8": 3, "int16": 5, "hybrid": 4, "channels": 6},
    "FULLY_CONNECTED": {
        "int8": 4,
        "int16": 7,
        "int16, int32 bias": 11,
        "hybrid": 3,
        "asymmetric": 9,
        "channels": 12,
    },
}
"""The first version with each kind of numbers, where it is not 1. hybrid: float32 activations with
int8 weights, channels: the same with a scale for each output channel."""


def bias(node: Node, to: Lowering) -> str:
    """The bias with the scale that the runtimes check: float32 of s_in * s_w, per channel.

    A missing bias becomes zeros, because not every runtime lets it be left out. In int16 its dtype
    decides how sums are rounded: a Dense without bias computes as with one of int32, all others as
    with one of int64.
    """
    x, weight = to.input(node, 0), to.input(node, 1)
    channels = weight.shape[3 if node.op == "DepthwiseConv2D" else 0]
    assert channels is not None
    given = len(node.inputs) > 2
    if x.dtype == "float32":
        if given:
            return constant_input(node, 2, to).name
        return to.constant(np.zeros(channels, np.float32), f"{node.name}/bias")
    assert x.quant is not None and weight.quant is not None
    scales = x.quant.scales[0] * weight.quant.scales
    quant = QuantParams(
        tuple(float(s) for s in scales), (0,) * len(scales), 0 if weight.quant.per_channel else None
    )
    if given:
        own = constant_input(node, 2, to)
        return own.name if own.quant == quant else to.constant(own.array(), own.name, quant)
    wide = x.dtype == "int16" and node.op != "Dense"
    zeros = np.zeros(channels, np.int64 if wide else np.int32)
    return to.constant(zeros, f"{node.name}/bias", quant)


def bias_type(node: Node, to: Lowering) -> dict[str, int]:
    """The option that says that the bias of an int16 layer has 32 bits; else it has 64."""
    if not _has_narrow_bias(node, to):
        return {}
    return {"quantized_bias_type": tflite.TensorType.INT32}


def weighted_version(code: str, node: Node, to: Lowering) -> int:
    """The version of the operator for the dtypes of its activations, weight and bias."""
    x, weight = to.input(node, 0), to.input(node, 1)
    kind = x.dtype
    if x.dtype == "float32" and weight.dtype == "int8":
        assert weight.quant is not None
        kind = "channels" if weight.quant.per_channel else "hybrid"
        if kind == "hybrid" and node.attrs.get("asymmetric"):
            kind = "asymmetric"
    elif _has_narrow_bias(node, to):
        kind = "int16, int32 bias"
    return VERSIONS[code].get(kind, 1)


def _has_narrow_bias(node: Node, to: Lowering) -> bool:
    if to.input(node, 0).dtype != "int16":
        return False
    if len(node.inputs) < 3 or node.inputs[2] is None:
        return node.op == "Dense"
    return to.input(node, 2).dtype == "int32"
