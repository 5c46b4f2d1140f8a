"""Networks of the literature against Keras, with the weights that Keras drew, from its files."""

from __future__ import annotations

import json

import numpy as np
import pytest

from edgekit import train
from edgekit.keras import applications
from tests.oracles.applications import NETWORKS
from tests.oracles.peer import ask, needs_keras

pytestmark = needs_keras
pytest.importorskip("h5py")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    made = tmp_path_factory.mktemp("applications")
    ask("applications_peer.py", made)
    return made


def stem(name):
    """Without the number that a layer without a name of its own gets."""
    return name.rstrip("_0123456789")


@pytest.mark.parametrize(("name", "function", "arguments"), NETWORKS, ids=lambda x: str(x)[:20])
def test_networks_are_those_of_keras(name, function, arguments, folder):
    train.clear_session()
    model = getattr(applications, function)(weights=folder / f"{name}.weights.h5", **arguments)
    expected = json.loads((folder / f"{name}.json").read_text())
    ours = [
        [stem(layer.name), type(layer).__name__, list(layer.output.shape)] for layer in model.layers
    ]
    assert ours == [[stem(layer), *rest] for layer, *rest in expected["layers"]]
    assert [list(w.shape) for w in model.weights] == expected["weights"]
    with np.load(folder / f"{name}.npz") as found:
        y = model(found["x"], training=False).numpy()
        scale = max(1.0, float(np.abs(found["y"]).max()))
        np.testing.assert_allclose(y, found["y"], rtol=1e-5, atol=1e-5 * scale)


def test_weights_of_a_whole_model_are_read(folder):
    name, function, arguments = next(n for n in NETWORKS if n[0] == "mobilenetv3small")
    model = getattr(applications, function)(weights=folder / f"{name}.h5", **arguments)
    with np.load(folder / f"{name}.npz") as found:
        y = model(found["x"], training=False).numpy()
        np.testing.assert_allclose(y, found["y"], rtol=1e-5, atol=1e-5)
