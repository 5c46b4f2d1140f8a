"""Callbacks, progress and interrupted runs of a fit on the simulated GPU."""

from __future__ import annotations

import io
from typing import ClassVar

import numpy as np
import pytest

from edgekit.errors import InputError
from edgekit.train import Sequential, backend, callbacks, layers, models, set_random_seed
from edgekit.train.callbacks import progress
from edgekit.train.gpu import fit as gpu_fit

RANDOM = np.random.default_rng(0)
X = RANDOM.normal(size=(320, 6)).astype(np.float32)
Y = RANDOM.integers(0, 3, 320)


def network(**options):
    set_random_seed(1)
    model = Sequential(
        [
            layers.Input((6,)),
            layers.Dense(5),
            layers.BatchNormalization(),
            layers.Dropout(0.3),
            layers.Dense(3, "softmax"),
        ]
    )
    loss = "sparse_categorical_crossentropy"
    model.compile("adam", loss, metrics=["accuracy"], **options)
    return model


def fitted(model=None, **options):
    model = model or network()
    options = {"batch_size": 8, "epochs": 2, "verbose": 0, **options}
    return model, model.fit(X, Y, **options).history


def assert_same(a, b):
    (first, one), (second, other) = a, b
    assert one == other
    for p, q in zip(first.get_weights(), second.get_weights(), strict=True):
        np.testing.assert_array_equal(p, q)


class Heard(callbacks.Callback):
    """Keeps the number and the loss of every batch, as a script does."""

    def __init__(self):
        self.batches = []
        self.losses = []

    def on_train_batch_end(self, batch, logs=None):
        self.batches.append(batch)
        self.losses.append(logs["loss"])


def test_several_steps_of_a_launch(gpu):
    """Forty steps an epoch: launched by eights where nobody hears of each; the same numbers."""
    together = fitted()
    launches = gpu.graph_launches
    assert launches < 2 * 40 / 4
    heard = Heard()
    singly = fitted(callbacks=[heard])
    assert gpu.graph_launches - launches == 2 * 40 - 2
    assert_same(together, singly)
    assert heard.batches == 2 * list(range(40))
    # what a callback kept is not overwritten by later steps
    losses = [float(loss) for loss in heard.losses]
    assert len(set(losses)) > 70
    assert losses[-1] == singly[1]["loss"][-1]


@pytest.mark.parametrize(("together", "launched"), [(5, 5), (7, 7), (10, 4)])
def test_steps_per_execution(gpu, monkeypatch, together, launched):
    monkeypatch.setattr(gpu_fit, "MOST_TOGETHER", launched)
    heard = Heard()
    made = fitted(network(steps_per_execution=together), callbacks=[heard])
    assert_same(made, fitted())
    with backend.device("cpu"):
        expected = Heard()
        fitted(network(steps_per_execution=together), callbacks=[expected])
    assert heard.batches == expected.batches
    assert made[0]._gpu_loop.step("train_step").launches < 40


class Bar:
    """Stands for tqdm: `n` and what was shown."""

    made: ClassVar = []

    def __init__(self, total, **_):
        self.total, self.n, self.shown = total, 0, []
        Bar.made.append(self)

    def update(self, steps=1):
        self.n += steps

    def set_postfix_str(self, text, refresh=False):
        self.shown.append(text)

    def close(self):
        pass


def test_the_bar_waits_for_the_device_now_and_then(gpu, monkeypatch):
    monkeypatch.setattr(Bar, "made", [])
    now = [0.0]
    monkeypatch.setattr(progress.time, "perf_counter", lambda: now[0])
    model = network()
    model.fit(X, Y, 8, verbose=0)
    before = gpu.synchronizations
    launches = gpu.graph_launches
    bar = progress.ProgressBar(Bar, "fit", io.StringIO())
    model.fit(X, Y, 8, epochs=2, verbose=0, callbacks=[bar])
    assert [one.n for one in Bar.made] == [40, 40]
    assert gpu.graph_launches - launches == 2 * 40 / gpu_fit.TOGETHER
    # once an epoch for its numbers, and by the bar, which reads loss and accuracy at the begin
    assert gpu.synchronizations - before <= 2 * (1 + 2)


def test_early_stopping_checkpoints_and_history(gpu, tmp_path):
    pytest.importorskip("h5py")

    def given(folder):
        return [
            callbacks.EarlyStopping("val_loss", patience=1, restore_best_weights=True, min_delta=1),
            callbacks.ModelCheckpoint(folder / "{epoch}.keras", save_best_only=False),
            callbacks.CSVLogger(folder / "log.csv"),
        ]

    outcomes = []
    for place in ("gpu:0", "cpu"):
        folder = tmp_path / place
        folder.mkdir()
        with backend.device(place):
            model, history = fitted(epochs=9, validation_split=0.25, callbacks=given(folder))
            saved = models.load_model(folder / "1.keras")
        outcomes.append((history, model, saved))
    (history, model, saved), (expected, _, _) = outcomes
    assert len(history["loss"]) == len(expected["loss"]) == 2
    np.testing.assert_array_equal(saved.get_weights()[0], model.get_weights()[0])
    assert model._gpu_loop.step("train_step").refusal is None
    assert model._gpu_loop.step("test_step").launches > 0


class Killed(Exception):
    pass


class Dies(callbacks.Callback):
    def __init__(self, epoch, batch):
        self.at = epoch, batch
        self.epoch = 0

    def on_epoch_begin(self, epoch, logs=None):
        self.epoch = epoch

    def on_train_batch_begin(self, batch, logs=None):
        if (self.epoch, batch) == self.at:
            raise Killed


@pytest.mark.parametrize(
    ("save_freq", "at", "options"),
    [
        ("epoch", (1, 0), {}),
        (4, (1, 9), {}),
        (3, (0, 3), {}),
        (5, (1, 8), {"steps_per_epoch": 11}),
        ("epoch", (1, 3), {"steps_per_epoch": 11}),
    ],
)
def test_an_interrupted_fit_goes_on_to_the_same_weights(gpu, tmp_path, save_freq, at, options):
    options = {**options, "batch_size": 24, "epochs": 3}
    whole = fitted(**options)

    def backup():
        return callbacks.BackupAndRestore(tmp_path / "backup", save_freq=save_freq)

    with pytest.raises(Killed):
        fitted(callbacks=[backup(), Dies(*at)], **options)
    model, _ = fitted(callbacks=[backup()], **options)
    for p, q in zip(model.get_weights(), whole[0].get_weights(), strict=True):
        np.testing.assert_array_equal(p, q)


def test_a_model_whose_fit_was_interrupted_goes_on_itself(gpu, tmp_path):
    """As in a notebook: its graphs are there, its metrics are those of the backup."""
    options = {"batch_size": 24, "epochs": 3}
    whole = fitted(**options)

    def backup():
        return callbacks.BackupAndRestore(tmp_path / "backup", save_freq=4)

    model = network()
    with pytest.raises(Killed):
        fitted(model, callbacks=[backup(), Dies(1, 9)], **options)
    fitted(model, callbacks=[backup()], **options)
    for p, q in zip(model.get_weights(), whole[0].get_weights(), strict=True):
        np.testing.assert_array_equal(p, q)
    assert model.history.history["loss"][-1] == whole[1]["loss"][-1]
    assert model.history.history["loss"][0] == whole[1]["loss"][1]  # of the interrupted epoch


def test_evaluating_and_saving_within_a_callback(gpu, tmp_path):
    pytest.importorskip("h5py")

    class Evaluates(callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            logs["held"] = self.model.evaluate(X[:64], Y[:64], batch_size=16, verbose=0)[0]
            self.model.predict(X[:64], batch_size=16, verbose=0)
            self.model.save(tmp_path / "a.keras")

    model, history = fitted(callbacks=[Evaluates()], validation_split=0.25)
    other, expected = fitted(validation_split=0.25)
    assert_same((model, {**history, "held": 0}), (other, {**expected, "held": 0}))
    assert len(history["held"]) == 2


def test_stopping_in_the_middle_of_an_epoch(gpu):
    class Stops(callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            self.model.stop_training = batch == 13

    model, history = fitted(callbacks=[Stops()])
    assert len(history["loss"]) == 1
    assert int(model.optimizer.iterations) == 14
    with backend.device("cpu"):
        expected = fitted(callbacks=[Stops()])[1]
    assert history.keys() == expected.keys()


def test_a_model_of_another_device_is_refused(gpu):
    with backend.device("cpu"):
        model = network()
    with pytest.raises(InputError, match="'sequential.*' are on the CPU, and .* on 'gpu:0'"):
        fitted(model)
    model = network()
    with backend.device("cpu"), pytest.raises(InputError, match="are on a GPU, and .* on 'cpu'"):
        model.predict(X, verbose=0)


def test_a_loss_that_is_no_number_is_told(gpu):
    with pytest.warns(RuntimeWarning, match="the loss is NaN"):
        network().fit(X * np.nan, Y, 8, verbose=0)
    model = network()
    model.fit(X * np.nan, Y, 8, verbose=0, callbacks=[callbacks.TerminateOnNaN()])
    assert int(model.optimizer.iterations) == 1


def test_strategy_with_one_gpu_is_captured_too(gpu):
    from edgekit.train.distribute import MirroredStrategy

    alone = fitted()
    with MirroredStrategy(["gpu:0"]).scope():
        model = network()
    assert_same(fitted(model), alone)
    assert model._gpu_loop.step("train_step").launches > 0
