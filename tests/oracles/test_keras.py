"""Model files both ways with a real Keras 3, run as another process.

`make test-oracles` runs this; EDGEKIT_KERAS_PYTHON names a Python that has keras and a backend.
"""

from __future__ import annotations

import numpy as np
import pytest

from edgekit import train
from edgekit.train.models import model_from_json
from tests.oracles.architectures import ARCHITECTURES, continued, outputs_of, trained
from tests.oracles.peer import ask, needs_keras

pytestmark = needs_keras
pytest.importorskip("h5py")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """ours/: files written here, and what Keras said of them; theirs/: files of Keras."""
    made = tmp_path_factory.mktemp("oracle")
    (made / "ours").mkdir()
    for name in ARCHITECTURES:
        train.clear_session()
        train.set_random_seed(1)
        model = trained(train, name)
        model.save(made / "ours" / f"{name}.keras")
        with pytest.warns(DeprecationWarning, match="old spelling"):
            model.save(made / "ours" / f"{name}.h5")
    ask("keras_peer.py", made)
    return made


def compare(path, model, name, of_keras=True):
    """float32 on both sides, which sum in other orders: predictions agree to rtol and atol 1e-5,
    weights after one more step to rtol 1e-4, atol 1e-5, since optimizers divide small gradients.
    """
    with np.load(path) as expected:
        for key, value in outputs_of(model, name).items():
            np.testing.assert_allclose(value, expected[f"out/{key}"], rtol=1e-5, atol=1e-5)
        after = [key for key in expected.files if key.startswith("after/")]
        if not (after and of_keras):
            return
        for i, weight in enumerate(continued(model, name)):
            if model.weights[i].path.endswith("key/bias"):
                # softmax does not see what is added to all scores: the true gradient is zero, and
                # optimizers that divide by its size make steps out of noise (1e-8 on both sides)
                continue
            np.testing.assert_allclose(weight, expected[f"after/{i}"], rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("ending", ["keras", "h5"])
@pytest.mark.parametrize("name", ARCHITECTURES)
def test_keras_predicts_and_trains_on_with_our_files(folder, name, ending):
    path = folder / "ours" / f"{name}.{ending}"
    compare(f"{path}.npz", train.load_model(path), name)


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_we_predict_and_train_on_with_files_of_keras(folder, name):
    model = train.load_model(folder / f"theirs/{name}.keras")
    assert model.compiled
    compare(folder / "theirs" / f"{name}.npz", model, name)


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_we_predict_and_train_on_with_h5_files_of_keras(folder, name):
    model = train.load_model(folder / f"theirs/{name}.h5")
    assert model.compiled
    compare(folder / "theirs" / f"{name}.npz", model, name)


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_json_and_weights_of_keras(folder, name):
    model = model_from_json((folder / f"theirs/{name}.json").read_text())
    model.load_weights(folder / f"theirs/{name}.weights.h5")
    compare(folder / "theirs" / f"{name}.npz", model, name, of_keras=False)
