"""The networks of the benchmark on the simulated GPU: captured, as written, and on numpy."""

from __future__ import annotations

import numpy as np
import pytest

import edgekit
from edgekit.train import backend, callbacks, optimizers

from .networks import NAMES, compiled, samples

BATCH = 4


def fitted(name, epochs=4, steps=5, **options):
    """A model after `epochs` times `steps` steps, and the history of that."""
    x, y = samples(name, BATCH * steps)
    model = compiled(name, **options)
    history = model.fit(x, y, batch_size=BATCH, epochs=epochs, verbose=0).history
    return model, history


def refusal(model):
    return model._gpu_loop.step("train_step").refusal


@pytest.mark.parametrize("name", [name for name in NAMES if name != "mobilenet"])
def test_twenty_steps_as_on_the_host(gpu, name):
    """Float32 on both sides, sums in another order: 1e-5 of the largest, a hundredfold after
    twenty steps that build on each other.
    """
    model, history = fitted(name)
    assert refusal(model) is None
    assert gpu.graph_launches == 18  # all steps but the first two
    with backend.device("cpu"):
        host, expected = fitted(name)
    for key in expected:
        np.testing.assert_allclose(history[key], expected[key], rtol=1e-3, err_msg=key)
    moved = largest_difference(host.get_weights(), compiled_weights(name))
    assert largest_difference(host.get_weights(), model.get_weights()) < 1e-3 * moved


def compiled_weights(name):
    with backend.device("cpu"):
        return compiled(name).get_weights()


def largest_difference(a, b):
    return max(float(np.abs(p - q).max()) for p, q in zip(a, b, strict=True))


class FromTheHost(callbacks.Callback):
    """Begins every step from the weights that the host had, and keeps what came of them."""

    def __init__(self, weights=None):
        self.weights = weights
        self.before = []
        self.after = []

    def on_train_batch_begin(self, batch, logs=None):
        if self.weights is not None:
            self.model.set_weights(self.weights[len(self.before)])
        self.before.append(self.model.get_weights())

    def on_train_batch_end(self, batch, logs=None):
        self.after.append(self.model.get_weights())


def test_twenty_steps_of_mobilenet_each_from_the_weights_of_the_host(gpu):
    """So deep a network on so small a batch is chaotic: weights that differ by 1e-6 give other
    losses after five steps, on numpy alone too. Each step by itself is comparable.
    """
    x, y = samples("mobilenet", BATCH * 5)
    kept = []
    for place in ("cpu", "gpu:0"):
        with backend.device(place):
            model = compiled("mobilenet", optimizers.SGD(0.01))
            kept.append(FromTheHost(kept[0].before if kept else None))
            model.fit(x, y, batch_size=BATCH, epochs=4, verbose=0, callbacks=[kept[-1]])
    assert refusal(model) is None and gpu.graph_launches == 18
    host, device = kept
    assert len(device.after) == 20
    apart = [
        largest_difference(found, expected) / largest_difference(before, expected)
        for before, expected, found in zip(host.before, host.after, device.after, strict=True)
    ]
    # in single steps a unit of relu lies within the rounding of zero, and flips
    assert np.median(apart) < 2e-4 and sorted(apart)[-5] < 1e-3 and max(apart) < 2e-1


@pytest.mark.parametrize("name", NAMES)
def test_captured_steps_are_those_as_written_bit_for_bit(gpu, name):
    steps = {"epochs": 2, "steps": 2 if name == "mobilenet" else 4}
    captured, history = fitted(name, **steps, optimizer=optimizers.Adam(0.001))
    launches = gpu.graph_launches
    assert launches > 0
    written, expected = fitted(name, **steps, optimizer=optimizers.Adam(0.001), run_eagerly=True)
    assert gpu.graph_launches == launches
    assert history == expected
    for a, b in zip(captured.get_weights(), written.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


def test_the_conversion_depends_on_the_weights_alone(gpu, tmp_path):
    """Trained on the GPU or there from the same weights on the CPU: the same bytes, and the file
    that was saved on the GPU loads on the CPU.
    """
    pytest.importorskip("h5py")
    model, _ = fitted("resnet8", epochs=1)
    x, _ = samples("resnet8", 16)
    with backend.device("cpu"):
        host = compiled("resnet8")
        host.set_weights(model.get_weights())
        edgekit.convert(host, x).save(tmp_path / "host.edge")
    edgekit.convert(model, x).save(tmp_path / "device.edge")
    assert (tmp_path / "device.edge").read_bytes() == (tmp_path / "host.edge").read_bytes()
    model.save(tmp_path / "device.keras")
    with backend.device("cpu"):
        loaded = edgekit.train.models.load_model(tmp_path / "device.keras")
    for a, b in zip(loaded.get_weights(), model.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)
