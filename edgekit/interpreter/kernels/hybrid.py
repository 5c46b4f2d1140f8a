"""Float activations rounded to int8 at run time, row by row, because they meet int8 weights.

With one scale s for each row of x, u = q - z are its integers. low <= 0 <= high are the row's
smallest and largest numbers or zero, round takes halves away from zero, rint to even; all in
float32 unless written otherwise. A row of zeros stays one.

symmetric: u = round(x * f32(127 / max|x|)), s = f32(max|x| / 127).
asymmetric: s = f32((high - low) / 255); z is, with t = f32(high - low) / 255 in float64,
    round(-128 - low / t) or, where that loses less, round(127 - high / t);
    q = round(x * f32(1 / s)) + z, within int8.
even: r = 255 / (high - low), s = 1 / r; z = rint(-128 - low * r), or rint(127 - high * r) where
    (-128 + low * r) + (127 + high * r) <= 0; q = rint(x * r) + z, within int8.

A sum of products of u and the weights is an integer; times s * s_w it is real. LiteRT's reference
kernels compute the first two, its optimized ones the same but for the order of float additions;
its default runtime (XNNPACK) computes the last.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import numpy as np

from ..step import Array, Floats
from .ufuncs import clip

__all__ = ["Rounding", "quantize_rows"]

Rounding = Literal["symmetric", "asymmetric", "even"]

LOWEST, HIGHEST, STEPS = np.float32(-128.0), np.float32(127.0), np.float32(255.0)
ZERO = np.float32(0.0)
HALF = np.nextafter(np.float32(0.5), np.float32(0.0))
"""Added before a number is cut: only true halves reach the next integer."""


def quantize_rows(
    x: Floats, integers: Array, scales: Floats, rounding: Rounding
) -> Callable[[], object]:
    """A call that fills `integers` [rows, features] with u and `scales` [rows, 1] with s."""
    kind = {"symmetric": _symmetric, "asymmetric": _asymmetric, "even": _even}[rounding]
    return kind(x, integers, scales)


def _symmetric(x: Floats, integers: Array, scales: Floats) -> Callable[[], object]:
    size, inverse = np.empty(x.shape, np.float32), np.empty(scales.shape, np.float32)

    def quantize() -> None:
        np.absolute(x, size)
        size.max(axis=1, keepdims=True, out=scales)
        scales[scales == 0.0] = HIGHEST  # the row is zero whatever its scale
        np.divide(HIGHEST, scales, inverse)
        np.divide(scales, HIGHEST, scales)
        np.multiply(size, inverse, size)
        np.add(size, HALF, size)
        np.trunc(size, size)
        np.minimum(size, HIGHEST, out=size)
        np.copysign(size, x, out=size)
        np.copyto(integers, size)

    return quantize


def _asymmetric(x: Floats, integers: Array, scales: Floats) -> Callable[[], object]:
    size, ends = np.empty(x.shape, np.float32), _ends(x)

    def quantize() -> None:
        low, high = ends()
        np.divide(np.subtract(high, low), STEPS, scales)
        scales[scales == 0.0] = np.float32(1.0)
        wide_low, wide_high = low.astype(np.float64), high.astype(np.float64)
        wide = np.subtract(high, low).astype(np.float64) / 255.0
        wide[wide == 0.0] = 1.0
        from_low, from_high = -128.0 - wide_low / wide, 127.0 - wide_high / wide
        nearer = 128.0 + np.abs(wide_low / wide) < 127.0 + np.abs(wide_high / wide)
        zero = np.where(nearer, from_low, from_high)
        zero = np.copysign(np.floor(np.abs(zero) + 0.5), zero)
        np.multiply(x, np.float32(1.0) / scales, size)
        np.add(size, np.copysign(HALF, x), size)
        np.trunc(size, size)
        _move(size, np.clip(zero, -128.0, 127.0).astype(np.float32), integers)

    return quantize


def _even(x: Floats, integers: Array, scales: Floats) -> Callable[[], object]:
    if len(x) == 1:
        return _even_row(x, integers, scales)
    size, ends = np.empty(x.shape, np.float32), _ends(x)

    def quantize() -> None:
        low, high = ends()
        span = np.subtract(high, low)
        span[span == 0.0] = STEPS  # the row is zero whatever its scale
        per_unit = np.divide(STEPS, span)
        low, high = low * per_unit, high * per_unit
        from_low = (LOWEST + low) + (HIGHEST + high) > 0
        zero = np.where(from_low, LOWEST - low, HIGHEST - high)
        np.rint(clip(zero, LOWEST, HIGHEST, zero), zero)
        np.divide(np.float32(1.0), per_unit, scales)
        np.multiply(x, per_unit, size)
        np.rint(size, size)
        _move(size, zero, integers)

    return quantize


def _even_row(x: Floats, integers: Array, scales: Floats) -> Callable[[], object]:
    """The same for a single row, whose few numbers are no arrays; comparisons let NaN through."""
    size, flat, one = np.empty(x.shape, np.float32), _flat(x), np.float32(1.0)

    def quantize() -> None:
        low, high = flat[flat.argmin()], flat[flat.argmax()]
        low, high = ZERO if low > 0 else low, ZERO if high < 0 else high
        span = high - low
        per_unit = STEPS / (STEPS if span == 0 else span)
        low, high = low * per_unit, high * per_unit
        zero = LOWEST - low if (LOWEST + low) + (HIGHEST + high) > 0 else HIGHEST - high
        zero = np.rint(LOWEST if zero < LOWEST else HIGHEST if zero > HIGHEST else zero)
        scales.fill(one / per_unit)
        np.multiply(x, per_unit, size)
        np.rint(size, size)
        clip(size, LOWEST - zero, HIGHEST - zero, integers)

    return quantize


def _ends(x: Floats) -> Callable[[], tuple[Floats, Floats]]:
    """A function that gives the smallest and the largest number of each row, or zero.

    numpy finds the place of a number along a row several times as fast as the number itself.
    """
    flat, starts = _flat(x), np.arange(len(x)) * x.shape[1]
    places = np.empty(len(x), np.intp)
    low, high = np.empty(len(x), np.float32), np.empty(len(x), np.float32)

    def ends() -> tuple[Floats, Floats]:
        for place, numbers in ((x.argmin, low), (x.argmax, high)):
            place(1, places)
            np.add(places, starts, places)
            flat.take(places, None, numbers, "clip")
        np.minimum(low, ZERO, out=low)
        np.maximum(high, ZERO, out=high)
        return low[:, np.newaxis], high[:, np.newaxis]

    return ends


def _flat(x: Floats) -> Floats:
    assert x.flags.c_contiguous
    return x.reshape(-1)


def _move(steps: Floats, zero: Floats, integers: Array) -> None:
    """`integers = clip(steps + zero) - zero`; steps are lost."""
    # on bounds that are arrays, clip takes twice as long as both
    np.minimum(steps, HIGHEST - zero, out=steps)
    np.maximum(steps, LOWEST - zero, out=integers)
