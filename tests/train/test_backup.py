"""A fit that is killed goes on to the same weights, bit for bit; what a backup refuses."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

import numpy as np
import pytest

from edgekit.errors import InputError, ShapeError
from edgekit.train import Sequential, callbacks, layers
from tests.train import killed_fit

X = np.random.default_rng(0).normal(size=(24, 3)).astype(np.float32)


def start(folder, seed, place, kind, save_freq):
    """Run the fit in a process of its own; its return code."""
    arguments = [str(folder), str(seed), place, kind, str(save_freq)]
    command = [sys.executable, "-W", "error", "-m", "tests.train.killed_fit", *arguments]
    return subprocess.run(command, check=False, capture_output=True, text=True, env=os.environ)


def result(folder):
    with np.load(folder / "result.npz") as archive:
        return {name: archive[name] for name in archive.files}


@pytest.mark.parametrize(
    ("kind", "save_freq", "places"),
    [
        ("arrays", 1, ["1:3", "2:test", "3:end"]),
        ("arrays", 4, ["0:6", "2:1"]),
        ("arrays", "epoch", ["1:2", "3:test"]),
        ("steps", 2, ["1:3"]),
        ("rows", 3, ["2:4"]),
        ("generator", 3, ["2:5"]),
    ],
)
def test_a_killed_fit_ends_with_the_same_weights(tmp_path, kind, save_freq, places):
    """Every process has another seed: what is random comes from the backup alone."""
    whole, killed = tmp_path / "whole", tmp_path / "killed"
    whole.mkdir()
    killed.mkdir()
    killed_fit.main(whole, 3, "plain", kind, "epoch")
    for i, place in enumerate(places):
        found = start(killed, 3 + i, place, kind, save_freq)
        assert found.returncode == -signal.SIGKILL, found.stderr
    # the last process is this one: nothing of it may get into the training
    killed_fit.main(killed, 99, "never", kind, save_freq)
    expected, found = result(whole), result(killed)
    assert expected.keys() == found.keys()
    for name, values in expected.items():
        np.testing.assert_array_equal(found[name], values, err_msg=name)
    assert not (killed / "backup").exists()


def model(units=2):
    made = Sequential([layers.Input((3,)), layers.Dense(units)])
    made.compile("adam", "mse")
    return made


class Halt(callbacks.Callback):
    def on_epoch_end(self, epoch, logs=None):
        raise KeyboardInterrupt


def interrupted(folder, **options):
    with pytest.raises(KeyboardInterrupt):
        model().fit(X, X[:, :2], verbose=0, epochs=3,
                    callbacks=[callbacks.BackupAndRestore(folder, **options), Halt()])  # fmt: skip


def test_a_damaged_backup_falls_back_to_the_one_before(tmp_path):
    interrupted(tmp_path, save_freq=1, double_checkpoint=True)
    (tmp_path / "backup.npz.bkp").write_bytes((tmp_path / "backup.npz").read_bytes())
    (tmp_path / "backup.npz").write_bytes(b"half of it")
    history = model().fit(X, X[:, :2], verbose=0, epochs=3,
                          callbacks=callbacks.BackupAndRestore(tmp_path))  # fmt: skip
    assert history.epoch == [0, 1, 2]
    assert int(history.model.optimizer.iterations) == 3


def test_without_a_readable_backup_training_starts_anew_and_says_so(tmp_path):
    (tmp_path / "backup.npz").write_bytes(b"half of it")
    with pytest.warns(UserWarning, match="no backup can be read, training starts anew"):
        history = model().fit(X, X[:, :2], verbose=0, epochs=2,
                              callbacks=callbacks.BackupAndRestore(tmp_path))  # fmt: skip
    assert history.epoch == [0, 1]


def test_backups_are_kept_where_asked_and_other_files_always(tmp_path):
    (tmp_path / "notes.txt").write_text("mine")
    keeping = callbacks.BackupAndRestore(tmp_path, delete_checkpoint=False)
    model().fit(X, X[:, :2], verbose=0, epochs=2, callbacks=keeping)
    assert {p.name for p in tmp_path.iterdir()} == {"notes.txt", "backup.npz"}
    # everything is done already
    again = model()
    history = again.fit(X, X[:, :2], verbose=0, epochs=2,
                        callbacks=callbacks.BackupAndRestore(tmp_path))  # fmt: skip
    assert history.epoch == [0, 1] and int(again.optimizer.iterations) == 2
    assert {p.name for p in tmp_path.iterdir()} == {"notes.txt"}


def test_a_backup_of_another_model_is_refused(tmp_path):
    interrupted(tmp_path, save_freq=1)
    with pytest.raises(ShapeError, match="the backup is of another model"):
        model(units=1).fit(X, X[:, :1], verbose=0, callbacks=callbacks.BackupAndRestore(tmp_path))


def test_wrong_use_is_refused(tmp_path):
    with pytest.raises(InputError, match="backup_dir is empty"):
        callbacks.BackupAndRestore("")
    with pytest.raises(InputError, match="save_freq must be"):
        callbacks.BackupAndRestore(tmp_path, save_freq=0)
    unbuilt = Sequential([layers.Dense(2)])
    unbuilt.compile("sgd", "mse")
    with pytest.raises(InputError, match="must be built before a fit"):
        unbuilt.fit(X, X[:, :2], verbose=0, callbacks=callbacks.BackupAndRestore(tmp_path))


class Own(Sequential):
    """A model with a train_step of its own, whose call does not take what test_step gives."""

    def train_step(self, data):
        x, y = data
        return super().train_step((x, y))


class Faulty(Sequential):
    def test_step(self, data):
        raise TypeError("a bug of the user's")


class Unable(Own):
    """Only its train_step knows how to go about the data."""

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        if not training:
            raise ValueError("only for training")
        return super().compute_loss(x, y, y_pred, sample_weight, training)


def resumed(cls, folder):
    """Interrupt a fit of a model of this class after four batches, and go on."""

    def fitted(*more):
        made = cls([layers.Input((3,)), layers.Dense(2)])
        made.compile("adam", "mse", metrics=["mae"])
        backup = callbacks.BackupAndRestore(folder, save_freq=1)
        return made.fit(X, X[:, :2], batch_size=4, verbose=0, epochs=2, callbacks=[backup, *more])

    class Cut(callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            if batch == 3:
                raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fitted(Cut())
    return fitted()


def test_a_bug_in_a_test_step_is_not_hidden(tmp_path):
    with pytest.raises(TypeError, match="a bug of the user's"):
        resumed(Faulty, tmp_path)


def test_a_model_that_only_trains_goes_on_with_a_warning(tmp_path):
    with pytest.warns(UserWarning) as caught:
        history = resumed(Unable, tmp_path)
    said = "\n".join(str(one.message) for one in caught)
    assert "could not be prepared, since test_step failed: ValueError('only for training')" in said
    assert len(history.history["loss"]) == 2


def test_a_train_step_of_ones_own_goes_on_with_its_metrics(tmp_path):
    assert len(resumed(Own, tmp_path).history["mae"]) == 2


@pytest.mark.parametrize("save_freq", [0, -1, 2.5, "2 batches", "epochs", True])
@pytest.mark.parametrize("cls", [callbacks.BackupAndRestore, callbacks.ModelCheckpoint])
def test_a_wrong_save_freq_is_refused(save_freq, cls):
    with pytest.raises(InputError, match=r"save_freq must be 'epoch'.* a number of batches"):
        cls("m.keras", save_freq=save_freq)


def test_a_backup_counts_no_epochs(tmp_path):
    with pytest.raises(InputError, match="save_freq must be 'epoch' or a number of batches"):
        callbacks.BackupAndRestore(tmp_path, save_freq="3 epochs")
