"""Compiled models from Keras to edgekit and back: optimizers with their states, losses, metrics.

`make test-oracles` runs this.
"""

from __future__ import annotations

import numpy as np
import pytest

from edgekit import train
from tests.oracles.compiled import NAMES, notes, trained
from tests.oracles.peer import ask, needs_keras

pytestmark = needs_keras
pytest.importorskip("h5py")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    made = tmp_path_factory.mktemp("compiled")
    (made / "ours").mkdir()
    for number, name in enumerate(NAMES):
        trained(train, number).save(made / "ours" / f"{name}.keras")
    ask("compiled_peer.py", made)
    return made


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("made_by", ["ours", "theirs"])
def test_training_goes_on_in_the_other(name, made_by, folder):
    path = folder / made_by / f"{name}.keras"
    ours = notes(train.load_model(path), lambda v: v.numpy())
    with np.load(path.with_suffix(".npz")) as keras:
        assert set(keras.files) == set(ours)
        for key, value in ours.items():
            if key.startswith("state/"):
                np.testing.assert_array_equal(value, keras[key])
            else:  # float32, and Keras' metrics are added up in float32
                np.testing.assert_allclose(value, keras[key], rtol=2e-6, atol=2e-6)
