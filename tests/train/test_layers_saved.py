"""Every layer in a .keras file. That Keras reads it too is checked in test_keras_live.py."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from edgekit.train import layers, load_model
from edgekit.train.models import Model
from tests.train.keras_cases import table
from tests.train.keras_cases.case import LayerCase
from tests.train.keras_goldens import arrays, numbered

CASES = {
    name: (family, LayerCase(case))
    for name, (family, case) in table("LAYERS").items()
    if "call" not in LayerCase(case).options
    and family
    in (
        "activation",
        "convolution",
        "core",
        "merging",
        "normalization",
        "pooling",
        "regularization",
        "reshaping",
    )
}


def model_of(name: str) -> tuple[Any, list[np.ndarray]]:
    """A model of the one layer of a case, with Keras' weights, and its inputs."""
    family, case = CASES[name]
    found = {
        key.removeprefix(f"{name}/"): value
        for key, value in arrays(family).items()
        if key.startswith(f"{name}/")
    }
    inputs = numbered(found, "in")
    symbolic = [layers.Input(x.shape[1:], dtype=str(x.dtype)) for x in inputs]
    layer = case.make(layers)
    model = Model(symbolic, layer(symbolic if len(symbolic) > 1 else symbolic[0]))
    layer.set_weights(numbered(found, "weight"))
    return model, inputs


@pytest.mark.parametrize("name", CASES)
def test_a_file_brings_the_layer_back(name: str, tmp_path: Any) -> None:
    model, inputs = model_of(name)
    model.save(tmp_path / "a.keras")
    again = load_model(tmp_path / "a.keras")
    assert again.layers[-1].get_config() == model.layers[-1].get_config()
    assert [w.name for w in again.weights] == [w.name for w in model.weights]
    for ours, kept in zip(model.get_weights(), again.get_weights(), strict=True):
        np.testing.assert_array_equal(kept, ours)
    np.testing.assert_array_equal(again(inputs).numpy(), model(inputs).numpy())
