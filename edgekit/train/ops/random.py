"""Random primitives. Randomness comes from a generator that the caller owns."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from edgekit.errors import InputError
from edgekit.train.backend import Array, array_module, random_bytes, same_place
from edgekit.train.primitive import primitive

__all__ = ["dropout", "kept_mask", "normal_like", "uniform_like"]


def _device(generator: Any, like: Array) -> Any:
    """The random kernels where `like` lives on a GPU, else None."""
    if array_module(like) is np or not isinstance(generator, np.random.Generator):
        return None
    from edgekit.train.gpu import random

    return random


def kept_mask(generator: Any, shape: tuple[int, ...], rate: float, like: Array) -> Array:
    """Booleans of `shape`, false with probability `rate` within 1/65536, where `like` lives."""
    if (device := _device(generator, like)) is not None:
        return device.kept_mask(generator, shape, rate)
    threshold = round(rate * 65536)
    count = math.prod(shape)
    if threshold % 256 == 0:
        kept = random_bytes(generator, count, like) >= threshold // 256
    else:
        kept = random_bytes(generator, 2 * count, like).view("<u2") >= threshold
    return kept.reshape(shape)


def normal_like(generator: Any, like: Array, deviation: float) -> Array:
    """Normal numbers of mean 0 in the shape and dtype of `like`, and where it lives."""
    if (device := _device(generator, like)) is not None:
        return device.normal(generator, like.shape, deviation, like.dtype)
    drawn = generator.standard_normal(like.shape, dtype=np.float32)
    drawn *= np.float32(deviation)
    return same_place(drawn, like, like.dtype)


def uniform_like(
    generator: Any, low: float, high: float, shape: tuple[int, ...], like: Array
) -> Array:
    """Uniform numbers from `low` to `high`, float32, where `like` lives."""
    if (device := _device(generator, like)) is not None:
        return device.uniform(generator, low, high, shape)
    return same_place(generator.uniform(low, high, shape).astype(np.float32), like)


@primitive(saves=True)
def dropout(x, *, rate: float, generator: Any, noise_shape: tuple[int, ...] | None = None):
    """`x` with a share `rate` of its elements set to 0 and the others divided by 1 - rate.

    The mask is drawn from bytes of `generator`, 1 or 2 for an element: `rate` is met within
    1/65536. With `noise_shape` it has that shape, and what broadcasts falls together. Raises
    InputError for a rate outside 0 <= rate < 1.
    """
    if not 0 <= rate < 1:
        raise InputError(f"dropout: rate is {rate}; it must be at least 0 and below 1")
    kept = kept_mask(generator, x.shape if noise_shape is None else noise_shape, rate, x)
    scale = x.dtype.type(65536 / (65536 - round(rate * 65536)))
    y = x * kept
    y *= scale
    return y, (kept, scale)


@dropout.vjp
def _(g, y, x, *, saved, rate, generator, noise_shape=None):
    kept, scale = saved
    gx = g * kept
    gx *= scale
    return (gx,)
