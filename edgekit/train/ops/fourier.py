"""Fourier's transform of complex numbers that are pairs of real ones along a last axis.

Complex arrays are made of such pairs and taken apart again, but no tape goes through them.
"""

from __future__ import annotations

from edgekit.train.backend import Array, array_module
from edgekit.train.primitive import primitive

__all__ = ["complex_of", "fourier", "part_of_complex"]


@primitive
def fourier(pairs, *, axes: tuple[int, ...], sign: int = -1):
    """The sums of x exp(sign 2 pi i j k / n) along `axes`, not divided by n.

    pairs: (..., 2), the real and imaginary parts; `axes` count without that last axis.
    """
    module = array_module(pairs)
    x = pairs[..., 0] + 1j * pairs[..., 1]
    if sign < 0:
        y = module.fft.fftn(x, axes=axes)
    else:
        y = module.fft.ifftn(x, axes=axes, norm="forward")
    return _pairs(y, pairs)


def _pairs(x: Array, like: Array) -> Array:
    return array_module(like).stack([x.real, x.imag], axis=-1).astype(like.dtype)


@fourier.vjp(on_tensors=True)
def _(g, y, pairs, *, axes, sign=-1):
    of = fourier if hasattr(g, "__edgekit_tensor__") else fourier.forward
    return (of(g, axes=axes, sign=-sign),)


@primitive
def complex_of(pairs):
    """Complex numbers of pairs; it has no derivative."""
    return pairs[..., 0] + 1j * pairs[..., 1]


@primitive
def part_of_complex(x, *, part: str):
    """What numpy's function `part` (real, imag, conj, angle) gives; it has no derivative."""
    return getattr(array_module(x), part)(x)
