"""Lookup tables of activations that the runtimes compute with integers alone; see `tables.py`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from . import fixed_point
from .graph import Array
from .quant import QuantParams
from .tables import centered, stored

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["INTEGER_TABLES"]

F32 = np.float32


def hard_swish(
    attrs: Mapping[str, Any], x: QuantParams, y: QuantParams, arithmetic: str, dtype: str
) -> Array:
    """`x * clip(x + 3, 0, 6) / 6` in 16-bit fixed point.

    With u = q - z_x, h = 128 u and scales reduced to 16 bits (`_short_multiplier`):
    p = high(h, f32(s_x / 128) / s_y) is x on the output's scale before its shift;
    r = (x / 3) * 2^15, from h * (s_x / 128) / (3 / 2^15), shifted left before and after the
    product and saturated to 16 bits each time; then `r = (r + 2^15) >> 1`, the product p * r is
    cut to its high 16 bits *towards zero*, and the shift rounds halves away from zero.
    high(a, b) = (a * b + 2^14) >> 15.
    """
    u = centered(x, dtype)
    fine = F32(1.0 / 128.0) * x.scales[0]
    multiplier, shift = _short_multiplier(float(fine / y.scales[0]))
    if shift > 0:
        real = float(x.scales[0]) * u
        exact = real * np.clip(real + 3.0, 0.0, 6.0) / 6.0
        return stored(np.rint(exact / float(y.scales[0])) + y.zero_point[0], dtype)
    gate_multiplier, gate_shift = _short_multiplier(float(fine / (F32(3.0) / F32(32768.0))))
    fine_input = u * 128
    before_shift = fixed_point.high_product(fine_input, multiplier, 15)
    gate = fine_input
    if gate_shift > 0:
        gate = _saturate16(gate << (gate_shift - 1))
    gate = _saturate16(fixed_point.high_product(gate, gate_multiplier, 15))
    gate = _saturate16(gate * 2) if gate_shift > 0 else fixed_point.divide(gate, -gate_shift)
    product = ((gate + 2**15) >> 1) * before_shift
    cut = np.where(product < 0, -(-product >> 15), product >> 15)
    return stored(fixed_point.divide(cut, -shift) + y.zero_point[0], dtype)


def leaky_relu(
    attrs: Mapping[str, Any], x: QuantParams, y: QuantParams, arithmetic: str, dtype: str
) -> Array:
    """`x` above zero, else `alpha * x`, by integer multipliers.

    float32, p = f32(s_x / s_y), n = f32(p * alpha), m = rint(-256 * (p if q >= z_x else n)):
    y = ((z_y << 8) + 128 + (z_x - q) * m) >> 8. Where p is not within [2^-8, 2^7], or n not
    within [-127.996, 128] or nearer to zero than 2^-8, LiteRT's fast kernel declines and the
    formula of "fixedpoint" holds: 31-bit multipliers of p and of f32(f32(s_x * alpha) / s_y), two
    roundings; the sign of a negative alpha is put back after them.
    """
    alpha = F32(attrs["alpha"])
    positive = x.scales[0] / y.scales[0]
    negative = positive * alpha
    u = centered(x, dtype)
    within = 2.0**-8 <= positive <= 2.0**7 and -127.99609375 <= negative <= 128.0
    if arithmetic == "float32" and within and abs(negative) >= 2.0**-8:
        factors = [int(np.rint(F32(-256.0) * r)) for r in (positive, negative)]
        sums = (y.zero_point[0] << 8) + 128 - u * np.where(u >= 0, *factors)
        return stored(sums >> 8, dtype)
    below = (x.scales[0] * alpha) / y.scales[0]
    sizes = positive, abs(below)  # a negative alpha's sign is put back after rounding
    parts = [fixed_point.scale(u, *fixed_point.multiplier_and_shift(float(r))) for r in sizes]
    parts[1] = -parts[1] if below < 0 else parts[1]
    return stored(np.where(u >= 0, *parts) + y.zero_point[0], dtype)


INTEGER_TABLES: dict[str, Callable[..., Array]] = {
    "HardSwish": hard_swish,
    "LeakyRelu": leaky_relu,
}


def _saturate16(numbers: NDArray[np.int64]) -> NDArray[np.int64]:
    return np.clip(numbers, -(2**15), 2**15 - 1)


def _short_multiplier(real: float) -> tuple[int, int]:
    """A multiplier of 15 bits and its shift, rounded from the one of 31 bits."""
    multiplier, shift = fixed_point.multiplier_and_shift(real)
    return min((multiplier + 2**15) >> 16, 2**15 - 1), shift
