"""How each primitive is written in the graph: the table that `trace` reads.

A rule gets the `Call`, one recorded primitive with the values that went in, adds nodes through it,
and returns the name of the result. A primitive without a rule cannot be exported.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from edgekit.errors import UnsupportedOperator
from edgekit.train.ops.windows import explicit_padding

from . import functions as functions
from . import recurrent as recurrent
from . import windows as windows
from .calls import RULES as RULES
from .calls import Call, Rule, rule
from .parts import axes_of, bias_of, hard_sigmoid, plain, reduced
from .shapes import reshaped

__all__ = ["RULES"]


RULES.update(
    {
        "add": plain("Add"),
        "subtract": plain("Sub"),
        "multiply": plain("Mul"),
        "maximum": plain("Maximum"),
        "minimum": plain("Minimum"),
        "concat": plain("Concat", axis="axis"),
        "relu": plain("Relu"),
        "relu6": plain("Relu6"),
        "exp": plain("Exp"),
        "log": plain("Log"),
        "sqrt": plain("Sqrt"),
        "equal": plain("Equal"),
        "greater": plain("Greater"),
        "greater_equal": plain("GreaterEqual"),
        "less": plain("Less"),
        "less_equal": plain("LessEqual"),
        "not_equal": plain("NotEqual"),
        "sigmoid": plain("Sigmoid"),
        "tanh": plain("Tanh"),
        "hard_silu": plain("HardSwish"),
        "gelu": plain("Gelu", approximate="approximate"),
    }
)


@rule("stop_gradient", "stored", "exchanged", "held")
def _same(call: Call) -> str:
    return call.value(0)


@rule("leaky_relu")
def _leaky_relu(call: Call) -> str:
    alpha = float(call.attrs.get("negative_slope", 0.3))
    return call.add("LeakyRelu", call.value(0), alpha=alpha)


@rule("elu")
def _elu(call: Call) -> str:
    return call.add("Elu", call.value(0), alpha=float(call.attrs.get("alpha", 1.0)))


@rule("silu")
def _silu(call: Call) -> str:
    return call.add("Mul", call.value(0), call.add("Sigmoid", call.value(0)))


@rule("hard_sigmoid")
def _hard_sigmoid(call: Call) -> str:
    return hard_sigmoid(call, call.value(0))


@rule("divide")
def _divide(call: Call) -> str:
    divisor = call.constant(1)
    if divisor is None:
        return call.add("Div", call.value(0), call.value(1))
    return call.add("Mul", call.value(0), call.number(1 / divisor))


@rule("negative")
def _negative(call: Call) -> str:
    return call.add("Mul", call.value(0), call.number(-1.0))


@rule("square")
def _square(call: Call) -> str:
    return call.add("Mul", call.value(0), call.value(0))


@rule("absolute")
def _absolute(call: Call) -> str:
    return call.add("Maximum", call.value(0), _negative(call))


@rule("power")
def _power(call: Call) -> str:
    exponent = call.constant(1)
    if exponent is not None and exponent.size == 1 and float(exponent.item()) == 2.0:
        return _square(call)
    return call.add("Pow", call.value(0), call.value(1))


@rule("cast")
def _cast(call: Call) -> str:
    dtype = np.dtype(call.attrs["dtype"]).name
    if dtype == call.dtype_of(0):
        return call.value(0)
    return call.add("Cast", call.value(0), dtype=dtype)


@rule("dense")
def _dense(call: Call) -> str:
    weight = call.weight(1, np.transpose)
    return call.add("Dense", call.value(0), weight, bias_of(call))


@rule("matmul")
def _matmul(call: Call) -> str:
    if call.constant(1) is None:
        ranks = len(call.shape_of(0)), len(call.shape_of(1))
        if min(ranks) < 3 or ranks[0] != ranks[1]:
            raise UnsupportedOperator(
                "a product of two computed tensors can be exported where both have a batch axis "
                f"before rows and columns; these are {call.shape_of(0)} and {call.shape_of(1)}"
            )
        return call.add("BatchMatMul", call.value(0), call.value(1))
    if len(call.shape_of(1)) != 2:
        raise UnsupportedOperator("a product with a stack of constant matrices cannot be exported")
    return call.add("Dense", call.value(0), call.weight(1, np.transpose))


def _window(call: Call, kernel: Any, strides: Any, dilations: Any = (1, 1)) -> dict[str, Any]:
    """Strides and explicit padding of a convolution or a pooling."""
    size: Any = call.shape_of(0)[1:3]
    padding = call.attrs.get("padding", "valid")
    pads = explicit_padding(padding, size, kernel, strides, dilations)
    return {"strides": tuple(strides), "pads": pads}


def _convolution(call: Call) -> dict[str, Any]:
    strides = call.attrs.get("strides", (1, 1))
    dilations = tuple(call.attrs.get("dilations", (1, 1)))
    return {**_window(call, call.shape_of(1)[:2], strides, dilations), "dilations": dilations}


@rule("conv2d")
def _conv2d(call: Call) -> str:
    weight = call.weight(1, lambda kernel: kernel.transpose(3, 0, 1, 2))
    attrs = {**_convolution(call), "groups": call.attrs.get("groups", 1)}
    return call.add("Conv2D", call.value(0), weight, bias_of(call), **attrs)


@rule("depthwise_conv2d")
def _depthwise_conv2d(call: Call) -> str:
    weight = call.weight(1, lambda kernel: kernel.reshape(1, *kernel.shape[:2], -1))
    return call.add("DepthwiseConv2D", call.value(0), weight, bias_of(call), **_convolution(call))


@rule("batch_norm")
def _batch_norm(call: Call) -> str:
    channels = call.shape_of(0)[-1] or 0
    missing = (np.ones, np.zeros)
    vectors = [
        call.weight(i, lambda v: v) if call.given(i) else call.number(missing[i - 1](channels))
        for i in range(1, 5)
    ]
    return call.add(
        "BatchNorm", call.value(0), *vectors, epsilon=float(call.attrs.get("epsilon", 1e-3))
    )


def _pooling(op: str) -> Rule:
    def write(call: Call) -> str:
        pool = tuple(call.attrs["pool_size"])
        strides = call.attrs.get("strides") or pool
        return call.add(op, call.value(0), pool=pool, **_window(call, pool, strides))

    return write


RULES["max_pool2d"] = _pooling("MaxPool2D")
RULES["average_pool2d"] = _pooling("AveragePool2D")


@rule("global_average_pool2d")
def _global_average(call: Call) -> str:
    keepdims = bool(call.attrs.get("keepdims", False))
    return call.add("Mean", call.value(0), axes=(1, 2), keepdims=keepdims)


@rule("global_max_pool2d")
def _global_max(call: Call) -> str:
    size = call.shape_of(0)[1:3]
    largest = call.add("MaxPool2D", call.value(0), pool=size, strides=(1, 1))
    return largest if call.attrs.get("keepdims") else reshaped(call, largest)


@rule("mean")
def _mean(call: Call) -> str:
    return reduced(call, "Mean")


@rule("sum")
def _sum(call: Call) -> str:
    count = math.prod(call.shape_of(0)[axis] or 0 for axis in axes_of(call, call.attrs.get("axis")))
    return call.add("Mul", _mean(call), call.number(float(count)))


@rule("max")
def _max(call: Call) -> str:
    if call.shape == ():
        raise UnsupportedOperator(
            "a maximum over a whole batch cannot be exported, as a device sees one sample at a "
            "time; for a MelSpectrogram set top_db=float('inf')"
        )
    if len(call.shape_of(0)) == 4 and axes_of(call, call.attrs.get("axis")) == (1, 2):
        return _global_max(call)
    return reduced(call, "ReduceMax")
