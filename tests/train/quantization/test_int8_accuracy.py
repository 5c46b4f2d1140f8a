"""The metrics of the int8 model in the logs, before anything that watches them."""

from __future__ import annotations

import numpy as np
import pytest

import edgekit
from edgekit.errors import InputError
from edgekit.interpreter import Interpreter
from edgekit.train import Input, Model, layers, load_model, set_random_seed
from edgekit.train.callbacks import CSVLogger, EarlyStopping, ModelCheckpoint
from edgekit.train.quantization import Int8Accuracy, quantize_model

RANDOM = np.random.default_rng(0)
X = RANDOM.normal(size=(200, 6)).astype(np.float32)
Y = (X @ RANDOM.normal(size=(6, 3))).argmax(axis=1)


def network():
    set_random_seed(0)
    x = Input((6,))
    y = layers.Dense(8, activation="relu")(x)
    model = Model(x, layers.Dense(3, activation="softmax")(y))
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


def aware_network():
    aware = quantize_model(network())
    aware.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    return aware


def test_the_logs_hold_what_the_interpreter_scores():
    aware = aware_network()
    history = aware.fit(
        X, Y, epochs=3, verbose=0, validation_data=(X[:50], Y[:50]),
        callbacks=Int8Accuracy((X, Y)),
    ).history  # fmt: skip
    outputs = Interpreter(edgekit.convert(aware).graph).predict(X)
    assert len(history["val_int8_accuracy"]) == 3
    assert history["val_int8_accuracy"][-1] == pytest.approx((outputs.argmax(1) == Y).mean())
    # Keras clips probabilities at 1e-7; float32 sums
    loss = -np.log(np.clip(outputs / outputs.sum(1, keepdims=True), 1e-7, 1))[range(200), Y].mean()
    assert history["val_int8_loss"][-1] == pytest.approx(loss, rel=1e-4)
    assert history["val_accuracy"][-1] == pytest.approx((outputs[:50].argmax(1) == Y[:50]).mean())


def test_it_comes_before_what_watches_it(tmp_path):
    """Wherever it stands in the list; the checkpoint is the model of the best epoch."""
    aware = aware_network()
    path = tmp_path / "best.keras"
    watching = [
        ModelCheckpoint(path, monitor="val_int8_accuracy", save_best_only=True),
        EarlyStopping("val_int8_loss", patience=50),
        CSVLogger(tmp_path / "log.csv"),
    ]
    history = aware.fit(X, Y, epochs=4, verbose=0, callbacks=[*watching, Int8Accuracy((X, Y))])
    assert "val_int8_accuracy" in (tmp_path / "log.csv").read_text()
    best = Int8Accuracy((X, Y))
    best.set_model(load_model(path))
    measured = best.measure()["accuracy"]
    assert measured == pytest.approx(max(history.history["val_int8_accuracy"]))


def test_other_models_with_calibration_data():
    model = network()
    callback = Int8Accuracy((X, Y), calibration=X[:100], every=2)
    history = model.fit(X, Y, epochs=4, verbose=0, callbacks=[callback]).history
    assert len(history["val_int8_accuracy"]) == 2
    outputs = Interpreter(edgekit.convert(model, X[:100]).graph).predict(X)
    assert history["val_int8_accuracy"][-1] == pytest.approx((outputs.argmax(1) == Y).mean())


def test_it_needs_targets():
    with pytest.raises(InputError, match="inputs, targets"):
        Int8Accuracy((X,))
