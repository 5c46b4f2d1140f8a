"""Normalizations, attention, and measures of what networks give."""

from __future__ import annotations

import math as scalars
from typing import Any

import numpy as np

from edgekit.errors import InputError, UnsupportedOperator
from edgekit.keras.config import epsilon as smallest
from edgekit.keras.ops.activations import softmax
from edgekit.keras.ops.joining import repeat
from edgekit.keras.ops.norms import norm
from edgekit.keras.ops.reductions import mean, var
from edgekit.keras.ops.shapes import transpose
from edgekit.keras.ops.tensors import (
    as_tensor,
    axes_of,
    dtype_of,
    floating,
    largest_of,
    operation,
    together,
)
from edgekit.train.ops import activations, comparisons, math, normalization
from edgekit.train.serialization import accept_options

__all__ = [
    "batch_normalization", "dot_product_attention", "layer_normalization", "moments", "normalize",
    "psnr", "rms_normalization",
]  # fmt: skip


def moments(x: Any, axes: Any, keepdims: bool = False, synchronized: bool = False) -> Any:
    """(mean, variance) along axes."""
    accept_options("keras.ops.moments", {"synchronized": synchronized})
    return mean(x, axes, keepdims), var(x, axes, keepdims)


def normalize(x: Any, axis: Any = -1, order: int = 2, epsilon: float | None = None) -> Any:
    """`x` over its norm."""
    x = floating(x)
    if not isinstance(order, int) or order < 1:
        raise InputError(f"normalize: order must be an integer from 1 on. Received: {order!r}")
    least = smallest() if epsilon is None else epsilon
    return math.divide(x, math.maximum(norm(x, order, axis, True), least))


def _along(vector: Any, x: Any, axis: int) -> Any:
    """A vector in the shape in which it meets x along an axis."""
    return as_tensor(vector).reshape(*(-1 if i == axis % len(x.shape) else 1
                                       for i in range(len(x.shape))))  # fmt: skip


def batch_normalization(
    x: Any,
    mean: Any,
    variance: Any,
    axis: int,
    offset: Any = None,
    scale: Any = None,
    epsilon: float = 1e-3,
) -> Any:
    """(x - mean) / sqrt(variance + epsilon), times `scale` and plus `offset`, along an axis."""
    x = floating(x)
    factor = math.divide(1.0, math.sqrt(floating(variance) + epsilon))
    factor = factor if scale is None else factor * as_tensor(scale)
    y = (x - _along(mean, x, axis)) * _along(factor, x, axis)
    return y if offset is None else y + _along(offset, x, axis)


@operation
def layer_normalization(
    x: Any, gamma: Any = None, beta: Any = None, axis: Any = -1, epsilon: Any = None, **kwargs: Any
) -> Any:
    """`x` with mean 0 and variance 1 along axes, times `gamma` and plus `beta`."""
    if kwargs.pop("rms_scaling", False):
        raise UnsupportedOperator(
            "keras.ops.layer_normalization: rms_scaling is deprecated; use rms_normalization"
        )
    accept_options("keras.ops.layer_normalization", kwargs)
    x = floating(x)
    axes = sorted(axes_of(x, axis))
    shape = tuple(x.shape[a] for a in axes)
    gamma, beta = (None if v is None else as_tensor(v).reshape(*shape) for v in (gamma, beta))
    least = smallest() if epsilon is None else epsilon
    return normalization.layer_norm(x, gamma, beta, axis=tuple(axes), epsilon=least)


def rms_normalization(x: Any, scale: Any = None, axis: Any = -1, epsilon: Any = None) -> Any:
    """`x` over the root of its mean square along axes, times `scale`."""
    x = floating(x)
    axes = tuple(axis) if isinstance(axis, list) else axis
    least = smallest() if epsilon is None else epsilon
    y = x / math.sqrt(mean(math.square(x), axes, True) + least)
    if scale is None:
        return y
    sizes = [n if i in axes_of(x, axes) else 1 for i, n in enumerate(x.shape)]
    return y * as_tensor(scale).reshape(*sizes)


def psnr(x1: Any, x2: Any, max_val: float) -> Any:
    """The ratio of the largest signal to the noise between x1 and x2, in decibels."""
    x1, x2 = together(as_tensor(x1), as_tensor(x2), real=True)
    if tuple(x1.shape) != tuple(x2.shape):
        raise InputError(f"psnr: expected two of one shape. Received: {x1.shape} and {x2.shape}")
    noise = mean(math.square(x1 - x2))
    return 20 * scalars.log10(max_val) - math.log(noise) * (10 / scalars.log(10))


@operation
def dot_product_attention(
    query: Any,
    key: Any,
    value: Any,
    bias: Any = None,
    mask: Any = None,
    scale: float | None = None,
    is_causal: bool = False,
    flash_attention: bool | None = None,
    attn_logits_soft_cap: float | None = None,
) -> Any:
    """softmax(query key' scale + bias) value, for each head.

    query: (batch, steps, heads, width); key and value: (batch, others, heads, width), or with
    fewer heads, each of which serves a group. bias and mask (true: it counts) broadcast to
    (batch, heads, steps, others). `is_causal` hides what comes later.
    """
    if flash_attention:
        raise UnsupportedOperator(
            "keras.ops.dot_product_attention: flash_attention=True is not supported; leave it None"
        )
    query, key, value = together(*(as_tensor(x) for x in (query, key, value)), real=True)
    if any(len(x.shape) != 4 for x in (query, key, value)):
        raise InputError(
            "dot_product_attention: expected query, key and value of 4 axes. Received: "
            f"{query.shape}, {key.shape} and {value.shape}"
        )
    heads, own = query.shape[2], key.shape[2]
    if heads % own:
        raise InputError(f"dot_product_attention: {heads} heads do not share {own} evenly")
    if own != heads:
        key, value = (repeat(x, heads // own, axis=2) for x in (key, value))
    factor = query.shape[-1] ** -0.5 if scale is None else scale
    scores = math.matmul(transpose(query, (0, 2, 1, 3)), transpose(key, (0, 2, 3, 1))) * factor
    scores = scores if bias is None else scores + bias
    if attn_logits_soft_cap is not None:
        scores = activations.tanh(scores / attn_logits_soft_cap) * attn_logits_soft_cap
    seen = _seen(mask, is_causal, query.shape[1], key.shape[1])
    if seen is not None:
        hidden = largest_of(dtype_of(scores)) * -0.7
        scores = comparisons.where(seen, scores, hidden)
    return transpose(math.matmul(softmax(scores), transpose(value, (0, 2, 1, 3))), (0, 2, 1, 3))


def _seen(mask: Any, is_causal: bool, steps: int, others: int) -> Any:
    """Which of the others each step may see; None where all."""
    mask = None if mask is None else math.cast(as_tensor(mask), dtype="bool")
    if not is_causal:
        return mask
    causal = np.tri(steps, others, dtype=bool)
    return causal if mask is None else comparisons.where(mask, causal, False)
