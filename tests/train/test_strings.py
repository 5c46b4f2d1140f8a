"""Strings through whole models: Input(dtype="string"), lookups, fit, predict and files."""

from __future__ import annotations

import io
import json
import zipfile

import numpy as np
import pytest

from edgekit.errors import ModelFormatError, ShapeError
from edgekit.train import Model, Sequential, layers, load_model, set_random_seed
from edgekit.train.layers import Input
from tests.train.keras_goldens import FOLDER

pytest.importorskip("h5py")
TEXTS = ["good film", "bad film", "very good", "very bad", "good good", "bad bad"] * 4
Y = np.array([1, 0, 1, 0, 1, 0] * 4, "f4")
FORMS = {
    "list": list(TEXTS),
    "array": np.array(TEXTS),
    "objects": np.array(TEXTS, object),
    "bytes": np.array(TEXTS, "S"),
    "column": np.array(TEXTS)[:, None],
}


def classifier(*first):
    words = layers.TextVectorization(max_tokens=20, output_sequence_length=4)
    words.adapt(TEXTS)
    return Sequential(
        [
            *first,
            words,
            layers.Embedding(20, 4),
            layers.GlobalAveragePooling1D(),
            layers.Dense(1, activation="sigmoid"),
        ]
    )


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("first", ["scalar", "column", "none"])
def test_a_classifier_of_strings(form, first, tmp_path):
    set_random_seed(1)
    shapes = {"scalar": [Input((), dtype="string")], "column": [Input((1,), dtype="string")]}
    model = classifier(*shapes.get(first, []))
    model.compile("adam", "binary_crossentropy", metrics=["accuracy"])
    x = FORMS[form]
    before = None
    for epochs in (1, 60):
        history = model.fit(x, Y, epochs=epochs, verbose=0, batch_size=4)
        before = before or history.history["loss"][0]
    assert history.history["loss"][-1] < 0.8 * before
    assert model.evaluate(x, Y, verbose=0)[1] == 1.0
    found = model.predict(x, verbose=0)
    assert found.shape == (24, 1)
    model.save(tmp_path / "a.keras")
    np.testing.assert_array_equal(load_model(tmp_path / "a.keras").predict(x, verbose=0), found)


def test_strings_beside_numbers():
    set_random_seed(1)
    a = Input((1,), dtype="string", name="a")
    n = Input((2,), name="n")
    kinds = layers.StringLookup(vocabulary=["x", "y"], output_mode="one_hot")
    model = Model([a, n], layers.Concatenate()([kinds(a), n]))
    out = model.predict([np.array([["y"], ["?"]]), np.ones((2, 2))], verbose=0)
    assert out.tolist() == [[0, 0, 1, 1, 1], [1, 0, 0, 1, 1]]


def test_strings_are_refused_where_numbers_are_needed():
    model = Sequential([Input((1,)), layers.Dense(1)])
    model.compile("sgd", "mse")
    with pytest.raises(ShapeError, match="numbers"):
        model.fit(np.array([["a"], ["b"]]), np.ones((2, 1)), verbose=0)
    with pytest.raises(ShapeError, match="y must hold numbers"):
        model.fit(np.ones((2, 1)), np.array([["a"], ["b"]]), verbose=0)
    with pytest.raises(ShapeError, match="x must hold numbers"):
        model.fit(np.array([["a"], [None]], object), np.ones((2, 1)), verbose=0)


def test_vocabularies_that_keras_keeps_beside_the_config(tmp_path):
    with np.load(FOLDER / "texts_model.npz") as stored:
        given, out = [stored[name] for name in ("a", "b", "n")], stored["out"]
    model = load_model(FOLDER / "texts.keras")
    np.testing.assert_allclose(model.predict(given, verbose=0), out, rtol=1e-5, atol=1e-6)
    model.save(tmp_path / "b.keras")
    again = load_model(tmp_path / "b.keras")
    np.testing.assert_array_equal(again.predict(given, verbose=0), model.predict(given, verbose=0))


def changed(tmp_path, change):
    """The file of Keras with other parts."""
    with zipfile.ZipFile(FOLDER / "texts.keras") as file:
        parts = {name: file.read(name) for name in file.namelist()}
    change(parts)
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as file:
        for name, data in parts.items():
            file.writestr(name, data)
    path = tmp_path / "changed.keras"
    path.write_bytes(target.getvalue())
    return path


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("assets/layers/string_lookup/vocabulary.txt", b"\xff\xfe"),
        ("assets/layers/integer_lookup/vocabulary.txt", b"-1\nseven"),
        ("assets/layers/string_lookup/vocabulary.txt", b"[UNK]\na\na"),
        ("assets/layers/integer_lookup/vocabulary.txt", b"-1\n1\n2\n3\n4\n5"),
    ],
)
def test_damaged_vocabularies_are_refused(name, data, tmp_path):
    path = changed(tmp_path, lambda parts: parts.__setitem__(name, data))
    with pytest.raises(ModelFormatError, match="vocabulary"):
        load_model(path)


def test_a_file_cannot_name_another_file_as_vocabulary(tmp_path):
    secret = tmp_path / "secret.txt"
    secret.write_text("a\nb\n")

    def change(parts):
        config = json.loads(parts["config.json"])
        for layer in config["config"]["layers"]:
            if layer["class_name"] == "StringLookup":
                layer["config"]["vocabulary"] = str(secret)
        parts["config.json"] = json.dumps(config).encode()

    with pytest.raises(ModelFormatError, match="not read"):
        load_model(changed(tmp_path, change))
