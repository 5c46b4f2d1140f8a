"""Derivatives of derivatives for primitives that are linear in their input, or in input and kernel.

The gradient of such a primitive is a primitive itself, whose own derivative is made of the other
two: for y = conv(x, k) the gradients by x and by k are bilinear again, in (g, k) and in (g, x), and
conv is what their derivatives lead back to. So tapes can nest as deep as they like, and each of
the three keeps its fast rule.
"""

from __future__ import annotations

from typing import Any

from edgekit.train.primitive import Primitive, primitive
from edgekit.train.tensor import array_of

__all__ = ["bilinear", "linear"]


def _gradient_primitive(rule: Primitive, name: str, forward: Any) -> Primitive:
    made: Primitive = primitive(forward, name=f"{rule.name}_{name}_gradient")
    made.attributes = rule.attributes
    return made


def _output_alone(rule: Primitive) -> Any:
    """The forward function, without what it saves; a GPU's where it has been entered by then."""
    if not rule.saves:
        return lambda *inputs, **attrs: rule.forward(*inputs, **attrs)
    return lambda *inputs, **attrs: rule.forward(*inputs, **attrs)[0]


def _backward(rule: Primitive) -> Any:
    """The derivative, likewise."""
    assert rule.backward is not None
    return lambda *inputs, **attrs: rule.backward(*inputs, **attrs)


def bilinear(rule: Primitive) -> None:
    """Make `rule(x, kernel, bias=None, **attrs)`, linear in `x` and in `kernel`, nest."""
    forward, backward = _output_alone(rule), _backward(rule)

    def by_input(g, x, kernel, **attrs):
        return backward(g, None, x, kernel, needs=[True, False], **attrs)[0]

    def by_kernel(g, x, kernel, **attrs):
        return backward(g, None, x, kernel, needs=[False, True], **attrs)[1]

    input_gradient = _gradient_primitive(rule, "input", by_input)
    kernel_gradient = _gradient_primitive(rule, "kernel", by_kernel)

    @rule.nested_vjp
    def _(g, y, x, kernel, bias=None, *, needs, **attrs):
        gx = input_gradient(g, array_of(x), kernel, **attrs) if needs[0] else None
        gk = kernel_gradient(g, x, array_of(kernel), **attrs) if needs[1] else None
        gb = g.sum(axis=tuple(range(g.ndim - 1))) if bias is not None and needs[2] else None
        return (gx, gk, gb)[: len(needs)]

    @input_gradient.vjp
    def _(u, y, g, x, kernel, *, needs, **attrs):
        gg = forward(u, kernel, **attrs) if needs[0] else None
        return gg, None, by_kernel(g, u, kernel, **attrs) if needs[2] else None

    @input_gradient.nested_vjp
    def _(u, y, g, x, kernel, *, needs, **attrs):
        gg = rule(u, kernel, **attrs) if needs[0] else None
        gk = kernel_gradient(g, u, array_of(kernel), **attrs) if needs[2] else None
        return gg, None, gk

    @kernel_gradient.vjp
    def _(u, y, g, x, kernel, *, needs, **attrs):
        gg = forward(x, u, **attrs) if needs[0] else None
        return gg, by_input(g, x, u, **attrs) if needs[1] else None, None

    @kernel_gradient.nested_vjp
    def _(u, y, g, x, kernel, *, needs, **attrs):
        gg = rule(x, u, **attrs) if needs[0] else None
        return gg, input_gradient(g, array_of(x), u, **attrs) if needs[1] else None, None


def linear(rule: Primitive) -> None:
    """Make `rule(x, **attrs)`, linear in `x`, nest."""
    forward, backward = _output_alone(rule), _backward(rule)

    def by_input(g, x, **attrs):
        return backward(g, None, x, **attrs)[0]

    input_gradient = _gradient_primitive(rule, "input", by_input)

    @rule.nested_vjp
    def _(g, y, x, **attrs):
        return (input_gradient(g, array_of(x), **attrs),)

    @input_gradient.vjp
    def _(u, y, g, x, **attrs):
        return forward(u, **attrs), None

    @input_gradient.nested_vjp
    def _(u, y, g, x, **attrs):
        return rule(u, **attrs), None
