"""Our files in Keras itself. Keras is no dependency of the project: skipped where it is absent."""

from __future__ import annotations

import numpy as np
import pytest

from edgekit.train import load_model
from tests.train.keras_goldens import FOLDER, arrays, numbered
from tests.train.test_layers_saved import CASES, model_of

keras = pytest.importorskip("keras")


@pytest.mark.parametrize("name", ["sequential", "functional", "nested", "mobile"])
def test_keras_reads_what_we_write(name, tmp_path):
    found = arrays("models")
    inputs = numbered(found, f"{name}/in")
    given = inputs if len(inputs) > 1 else inputs[0]
    ours = load_model(FOLDER / f"{name}.keras")
    ours.save(tmp_path / "a.keras")
    theirs = keras.saving.load_model(tmp_path / "a.keras")
    for a, b in zip(ours.get_weights(), theirs.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)
    out, expected = theirs.predict(given, verbose=0), ours.predict(given, verbose=0)
    if not isinstance(out, dict):
        out, expected = {"": out}, {"": expected}
    for key, value in out.items():
        np.testing.assert_allclose(value, expected[key], rtol=1e-6, atol=1e-6)
    assert int(theirs.optimizer.iterations) == 1
    for a, b in zip(ours.optimizer.state(), theirs.optimizer.variables, strict=True):
        np.testing.assert_array_equal(a, keras.ops.convert_to_numpy(b))


@pytest.mark.parametrize("name", CASES)
def test_keras_reads_every_layer_and_we_read_it_back(name, tmp_path):
    model, inputs = model_of(name)
    model.save(tmp_path / "a.keras")
    theirs = keras.saving.load_model(tmp_path / "a.keras")
    found = keras.ops.convert_to_numpy(theirs(inputs))
    np.testing.assert_allclose(found, model(inputs).numpy(), rtol=1e-5, atol=1e-5)
    theirs.save(tmp_path / "b.keras")
    again = load_model(tmp_path / "b.keras")
    for ours, kept in zip(model.get_weights(), again.get_weights(), strict=True):
        np.testing.assert_array_equal(kept, ours)
