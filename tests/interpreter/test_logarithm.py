"""The logarithm of int8 LogSoftmax: right, and of single IEEE operations on every machine."""

from __future__ import annotations

import zlib
from decimal import Decimal, getcontext

import numpy as np

from edgekit.interpreter.logarithm import logarithm

SUMS = np.random.default_rng(0).uniform(1, 5000, 20000).astype(np.float32)


def nearest(number: Decimal) -> np.float32:
    """Rounded to float32 once, halves to even: by way of float64's two neighbours' middle."""
    guess = np.float32(float(number))
    near = [np.nextafter(guess, np.float32(-np.inf)), guess, np.nextafter(guess, np.float32(9e9))]
    return min(near, key=lambda f: abs(Decimal(float(f)) - number))


def test_rounded_once_from_the_exact_logarithm() -> None:
    """Over every magnitude that a sum of exponentials has, and where log is smallest."""
    getcontext().prec = 40
    few = np.float32(1) + np.arange(400, dtype=np.float32) * np.float32(2.0**-23)
    powers = np.float32(2.0) ** np.arange(0, 24, dtype=np.float32)
    numbers = np.concatenate([SUMS[:1500], few, powers, np.nextafter(powers[1:], np.float32(0))])
    wanted = [nearest(Decimal(float(number)).ln()) for number in numbers]
    np.testing.assert_array_equal(logarithm(numbers), np.array(wanted, np.float32))


def test_the_same_bits_on_every_machine() -> None:
    """Its source is additions, products and quotients alone; this pins what they give."""
    assert zlib.crc32(logarithm(SUMS).astype("<f4").tobytes()) == 2726932468
