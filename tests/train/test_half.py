"""Policies of 16 bits on the host, against Keras, which computes in 16 bits."""

from __future__ import annotations

import numpy as np
import pytest

import edgekit.keras as keras
from edgekit.errors import MissingExtraError
from edgekit.train import GradientTape, Sequential, dtype_policies, layers, losses, models
from tests.train.half_model import POLICIES, half_model
from tests.train.keras_goldens import FOLDER, arrays, numbered

pytest.importorskip("ml_dtypes")
pytest.importorskip("h5py")
# Keras rounds in every operation (8 bits of bfloat16, 11 of float16), we where a layer ends
ROUNDING = {"mixed_bfloat16": 2.0**-8, "bfloat16": 2.0**-8, "mixed_float16": 2.0**-11}


def ours(policy):
    model = half_model(keras, policy)
    model.set_weights(numbered(arrays("half"), f"{policy}/weight"))
    return model


def furthest(a, b):
    """The largest difference, in units of the largest value."""
    return np.abs(np.asarray(a, np.float32) - b).max() / np.abs(b).max()


@pytest.mark.parametrize("policy", POLICIES)
def test_outputs_and_gradients_are_near_those_of_keras(policy):
    golden = arrays("half")
    model, rounding = ours(policy), ROUNDING[policy]
    hidden = models.Model(model.inputs, model.get_layer("hidden").output)(golden["x"])
    assert hidden.dtype.name == policy.removeprefix("mixed_")
    assert furthest(hidden.data, golden[f"{policy}/hidden"]) < 2 * rounding
    assert furthest(model(golden["x"]).data, golden[f"{policy}/outputs"]) < 2 * rounding
    with GradientTape() as tape:
        loss = losses.SparseCategoricalCrossentropy()(
            golden["y"], model(golden["x"], training=True)
        )
    found = tape.gradient(loss, model.trainable_variables)
    expected = numbered(golden, f"{policy}/gradient")
    largest = max(np.abs(g).max() for g in expected)  # some are zero but for rounding
    assert len(found) == len(expected)
    for g, e, v in zip(found, expected, model.trainable_variables, strict=True):
        assert g.dtype == np.float32
        assert np.abs(g.numpy() - e).max() / largest < 8 * rounding, v.name


@pytest.mark.parametrize("policy", POLICIES)
def test_models_of_keras_are_loaded_and_come_back(policy, tmp_path):
    golden = arrays("half")
    loaded = models.load_model(FOLDER / f"half_{policy}.keras")
    kept = policy.removeprefix("mixed_") if policy == "bfloat16" else "float32"
    assert loaded.layers[0].kernel.dtype.name == kept
    assert loaded.layers[0].dtype_policy.name == policy
    expected = ours(policy)(golden["x"]).numpy()
    np.testing.assert_array_equal(loaded(golden["x"]).numpy(), expected)
    loaded.save(tmp_path / "a.keras")
    again = models.load_model(tmp_path / "a.keras")
    np.testing.assert_array_equal(again(golden["x"]).numpy(), expected)
    for a, b in zip(again.weights, loaded.weights, strict=True):
        assert a.dtype == b.dtype and a.numpy().tobytes() == b.numpy().tobytes()


@pytest.mark.parametrize("policy", ["mixed_bfloat16", "bfloat16"])
def test_bfloat16_learns_as_float32_does(policy):
    random = np.random.default_rng(1)
    x = random.normal(size=(96, 8, 8, 2)).astype(np.float32)
    y = (x.mean(axis=(1, 2))[:, 0] > 0).astype(np.int64)
    histories = {}
    for one in ("float32", policy):
        keras.utils.set_random_seed(2)
        model = half_model(keras, one)
        model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
        histories[one] = model.fit(x, y, batch_size=16, epochs=4, verbose=0).history["loss"]
        assert all(v.dtype == np.float32 for v in model.trainable_variables)
    assert histories[policy][-1] < histories[policy][0]
    # eight bits in every layer; a step of Adam is as long for a small gradient as for a large one
    np.testing.assert_allclose(histories[policy], histories["float32"], rtol=0.05)


def test_the_package_that_brings_bfloat16_is_named(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "ml_dtypes", None)
    with pytest.raises(MissingExtraError, match=r"edgekit\[bfloat16\]"):
        layers.Dense(2, dtype="mixed_bfloat16")


def test_bfloat16_for_everything():
    dtype_policies.set_floatx("bfloat16")
    try:
        model = Sequential([layers.Input((3,)), layers.Dense(2)])
        assert model.layers[0].kernel.dtype.name == "bfloat16"
        assert (model(np.ones((1, 3))) * 2.0).dtype.name == "bfloat16"
    finally:
        dtype_policies.set_floatx("float32")
