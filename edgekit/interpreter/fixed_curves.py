"""sigmoid and tanh of 16-bit fixed-point numbers, in integers alone, as gemmlowp defines them.

A number q with k integer bits stands for q * 2^(k - 15); results have none: 2^15 - 1 stands for 1.

sigmoid(a) = 1 / (1 + exp(-|a|)), and 1 minus that for a < 0, and 1/2 for 0.
tanh(a) = y - 1 with y = 2 / (1 + exp(-2 |a|)), and its negative for a < 0.

Both are computed once for each of the 65536 inputs, by `ir/fixed_functions.py`.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from edgekit.ir.fixed_functions import exp_negative, mean_reciprocal, reciprocal, shifted

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["sigmoid_table", "tanh_table"]

WIDTH = 15
ONE = 2**WIDTH - 1
LOWEST, HIGHEST = -(2**15), 2**15 - 1


@lru_cache(maxsize=1)
def sigmoid_table() -> NDArray[np.int16]:
    """sigmoid(q / 4096) for q = -32768..32767, in order."""
    q = np.arange(LOWEST, HIGHEST + 1, dtype=np.int64)
    positive = reciprocal(exp_negative(-np.abs(q), 3, WIDTH), WIDTH)
    result = np.where(q > 0, positive, ONE - positive)
    return np.where(q == 0, 2**14, result).astype(np.int16)


@lru_cache(maxsize=8)
def tanh_table(integer_bits: int) -> NDArray[np.int16]:
    """tanh(q * 2^(integer_bits - 15)) for q = -32768..32767, in order."""
    q = np.arange(LOWEST, HIGHEST + 1, dtype=np.int64)
    y = mean_reciprocal(exp_negative(-np.abs(q), integer_bits + 1, WIDTH), WIDTH)
    positive = shifted(y - 2 ** (WIDTH - 2), 2, WIDTH)
    result = np.where(q < 0, -positive, positive)
    return np.where(q == 0, 0, result).astype(np.int16)
