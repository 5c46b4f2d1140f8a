"""A product and the activation behind it as one primitive, which a GPU runs as one kernel."""

from __future__ import annotations

from typing import Any

from edgekit.train.primitive import primitive

from .activations import relu, relu6
from .conv import conv2d
from .dense import dense
from .nested import composed

__all__ = ["ACTIVATIONS", "activated_conv2d", "activated_dense"]

ACTIVATIONS = {"relu": relu, "relu6": relu6}
"""Those whose slope is known from what came out."""


@primitive
def activated_dense(x, kernel, bias=None, *, activation: str):
    """activation(x (..., in) @ kernel (in, out) + bias (out,))."""
    return ACTIVATIONS[activation].forward(dense.forward(x, kernel, bias))


@activated_dense.vjp
def _(g, y, x, kernel, bias=None, *, needs, activation):
    return dense.backward(_through(activation, g, y), y, x, kernel, bias, needs=needs)


@primitive
def activated_conv2d(
    x,
    kernel,
    bias=None,
    *,
    activation: str,
    strides: Any = (1, 1),
    padding: Any = "valid",
    dilations: Any = (1, 1),
    groups: int = 1,
):
    """activation(conv2d(x, kernel, bias)), with the attributes of conv2d."""
    window = {"strides": strides, "padding": padding, "dilations": dilations, "groups": groups}
    y, _ = conv2d.forward(x, kernel, bias, **window)
    return ACTIVATIONS[activation].forward(y)


@activated_conv2d.vjp
def _(g, y, x, kernel, bias=None, *, needs, activation, **window):
    return conv2d.backward(_through(activation, g, y), y, x, kernel, bias, needs=needs, **window)


def _through(activation: str, g: Any, y: Any) -> Any:
    """The gradient of what went into the activation, which reads its output alone."""
    return ACTIVATIONS[activation].backward(g, y, y)[0]


def _dense_of_parts(x, kernel, bias=None, *, activation):
    return ACTIVATIONS[activation](dense(x, kernel, bias))


def _conv2d_of_parts(x, kernel, bias=None, *, activation, **window):
    return ACTIVATIONS[activation](conv2d(x, kernel, bias, **window))


composed(activated_dense, _dense_of_parts)
composed(activated_conv2d, _conv2d_of_parts)
