"""The written contract: its formulas on numbers whose answer is known without it."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgekit.errors import QuantizationError
from edgekit.interpreter import arithmetic
from edgekit.ir import fixed_point, per_channel, per_tensor
from tests import reference

SCALES = st.floats(2.0**-13, 10.0, width=32)


def test_quantize_rounds_halves_to_even_and_saturates() -> None:
    x = [0.5, 1.5, 2.5, -0.5, -1.5, 1e30, -np.inf, 0.49999997]
    found = arithmetic.quantize(x, per_tensor(1.0, 10))
    assert found.tolist() == [10, 12, 12, 10, 8, 127, -128, 10]
    assert arithmetic.quantize([300.0, -5.0], per_tensor(1.0, 0), "uint8").tolist() == [255, 0]


def test_quantize_multiplies_by_the_inverse() -> None:
    """`f32(1 / 0.07)` is above 1 / 0.07: this number crosses a half only by multiplication."""
    scale, x = np.float32(0.07), np.float32(0.03500000014901161)
    by_inverse = np.rint(x * (np.float32(1) / scale))
    assert arithmetic.quantize(x, per_tensor(scale)).tolist() == by_inverse


def test_quantize_refuses_nan() -> None:
    with pytest.raises(QuantizationError, match="2 of 3 numbers are NaN"):
        arithmetic.quantize([np.nan, 1.0, np.nan], per_tensor(1.0))


def test_per_channel_quantization_runs_along_its_axis() -> None:
    quant = per_channel(np.array([1.0, 2.0]), 0)
    found = arithmetic.quantize([[4.0, 6.0], [4.0, 6.0]], quant)
    assert found.tolist() == [[4, 6], [2, 3]]
    assert arithmetic.dequantize(found, quant).tolist() == [[4.0, 6.0], [4.0, 6.0]]


@settings(derandomize=True)
@given(st.integers(-128, 127), st.integers(-128, 127), SCALES)
def test_dequantized_integers_quantize_to_themselves(q: int, zero_point: int, scale: float) -> None:
    quant = per_tensor(scale, zero_point)
    real = arithmetic.dequantize(np.array([q], np.int8), quant)
    assert real.dtype == np.float32
    assert real[0] == np.float32(q - zero_point) * np.float32(scale)
    assert arithmetic.quantize(real, quant)[0] == q


@pytest.mark.parametrize(
    ("activation", "scale", "zero_point", "limits"),
    [
        ("none", 0.1, 3, (-131, 124)),
        ("relu", 0.1, 3, (0, 124)),
        ("relu", 0.1, -128, (0, 255)),
        ("relu6", 0.1, 3, (0, 60)),
        ("relu6", 0.01, -128, (0, 255)),
        ("relu6", 4.0, 0, (0, 2)),  # 1.5 steps: halves away from zero
    ],
)
def test_activation_limits(
    activation: str, scale: float, zero_point: int, limits: tuple[int, int]
) -> None:
    assert arithmetic.activation_range(activation, per_tensor(scale, zero_point)) == limits


@settings(max_examples=300, derandomize=True)
@given(st.integers(-(2**27), 2**27), st.floats(1e-7, 30.0), SCALES)
def test_both_requantizations_equal_their_sources(total: int, y_scale: float, scale: float) -> None:
    x, weight, y = per_tensor(0.02), per_channel(np.array([scale]), 0), per_tensor(y_scale)
    scales = (np.float32(0.02), np.float32(scale), np.float32(y_scale))
    sums = np.array([total], np.int64)
    by_float = arithmetic.requantize_scales(x, weight, y)
    low, high = -300, 300
    found = arithmetic.requantize_float32(sums, by_float, low, high)[0]
    assert found == min(max(reference.rescaled_float32(total, scales), low), high)
    if abs(total) * scale * 0.02 / y_scale < 2**30:  # beyond, the C++ overflows
        by_fixed = arithmetic.fixedpoint_scale(x, weight, y)
        found = arithmetic.requantize_fixedpoint(sums, by_fixed)[0]
        assert found == reference.rescaled_fixedpoint(total, scales)


def test_the_two_arithmetics_differ() -> None:
    """Else one of them would not be what it says: a half, rounded twice or once."""
    x, weight, y = per_tensor(1.0), per_tensor(1.0), per_tensor(2.0)
    sums = np.array([1, -1, 3, 5], np.int64)
    once = arithmetic.requantize_float32(
        sums, arithmetic.requantize_scales(x, weight, y), -128, 127
    )
    twice = arithmetic.requantize_fixedpoint(sums, arithmetic.fixedpoint_scale(x, weight, y))
    assert once.tolist() == [0, 0, 2, 2]
    assert twice.tolist() == [1, 0, 2, 3]


@settings(derandomize=True)
@given(st.integers(-(2**40), 2**40), st.integers(0, 31))
def test_halves_round_away_from_zero(number: int, bits: int) -> None:
    found = fixed_point.divide(np.array([number], np.int64), bits)[0]
    half = (1 << bits) >> 1
    assert found == (number + half >> bits if number >= 0 else -(-number + half >> bits))


@settings(derandomize=True)
@given(st.integers(1, 4000), st.integers(-128, 127), st.integers(-128, 127), SCALES, SCALES)
def test_means_are_near_the_real_mean(
    count: int, x_zero: int, y_zero: int, x_scale: float, y_scale: float
) -> None:
    x, y = per_tensor(x_scale, x_zero), per_tensor(y_scale, y_zero)
    sums = np.array([-128 * count, 0, 37 * count // 3, 127 * count], np.int64)
    exact = (sums / count - x_zero) * x.scale[0] / y.scale[0] + y_zero
    # float32 keeps 24 bits of the shifted sum; the fixed point 31 of the multiplier, and rounds
    # to an integer before the last shift: up to a quarter more.
    slack = 1e-6 * (256 * x.scale[0] / y.scale[0] + 256)
    if abs(exact).max() < 2**20:
        once = arithmetic.mean_float32(sums, x, y, count)
        twice = arithmetic.mean_fixedpoint(sums, x, y, count)
        assert np.abs(once - exact).max() <= 0.5 + slack
        assert np.abs(twice - exact).max() <= 0.75 + slack
