"""A kernel kept at spectral norm 1, in a graph of the simulated GPU."""

from __future__ import annotations

import sys

import numpy as np
import pytest

from edgekit.train import backend, layers
from edgekit.train.tensor import wrap
from tests.train.device import on_device, peek


def built(kernel):
    layer = layers.SpectralNormalization(layers.Dense(kernel.shape[1], use_bias=False))
    layer.build((None, kernel.shape[0]))
    layer.kernel.assign(kernel)
    layer.vector_u.assign(np.linspace(0.5, 1, kernel.shape[1], dtype=np.float32)[None])
    return layer


@pytest.mark.parametrize("scale", [1.0, 0.0])
def test_a_step_is_captured(gpu, scale):
    cupy = sys.modules["cupy"]
    kernel = (scale * np.random.default_rng(0).standard_normal((6, 5))).astype(np.float32)
    x = np.ones((2, 6), np.float32)
    with backend.device("cpu"):
        host = built(kernel)
        for _ in range(3):
            expected = host(wrap(x), training=True)
    layer, there = built(kernel), wrap(on_device(x))
    for _ in range(2):  # the second one finds memory where the first has left some
        layer(there, training=True)
    stream = cupy.cuda.Stream(non_blocking=True)
    with stream:
        stream.begin_capture()
        y = layer(there, training=True)
        graph = stream.end_capture()
        graph.launch(stream)
        stream.synchronize()
    np.testing.assert_allclose(peek(y.data), expected.data, rtol=0, atol=1e-5)
    np.testing.assert_allclose(peek(layer.kernel.data), host.kernel.data, rtol=0, atol=1e-5)
    np.testing.assert_allclose(peek(layer.vector_u.data), host.vector_u.data, rtol=0, atol=1e-5)
