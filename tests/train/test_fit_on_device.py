"""Training on arrays that behave as cupy's: nothing may take them for numpy arrays."""

from __future__ import annotations

import numpy as np
import pytest

from edgekit.train import Sequential, layers, optimizers, set_random_seed
from tests.train.device import ndarray

RANDOM = np.random.default_rng(0)
X = RANDOM.normal(size=(24, 6, 6, 2)).astype(np.float32)
Y = RANDOM.integers(0, 3, 24)


def trained(optimizer, **options):
    set_random_seed(2)
    model = Sequential(
        [
            layers.Input((6, 6, 2)),
            layers.Conv2D(4, 3, padding="same", use_bias=False),
            layers.BatchNormalization(),
            layers.ReLU(),
            layers.MaxPooling2D(),
            layers.Flatten(),
            layers.Dense(3, activation="softmax", kernel_regularizer="l2"),
        ]
    )
    model.compile(optimizer(), "sparse_categorical_crossentropy", metrics=["accuracy"])
    history = model.fit(X, Y, epochs=2, batch_size=8, verbose=0, **options).history
    return model, history


@pytest.mark.parametrize(
    "optimizer",
    [
        optimizers.Adam,
        lambda: optimizers.Adam(amsgrad=True, clipnorm=1.0, weight_decay=0.01),
        lambda: optimizers.SGD(momentum=0.9, nesterov=True, clipvalue=0.5),
        lambda: optimizers.RMSprop(momentum=0.5, centered=True, global_clipnorm=1.0),
    ],
)
def test_the_same_numbers_as_on_the_host(optimizer, request):
    """The stand-in computes with numpy, so only the order of sums may differ."""
    options = {"validation_split": 0.25, "class_weight": {0: 2.0, 1: 1.0}}
    host_model, host = trained(optimizer, **options)
    expected = host_model.predict(X, verbose=0)
    request.getfixturevalue("gpu")
    model, history = trained(optimizer, **options)
    assert all(isinstance(v.data, ndarray) for v in model.weights)
    assert history.keys() == host.keys()
    for name in host:
        np.testing.assert_allclose(history[name], host[name], rtol=1e-4, err_msg=name)
    np.testing.assert_allclose(model.predict(X, verbose=0), expected, rtol=1e-3, atol=1e-5)


def test_a_model_of_the_device_is_saved_as_one_of_the_host(gpu, tmp_path):
    pytest.importorskip("h5py")
    model, _ = trained(optimizers.Adam)
    model.save(tmp_path / "a.keras")
    weights = model.get_weights()
    model.load_weights(tmp_path / "a.keras")
    for a, b in zip(weights, model.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)
