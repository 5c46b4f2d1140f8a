"""Weights that Keras 2 kept in another form: of CuDNN's layers, and of Theano's convolutions."""

from __future__ import annotations

import json

import numpy as np
import pytest

from edgekit.train import Input, Sequential, layers, load_model
from tests.train.keras_goldens import FOLDER

h5py = pytest.importorskip("h5py")

pytestmark = pytest.mark.filterwarnings("ignore:model.save:DeprecationWarning")
X = np.random.default_rng(0).normal(size=(2, 5, 2)).astype(np.float32)


def of_cudnn(name):
    """The weights of a layer, and the same as CuDNN's layer kept them; made by tf_keras."""
    with np.load(FOLDER / "cudnn.npz") as file:
        return [[file[f"{kind}{name}/{i}"] for i in range(3)] for kind in ("", "cudnn_")]


def changed(path, config=None, weights=None, **attributes):
    """An .h5 file with other configs and weights; weights: name of the layer -> arrays."""
    with h5py.File(path, "r+") as file:
        architecture = json.loads(file.attrs["model_config"])
        for layer in architecture["config"]["layers"]:
            (config or (lambda _: None))(layer)
        file.attrs["model_config"] = json.dumps(architecture)
        file.attrs["keras_version"] = "2.2.4"
        group = file["model_weights"]
        for name, value in attributes.items():
            group.attrs[name] = value
        for layer, arrays in (weights or {}).items():
            names = list(group[layer].attrs["weight_names"])
            for key, array in zip(names, arrays, strict=True):
                del group[layer][key]
                group[layer][key] = array


def made(layer):
    return Sequential([Input((5, 2)), layer])


@pytest.mark.parametrize(("name", "cls"), [("lstm", layers.LSTM), ("gru", layers.GRU)])
def test_layers_of_cudnn(name, cls, tmp_path):
    model = made(cls(3, name="r"))
    ours, theirs = of_cudnn(name)
    model.set_weights(ours)
    model.save(tmp_path / "m.h5")

    def config(layer):
        if layer["config"]["name"] == "r":
            layer["class_name"] = f"CuDNN{cls.__name__}"
            kept = ("name", "trainable", "units", "unit_forget_bias", "return_sequences")
            layer["config"] = {k: v for k, v in layer["config"].items() if k in kept}

    changed(tmp_path / "m.h5", config, {"r": theirs})
    again = load_model(tmp_path / "m.h5")
    for a, b in zip(again.get_weights(), ours, strict=True):
        np.testing.assert_array_equal(a, b)
    np.testing.assert_array_equal(again(X).numpy(), model(X).numpy())


def test_both_directions_of_cudnn(tmp_path):
    model = made(layers.Bidirectional(layers.LSTM(3), name="both"))
    ours, theirs = of_cudnn("lstm")
    model.set_weights([*ours, *(w * 2 for w in ours)])
    model.save(tmp_path / "m.h5")
    changed(tmp_path / "m.h5", weights={"both": [*theirs, *(w * 2 for w in theirs)]})
    np.testing.assert_array_equal(load_model(tmp_path / "m.h5")(X).numpy(), model(X).numpy())
    other = made(layers.Bidirectional(layers.LSTM(3), name="both"))
    other.load_weights(tmp_path / "m.h5", by_name=True)
    np.testing.assert_array_equal(other(X).numpy(), model(X).numpy())


def test_kernels_of_theano_are_turned_round(tmp_path):
    """Theano convolved, TensorFlow correlates; dense layers are the same."""
    model = Sequential(
        [
            Input((6, 6, 2)),
            layers.Conv2D(3, (3, 2), name="c"),
            layers.Conv2DTranspose(2, 3, name="t"),
            layers.Flatten(),
            layers.Dense(2, name="d"),
        ]
    )
    model.save(tmp_path / "m.h5")
    weights = {
        name: [w[::-1, ::-1] if w.ndim == 4 else w for w in model.get_layer(name).get_weights()]
        for name in ("c", "t", "d")
    }
    changed(tmp_path / "m.h5", weights=weights, backend="theano")
    for a, b in zip(load_model(tmp_path / "m.h5").get_weights(), model.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


def test_a_gru_that_does_not_say_reset_after_is_of_the_older_kind(tmp_path):
    model = made(layers.GRU(3, reset_after=False, name="r"))
    model.save(tmp_path / "m.h5")
    changed(tmp_path / "m.h5", lambda layer: layer["config"].pop("reset_after", None))
    again = load_model(tmp_path / "m.h5")
    assert again.layers[0].reset_after is False
    np.testing.assert_array_equal(again(X).numpy(), model(X).numpy())
