"""What the arithmetic contract takes for granted of a processor and its numpy.

These are the few facts on which equal bits rest. Each is checked here on whatever machine runs the
tests, because a failure of one explains a failure of everything else.
"""

from __future__ import annotations

import sys

import numpy as np


def test_bytes_are_little_endian() -> None:
    assert sys.byteorder == "little"


def test_float32_steps_round_once() -> None:
    """A product, then a sum: no fused multiply-add, no wider intermediate result.

    a * b is 1 - 2^-46. Rounded to float32 it is 1, and the sum 0; fused with the sum, or kept in
    double precision, it would leave -2^-46.
    """
    a, b = np.float32(1 + 2.0**-23), np.float32(1 - 2.0**-23)
    product = np.full(64, a) * np.full(64, b)
    assert (product + np.full(64, np.float32(-1.0)) == 0).all()


def test_subnormal_numbers_are_kept() -> None:
    """32-bit ARM's vector unit flushes them to zero; its scalar unit must be the one in use."""
    tiny = np.full(64, np.float32(2.0**-140))
    assert (tiny * np.float32(0.5) == np.float32(2.0**-141)).all()


def test_rint_rounds_half_to_even() -> None:
    halves = np.array([-2.5, -1.5, -0.5, 0.5, 1.5, 2.5] * 11, np.float32)
    expected = np.array([-2, -2, 0, 0, 2, 2] * 11, np.float32)
    assert (np.rint(halves) == expected).all()


def test_integer_valued_float32_products_are_exact() -> None:
    """int8 products through BLAS: below 2^24 every order of summing gives the same integer."""
    rng = np.random.default_rng(7)
    x = rng.integers(-255, 256, (40, 500))
    w = rng.integers(-127, 128, (500, 24))
    exact = x.astype(np.int64) @ w.astype(np.int64)
    assert np.abs(x).astype(np.int64).max() * np.abs(w).sum(axis=0).max() < 2**24
    assert ((x.astype(np.float32) @ w.astype(np.float32)).astype(np.int64) == exact).all()
