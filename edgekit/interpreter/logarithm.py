"""A natural logarithm that is the same bits on every machine.

The C libraries' logarithms differ in their last bits, and numpy uses others still. This one is made
of single IEEE operations in float64: n = m * 2^e with m in [1/sqrt(2), sqrt(2)), s = (m - 1) / (m +
1), log(n) = e * log(2) + 2 * (s + s^3 / 3 + s^5 / 5 + ... + s^23 / 23). What is left out is below
2^-60 of the sum, and the rest errs by a few units of 2^-53.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["logarithm"]

LOG_2 = 0.6931471805599453
LAST_POWER = 23


def logarithm(numbers: NDArray[np.float32]) -> NDArray[np.float32]:
    """f32(log(n)) for n above 0: the nearest float32, but for about one n in 2^27."""
    mantissa, exponent = np.frexp(numbers.astype(np.float64))
    low: NDArray[Any] = mantissa < math.sqrt(0.5)
    m = np.where(low, mantissa + mantissa, mantissa)
    e = (exponent - low).astype(np.float64)
    s = (m - 1.0) / (m + 1.0)
    square = s * s
    series = np.full(s.shape, 1.0 / LAST_POWER)
    for power in range(LAST_POWER - 2, 0, -2):
        series = series * square + 1.0 / power
    result: NDArray[np.float32] = (e * LOG_2 + (s + s) * series).astype(np.float32)
    return result
