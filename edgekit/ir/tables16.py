"""Lookup tables of int16 operators; none of them depends on how often an input occurs.

An int16 node has no entry for every input. It interpolates between the entries of a table, in
integers (`interpreter/kernels/sixteen_bits.py`), alike in both arithmetics. round: halves away
from zero.

Sigmoid, Tanh (tanh(x) = 2 * sigmoid(2x) - 1), 256 entries, i = 0..255, v = i / 24:
    f(v) = 2^16 / (1 + exp(-v)), the curve; e = f(v + 1/48) - (f(v) + f(v + 1/24)) / 2, what a chord
    misses in its middle; entry = round(f(v) + e / 2), 65535 at the end; 2^15 is taken off to fit
    int16.
`chords(f, low, high, inverse)`, 513 entries: p = low + i * step, step = (high - low) / 512,
    v(p) = round(f(p) * inverse), e = round((f(p + step) * inverse + v(p)) / 2)
    - round(f(p + step / 2) * inverse); entry = v(p) - round(e / 2), the last one v(high), each
    within int16.
Softmax, 1026 entries in float64: exp from -10 to 0, and 1 / (1 + p) from 0 to 1, both with
    inverse = 65536 / 2.
Gelu, Exp, Log, Rsqrt, 513 entries in float32, from s_x * -32768 to s_x * 32767, inverse =
    65536 / (s_y * 65535); the curve is that of `tables.py`, with the same reservation: where
    LiteRT's C library is off by a last bit beside a half, an entry differs by one, and with it the
    128 inputs around it. Of 0 and below Log is s_y * -32768 and Rsqrt s_y * 32767.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from .graph import Array
from .quant import QuantParams
from .tables import gelu

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["TABLES16", "chords"]

Reals = np.ndarray[Any, np.dtype[np.floating[Any]]]
Curve = Callable[[Reals, Mapping[str, Any], QuantParams], Reals]
"""Of inputs as real numbers, in float32; the last argument says what outputs stand for."""

STEPS = 512
LOWEST, HIGHEST = -(2**15), 2**15 - 1


def chords(
    function: Callable[[Reals], Reals],
    low: np.floating[Any],
    high: np.floating[Any],
    inverse: np.floating[Any],
) -> Array:
    """int16[513]: a curve by chords that lie between its ends and its middles.

    Every operation is one in the dtype of `low`.
    """
    dtype = low.dtype.type
    step = (high - low) / dtype(STEPS)
    places = low + np.arange(STEPS + 1).astype(dtype) * step
    values = function(places) * inverse
    middles = _round(function(places[:-1] + step / dtype(2)) * inverse)
    ends = _round(values)
    errors = _round((values[1:] + ends[:-1]) / dtype(2)) - middles
    ends[:-1] -= _round(errors / dtype(2))
    ends[-1] = _round(function(np.array([high], low.dtype)) * inverse)[0]
    ends[np.isnan(ends)] = 0  # infinity off infinity, in LiteRT's cast on x86
    table: Array = np.clip(ends, dtype(LOWEST), dtype(HIGHEST)).astype(np.int16)
    return table


def sigmoid(
    attrs: Mapping[str, Any], x: QuantParams, y: QuantParams, arithmetic: str, dtype: str
) -> Array:
    places = np.arange(256) / 24.0

    def curve(v: NDArray[np.float64]) -> NDArray[np.float64]:
        return 65536.0 / (1.0 + np.exp(-v))

    missed = curve(places + 1 / 48) - (curve(places) + curve(places + 1 / 24)) / 2
    entries = np.floor(curve(places) + missed / 2 + 0.5)
    entries[-1] = 65535
    table: Array = (entries - 2**15).astype(np.int16)
    return table


def softmax(
    attrs: Mapping[str, Any], x: QuantParams, y: QuantParams, arithmetic: str, dtype: str
) -> Array:
    unit = np.float64(10.0) / np.float64(65535.0)
    powers = chords(np.exp, unit * -65535.0, unit * 0.0, np.float64(32768.0))
    shares = chords(
        lambda p: 1.0 / (1.0 + p), np.float64(0.0), np.float64(1.0), np.float64(32768.0)
    )
    return np.concatenate([powers, shares])


def in_chords(curve: Curve) -> Callable[..., Array]:
    """Of a curve between the lowest and the highest input."""

    def make(
        attrs: Mapping[str, Any], x: QuantParams, y: QuantParams, arithmetic: str, dtype: str
    ) -> Array:
        return chords(lambda p: curve(p, attrs, y), *_ends(x), _inverse(y))

    return make


def exp(p: Reals, attrs: Mapping[str, Any], y: QuantParams) -> Reals:
    return np.exp(p.astype(np.float64)).astype(np.float32)


def log(p: Reals, attrs: Mapping[str, Any], y: QuantParams) -> Reals:
    lowest, _ = _ends(y)
    found = np.log(np.where(p > 0, p, 1.0).astype(np.float64)).astype(np.float32)
    return np.where(p > 0, found, lowest)


def rsqrt(p: Reals, attrs: Mapping[str, Any], y: QuantParams) -> Reals:
    _, highest = _ends(y)
    found = np.float32(1.0) / np.sqrt(np.where(p > 0, p, np.float32(1.0)))
    return np.where(p > 0, found, highest)


def _ends(x: QuantParams) -> tuple[np.float32, np.float32]:
    """The real numbers that the lowest and the highest input stand for."""
    scale = x.scales[0]
    return scale * np.float32(LOWEST), scale * np.float32(HIGHEST)


def _inverse(y: QuantParams) -> np.float32:
    low, high = _ends(y)
    return np.float32(np.float32(65536.0) / (high - low))


def _round(numbers: Reals) -> Reals:
    """Halves away from zero; in float64, where adding 0.5 is exact."""
    wide = numbers.astype(np.float64)
    rounded: Reals = np.copysign(np.floor(np.abs(wide) + 0.5), wide).astype(numbers.dtype)
    return rounded


TABLES16: dict[str, Callable[..., Array]] = {
    "Sigmoid": sigmoid,
    "Tanh": sigmoid,
    "Softmax": softmax,
    "Gelu": in_chords(lambda p, attrs, y: gelu(p, attrs)),
    "Exp": in_chords(exp),
    "Log": in_chords(log),
    "Rsqrt": in_chords(rsqrt),
}
