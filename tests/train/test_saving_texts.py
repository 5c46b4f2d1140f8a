"""Vocabularies in model files: beside the config as Keras has them, in it as older files have."""

from __future__ import annotations

import json
import zipfile

import numpy as np
import pytest

from edgekit.errors import ModelFormatError, ShapeError
from edgekit.train import (
    Input,
    Model,
    Sequential,
    layers,
    load_model,
    set_random_seed,
)
from edgekit.train.custom_objects import register_keras_serializable
from edgekit.train.models import clone_model
from tests.material import ROOT
from tests.train.keras_goldens import FOLDER

h5py = pytest.importorskip("h5py")

GIVEN = [np.array([["a b b"], ["c d"]]), np.array([["x"], ["q"]]), np.array([[5, 6], [7, 9]])]
# what the model in older_texts.keras predicted when it was saved
OLDER = [
    [-0.9395207762718201, -0.03024093620479107],
    [-0.37266281247138977, 0.9070497155189514],
]


def parts_of(path):
    with zipfile.ZipFile(path) as file:
        return {name: file.read(name) for name in file.namelist()}


def learned():
    """Lookups that learned by adapt, one that was told, one that was made with its vocabulary."""
    words = layers.TextVectorization(output_mode="tf_idf", name="words")
    words.adapt(["a b", "b c", "b"])
    kinds = layers.StringLookup(name="kinds")
    kinds.set_vocabulary(["x", "é"])
    given = layers.StringLookup(vocabulary=["q"], output_mode="multi_hot", name="given")
    numbers = layers.IntegerLookup(output_mode="tf_idf", name="numbers")
    numbers.adapt([[5, 6], [5, 7]])
    a, b = Input((1,), dtype="string", name="a"), Input((1,), dtype="string", name="b")
    n = Input((2,), dtype="int64", name="n")
    embedded = layers.Flatten()(layers.Embedding(4, 2)(kinds(b)))
    joined = layers.Concatenate()([words(a), embedded, given(b), numbers(n)])
    return Model([a, b, n], layers.Dense(2)(joined))


def test_what_was_learned_lies_where_keras_puts_it(tmp_path):
    model = learned()
    model.save(tmp_path / "m.keras")
    parts = parts_of(tmp_path / "m.keras")
    expected = {
        "text_vectorization/_lookup_layer": "[UNK]\nb\nc\na",
        "text_vectorization": "[UNK]\nb\nc\na",
        "string_lookup": "[UNK]\nx\né",
        "integer_lookup": "-1\n5\n7\n6",
    }
    found = {name: data.decode() for name, data in parts.items() if name.startswith("assets/")}
    assert found == {f"assets/layers/{k}/vocabulary.txt": v for k, v in expected.items()}
    configs = {
        one["config"]["name"]: one["config"]
        for one in json.loads(parts["config.json"])["config"]["layers"]
    }
    for name, size in (("words", 4), ("kinds", 3), ("numbers", 4)):
        assert configs[name]["vocabulary"] is configs[name]["idf_weights"] is None
        assert configs[name]["vocabulary_size"] == size
    assert configs["given"]["vocabulary"] == ["q"]
    again = load_model(tmp_path / "m.keras")
    np.testing.assert_array_equal(again.predict(GIVEN, verbose=0), model.predict(GIVEN, verbose=0))
    again.save(tmp_path / "n.keras")
    assert parts_of(tmp_path / "n.keras") == parts


def test_the_file_of_keras_is_saved_with_the_same_vocabularies(tmp_path):
    load_model(FOLDER / "texts.keras").save(tmp_path / "m.keras")
    ours, theirs = parts_of(tmp_path / "m.keras"), parts_of(FOLDER / "texts.keras")
    names = [name for name in theirs if name.startswith("assets/")]
    assert len(names) == 6
    assert {name for name in ours if name.startswith("assets/")} == set(names)
    for name in names:
        assert ours[name] == theirs[name]


def test_older_files_with_all_vocabularies_in_the_config(tmp_path):
    path = ROOT / "tests/golden/saved/older_texts.keras"
    assert not any(name.startswith("assets/") for name in parts_of(path))
    model = load_model(path)
    # float32 sums of products, which BLAS libraries take in their own orders
    np.testing.assert_allclose(model.predict(GIVEN, verbose=0), OLDER, atol=1e-6)
    model.save(tmp_path / "m.keras")
    np.testing.assert_array_equal(
        load_model(tmp_path / "m.keras").predict(GIVEN, verbose=0), model.predict(GIVEN, verbose=0)
    )


@pytest.mark.filterwarnings("ignore:model.save:DeprecationWarning")
def test_configs_outside_of_such_a_file_hold_their_vocabularies(tmp_path):
    model = learned()
    model.save(tmp_path / "m.keras")
    model.save(tmp_path / "m.h5")
    cloned = clone_model(model)
    cloned.set_weights(model.get_weights())
    for other in (cloned, load_model(tmp_path / "m.h5")):
        np.testing.assert_array_equal(
            other.predict(GIVEN, verbose=0), model.predict(GIVEN, verbose=0)
        )


def test_tokens_that_lines_cannot_hold_stay_in_the_config(tmp_path):
    for tokens in (["a\nb", "c"], ["a\u2028b"], ["a", ""]):
        layer = layers.StringLookup()
        layer.set_vocabulary(tokens)
        Sequential([Input((1,), dtype="string"), layer]).save(tmp_path / "m.keras")
        assert not any(name.startswith("assets/") for name in parts_of(tmp_path / "m.keras"))
        assert load_model(tmp_path / "m.keras").layers[0].get_vocabulary(False) == tokens


def test_weights_alone_hold_those_of_tokens(tmp_path):
    model, other = learned(), learned()
    model.save_weights(tmp_path / "m.weights.h5")
    numbers = other.get_layer("numbers")
    numbers.set_vocabulary(numbers.get_vocabulary(False), idf_weights=[0.0, 0.0, 0.0])
    other.load_weights(tmp_path / "m.weights.h5")
    np.testing.assert_array_equal(other.predict(GIVEN, verbose=0), model.predict(GIVEN, verbose=0))
    numbers.set_vocabulary([1, 2], idf_weights=[0.0, 0.0])
    with pytest.raises(ShapeError, match=r"(?s)layer 'numbers' .*: idf_weights: expected shape"):
        other.load_weights(tmp_path / "m.weights.h5")


@register_keras_serializable("house", "Counting")
class Counting(layers.Layer):
    """Keeps a number beside its weights, as layers of Keras may."""

    def __init__(self, **options):
        super().__init__(**options)
        self.seen = 0.0

    def build(self, input_shape):
        self.scale = self.add_weight((input_shape[-1],), "ones", name="scale")

    def call(self, inputs):
        return inputs * self.scale + self.seen

    def save_own_variables(self, store):
        super().save_own_variables(store)
        store["seen"] = np.float32(self.seen)

    def load_own_variables(self, store):
        if store["seen"].shape != ():
            raise ShapeError("seen is one number")
        super().load_own_variables(store)
        self.seen = float(np.asarray(store["seen"]))


def test_layers_with_files_of_their_own(tmp_path):
    set_random_seed(0)
    model = Sequential([Input((2,)), Counting(name="mine"), layers.Dense(1)])
    model.layers[0].seen = 3.5
    model.layers[0].scale.assign(np.array([2.0, 3.0], np.float32))
    model.save(tmp_path / "m.keras")
    with h5py.File(parts_file(tmp_path)) as file:
        assert sorted(file["layers/counting/vars"]) == ["0", "seen"]
    x = np.ones((1, 2), np.float32)
    again = load_model(tmp_path / "m.keras")
    np.testing.assert_array_equal(again.predict(x, verbose=0), model.predict(x, verbose=0))
    model.save_weights(tmp_path / "m.weights.h5")
    with h5py.File(tmp_path / "m.weights.h5", "r+") as file:
        del file["layers/counting/vars/seen"]
        file["layers/counting/vars/seen"] = np.zeros(2)
    with pytest.raises(ShapeError, match=r"layer 'mine' \(layers/counting\): seen is one number"):
        model.load_weights(tmp_path / "m.weights.h5")
    with h5py.File(tmp_path / "m.weights.h5", "r+") as file:
        del file["layers/counting/vars/seen"]
    with pytest.raises(ModelFormatError, match="seen"):
        model.load_weights(tmp_path / "m.weights.h5")


def parts_file(folder):
    path = folder / "inside.h5"
    path.write_bytes(parts_of(folder / "m.keras")["model.weights.h5"])
    return path
