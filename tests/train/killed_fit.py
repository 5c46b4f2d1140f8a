"""A fit that kills its own process with SIGKILL, to be run by test_backup.py.

    python -m tests.train.killed_fit FOLDER SEED KILL DATA SAVE_FREQ

KILL is "never", or "epoch:batch", "epoch:test" or "epoch:end". What is left at the end is written
to FOLDER/result.npz.
"""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

import numpy as np

from edgekit.train import Sequential, callbacks, layers, optimizers, set_random_seed

BATCH = 6


class Kill(callbacks.Callback):
    """Ends the process at the given place, as `kill -9` does."""

    def __init__(self, place):
        self.at, self.event = place.split(":") if ":" in place else (None, None)
        self.now = None

    def _maybe(self, event):
        if str(self.now) == self.at and event == self.event:
            sys.stdout.flush()
            os.kill(os.getpid(), signal.SIGKILL)

    def on_epoch_begin(self, epoch, logs=None):
        self.now = epoch

    def on_train_batch_end(self, batch, logs=None):
        self._maybe(str(batch))

    def on_test_begin(self, logs=None):
        self._maybe("test")

    def on_epoch_end(self, epoch, logs=None):
        self._maybe("end")


class Rows:
    """Batches by number, in an order of its own that changes after every epoch."""

    def __init__(self, x, y):
        self.x, self.y, self.order = x, y, np.arange(len(x))
        self.random = np.random.default_rng(5)

    def __len__(self):
        return -(-len(self.x) // BATCH)

    def __getitem__(self, index):
        rows = self.order[index * BATCH : (index + 1) * BATCH]
        return self.x[rows], self.y[rows]

    def on_epoch_end(self):
        self.random.shuffle(self.order)


def forever(x, y):
    """Batches of random rows without an end."""
    random = np.random.default_rng(8)
    while True:
        rows = random.integers(0, len(x), BATCH)
        yield x[rows], y[rows]


def data(kind):
    random = np.random.default_rng(1)
    x = random.normal(size=(50, 4)).astype(np.float32)
    y = (x.sum(axis=1) > 0).astype(np.int64) + (x[:, 0] > 1)
    given = {"validation_data": (x[:9], y[:9]), "epochs": 4}
    if kind == "arrays":
        return {"x": x, "y": y, "batch_size": BATCH, **given}
    if kind == "steps":
        return {"x": x, "y": y, "batch_size": BATCH, "steps_per_epoch": 5, **given}
    if kind == "rows":
        return {"x": Rows(x, y), **given}
    return {"x": forever(x, y), "steps_per_epoch": 7, **given}


def main(folder, seed, place, kind, save_freq):
    set_random_seed(seed)
    model = Sequential(
        [
            layers.Input((4,)),
            layers.Dense(8),
            layers.BatchNormalization(),
            layers.Activation("relu"),
            layers.Dropout(0.4),
            layers.Dense(3, activation="softmax"),
        ]
    )
    rate = 0.05
    model.compile(
        optimizers.Adam(rate, use_ema=True, ema_overwrite_frequency=5, weight_decay=0.01),
        "sparse_categorical_crossentropy",
        metrics=["accuracy", "sparse_categorical_crossentropy"],
    )
    watchers = [
        callbacks.BackupAndRestore(folder / "backup", save_freq=save_freq, double_checkpoint=True),
        callbacks.LearningRateScheduler(lambda epoch, now: now * 0.9),
        callbacks.ReduceLROnPlateau("val_loss", factor=0.5, patience=1, min_delta=0.05),
        callbacks.EarlyStopping("val_loss", patience=9, restore_best_weights=True),
        Kill(place),
    ]
    if place == "plain":
        watchers = watchers[1:]
    history = model.fit(**data(kind), callbacks=watchers, verbose=0)
    arrays = {f"w{i}": w for i, w in enumerate(model.get_weights())}
    arrays |= {f"o{i}": w for i, w in enumerate(model.optimizer.get_weights())}
    arrays |= {f"h_{name}": np.array(values) for name, values in history.history.items()}
    arrays["epochs"] = np.array(history.epoch)
    np.savez(folder / "result.npz", **arrays)


if __name__ == "__main__":
    freq = sys.argv[5]
    main(Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3], sys.argv[4],
         freq if freq == "epoch" else int(freq))  # fmt: skip
