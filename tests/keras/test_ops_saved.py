"""Functions of `keras.ops` in models that are saved: as the operations of Keras."""

from __future__ import annotations

import json

import numpy as np
import pytest

from edgekit.errors import UnsupportedOperator
from edgekit.keras import ops
from edgekit.keras.models import load_model
from edgekit.train import Input, Model, Variable
from edgekit.train.models import model_from_json
from edgekit.train.saving.keras_functions import FUNCTIONS
from edgekit.train.saving.operations import TABLE
from tests.train.keras_goldens import FOLDER

CLASSES = json.loads((FOLDER / "ops_classes.json").read_text())
X = np.random.default_rng(0).uniform(0.1, 0.9, (3, 4)).astype("float32")

SAVED = {
    "one number": lambda x, y: [
        getattr(ops, name)(x)
        for name in ("arccos", "arcsinh", "arctan", "cbrt", "ceil", "cos", "erf", "erfc", "exp2",
                     "expm1", "floor", "isfinite", "isnan", "log1p", "round", "sign", "sinh", "tan",
                     "trunc")
    ],
    "two numbers": lambda x, y: [
        getattr(ops, name)(x, y)
        for name in ("arctan2", "divide_no_nan", "equal", "floor_divide", "fmax", "fmod",
                     "greater_equal", "hypot", "less", "logaddexp", "mod")
    ],
    "choices": lambda x, y: [ops.where(x > y, x, y), ops.logical_not(x > y),
                             ops.logical_and(x > 0.3, y > 0.3)],
    "along axes": lambda x, y: [ops.cumsum(x, 1), ops.var(y, 1), ops.cast(x > y, "float32")],
}  # fmt: skip


@pytest.mark.parametrize("name", SAVED)
def test_functions_come_back_from_a_file(name, tmp_path):
    given = [Input((4,), name="x"), Input((4,), name="y")]
    model = Model(given, SAVED[name](*given))
    model.save(tmp_path / "model.keras")
    again = load_model(tmp_path / "model.keras")
    both = [X, X[::-1].copy()]
    for found, expected in zip(again(both), model(both), strict=True):
        np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize("name", TABLE)
def test_operations_are_classes_of_keras(name):
    entry = TABLE[name]
    module, *arguments = CLASSES[entry.class_name]
    assert entry.module == module
    assert set(entry.attributes.values()) <= set(arguments)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_functions_are_classes_of_keras(name):
    entry = FUNCTIONS[name]
    module, *arguments = CLASSES[entry.class_name]
    assert entry.module == module
    assert set(entry.settings) == set(arguments) - {"name", "kwargs"}


def test_what_has_no_operation_is_named(tmp_path):
    x = Input((4,))
    with pytest.raises(UnsupportedOperator, match=r"keras\.ops\.map has no operation"):
        Model(x, ops.map(ops.exp, x)).save(tmp_path / "model.keras")


def test_settings_that_are_tensors_are_named(tmp_path):
    y, x = Input(batch_shape=(3, 4)), Input(batch_shape=(4,))
    with pytest.raises(UnsupportedOperator, match=r"keras\.ops\.trapezoid keeps its argument 'x'"):
        Model([y, x], ops.trapezoid(y, x)).save(tmp_path / "model.keras")


def test_arrays_between_brackets_are_named(tmp_path):
    x = Input((4,))
    with pytest.raises(UnsupportedOperator, match="numbers and slices between the brackets"):
        Model(x, x[:, np.array([0, 2])]).save(tmp_path / "model.keras")


def test_weights_among_arguments_are_named(tmp_path):
    x, weight = Input((4,)), Variable(np.ones((4, 2), "float32"), name="scale")
    with pytest.raises(UnsupportedOperator, match="the weight 'scale' is an argument"):
        Model(x, ops.matmul(x, weight)).save(tmp_path / "model.keras")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"class_name": "Scan"}, "'Scan' is not known"),
        ({"config": {"name": "prod", "axes": 1}}, "keras.ops.prod has no setting axes"),
        ({"inbound_nodes": [{"args": [1, 2], "kwargs": {}}]}, "Received: 2 arguments"),
    ],
)
def test_operations_that_do_not_fit_are_named(change, message):
    x = Input((4,))
    config = json.loads(Model(x, ops.prod(x, 1)).to_json())
    config["config"]["layers"][-1].update(change)
    with pytest.raises(UnsupportedOperator, match=message):
        model_from_json(json.dumps(config))
