"""Derivatives written with primitives, for gradients of gradients.

The derivatives beside the primitives work on arrays and are quick; where an outer tape listens,
these are used instead, so that it can differentiate them once more. A primitive that is registered
`on_tensors` needs none.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from edgekit.train.backend import array_module, is_floating
from edgekit.train.primitive import Primitive, primitive
from edgekit.train.tensor import array_of

from . import activations, comparisons, losses, normalization, random, reductions, shape
from . import math as arithmetic
from .bilinear import bilinear, linear
from .conv import conv2d
from .depthwise import depthwise_conv2d
from .reductions import spread, unbroadcast

__all__ = ["composed", "piecewise"]


def composed(rule: Primitive, function: Any) -> None:
    """Differentiate `rule` as what `function`, made of other primitives, computes."""
    from edgekit.train.tape import GradientTape

    @rule.nested_vjp
    def _(g, y, *inputs, needs, **attrs):
        wanted = [x for x, need in zip(inputs, needs, strict=True) if need]
        with GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(wanted)
            again = function(*inputs, **attrs)
        found = iter(tape.gradient(again, wanted, output_gradients=g))
        return [next(found) if need else None for need in needs]


def piecewise(rule: Primitive) -> None:
    """`rule(x)` is made of straight pieces: its slope is a constant to every outer tape."""
    assert rule.backward is not None
    backward = rule.backward

    @rule.nested_vjp
    def _(g, y, x, **attrs):
        ones = array_module(array_of(x)).ones_like(array_of(x))
        return (g * backward(ones, array_of(y), array_of(x), **attrs)[0],)


for _rule in (conv2d, depthwise_conv2d):
    bilinear(_rule)
linear(shape.resize_nearest)
for _rule in (
    activations.relu6,
    activations.leaky_relu,
    activations.hard_sigmoid,
    arithmetic.absolute,
):
    piecewise(_rule)


# -- activations ----------------------------------------------------------------------------------


@primitive
def normal_distribution(x):
    """The share of a normal distribution that lies below `x`."""
    number = x.dtype.type
    return number(0.5) + number(0.5) * activations.erf(x * number(math.sqrt(0.5)))


@normal_distribution.vjp
def _(g, y, x):
    return (g * array_module(x).exp(x * x * x.dtype.type(-0.5)) * x.dtype.type(_DENSITY),)


@normal_distribution.nested_vjp
def _(g, y, x):
    return (g * arithmetic.exp(x * x * -0.5) * _DENSITY,)


_DENSITY = 1 / math.sqrt(2 * math.pi)


def _gelu(x, *, approximate=False):
    if not approximate:
        return x * normal_distribution(x)
    inner = (x + 0.044715 * x * x * x) * math.sqrt(2 / math.pi)
    return x * (activations.tanh(inner) + 1.0) * 0.5


composed(activations.gelu, _gelu)
composed(activations.hard_silu, lambda x: x * activations.hard_sigmoid(x))
composed(activations.silu, lambda x: x * activations.sigmoid(x))


@activations.softplus.nested_vjp
def _(g, y, x):
    return (g * activations.sigmoid(x),)


@activations.elu.nested_vjp
def _(g, y, x, *, alpha=1.0):
    below = alpha * arithmetic.exp(arithmetic.minimum(x, 0.0))
    return (comparisons.where(array_of(x) > 0, g, g * below),)


@activations.log_softmax.nested_vjp
def _(g, y, x, *, axis=-1):
    return (g - activations.softmax(x, axis=axis) * g.sum(axis=axis, keepdims=True),)


# -- arithmetic and shapes ------------------------------------------------------------------------


def _extremum(rule: Primitive) -> None:
    """max and min along axes: the gradient goes where the array rule sends ones."""
    assert rule.backward is not None
    backward = rule.backward

    @rule.nested_vjp
    def _(g, y, x, *, axis=None, keepdims=False):
        ones = array_module(array_of(y)).ones_like(array_of(y))
        shares = backward(ones, array_of(y), array_of(x), axis=axis, keepdims=keepdims)[0]
        return (spread(g, x, axis, keepdims) * shares,)


def _of_two(rule: Primitive) -> None:
    """maximum and minimum of two: half to each where they are equal."""

    @rule.nested_vjp
    def _(g, y, a, b, *, needs):
        result = array_of(y)
        to_a = (array_of(a) == result) * (1 - 0.5 * (array_of(b) == result))
        to_a = to_a.astype(result.dtype)
        ga = unbroadcast(g * to_a, a) if needs[0] else None
        return ga, unbroadcast(g * (1 - to_a), b) if needs[1] else None


_extremum(reductions.max)
_extremum(reductions.min)
_of_two(arithmetic.maximum)
_of_two(arithmetic.minimum)


@comparisons.where.nested_vjp
def _(g, y, condition, a, b, *, needs):
    chosen = array_of(condition).astype(array_of(g).dtype)
    ga = unbroadcast(g * chosen, a) if needs[1] else None
    return None, ga, unbroadcast(g * (1 - chosen), b) if needs[2] else None


@arithmetic.cast.nested_vjp
def _(g, y, x, *, dtype):
    both = is_floating(x.dtype) and is_floating(y.dtype)
    return (arithmetic.cast(g, dtype=x.dtype) if both else None,)


@shape.transpose.nested_vjp
def _(g, y, x, *, axes=None):
    back = None if axes is None else tuple(np.argsort([a % x.ndim for a in axes]).tolist())
    return (shape.transpose(g, axes=back),)


@shape.concat_primitive.nested_vjp
def _(g, y, *parts, axis=-1):
    axis, start, pieces = axis % g.ndim, 0, []
    for part in parts:
        stop = start + part.shape[axis]
        index = (slice(None),) * axis + (slice(start, stop),)
        pieces.append(g[index])
        start = stop
    return pieces


@shape.pad.nested_vjp
def _(g, y, x, *, paddings, value=0.0):
    return (g[tuple(slice(b, b + n) for (b, _), n in zip(paddings, x.shape, strict=True))],)


linear(shape.getitem)


# -- losses, normalization, dropout ---------------------------------------------------------------


@losses.softmax_cross_entropy.nested_vjp
def _(g, y, logits, labels, *, needs):
    module = array_module(array_of(logits))
    g = g.reshape(*g.shape, 1)
    given = array_of(labels)
    if given.dtype.kind in "iu":
        one_hot = module.eye(logits.shape[-1], dtype=array_of(logits).dtype)[given]
        return (activations.softmax(logits, axis=-1) - one_hot) * g, None
    weight = labels.sum(axis=-1, keepdims=True)
    gx = (activations.softmax(logits, axis=-1) * weight - labels) * g
    return gx, activations.log_softmax(logits, axis=-1) * -g if needs[1] else None


@losses.sigmoid_cross_entropy.nested_vjp
def _(g, y, logits, labels, *, needs):
    return g * (activations.sigmoid(logits) - labels), -g * logits if needs[1] else None


@losses.masked_log_sum_exp.nested_vjp
def _(g, y, x, mask):
    held = array_of(mask) & np.isfinite(array_of(y))[..., None]
    shares = arithmetic.exp(comparisons.where(held, x - y.reshape(*y.shape, 1), -np.inf))
    return g.reshape(*g.shape, 1) * shares, None


@random.dropout.nested_vjp
def _(g, y, x, *, saved, rate, generator, noise_shape=None):
    kept, scale = saved
    return (g * (kept * scale),)


def _normalized(x: Any, mean: Any, variance: Any, gamma: Any, beta: Any, epsilon: float) -> Any:
    y = (x - mean) / arithmetic.sqrt(variance + epsilon)
    y = y if gamma is None else y * gamma
    return y if beta is None else y + beta


def _by_statistics(x, gamma=None, beta=None, *, axes, epsilon):
    mean = x.mean(axis=axes, keepdims=True)
    centred = x - mean
    variance = (centred * centred).mean(axis=axes, keepdims=True)
    return _normalized(x, mean, variance, gamma, beta, epsilon)


def _batch_norm_training(x, gamma=None, beta=None, *, epsilon=1e-3):
    return _by_statistics(x, gamma, beta, axes=tuple(range(x.ndim - 1)), epsilon=epsilon)


def _layer_norm(x, gamma=None, beta=None, *, axis=-1, epsilon=1e-3):
    given = axis if isinstance(axis, tuple | list) else (axis,)
    axes = tuple(sorted(a % x.ndim for a in given))
    sizes = [n if i in axes else 1 for i, n in enumerate(x.shape)]
    gamma, beta = (None if v is None else v.reshape(sizes) for v in (gamma, beta))
    return _by_statistics(x, gamma, beta, axes=axes, epsilon=epsilon)


def _batch_norm(x, gamma, beta, moving_mean, moving_variance, *, epsilon=1e-3):
    return _normalized(x, moving_mean, moving_variance, gamma, beta, epsilon)


composed(normalization._batch_norm_training, _batch_norm_training)
composed(normalization._batch_norm_inference, _batch_norm)
composed(normalization.layer_norm, _layer_norm)
