"""Products of matrices on the simulated GPU, against numpy in float64.

float32 sums of K products of numbers about 1 are wrong by about sqrt(K) * 2^-24 of the largest
result; 1e-5 leaves room for all K here. tf32 rounds each factor to 10 bits of mantissa, half to 10
(it is stored so) and bfloat to 7; for those that are stored the inputs are rounded beforehand, so
that only the rounding of the result, half a unit of its last place, remains.
"""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from edgekit.train.precision import set_float32_precision
from tests.train.device import on_device, peek

ml_dtypes = pytest.importorskip("ml_dtypes")

DTYPES = {"float32": np.float32, "float16": np.float16, "bfloat16": ml_dtypes.bfloat16}
TOLERANCES = {"float32": 1e-5, "tf32": 2.0**-10, "float16": 2.0**-11, "bfloat16": 2.0**-8}


@pytest.fixture(params=TOLERANCES)
def kind(request):
    """A kind of arithmetic: (dtype, tolerance relative to the largest result)."""
    set_float32_precision("tf32" if request.param == "tf32" else "ieee")
    yield DTYPES.get(request.param, np.float32), TOLERANCES[request.param]
    set_float32_precision("ieee")


def random(shape, dtype=np.float32, seed=0):
    return np.random.default_rng(seed).standard_normal(shape).astype(dtype)


def close(found, expected, tolerance):
    scale = np.abs(expected).max()
    assert np.abs(peek(found).astype(np.float64) - expected).max() <= tolerance * scale


def reference(a, b):
    return a.astype(np.float64) @ b.astype(np.float64)


def matrix(shape, dtype, turned, seed):
    """A matrix, and the same on the device, where `turned` as the view of its transpose."""
    x = random(shape, dtype, seed)
    return x, on_device(x.T.copy()).T if turned else on_device(x)


SIZES = [(33, 18, 40), (64, 32, 96), (1, 7, 5)]


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("turned", list(itertools.product((False, True), repeat=2)))
def test_layouts_and_ragged_sizes(gpu, kind, size, turned):
    from edgekit.train.gpu.matmul import matmul

    dtype, tolerance = kind
    rows, columns, depth = size
    a, a_there = matrix((rows, depth), dtype, turned[0], 1)
    b, b_there = matrix((depth, columns), dtype, turned[1], 2)
    close(matmul(a_there, b_there), reference(a, b), tolerance)
