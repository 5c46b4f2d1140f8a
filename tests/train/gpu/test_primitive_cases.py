"""Every primitive on the simulated GPU: the numbers of the host, at once and from a graph."""

from __future__ import annotations

import sys

import numpy as np
import pytest

from edgekit.train import backend
from edgekit.train.tape import GradientTape
from edgekit.train.tensor import PRIMITIVES, wrap
from tests.train.device import on_device, peek
from tests.train.primitive_cases import CASES, make_inputs
from tests.train.primitive_cases.case import Cases

MORE = Cases()
"""Primitives that have no case among those that are held against PyTorch."""
for name in ("equal", "greater", "greater_equal", "less", "less_equal", "not_equal"):
    MORE.add(name, name, (3, 4), (3, 4))
for name in ("ceil", "floor", "round", "sign", "normal_distribution", "stop_gradient"):
    MORE.add(name, name, (3, 4))
MORE.add("any_true", "any_true", ("bool", (3, 4)), axis=1)
MORE.add("argmax", "argmax", (3, 4))
MORE.add("cast", "cast", ("class", (3, 4), 9), dtype=np.float32)
MORE.add("stored", "stored", (3, 4), dtype=np.float32)
MORE.add("zero_state", "zero_state", (3, 4), shape=(5,))
MORE.add("ctc", "ctc_loss", (2, 7, 5), ("class", (2, 3), 5))
MORE.add("log sum exp", "masked_log_sum_exp", (3, 4), ("bool", (3, 4)))
ALL = [*CASES, *MORE]


def as_float32(x):
    return x if x is None or x.dtype != np.float64 else x.astype(np.float32)


def differentiated(name, inputs, attrs, weights=None):
    """(output, gradients of the floating inputs) where the output is weighed with `weights`."""
    rule = PRIMITIVES[name]
    tensors = [x if x is None else wrap(x) for x in inputs]
    followed = [t for t in tensors if t is not None and t.data.dtype.kind == "f"]
    with GradientTape() as tape:
        tape.watch(followed)
        y = rule(*tensors, **attrs)
    if not rule.differentiable or y.dtype.kind != "f":
        return y.data, []
    seed = None if weights is None else wrap(weights)
    found = tape.gradient(y, followed, output_gradients=seed, unconnected_gradients="zero")
    return y.data, [g.data for g in found]


def weights_of(y):
    return np.cos(np.arange(y.size, dtype=np.float32) * 1.7 + 0.3).reshape(y.shape)


def on_host(identifier, name, inputs, attrs):
    with backend.device("cpu"):
        arrays = [as_float32(x) for x in make_inputs(identifier, inputs)]
        y, _ = differentiated(name, arrays, attrs)
        weights = weights_of(y) if y.dtype.kind == "f" else None
        return arrays, weights, differentiated(name, arrays, attrs, weights)


def assert_close(found, expected):
    assert found.shape == expected.shape
    assert found.dtype == expected.dtype
    if expected.dtype.kind != "f":
        np.testing.assert_array_equal(found, expected)
        return
    np.testing.assert_array_equal(np.isfinite(found), np.isfinite(expected))
    finite = np.isfinite(expected)
    most = np.abs(expected[finite]).max(initial=0.0)
    np.testing.assert_allclose(found[finite], expected[finite], rtol=0, atol=1e-5 * max(most, 1e-6))


@pytest.mark.parametrize(
    ("identifier", "name", "inputs", "attrs"), ALL, ids=[case[0] for case in ALL]
)
def test_the_numbers_of_the_host(gpu, identifier, name, inputs, attrs):
    cupy = sys.modules["cupy"]
    arrays, weights, expected = on_host(identifier, name, inputs, attrs)
    device = [None if x is None else on_device(x) for x in arrays]
    seed = None if weights is None else on_device(weights)
    if "transforms" in attrs:  # random layers draw them on the device
        attrs = attrs | {"transforms": on_device(np.asarray(attrs["transforms"], np.float32))}
    y, gradients = differentiated(name, device, attrs, seed)
    for found, wanted in zip([y, *gradients], [expected[0], *expected[1]], strict=True):
        assert_close(peek(found), wanted)
    stream = cupy.cuda.Stream(non_blocking=True)
    with stream:
        stream.begin_capture()
        y, gradients = differentiated(name, device, attrs, seed)
        graph = stream.end_capture()
    graph.launch(stream)
    for found, wanted in zip([y, *gradients], [expected[0], *expected[1]], strict=True):
        assert_close(peek(found), wanted)
