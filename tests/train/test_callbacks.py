"""Callbacks: when each acts, what it leaves behind."""

from __future__ import annotations

import csv

import numpy as np
import pytest

from edgekit.errors import InputError
from edgekit.train import Sequential, callbacks, layers, load_model, optimizers

X = np.random.default_rng(0).normal(size=(32, 3)).astype(np.float32)
Y = X[:, :1]


def model(rate=0.1):
    made = Sequential([layers.Input((3,)), layers.Dense(1, kernel_initializer="zeros")])
    made.compile(optimizers.SGD(rate), "mse", metrics=["mae"])
    return made


class Scripted(callbacks.Callback):
    """Puts its own numbers into the logs, so that what follows is known."""

    def __init__(self, values):
        self.values = values

    def on_epoch_end(self, epoch, logs=None):
        logs["val_loss"] = self.values[epoch]


def run(values, *watchers, epochs=None, rate=0.1):
    made = model(rate)
    history = made.fit(
        X, Y, epochs=epochs or len(values), verbose=0, callbacks=[Scripted(values), *watchers]
    )
    return made, history


@pytest.mark.parametrize(
    ("options", "epochs"),
    [
        ({"patience": 2}, 5),
        ({"patience": 0}, 4),
        ({"patience": 2, "min_delta": 0.5}, 4),
        ({"patience": 1, "start_from_epoch": 3}, 5),
        ({"patience": 2, "baseline": 0.1}, 2),
        ({"patience": 2, "mode": "max"}, 3),
    ],
)
def test_early_stopping(options, epochs):
    _, history = run([3.0, 1.5, 1.2, 1.3, 1.4, 1.0], callbacks.EarlyStopping(**options))
    assert len(history.epoch) == epochs


def test_early_stopping_restores_the_best_weights(capsys):
    kept = []

    class Keep(callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            kept.append(self.model.get_weights())

    stop = callbacks.EarlyStopping(patience=2, restore_best_weights=True, verbose=1)
    made, _ = run([3.0, 1.0, 2.0, 2.0, 2.0], Keep(), stop)
    for best, now, last in zip(kept[1], made.get_weights(), kept[-1], strict=True):
        np.testing.assert_array_equal(now, best)
        assert not np.array_equal(now, last)
    assert "Epoch 4: early stopping" in capsys.readouterr().out


def test_a_metric_that_is_not_there_is_said():
    with pytest.warns(UserWarning, match="watches 'val_acc', which this epoch did not measure"):
        model().fit(X, Y, verbose=0, callbacks=[callbacks.EarlyStopping("val_acc")])


def test_model_checkpoint(tmp_path):
    pytest.importorskip("h5py")
    best = callbacks.ModelCheckpoint(tmp_path / "best.keras", save_best_only=True)
    every = callbacks.ModelCheckpoint(str(tmp_path / "m-{epoch:02d}-{val_loss:.1f}.keras"))
    weights = callbacks.ModelCheckpoint(
        tmp_path / "w.weights.h5", save_weights_only=True, save_freq=2
    )
    made, _ = run([3.0, 1.0, 2.0], best, every, weights)
    names = sorted(path.name for path in tmp_path.iterdir())
    assert names == ["best.keras", "m-01-3.0.keras", "m-02-1.0.keras", "m-03-2.0.keras",
                     "w.weights.h5"]  # fmt: skip
    second = load_model(tmp_path / "m-02-1.0.keras").get_weights()
    for a, b in zip(load_model(tmp_path / "best.keras").get_weights(), second, strict=True):
        np.testing.assert_array_equal(a, b)
    # steps are one per epoch: the last even one is the second
    made.load_weights(tmp_path / "w.weights.h5")
    np.testing.assert_array_equal(made.get_weights()[0], second[0])


def test_reduce_on_plateau():
    reduce = callbacks.ReduceLROnPlateau(factor=0.5, patience=2, min_lr=0.03)
    made, history = run([1.0] * 10, reduce, rate=0.1)
    expected = [0.1, 0.1, 0.1, 0.05, 0.05, 0.03, 0.03, 0.03, 0.03, 0.03]
    np.testing.assert_allclose(history.history["learning_rate"], expected, rtol=1e-6)
    assert float(made.optimizer.learning_rate) == np.float32(0.03)


def test_cooldown_waits():
    reduce = callbacks.ReduceLROnPlateau(factor=0.5, patience=1, cooldown=2)
    _, history = run([1.0] * 6, reduce, rate=0.4)
    expected = [0.4, 0.4, 0.2, 0.2, 0.1, 0.1]
    np.testing.assert_allclose(history.history["learning_rate"], expected, rtol=1e-6)


def test_learning_rate_scheduler():
    _, history = run([1.0] * 3, callbacks.LearningRateScheduler(lambda epoch, rate: rate / 2))
    np.testing.assert_allclose(history.history["learning_rate"], [0.05, 0.025, 0.0125], rtol=1e-6)
    with pytest.raises(InputError, match="must return a number"):
        run([1.0], callbacks.LearningRateScheduler(lambda epoch, rate: None))


def test_csv_logger(tmp_path):
    path = tmp_path / "log.csv"
    run([3.0, 2.0], callbacks.CSVLogger(path))
    run([1.0], callbacks.CSVLogger(path, append=True))
    with path.open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["epoch"] for row in rows] == ["0", "1", "0"]
    assert [float(row["val_loss"]) for row in rows] == [3.0, 2.0, 1.0]
    assert set(rows[0]) == {"epoch", "loss", "mae", "val_loss"}


def test_lambda_callback_and_the_order_of_events():
    told = []
    watcher = callbacks.LambdaCallback(
        on_train_begin=lambda logs: told.append("train"),
        on_epoch_begin=lambda epoch, logs: told.append(f"epoch {epoch}"),
        on_train_batch_end=lambda batch, logs: told.append(f"batch {batch} {'loss' in logs}"),
        on_test_begin=lambda logs: told.append("test"),
        on_epoch_end=lambda epoch, logs: told.append(sorted(logs)),
        on_train_end=lambda logs: told.append("end"),
    )
    model().fit(X, Y, batch_size=16, validation_split=0.25, verbose=0, callbacks=watcher)
    assert told == ["train", "epoch 0", "batch 0 True", "batch 1 True", "test",
                    ["loss", "mae", "val_loss", "val_mae"], "end"]  # fmt: skip
    with pytest.raises(InputError, match="there is no event on_epoch_ends"):
        callbacks.LambdaCallback(on_epoch_ends=print)


def test_terminate_on_nan(capsys):
    bad = X.copy()
    bad[:] = np.inf
    history = model().fit(
        bad, Y, epochs=4, batch_size=8, verbose=0, callbacks=[callbacks.TerminateOnNaN()]
    )
    assert history.epoch == [0]
    assert "Batch 0: invalid loss" in capsys.readouterr().out


def test_stop_training_ends_the_epoch():
    class Stop(callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            self.model.stop_training = batch == 1

    made = model()
    made.fit(X, Y, batch_size=8, epochs=5, verbose=0, callbacks=[Stop()])
    assert int(made.optimizer.iterations) == 2


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: callbacks.ModelCheckpoint("a.h5"), "must end in .keras"),
        (lambda: callbacks.ModelCheckpoint("a.keras", save_freq=0), "save_freq must be"),
        (lambda: callbacks.EarlyStopping(mode="up"), "mode must be"),
        (lambda: callbacks.ReduceLROnPlateau(factor=1.5), "factor below 1"),
        (lambda: callbacks.ReduceLROnPlateau(epsilon=1), "has no argument epsilon"),
        (lambda: run([1.0], callbacks.ModelCheckpoint("{val_acc}.keras")), "filepath names"),
    ],
)
def test_wrong_arguments_are_refused(make, message):
    with pytest.raises(InputError, match=message):
        make()
