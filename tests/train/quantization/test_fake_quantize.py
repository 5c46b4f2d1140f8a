"""Fake quantization against PyTorch in float64, the int8 contract, and off the host."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from edgekit.interpreter.arithmetic import dequantize, quantize
from edgekit.ir import fixed_point
from edgekit.quantize.scales import activation_params, quantize_weight, weight_params
from edgekit.train.quantization import fake_quantize, fake_quantize_weight
from edgekit.train.tape import GradientTape
from edgekit.train.tensor import Tensor, Variable, wrap
from tests.train.device import install, ndarray, on_device

GOLDEN = Path(__file__).parents[2] / "golden" / "quantization" / "fake_quantize.npz"
RANDOM = np.random.default_rng(0)


def stored(name: str) -> dict[str, np.ndarray]:
    with np.load(GOLDEN) as file:
        found = {key.rpartition("/")[2]: file[key] for key in file if key.startswith(f"{name}/")}
    assert found
    return found


def gradient(function, x, g):
    with GradientTape() as tape:
        y = function(x)
    return y.numpy(), tape.gradient(y, x, output_gradients=Tensor(g)).numpy()


@pytest.mark.parametrize("case", range(5))
def test_activations_equal_pytorch(case):
    """PyTorch rounds the product with the scale to float32, also in float64: 2**-23."""
    given = stored(f"tensor{case}")
    scale, zero_point = given["params"]
    y, d = gradient(
        lambda x: fake_quantize(x, scale=float(scale), zero_point=int(zero_point)),
        Variable(given["x"]),
        given["g"],
    )
    np.testing.assert_allclose(y, given["y"], rtol=2.0**-23, atol=0)
    np.testing.assert_array_equal(d, given["d"])
    assert 0 < (d == 0).mean() < 0.5


@pytest.mark.parametrize("axis", [0, 1, 3])
def test_weights_equal_pytorch(axis):
    given = stored(f"channel{axis}")
    y, d = gradient(
        lambda w: fake_quantize_weight(w, given["scales"]), Variable(given["x"]), given["g"]
    )
    np.testing.assert_allclose(y, given["y"], rtol=2.0**-23, atol=0)
    np.testing.assert_array_equal(d, given["d"])
    assert 0 < (d == 0).mean() < 0.5


@pytest.mark.parametrize(("low", "high"), [(-1.0, 3.0), (0.0, 6.0), (-4.0, 0.0), (0.5, 0.7)])
def test_activations_are_what_the_interpreter_stores(low, high):
    x = RANDOM.uniform(low - 1, high + 1, 5000).astype(np.float32)
    quant = activation_params(low, high)
    y = fake_quantize(x, scale=quant.scale[0], zero_point=quant.zero_point[0]).numpy()
    np.testing.assert_array_equal(y, dequantize(quantize(x, quant), quant))
    zero = np.zeros(1, np.float32)
    y = fake_quantize(zero, scale=quant.scale[0], zero_point=quant.zero_point[0])
    assert y.numpy()[0] == 0.0


def test_weights_are_what_the_converter_stores():
    weight = RANDOM.normal(size=(6, 3, 3, 4)).astype(np.float32)
    quant, _ = weight_params(weight, 0, None, 1.0)
    scales = quant.scales.reshape(6, 1, 1, 1)
    y = fake_quantize_weight(weight, scales).numpy()
    np.testing.assert_array_equal(y, quantize_weight(weight, quant).astype(np.float32) * scales)


def test_means_of_integers_are_rounded_away_from_zero():
    """Of every sum of four stored integers, as the average pooling of int8 does it."""
    stored_sums = np.arange(-512, 509)
    zero_point, scale = 7, np.float32(0.037)
    x = ((stored_sums / 4 - zero_point) * scale).astype(np.float32)
    y = fake_quantize(x, scale=float(scale), zero_point=zero_point, away=True).numpy()
    expected = np.sign(stored_sums) * ((np.abs(stored_sums) + 2) // 4)
    np.testing.assert_array_equal(np.rint(y / scale) + zero_point, expected)


@pytest.mark.parametrize("ratio", [0.3, 0.2, 0.011, 0.0007])
def test_products_of_matrices_are_rounded_twice(ratio):
    """As `fixed_point.scale` does with their integer sums, halves of halves and all."""
    sums = np.arange(-3000, 3000)
    scale, zero_point = 0.05, -4
    x = (sums * (ratio * scale)).astype(np.float32)
    finer = 2.0 ** max(0, -np.frexp(ratio)[1])
    y = fake_quantize(x, scale=scale, zero_point=zero_point, finer=finer).numpy()
    scaled = fixed_point.scale(sums, *fixed_point.multiplier_and_shift(ratio))
    expected = np.clip(scaled + zero_point, -128, 127)
    np.testing.assert_array_equal(np.rint(y / scale) + zero_point, expected)
    once = np.rint(fake_quantize(x, scale=scale, zero_point=zero_point).numpy() / scale)
    assert (once + zero_point != expected).any()


def test_a_second_derivative_goes_straight_through_too():
    x = Variable(np.array([-9.0, 0.26, 0.9, 7.0], np.float32))
    with GradientTape() as outer:
        with GradientTape() as inner:
            y = fake_quantize(x * x * x, scale=0.1, zero_point=0)
        first = inner.gradient(y, x)
        total = first.sum()
    np.testing.assert_allclose(
        outer.gradient(total, x).numpy(), [0, 6 * 0.26, 6 * 0.9, 0], rtol=1e-6
    )


def test_nothing_leaves_the_device(monkeypatch):
    install(monkeypatch)
    x = RANDOM.normal(size=(4, 5)).astype(np.float32)
    scales = np.full((1, 5), 0.02, np.float32)
    for function, given in (
        (lambda t, s: fake_quantize(t, scale=0.01, zero_point=3), scales),
        (lambda t, s: fake_quantize(t, scale=0.01, zero_point=3, away=True), scales),
        (fake_quantize_weight, scales),
    ):
        results = []
        for place in (lambda a: a, on_device):
            variable = Variable(np.zeros_like(x))
            variable.data = place(x)
            with GradientTape() as tape:
                y = function(variable, wrap(place(given)))
            d = tape.gradient(y, variable, output_gradients=wrap(place(np.ones_like(x))))
            results.append([getattr(a.data, "_array", a.data) for a in (y, d)])
        assert isinstance(y.data, ndarray) and isinstance(d.data, ndarray)
        for host, device in zip(*results, strict=True):
            np.testing.assert_array_equal(host, device)
