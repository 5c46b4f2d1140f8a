"""Operators that multiply and sum, and those that look at windows."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from .builder import Builder, DoesNotFit, Rule
from .network import TYPES, Tensor

__all__ = ["RULES"]

DTYPES = ("float32", "int8", "int8", "uint8", "int16")


def weight(b: Builder, shape: tuple[int, ...], axis: int, dtype: str) -> int:
    """Per channel or per tensor, some channels zero. Real numbers meet float32, or int8 where they
    are inputs: behind another operator a last bit would move what they are rounded to by a step.
    """
    if dtype == "float32" and (b.network.operators or b.chance(0.6)):
        return b.constant(b.array(shape, dtype))
    if dtype == "uint8":
        return b.constant(b.array(shape, dtype), (b.scale(0.01), b.pick([0, 128, 255]), 0))
    channels = shape[axis] if dtype == "float32" or b.chance(0.7) else 1
    scales = (b.scale(0.01) * np.exp(b.rng.uniform(-1, 1, channels))).astype(np.float32)
    stored = b.rng.integers(-127, 128, shape).astype(np.int8)
    if b.chance(0.15):
        stored[(slice(None),) * axis + (b.rng.random(shape[axis]) < 0.4,)] = 0
    return b.constant(stored, (scales, np.zeros(channels, np.int64), axis))


def bias(b: Builder, x: Tensor, w: Tensor, channels: int, *, always: bool = False) -> int:
    if not always and b.chance(0.2):
        return -1
    if x.dtype == "float32":
        return b.constant(b.array((channels,), "float32"))
    assert w.quant is not None
    most = b.pick([100, 3000, 50000])
    stored = b.rng.integers(-most, most + 1, channels)
    scales = np.float32(x.scale) * np.atleast_1d(np.float32(w.quant[0]))
    dtype = "int64" if x.dtype == "int16" else "int32"
    return b.constant(stored.astype(dtype), (scales, np.zeros(len(scales), np.int64), 0))


def output(b: Builder, x: Tensor, w: Tensor, terms: float) -> Tensor:
    if x.dtype == "float32":
        return Tensor(None, "float32")
    spread = 10_000.0 if x.dtype == "int16" else 30.0
    return Tensor(
        None, x.dtype, None, b.quant(x.dtype, x.scale * w.scale * math.sqrt(terms) * spread)
    )


def convolution(b: Builder, *, depthwise: bool) -> None:
    number = b.read(DTYPES, [4])
    x = b.tensor(number)
    channels = x.known_shape[3]
    height, width = b.pick([(1, 1), (3, 3), (b.number(1, 5), b.number(1, 5))])
    step = b.pick([(1, 1), (b.number(1, 3),) * 2])
    dilation = b.pick([(1, 1), (1, 1), (b.number(1, 3),) * 2])
    multiplier = b.pick([1, 1, 2, 3])
    outputs = channels * multiplier if depthwise else b.number(1, 20)
    shape = (1, height, width, outputs) if depthwise else (outputs, height, width, channels)
    w = weight(b, shape, 3 if depthwise else 0, x.dtype)
    options: dict[str, Any] = {
        "padding": b.number(0, 1),
        "stride_h": step[0],
        "stride_w": step[1],
        "dilation_h_factor": dilation[0],
        "dilation_w_factor": dilation[1],
        "fused_activation_function": b.fused(),
    }
    if depthwise:
        options["depth_multiplier"] = multiplier
    elif x.dtype == "int16":
        options["quantized_bias_type"] = TYPES["INT64"]
    code, table = (
        ("DEPTHWISE_CONV_2D", "DepthwiseConv2DOptions")
        if depthwise
        else (
            "CONV_2D",
            "Conv2DOptions",
        )
    )
    terms = height * width * (1 if depthwise else channels)
    # Without one, LiteRT's own kernel for depthwise layers crashes (XNNPACK's does not).
    added = bias(b, x, b.tensor(w), outputs, always=depthwise)
    inputs = [i for i in (number, w, added) if i >= 0]
    b.emit(code, inputs, [output(b, x, b.tensor(w), terms)], (table, options))


def conv2d(b: Builder) -> None:
    convolution(b, depthwise=False)


def depthwise_conv2d(b: Builder) -> None:
    convolution(b, depthwise=True)


def fully_connected(b: Builder) -> None:
    number = b.read(DTYPES, range(1, 6))
    x = b.tensor(number)
    features, outputs = x.known_shape[-1], b.number(1, 33)
    w = weight(b, (outputs, features), 0, x.dtype)
    options: dict[str, Any] = {"fused_activation_function": b.fused(), **b.flags("keep_num_dims")}
    if x.dtype == "int16":
        options["quantized_bias_type"] = TYPES["INT64"]
    inputs = (number, w, bias(b, x, b.tensor(w), outputs))
    result = output(b, x, b.tensor(w), features)
    b.emit("FULLY_CONNECTED", inputs, [result], ("FullyConnectedOptions", options))


def transpose_conv(b: Builder) -> None:
    number = b.read(DTYPES, [4])
    x = b.tensor(number)
    batch, height, width, channels = x.known_shape
    size, step, outputs = b.number(1, 4), b.number(1, 3), b.number(1, 8)
    same = size >= step and b.chance(0.5)
    w = weight(b, (outputs, size, size, channels), 0, x.dtype)
    if x.dtype == "float32" and b.tensor(w).dtype == "int8":
        raise DoesNotFit
    lines = [n * step if same else (n - 1) * step + size for n in (height, width)]
    shape = b.constant([batch, *lines, outputs], dtype="int32")
    options = {
        "padding": 0 if same else 1,
        "stride_h": step,
        "stride_w": step,
        "fused_activation_function": b.fused(),
    }
    inputs = [i for i in (shape, w, number, bias(b, x, b.tensor(w), outputs)) if i >= 0]
    result = output(b, x, b.tensor(w), max(1.0, size * size * channels / step**2))
    b.emit("TRANSPOSE_CONV", inputs, [result], ("TransposeConvOptions", options))


def batch_matmul(b: Builder) -> None:
    number = b.read(("float32", "int8", "int16"), range(2, 6))
    x, adjoint = b.tensor(number), b.flags("adj_x", "adj_y")
    inner, columns = x.known_shape[-2 if adjoint["adj_x"] else -1], b.number(1, 9)
    shape = [*x.known_shape[:-2], *((columns, inner) if adjoint["adj_y"] else (inner, columns))]
    quant = b.quant(x.dtype)
    if quant is not None and b.chance(0.5):
        quant = (quant[0], 0, 0)
    if b.chance(0.5):
        y = b.constant(b.array(shape, x.dtype), quant)
    else:
        y = b.input(shape, x.dtype, quant)
    result = output(b, x, b.tensor(y), inner)
    b.emit("BATCH_MATMUL", (number, y), [result], ("BatchMatMulOptions", adjoint))


def pool(b: Builder) -> None:
    code = b.pick(["AVERAGE_POOL_2D", "MAX_POOL_2D"])
    number = b.read(DTYPES, [4])
    options = {
        "padding": b.number(0, 1),
        "stride_h": b.number(1, 3),
        "stride_w": b.number(1, 3),
        "filter_height": b.number(1, 5),
        "filter_width": b.number(1, 5),
        "fused_activation_function": b.fused(),
    }
    b.emit(code, [number], [b.like(number)], ("Pool2DOptions", options))


RULES: tuple[Rule, ...] = (
    *(conv2d, conv2d, depthwise_conv2d, depthwise_conv2d, fully_connected),
    *(transpose_conv, batch_matmul, pool),
)
