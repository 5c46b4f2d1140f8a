"""FeatureSpace against Keras: what it makes of a small table, in models and by itself."""

from __future__ import annotations

import json

import numpy as np
import pytest

from edgekit import keras
from edgekit.errors import InputError, UnsupportedOperator
from tests.keras.feature_cases import DATA, NEW, SPACES, columns, make
from tests.train.keras_goldens import FOLDER

GOLDEN = json.loads((FOLDER / "features.json").read_text())
FeatureSpace = keras.utils.FeatureSpace


def adapted(name):
    space = make(FeatureSpace, name)
    space.adapt(columns(name, DATA))
    return space


def check(found, expected):
    if isinstance(expected, dict):
        assert sorted(found) == sorted(expected)
        for key, value in expected.items():
            np.testing.assert_allclose(np.asarray(found[key]), value, rtol=1e-5, atol=1e-6)
    else:
        np.testing.assert_allclose(np.asarray(found), expected, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("name", SPACES)
def test_columns_become_what_keras_makes_of_them(name, tmp_path):
    space = adapted(name)
    check(space(columns(name, NEW)), GOLDEN[name])
    again = FeatureSpace.from_config(json.loads(json.dumps(space.get_config())))
    if name != "all":  # a mean that was learned is a weight, not a part of the config
        again._is_adapted = True
        check(again(columns(name, NEW)), GOLDEN[name])
    model = keras.Model(space.get_inputs(), space.get_encoded_features())
    model.save(tmp_path / "m.keras")
    given = {key: value[:, None] for key, value in columns(name, NEW).items()}
    for each in (model, keras.models.load_model(tmp_path / "m.keras")):
        check(each(given), GOLDEN[name])


def test_single_rows_and_data_sets():
    space = adapted("all")
    row = space({key: value[1] for key, value in columns("all", NEW).items()})
    np.testing.assert_allclose(row.numpy(), GOLDEN["all"][1], rtol=1e-5, atol=1e-6)
    parts = make(FeatureSpace, "all")
    table = columns("all", DATA)
    parts.adapt([{k: v[:4] for k, v in table.items()}, {k: v[4:] for k, v in table.items()}])
    check(parts(columns("all", NEW)), GOLDEN["all"])


def test_a_model_learns_from_a_table():
    keras.utils.set_random_seed(1)
    space = adapted("crossed")
    x = keras.layers.Dense(8, "relu")(space.get_encoded_features())
    model = keras.Model(space.get_inputs(), keras.layers.Dense(1)(x))
    model.compile("adam", "mse")
    table = {key: value[:, None] for key, value in columns("crossed", DATA).items()}
    y = DATA["children"].astype("float32")
    history = model.fit(table, y, epochs=30, verbose=0).history["loss"]
    assert history[-1] < history[0]


@pytest.mark.parametrize(
    ("make_it", "error", "message"),
    [
        (lambda: FeatureSpace({}), InputError, "needs features"),
        (lambda: FeatureSpace({"a": "flaot"}), InputError, "Did you mean 'float'"),
        (lambda: FeatureSpace({"a": "float"}, crosses=[("a", "b")]), InputError, "not there: b"),
        (
            lambda: FeatureSpace({"a": "string_categorical"})({"a": ["x"]}),
            InputError,
            r"call adapt\(data\)",
        ),
        (
            lambda: FeatureSpace({"a": FeatureSpace.string_hashed(3, "int")})({"a": ["x"]}),
            InputError,
            "cannot be joined with others: a",
        ),
        (lambda: FeatureSpace({"a": "float"})([1.0]), InputError, "takes a dict of columns"),
        (lambda: FeatureSpace({"a": "float"}).adapt([(1, 2)]), InputError, "drop the labels"),
        (lambda: FeatureSpace({"a": "float"}).save("a.keras"), UnsupportedOperator, "save Model"),
    ],
)
def test_what_cannot_be_is_said(make_it, error, message):
    with pytest.raises(error, match=message):
        make_it()
