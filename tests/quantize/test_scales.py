"""Scales, zero points and integers, against what TensorFlow Lite's converter chose."""

from __future__ import annotations

import json
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgekit.errors import QuantizationError
from edgekit.ir import GraphBuilder, per_channel, per_tensor
from edgekit.quantize import quantize
from edgekit.quantize.scales import (
    BIAS_LIMIT,
    activation_params,
    quantize_bias,
    quantize_constant,
    quantize_weight,
    representable,
    round_half_away,
    weight_params,
)

GOLDEN = Path(__file__).resolve().parent / "golden"


@pytest.mark.parametrize(
    ("low", "high", "scale", "zero_point"),
    json.loads((GOLDEN / "parameters.json").read_text(encoding="utf-8")),
)
def test_an_activation_gets_tensorflows_parameters(
    low: float, high: float, scale: float, zero_point: int
) -> None:
    chosen = activation_params(low, high)
    assert (chosen.scale, chosen.zero_point) == ((scale,), (zero_point,))


FINITE = st.floats(-(2.0**100), 2.0**100, width=32)


@settings(derandomize=True)
@given(FINITE, FINITE)
def test_zero_is_a_whole_number_and_the_ends_are_in_reach(a: float, b: float) -> None:
    low, high = sorted((a, b))
    params = activation_params(low, high)
    (scale,), (zero_point,) = params.scale, params.zero_point
    assert -128 <= zero_point <= 127
    least, most = (Fraction(bound) for bound in representable(params))
    # Rounding the zero point moves both ends by half a step at most.
    slack = Fraction(scale) * Fraction(501, 1000)
    assert least - slack <= min(low, 0) and max(high, 0) <= most + slack


def test_a_range_beyond_float32_is_refused() -> None:
    with pytest.raises(QuantizationError, match="too wide for float32"):
        activation_params(-3e38, 3e38)


def test_a_network_gets_tensorflows_weights_biases_and_scales() -> None:
    """Everything the converter chose: activations, weights, biases, tied and fixed scales."""
    golden = np.load(GOLDEN / "network.npz")
    g = GraphBuilder()

    def with_weight(op: str, x: str, name: str, **attrs: object) -> str:
        weight = g.constant(golden[f"float/{name}"], name)
        bias = g.constant(golden[f"float/{name}_bias"], f"{name}_bias")
        return g.add(op, x, weight, bias, name=f"layer_{name}", **attrs)  # type: ignore[arg-type]

    x = g.input("input", (None, 8, 8, 3))
    conv = with_weight("Conv2D", x, "conv", activation="relu")
    depthwise = with_weight("DepthwiseConv2D", conv, "depthwise", activation="relu6")
    pool = g.add("MaxPool2D", depthwise, name="pool", pool=(2, 2), strides=(2, 2))
    branch = with_weight("Conv2D", pool, "branch")
    concat = g.add("Concat", pool, branch, name="concat")
    mean = g.add("Mean", concat, name="mean")
    dense = with_weight("Dense", mean, "dense")
    softmax = g.add("Softmax", dense, name="softmax")
    graph = quantize(g.finish([softmax]), golden["calibration"]).graph

    outputs = [conv, depthwise, pool, branch, concat, mean, dense, softmax]
    keys = [key for key in golden.files if key.startswith("output/") and key != "output/input"]
    for name, key in [("input", "output/input"), *zip(outputs, sorted(keys), strict=True)]:
        quant = graph.value(name).quant
        assert quant is not None
        scale, zero_point = golden[key]
        # Two float kernels that sum in different orders observe slightly different ranges.
        assert quant.scale[0] == pytest.approx(scale, rel=3e-6), name
        assert quant.zero_point[0] == zero_point, name
    for name in ("conv", "depthwise", "branch", "dense"):
        weight, bias = graph.value(name), graph.value(f"{name}_bias")
        assert weight.quant is not None and bias.quant is not None
        np.testing.assert_allclose(weight.quant.scales, golden[f"scale/{name}"], rtol=3e-6)
        np.testing.assert_allclose(bias.quant.scales, golden[f"scale/{name}_bias"], rtol=3e-6)
        np.testing.assert_array_equal(weight.array(), golden[f"int8/{name}"], err_msg=name)
        np.testing.assert_allclose(
            bias.array(), golden[f"int8/{name}_bias"], rtol=4e-6, atol=1, err_msg=name
        )


def test_weights_are_symmetric_and_reach_127() -> None:
    weight = np.array([[1.0, -2.0], [0.5, 0.25], [0.0, 0.0]], np.float32)
    params, raised = weight_params(weight, 0, None, 1.0)
    assert params.zero_point == (0, 0, 0) and params.axis == 0 and raised == []
    np.testing.assert_array_equal(quantize_weight(weight, params), [[64, -127], [127, 64], [0, 0]])


def test_a_huge_bias_raises_the_scale_of_its_channel_only() -> None:
    weight = np.full((2, 3), 0.01, np.float32)
    bias = np.array([0.1, -1e6], np.float32)
    params, raised = weight_params(weight, 0, bias, 0.02)
    assert raised == [1]
    assert params.scale[0] == np.float32(0.01) / np.float32(127)
    steps, clamped = quantize_bias(bias, 0.02, params)
    assert clamped == [] and steps[1] >= -BIAS_LIMIT
    # The real bias is kept to one part in a million, whatever became of the weights.
    assert float(steps[1]) * 0.02 * params.scale[1] == pytest.approx(-1e6, rel=1e-6)


def test_a_bias_that_does_not_fit_is_clamped_and_named() -> None:
    weights = per_channel(np.array([1e-6, 1.0], np.float32), 0)
    steps, clamped = quantize_bias(np.array([1e6, 3.0], np.float32), 1e-3, weights)
    assert clamped == [0]
    np.testing.assert_array_equal(steps, [BIAS_LIMIT, 3000])


def test_a_constant_is_rounded_half_away_and_clipped() -> None:
    data = np.array([0.25, 0.75, -0.25, 100.0, -100.0], np.float32)
    np.testing.assert_array_equal(quantize_constant(data, per_tensor(0.5, 3)), [4, 5, 2, 127, -128])


@settings(derandomize=True)
@given(st.floats(-1e9, 1e9, width=32))
def test_rounding_is_half_away_from_zero(x: float) -> None:
    exact = Fraction(x)
    expected = int(abs(exact) + Fraction(1, 2)) * (1 if x >= 0 else -1)
    assert round_half_away(np.array([x], np.float32))[0] == expected
