"""int8 weights that meet float activations: these are quantized at run time, row by row.

With one scale for each row of x: `q = round(x * f32(127 / max|x|))`, halves away from zero, and
`s = f32(max|x| / 127)`; a row of zeros stays one. Asymmetric, in float64: `s = (high - low) / 255`
with low <= 0 <= high, the zero point `z = round(-128 - low / s)` or, where that loses less,
`round(127 - high / s)`; then `q = round(z + x * f32(1 / f32(s)))`. A sum of products of q - z and
the weights is an integer; times `f32(s * s_w)` it is real. This is what LiteRT's reference kernels
compute; its optimized ones do the same, but for the order of float additions.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ..step import Array, Floats

__all__ = ["quantize_rows"]

STEPS = np.float32(127.0)


def quantize_rows(
    x: Floats, integers: Array, scales: Floats, *, asymmetric: bool
) -> Callable[[], object]:
    """A call that fills `integers` [rows, features] with q - z and `scales` [rows, 1] with s."""
    return _asymmetric(x, integers, scales) if asymmetric else _symmetric(x, integers, scales)


def _symmetric(x: Floats, integers: Array, scales: Floats) -> Callable[[], object]:
    size, inverse = np.empty(x.shape, np.float32), np.empty(scales.shape, np.float32)
    half = np.float32(0.5)

    def quantize() -> None:
        np.absolute(x, size)
        size.max(axis=1, keepdims=True, out=scales)
        scales[scales == 0.0] = STEPS  # the row is zero whatever its scale
        np.divide(STEPS, scales, inverse)
        np.divide(scales, STEPS, scales)
        np.multiply(size, inverse, size)
        np.add(size, half, size)
        np.floor(size, size)
        np.minimum(size, STEPS, out=size)
        np.copysign(size, x, out=size)
        np.copyto(integers, size)

    return quantize


def _asymmetric(x: Floats, integers: Array, scales: Floats) -> Callable[[], object]:
    def quantize() -> None:
        low = np.minimum(x.min(axis=1, keepdims=True), np.float32(0)).astype(np.float64)
        high = np.maximum(x.max(axis=1, keepdims=True), np.float32(0)).astype(np.float64)
        wide = (high - low) / 255.0
        wide[wide == 0.0] = 1.0
        from_low, from_high = -128.0 - low / wide, 127.0 - high / wide
        nearer = 128.0 + np.abs(low / wide) < 127.0 + np.abs(high / wide)
        zero = np.clip(_rounded(np.where(nearer, from_low, from_high)), -128.0, 127.0)
        zero = zero.astype(np.float32)
        np.copyto(scales, wide, "same_kind")
        inverse = (1.0 / scales.astype(np.float64)).astype(np.float32)
        q = np.clip(_rounded(zero + x * inverse), np.float32(-128), np.float32(127))
        np.subtract(q, zero, integers)

    return quantize


def _rounded(x: Array) -> Array:
    """To the nearest integer, halves away from zero."""
    rounded: Array = np.copysign(np.floor(np.abs(x) + x.dtype.type(0.5)), x)
    return rounded
