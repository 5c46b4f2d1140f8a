"""Random picture layers on the simulated GPU: drawn there, in graphs, and right."""

from __future__ import annotations

import sys

import numpy as np
import pytest

from edgekit.errors import UnsupportedOperator
from edgekit.train import backend, layers
from edgekit.train.gpu import state
from edgekit.train.tensor import wrap
from tests.train.device import on_device, peek

LAYERS = {
    "flip": lambda: layers.RandomFlip(seed=1),
    "crop": lambda: layers.RandomCrop(5, 6, seed=1),
    "contrast": lambda: layers.RandomContrast(0.4, value_range=(0, 1), seed=1),
    "brightness": lambda: layers.RandomBrightness(0.4, value_range=(0, 1), seed=1),
    "rotation": lambda: layers.RandomRotation(0.3, seed=1),
    "zoom": lambda: layers.RandomZoom(0.4, seed=1),
    "zoom apart": lambda: layers.RandomZoom(0.4, 0.2, fill_mode="wrap", seed=1),
    "translation": lambda: layers.RandomTranslation(0.3, 0.2, fill_mode="constant", seed=1),
}


def pictures():
    return np.random.default_rng(0).uniform(0.2, 0.8, (6, 9, 8, 3)).astype(np.float32)


@pytest.mark.parametrize("name", LAYERS)
def test_what_is_drawn_does_what_it_does_on_the_host(gpu, name):
    """The layer on the device, and on the host with the numbers that were drawn on the device."""
    layer, x = LAYERS[name](), pictures()
    drawn = layer.get_random_transformation(wrap(on_device(x)))
    found = peek(layer.transform_images(wrap(on_device(x)), drawn).data)
    with backend.device("cpu"):
        if isinstance(drawn, dict):
            host = {k: peek(v) if hasattr(v, "dtype") else v for k, v in drawn.items()}
        else:
            host = tuple(int(peek(v)) for v in drawn)
        expected = layer.transform_images(wrap(x), host).numpy()
    np.testing.assert_allclose(found, expected, rtol=0, atol=2e-5)


@pytest.mark.parametrize("name", LAYERS)
def test_each_replay_draws_anew_and_nothing_comes_from_the_host(gpu, name):
    cupy = sys.modules["cupy"]
    layer, x = LAYERS[name](), wrap(on_device(pictures()))
    stream = cupy.cuda.Stream(non_blocking=True)
    with stream:
        layer(x, training=True)
        before = gpu.copies_in
        stream.begin_capture()
        y = layer(x, training=True)
        state.current().advance()
        graph = stream.end_capture()
    seen = []
    for _ in range(4):
        graph.launch(stream)
        seen.append(peek(y.data))
    assert len({one.tobytes() for one in seen}) > 1
    assert gpu.waits == []
    assert gpu.copies_in == before


def test_a_size_that_changes_cannot_be_captured(gpu):
    layer, x = layers.RandomHeight(0.3, seed=1), wrap(on_device(pictures()))
    assert layer(x, training=True).shape[2:] == (8, 3)
    with state.capturing(), pytest.raises(UnsupportedOperator, match="draws on the host"):
        layer(x, training=True)
