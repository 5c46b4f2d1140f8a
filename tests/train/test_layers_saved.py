"""Every layer in a .keras file; tests/oracles/test_layers.py asks Keras to read it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from edgekit.train import layers, load_model
from edgekit.train.models import Model
from edgekit.train.structure import flatten
from tests.train.keras_cases import table
from tests.train.keras_cases.case import LayerCase
from tests.train.keras_goldens import arrays, numbered

CASES = {name: (family, LayerCase(case)) for name, (family, case) in table("LAYERS").items()}


def model_of(name: str) -> tuple[Any, list[np.ndarray]]:
    """A model of the one layer of a case, with Keras' weights, and its inputs.

    Arrays among the arguments of the call are inputs too.
    """
    family, case = CASES[name]
    found = {
        key.removeprefix(f"{name}/"): value
        for key, value in arrays(family).items()
        if key.startswith(f"{name}/")
    }
    inputs = numbered(found, "in")
    symbolic = [layers.Input(x.shape[1:], dtype=str(x.dtype)) for x in inputs]
    called = case.call_arguments()
    called.pop("training", None)  # what is drawn there is no part of a file
    named = {key: value for key, value in called.items() if isinstance(value, np.ndarray)}
    more = {key: layers.Input(x.shape[1:], dtype=str(x.dtype)) for key, x in named.items()}
    layer = case.make(layers)
    given = symbolic if len(symbolic) > 1 else symbolic[0]
    model = Model([*symbolic, *more.values()], layer(given, **{**called, **more}))
    layer.set_weights(numbered(found, "weight"))
    return model, [*inputs, *named.values()]


def configs(model: Any) -> list[dict[str, Any]]:
    return [layer.get_config() for layer in model.layers]


def outputs(model: Any, inputs: list[np.ndarray]) -> list[np.ndarray]:
    """The arrays that a model gives, as a list."""
    return [np.asarray(x.numpy()) for x in flatten(model(inputs, training=False))]


@pytest.mark.parametrize("name", CASES)
def test_a_file_brings_the_layer_back(name: str, tmp_path: Any) -> None:
    model, inputs = model_of(name)
    model.save(tmp_path / "a.keras")
    again = load_model(tmp_path / "a.keras")
    assert configs(again) == configs(model)
    assert [w.name for w in again.weights] == [w.name for w in model.weights]
    for ours, kept in zip(model.get_weights(), again.get_weights(), strict=True):
        np.testing.assert_array_equal(kept, ours)
    for ours, kept in zip(outputs(model, inputs), outputs(again, inputs), strict=True):
        np.testing.assert_array_equal(kept, ours)
