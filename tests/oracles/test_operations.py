"""Functional models of functions of `keras.ops`, in files both ways with a real Keras 3 on JAX."""

from __future__ import annotations

import numpy as np
import pytest

from edgekit.errors import UnsupportedOperator
from edgekit.keras import ops
from edgekit.train import Input, Model, Tensor, load_model
from tests.keras.ops_cases import outputs_of
from tests.oracles.operations import CASES, given_of, model_of
from tests.oracles.peer import ask, needs_keras

pytestmark = needs_keras
every = pytest.mark.parametrize("name", CASES, ids=[label for label, _ in CASES.values()])
# Keras computes these otherwise on JAX than on TensorFlow, which our values are those of
OTHERWISE = ("filters/gaussian_blur uneven", "filters/sobel_edges")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """ours/: files written here, and what Keras made of them; theirs/: files of Keras."""
    made = tmp_path_factory.mktemp("operations")
    (made / "ours").mkdir()
    for name, (_, case) in CASES.items():
        if case.symbolic:
            continue
        try:
            with np.errstate(all="ignore"):
                model = model_of(case, ops, Input, Model, lambda y: hasattr(y, "call"))
            model.save(made / "ours" / f"{name}.keras")
        except UnsupportedOperator:
            continue
    ask("operations_peer.py", made)
    return made


def compare(path, expected_path, case):
    """float32 on both sides, whose sums and functions round in other places: to 1e-4."""
    with np.errstate(all="ignore"):
        found = outputs_of(load_model(path)([Tensor(x) for x in given_of(case)]))
    with np.load(expected_path) as expected:
        assert len(found) == len(expected.files) > 0
        for i, y in enumerate(found):
            e = expected[f"y{i}"]
            assert (y.shape, y.dtype) == (e.shape, e.dtype)
            np.testing.assert_allclose(y.numpy(), e, rtol=1e-4, atol=1e-4)


@every
@pytest.mark.parametrize("side", ["ours", "theirs"])
def test_files_give_the_values_that_keras_computes_with_them(folder, side, name):
    label, case = CASES[name]
    path = folder / side / f"{name}.keras"
    values = path.with_suffix(".npz")
    if label.startswith(OTHERWISE):
        pytest.skip("Keras computes it otherwise on JAX than on TensorFlow")
    if case.symbolic:
        pytest.skip("no part of a functional model here")
    if not values.exists():
        why = path.with_suffix(".txt")
        reads_its_own = (folder / "theirs" / f"{name}.npz").exists()
        assert side == "theirs" or not reads_its_own, "Keras reads its own file of this"
        pytest.skip(why.read_text()[-200:] if why.exists() else "not saved")
    compare(path, values, case)
