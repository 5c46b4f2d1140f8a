"""Every layer under the policies of 16 bits on the simulated GPU, against Keras in float32."""

from __future__ import annotations

import numpy as np
import pytest

from edgekit.train import dtype_policies, layers
from tests.train.device import peek
from tests.train.gpu.test_layers_captured import built, expected_of, leaves, step, weighting_of
from tests.train.test_layers import CASES, golden

pytest.importorskip("ml_dtypes")
ROUNDING = {"mixed_bfloat16": 2.0**-8, "mixed_float16": 2.0**-11}
# cases in which eight bits take an input over a threshold, or make two inputs equal: the gradient
# then goes another way
AT_A_KINK = {"activation_soft_shrink", "max_pool", "minimum", "separable"}


@pytest.mark.parametrize("policy", ROUNDING)
@pytest.mark.parametrize("name", CASES)
def test_near_keras(gpu, name, policy):
    case, found = CASES[name], golden(name)
    dtype_policies.set_dtype_policy(policy)
    try:
        layer = case.make(layers)
    finally:
        dtype_policies.set_dtype_policy(None)
    if "get_random_transformation" in vars(layer):
        return  # what is drawn is of float32
    given, call, followed = built(layer, case, found)
    smooth = policy == "mixed_float16" or name not in AT_A_KINK
    has_gradients = case.gradients and not case.training and smooth
    weighting = weighting_of(found) if has_gradients else []
    y, gradients = step(layer, given, call, followed, weighting)
    expected = expected_of(found, y, weighting)
    kept = policy.removeprefix("mixed_")
    for mine in leaves(y):
        assert mine.dtype.name in (kept, "int32", "int64", "bool"), mine.dtype
    for mine, wanted in zip([*y, *gradients], expected, strict=True):
        values = peek(mine.data).astype(np.float32)
        scale = max(1.0, float(np.abs(wanted).max(initial=0)))
        np.testing.assert_allclose(values, wanted, rtol=0, atol=16 * ROUNDING[policy] * scale)
