"""What tests of products on a GPU share: kinds of arithmetic, and how near results must be.

float32 sums of K products of numbers about 1 are wrong by about sqrt(K) * 2^-24 of the largest
result; 1e-5 leaves room for all K here. tf32 rounds each factor to 10 bits of mantissa: 2^-11 of
it, 2^-10 of a product, less of a sum. Of the stored types (10 bits: half, 7: bfloat) the inputs are
rounded beforehand, so that only the rounding of the result, half a unit of its last place, remains.
"""

from __future__ import annotations

import contextlib

import numpy as np
import pytest

from edgekit.train.precision import set_float32_precision
from tests.train.device import peek

__all__ = ["arithmetic", "close", "kind", "own_kernels", "random"]

ml_dtypes = pytest.importorskip("ml_dtypes")

DTYPES = {"float16": np.dtype(np.float16), "bfloat16": np.dtype(ml_dtypes.bfloat16)}
TOLERANCES = {
    "float32": 1e-5,
    "tf32": 2.0**-10,
    "float16": 1.1 * 2.0**-11,
    "bfloat16": 1.1 * 2.0**-8,
}


@pytest.fixture(autouse=True)
def own_kernels(request):
    """Kernels of our own alone: also where NVIDIA's libraries are tested."""
    if "gpu" not in request.fixturenames:
        yield
        return
    request.getfixturevalue("gpu")
    from edgekit.train.gpu.libraries import use_libraries

    with use_libraries(cudnn=False, cublas=False):
        yield


@contextlib.contextmanager
def arithmetic(name):
    """A kind of arithmetic within the block: (dtype, tolerance relative to the largest result)."""
    set_float32_precision("tf32" if name == "tf32" else "ieee")
    try:
        yield DTYPES.get(name, np.dtype(np.float32)), TOLERANCES[name]
    finally:
        set_float32_precision("ieee")


@pytest.fixture(params=TOLERANCES)
def kind(request):
    """All of them."""
    with arithmetic(request.param) as found:
        yield found


def random(shape, dtype=np.float32, seed=0):
    """Standard normal numbers, rounded to `dtype`."""
    return np.random.default_rng(seed).standard_normal(shape).astype(dtype)


def close(found, expected, tolerance):
    """`found`, on the device, is `expected` but for `tolerance` of the largest element."""
    assert found.shape == expected.shape
    scale = np.abs(expected).max(initial=0.0)
    error = np.abs(peek(found).astype(np.float64) - expected).max(initial=0.0)
    assert error <= tolerance * scale, f"{error / scale:.3g} of the largest element"
