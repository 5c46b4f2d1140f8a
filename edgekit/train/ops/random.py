"""Random primitives. Randomness comes from a generator that the caller owns."""

from __future__ import annotations

from typing import Any

from edgekit.errors import InputError
from edgekit.train.backend import random_bytes
from edgekit.train.primitive import primitive

__all__ = ["dropout"]


@primitive(saves=True)
def dropout(x, *, rate: float, generator: Any):
    """`x` with a share `rate` of its elements set to 0 and the others divided by 1 - rate.

    The mask is drawn from bytes of `generator`, 1 or 2 for an element: `rate` is met within
    1/65536. Raises InputError for a rate outside 0 <= rate < 1.
    """
    if not 0 <= rate < 1:
        raise InputError(f"dropout: rate is {rate}; it must be at least 0 and below 1")
    threshold = round(rate * 65536)
    if threshold % 256 == 0:
        kept = random_bytes(generator, x.size, x) >= threshold // 256
    else:
        kept = random_bytes(generator, 2 * x.size, x).view("<u2") >= threshold
    kept = kept.reshape(x.shape)
    scale = x.dtype.type(65536 / (65536 - threshold))
    y = x * kept
    y *= scale
    return y, (kept, scale)


@dropout.vjp
def _(g, y, x, *, saved, rate, generator):
    kept, scale = saved
    gx = g * kept
    gx *= scale
    return (gx,)
