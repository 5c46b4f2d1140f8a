"""Whole models in HDF5, in the layout of Keras 2; tests/oracles asks Keras to read them."""

from __future__ import annotations

import json
import warnings

import numpy as np
import pytest

from edgekit.errors import InputError
from edgekit.train import (
    Model,
    Sequential,
    callbacks,
    clear_session,
    layers,
    load_model,
    set_random_seed,
)
from edgekit.train.layers import Input
from tests.material import material

h5py = pytest.importorskip("h5py")
X = np.random.default_rng(0).normal(size=(16, 5)).astype("f4")
Y = X[:, :1] * 2
pytestmark = pytest.mark.filterwarnings("ignore:.*is an old spelling:DeprecationWarning")


@pytest.fixture(autouse=True)
def fresh_names():
    """Names of layers and optimizers are part of a file."""
    clear_session()


def trained(optimizer="adam"):
    """Shared layers, a model inside, an operation, statistics of a batch normalization."""
    set_random_seed(3)
    inner = Sequential([Input((4,)), layers.Dense(3, kernel_regularizer="l2")], name="inner")
    shared = layers.Dense(4, name="shared")
    x = Input((5,), name="x")
    h = shared(shared(layers.Dense(4, activation="relu", name="first")(x)))
    h = layers.BatchNormalization(name="norm")(inner(h) * 2.0)
    model = Model(x, layers.Dense(1, name="last")(h))
    model.compile(optimizer, "mse", metrics=["mae"])
    model.fit(X, Y, epochs=2, verbose=0)
    return model


def text(value):
    return value.decode() if isinstance(value, bytes) else str(value)


def test_the_file_has_the_groups_and_attributes_of_keras(tmp_path):
    trained().save(tmp_path / "m.h5")
    with h5py.File(tmp_path / "m.h5") as file:
        assert text(file.attrs["keras_version"]).startswith("3.")
        config = json.loads(file.attrs["model_config"])
        assert config["class_name"] == "Functional"
        assert "module" not in config["config"]["layers"][1]
        training = json.loads(file.attrs["training_config"])
        assert training["optimizer_config"]["class_name"] == "Adam"
        assert training["loss"] == "mean_squared_error"
        weights = file["model_weights"]
        assert [text(n) for n in weights.attrs["layer_names"]][:3] == ["x", "first", "shared"]
        assert [text(n) for n in weights["norm"].attrs["weight_names"]] == [
            "norm/gamma", "norm/beta", "norm/moving_mean", "norm/moving_variance",
        ]  # fmt: skip
        assert weights["norm/norm/gamma"].shape == (3,)
        for name in weights:
            assert "weight_names" in weights[name].attrs
        names = [text(n) for n in file["optimizer_weights"].attrs["weight_names"]]
        assert names[:2] == ["adam/iteration", "adam/learning_rate"]
        assert file["optimizer_weights"][names[2]].shape == (5, 4)


@pytest.mark.parametrize("optimizer", ["adam", "sgd", "rmsprop", "nadam"])
def test_a_model_comes_back_with_its_optimizer(tmp_path, optimizer):
    model = trained(optimizer)
    model.save(tmp_path / "m.h5")
    again = load_model(tmp_path / "m.h5")
    for a, b in zip(model.optimizer.state(), again.optimizer.state(), strict=True):
        np.testing.assert_array_equal(a, b)
    for one in (model, again):
        one.fit(X, Y, epochs=1, shuffle=False, verbose=0)
    for a, b in zip(model.get_weights(), again.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


def test_the_same_model_gives_the_same_bytes(tmp_path):
    model = trained()
    model.save(tmp_path / "a.h5")
    model.save(tmp_path / "b.hdf5")
    assert (tmp_path / "a.h5").read_bytes() == (tmp_path / "b.hdf5").read_bytes()
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a.h5", "b.hdf5"]


def test_without_the_optimizer(tmp_path):
    trained().save(tmp_path / "m.h5", include_optimizer=False)
    with h5py.File(tmp_path / "m.h5") as file:
        assert "optimizer_weights" not in file
        assert "training_config" not in file.attrs
    assert not load_model(tmp_path / "m.h5").compiled


def test_weights_alone_by_the_names_of_layers(tmp_path):
    model, other = trained(), trained("sgd")
    model.save_weights(tmp_path / "w.h5")
    with h5py.File(tmp_path / "w.h5") as file:
        assert "layer_names" in file.attrs
    other.load_weights(tmp_path / "w.h5", by_name=True)
    for a, b in zip(model.get_weights(), other.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


def test_names_longer_than_an_attribute_are_split(tmp_path):
    set_random_seed(0)
    many = [layers.Dense(1, use_bias=False, name=f"{i}" + "n" * 250) for i in range(300)]
    model = Sequential([Input((1,)), *many])
    model.save(tmp_path / "m.h5")
    with h5py.File(tmp_path / "m.h5") as file:
        assert "layer_names0" in file["model_weights"].attrs
    again = load_model(tmp_path / "m.h5", compile=False)
    assert [w.tolist() for w in again.get_weights()] == [w.tolist() for w in model.get_weights()]


def test_a_model_of_ones_own_class_is_refused(tmp_path):
    class Net(Model):
        def __init__(self):
            super().__init__()
            self.dense = layers.Dense(1)

        def call(self, x):
            return self.dense(x)

    net = Net()
    net(X)
    with pytest.raises(InputError, match=r"\.keras"):
        net.save(tmp_path / "m.h5")
    assert not (tmp_path / "m.h5").exists()


def test_checkpoints(tmp_path):
    model = trained()
    model.fit(
        X, Y, epochs=2, verbose=0,
        callbacks=[
            callbacks.ModelCheckpoint(tmp_path / "{epoch}.h5"),
            callbacks.ModelCheckpoint(tmp_path / "w{epoch}.hdf5", save_weights_only=True),
        ],
    )  # fmt: skip
    assert sorted(p.name for p in tmp_path.iterdir()) == ["1.h5", "2.h5", "w1.hdf5", "w2.hdf5"]
    again = load_model(tmp_path / "2.h5")
    np.testing.assert_array_equal(again.get_weights()[0], model.get_weights()[0])
    assert int(again.optimizer.iterations) == int(model.optimizer.iterations) == 4
    again.load_weights(tmp_path / "w2.hdf5")


@pytest.mark.parametrize("name", ["mlperf_tiny/pretrainedResnet", "tinymaix/cifar10"])
def test_state_that_tf_keras_wrote_slot_after_slot(name):
    path = material(f"keras/{name}.h5")
    model = load_model(path)
    with h5py.File(path) as file:
        stored = file["optimizer_weights"]
        names = [text(n) for n in stored.attrs["weight_names"]]
        assert int(model.optimizer.iterations) == int(stored[names[0]][()]) > 0
        state = model.optimizer.state()[2:]
        half = (len(names) - 1) // 2
        assert len(state) == 2 * half
        for i in (0, 1, half - 1):
            np.testing.assert_array_equal(state[2 * i], stored[names[1 + i]][()])
            np.testing.assert_array_equal(state[2 * i + 1], stored[names[1 + half + i]][()])


def test_state_that_keras_3_wrote():
    path = material("keras/moonflower/mnist_model.h5")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        state = load_model(path).optimizer.state()
    with h5py.File(path) as file:
        stored = file["optimizer_weights"]
        names = [text(n) for n in stored.attrs["weight_names"]]
        assert len(state) == len(names)
        for ours, name in zip(state, names, strict=True):
            np.testing.assert_array_equal(ours, stored[name][()])
        assert state[0] > 0


def test_a_sequential_model_built_by_its_first_data(tmp_path):
    set_random_seed(0)
    model = Sequential([layers.Dense(3), layers.Dense(2)])
    model(X)
    model.save(tmp_path / "m.h5")
    with h5py.File(tmp_path / "m.h5") as file:
        assert json.loads(file.attrs["model_config"])["config"]["build_input_shape"][1:] == [5]
    np.testing.assert_array_equal(load_model(tmp_path / "m.h5")(X).numpy(), model(X).numpy())


def test_a_state_of_another_optimizer_is_left_out_with_a_warning(tmp_path):
    trained().save(tmp_path / "m.h5")
    with h5py.File(tmp_path / "m.h5", "a") as file:
        group = file["optimizer_weights"]
        group.attrs["weight_names"] = list(group.attrs["weight_names"])[:-1]
    with pytest.warns(UserWarning, match="state of the optimizer"):
        assert int(load_model(tmp_path / "m.h5").optimizer.iterations) == 0
