"""Softmax of int8 and uint8 in integers, as LiteRT's reference kernels and TensorFlow Lite Micro
compute it; the results have 8 or 16 bits.

d = max - u; e_d = exp of high(-d * 2^left, m), where beta * s_x * 2^26 = m * 2^(left - 31), by
`ir/fixed_functions.py` with 5 integer bits of 31, and nothing for d beyond 31 * 2^26 / 2^left.
S = sum of e_d / 2^12, rounded half away from zero; n leading zeros of its 32 bits;
r = 1 / (1 + x), x = S * 2^n - 2^31; u = (r * e_d) / 2^(43 - bits - n), halves away, saturated.

Up to once in 40,000 numbers this gives another integer than the table of "float32" does.
"""

from __future__ import annotations

import numpy as np

from edgekit.ir import fixed_point
from edgekit.ir.fixed_functions import exp_negative, unit_reciprocal

from ..step import Array, Step

__all__ = ["in_integers"]

WIDTH, INTEGER_BITS, SUM_BITS = 31, 5, 12


def in_integers(step: Step, bits: int) -> None:
    """Softmax with `bits` bits in each result."""
    x, y = step.input(0), step.output()
    axis = step.attrs["axis"] % x.ndim
    x, y = np.moveaxis(x, axis, -1), np.moveaxis(y, axis, -1)
    powers = _powers(float(step.attrs["beta"]), step.input_quant(0).scale[0])
    shares = fixed_point.divide(powers, SUM_BITS)

    def run() -> None:
        below = (x.max(axis=-1, keepdims=True) - x).astype(np.intp)
        total = shares[below].sum(axis=-1, keepdims=True)
        inverse, size = unit_reciprocal(total)
        product = fixed_point.high_product(inverse, powers[below])
        rounded = fixed_point.divide(product, SUM_BITS + size - bits)
        np.copyto(y, np.minimum(rounded, 2**bits - 1), "same_kind")

    step.call(run)


def _powers(beta: float, scale: float) -> Array:
    """exp for d = 0..255."""
    real = min(beta * scale * 2 ** (WIDTH - INTEGER_BITS), 2.0**WIDTH - 1)
    multiplier, left = fixed_point.multiplier_and_shift(real)
    furthest = (2**INTEGER_BITS - 1) * 2 ** (WIDTH - INTEGER_BITS) / 2**left
    d = np.arange(256, dtype=np.int64)
    known = d <= int(furthest)
    scaled = fixed_point.high_product(-np.where(known, d, 0) << left, multiplier)
    return np.where(known, exp_negative(scaled, INTEGER_BITS), 0)
