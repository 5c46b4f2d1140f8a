"""Functions of `keras.ops` in models that are saved: as the operations of Keras."""

from __future__ import annotations

import json

import numpy as np
import pytest

from edgekit.errors import UnsupportedOperator
from edgekit.keras import ops
from edgekit.keras.models import load_model
from edgekit.train import Input, Model
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


def test_what_has_no_operation_is_named(tmp_path):
    x = Input((4,))
    with pytest.raises(UnsupportedOperator, match="'cumprod' is not known"):
        Model(x, ops.cumprod(x, 1)).save(tmp_path / "model.keras")
