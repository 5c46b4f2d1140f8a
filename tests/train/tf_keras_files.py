"""Files of tf.keras in a folder, as tests/oracles/tf_keras_peer.py writes them, and what to expect.

optimizers/: trained for three steps, and the weights after two more. models/: `architectures.py`,
with predictions and the weights after one more step. layers/, functions/: with outputs.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edgekit.train import load_model
from edgekit.train.models import model_from_json
from edgekit.train.structure import flatten
from tests.oracles.architectures import continued, outputs_of
from tests.oracles.texts import CASES as TEXTS
from tests.train.tf_keras_cases import GRIDS, ROWS, SUMS

__all__ = ["check_function", "check_json", "check_layer", "check_model", "check_optimizer",
           "check_text"]  # fmt: skip

# The Nadam of tf.keras counts its momenta when its function is traced, not when a step is made.
_OTHER_STEPS = ("nadam", "legacy_nadam")
# float32 on both sides, in other orders; the older RMSprop adds epsilon (1e-7) behind the root
_TOLERANCE = {"legacy_rmsprop": 1e-5}


def check_optimizer(folder: Path, name: str, ending: str) -> None:
    """Training goes on as in tf.keras."""
    path = folder / f"optimizers/{name}.{ending}"
    if name == "legacy_nadam":
        with pytest.warns(UserWarning, match="Nadam of older Keras .* another schedule"):
            model = load_model(path)
    else:
        model = load_model(path)
    assert int(model.optimizer.iterations) == 3
    for _ in range(2):
        model.train_on_batch(ROWS, SUMS)
    if name in _OTHER_STEPS:
        return
    with np.load(folder / f"optimizers/{name}.npz") as after:
        for i, weight in enumerate(model.get_weights()):
            np.testing.assert_allclose(weight, after[str(i)], atol=_TOLERANCE.get(name, 1e-6))


def check_model(folder: Path, name: str, ending: str) -> None:
    """Predictions, and the weights after one more step."""
    model = load_model(folder / f"models/{name}.{ending}")
    assert model.compiled
    with np.load(folder / f"models/{name}.npz") as expected:
        _check_predictions(model, name, expected)
        if name in ("attending", "lines", "convolutional"):
            return  # trained by Nadam, or with dropout
        for i, weight in enumerate(continued(model, name)):
            np.testing.assert_allclose(weight, expected[f"after/{i}"], atol=1e-6)


def check_json(folder: Path, name: str) -> None:
    """The architecture and the weights from two files."""
    model = model_from_json((folder / f"models/{name}.json").read_text())
    model.load_weights(folder / f"models/{name}.weights.h5")
    with np.load(folder / f"models/{name}.npz") as expected:
        _check_predictions(model, name, expected)


def _check_predictions(model: Any, name: str, expected: Any) -> None:
    for key, value in outputs_of(model, name).items():
        np.testing.assert_allclose(value, expected[f"out/{key}"], rtol=1e-5, atol=1e-5)


def check_layer(folder: Path, name: str, ending: str) -> None:
    """What one layer computes."""
    model = load_model(folder / f"layers/{name}.{ending}")
    with np.load(folder / f"layers/{name}.npz") as file:
        inputs = [file[f"in/{i}"] for i in range(len(file.files)) if f"in/{i}" in file.files]
        found = flatten(model(inputs if len(inputs) > 1 else inputs[0], training=False))
        for i, value in enumerate(found):
            np.testing.assert_allclose(value.numpy(), file[f"out/{i}"], rtol=1e-4, atol=1e-5)


def check_text(folder: Path, name: str, ending: str) -> None:
    """Indices and words are equal, float32 sums taken in other orders."""
    model, given = load_model(folder / f"texts/{name}.{ending}"), list(TEXTS[name].inputs)
    with np.load(folder / f"texts/{name}.npz") as file:
        for i, value in enumerate(flatten(model(given if len(given) > 1 else given[0]))):
            if value.dtype.kind == "f":
                np.testing.assert_allclose(value.numpy(), file[str(i)], rtol=1e-5, atol=1e-6)
            else:
                np.testing.assert_array_equal(value.numpy(), file[str(i)])


def check_function(folder: Path, name: str, ending: str) -> None:
    """What a function of TensorFlow computes."""
    model = load_model(folder / f"functions/{name}.{ending}")
    with np.load(folder / f"functions/{name}.npz") as file:
        np.testing.assert_allclose(model(GRIDS).numpy(), file["out"], rtol=1e-5, atol=1e-6)
