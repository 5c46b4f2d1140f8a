"""Primitives that the graph holds as several operators, or under a name of its own."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from edgekit.errors import UnsupportedOperator

from .calls import Call, Rule, rule

__all__ = ["axes_of", "bias_of", "hard_sigmoid", "plain", "reduced"]


def plain(op: str, **renamed: str) -> Rule:
    """One node of all inputs; `renamed` gives attributes as graph_name="primitive_name"."""

    def write(call: Call) -> str:
        attrs = {new: call.attrs[old] for new, old in renamed.items() if old in call.attrs}
        count = 0
        while call.given(count):
            count += 1
        return call.add(op, *(call.value(i) for i in range(count)), **attrs)

    return write


def axes_of(call: Call, axis: int | tuple[int, ...] | None) -> tuple[int, ...]:
    """The axes of a reduction, none of them the batch."""
    rank = len(call.shape_of(0))
    given = range(rank) if axis is None else axis if isinstance(axis, tuple | list) else (axis,)
    axes = tuple(sorted(a % rank for a in given))
    if 0 in axes:
        raise UnsupportedOperator("a reduction over the batch cannot be exported")
    return axes


def reduced(call: Call, op: str) -> str:
    """The reduction that the axes and the keepdims of a call ask for."""
    keepdims = bool(call.attrs.get("keepdims"))
    return call.add(
        op, call.value(0), axes=axes_of(call, call.attrs.get("axis")), keepdims=keepdims
    )


def bias_of(call: Call) -> str | None:
    """The bias of a product or a convolution, its input 2; None without one."""
    return call.weight(2, lambda bias: bias) if call.given(2) else None


def hard_sigmoid(call: Call, value: str) -> str:
    """relu6(x + 3) / 6."""
    shifted = call.add("Add", value, call.number(3.0))
    return call.add("Mul", call.add("Relu6", shifted), call.number(1 / 6))


@rule("softplus")
def _softplus(call: Call) -> str:
    """max(x, 0) + log(1 + exp(-|x|)), in which nothing overflows."""
    x = call.value(0)
    below = call.add("Exp", call.add("Minimum", x, call.add("Mul", x, call.number(-1.0))))
    return call.add(
        "Add", call.add("Relu", x), call.add("Log", call.add("Add", below, call.number(1.0)))
    )


@rule("softmax")
def _softmax(call: Call) -> str:
    """Along one axis an operator; along several exponentials by their sum."""
    axis, x = call.attrs.get("axis", -1), call.value(0)
    if not isinstance(axis, tuple | list):
        return call.add("Softmax", x, axis=axis)
    axes = axes_of(call, tuple(axis))
    largest = call.add("ReduceMax", x, axes=axes, keepdims=True)
    powers = call.add("Exp", call.add("Sub", x, largest))
    return call.add("Div", powers, call.add("Sum", powers, axes=axes, keepdims=True))


@rule("log_softmax")
def _log_softmax(call: Call) -> str:
    rank = len(call.shape)
    if call.attrs.get("axis", -1) % rank != rank - 1:
        raise UnsupportedOperator("log_softmax can be exported along the last axis only")
    return call.add("LogSoftmax", call.value(0))


def _normalized(call: Call, x: str, axes: tuple[int, ...]) -> str:
    """(x - mean) / sqrt(variance + epsilon), mean and variance as parts."""
    mean = call.add("Mean", x, axes=axes, keepdims=True)
    squares = call.add("SquaredDifference", x, mean)
    variance = call.add("Mean", squares, axes=axes, keepdims=True)
    epsilon = call.number(float(call.attrs.get("epsilon", 1e-3)))
    inverse = call.add("Rsqrt", call.add("Add", variance, epsilon))
    return call.add("Mul", call.add("Sub", x, mean), inverse)


def _scaled(call: Call, y: str, layout: Callable[[np.ndarray], np.ndarray]) -> str:
    """y * gamma + beta, those of the two that there are."""
    if call.given(1):
        y = call.add("Mul", y, call.weight(1, layout))
    return call.add("Add", y, call.weight(2, layout)) if call.given(2) else y


@rule("layer_norm")
def _layer_norm(call: Call) -> str:
    axes = axes_of(call, call.attrs.get("axis", -1))
    shape = [(n or 1) if i in axes else 1 for i, n in enumerate(call.shape_of(0))]
    y = _normalized(call, call.value(0), axes)
    return _scaled(call, y, lambda vector: vector.reshape(shape[min(axes) :]))


@rule("group_norm")
def _group_norm(call: Call) -> str:
    """Over positions and the channels of a group, with the groups as an axis of their own."""
    _, *positions, channels = call.shape_of(0)
    groups = call.attrs["groups"]
    grouped = (-1, math.prod(n or 1 for n in positions), groups, (channels or 0) // groups)
    y = _normalized(call, call.add("Reshape", call.value(0), shape=grouped), (1, 3))
    y = call.add("Reshape", y, shape=(-1, *call.shape[1:]))
    return _scaled(call, y, lambda vector: vector)


@rule("unit_norm")
def _unit_norm(call: Call) -> str:
    axes = axes_of(call, call.attrs.get("axis", -1))
    x = call.value(0)
    if axes == (len(call.shape_of(0)) - 1,):
        return call.add("L2Normalize", x)
    squares = call.add("Sum", call.add("Mul", x, x), axes=axes, keepdims=True)
    least = call.number(float(call.attrs.get("epsilon", 1e-12)))
    return call.add("Mul", x, call.add("Rsqrt", call.add("Maximum", squares, least)))


@rule("broadcast_to")
def _broadcast_to(call: Call) -> str:
    """As a tiling where the axes are the same: an open batch has no size to be written down."""
    before, after = call.shape_of(0), call.shape
    if len(before) != len(after):
        shape = tuple(-1 if n is None else n for n in after)
        return call.add("BroadcastTo", call.value(0), shape=shape)
    repeats = tuple(1 if n == m else n or 1 for n, m in zip(after, before, strict=True))
    if before[0] != after[0]:
        raise UnsupportedOperator("a repetition along the batch cannot be exported")
    return call.add("Tile", call.value(0), repeats=repeats)


@rule("where")
def _where(call: Call) -> str:
    return call.add("Select", call.value(1), call.value(2), call.value(0))


@rule("prelu")
def _prelu(call: Call) -> str:
    return call.add("Prelu", call.value(0), call.weight(1, lambda alpha: alpha))
