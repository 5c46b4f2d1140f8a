"""Programs that test_processes.py runs under mpiexec.

mpiexec -n 2 python -m tests.train.distribute.job NAME FOLDER [PLACE]
"""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

import numpy as np

from edgekit.train import (
    GradientTape,
    Input,
    Sequential,
    callbacks,
    layers,
    losses,
    optimizers,
    set_random_seed,
)
from edgekit.train.distribute import MultiWorkerMirroredStrategy, ReduceOp, compute_average_loss
from tests.train.distribute import networks


def training(strategy, folder, place):
    """Every network; what each process has at the end."""
    for name in ("mlp", "lenet", "resnet", "dropping"):
        found = networks.fit(strategy, getattr(networks, name))
        np.savez(folder / f"{name}{strategy.rank}.npz", **found)


class End(callbacks.Callback):
    """Ends one process: "rank:epoch:batch:how"."""

    def __init__(self, strategy, place):
        self.rank, self.epoch, self.batch, self.how = place.split(":")
        self.mine = int(self.rank) == strategy.rank
        self.now = 0

    def on_epoch_begin(self, epoch, logs=None):
        self.now = epoch

    def on_train_batch_end(self, batch, logs=None):
        if not (self.mine and self.now == int(self.epoch) and batch == int(self.batch)):
            return
        if self.how == "kill":
            os.kill(os.getpid(), signal.SIGKILL)
        if self.how == "exit":
            sys.exit(5)
        raise RuntimeError("the disk of this worker is full")


def ending(strategy, folder, place):
    """A fit with backups in which a process may end."""
    watchers = [
        callbacks.CSVLogger(folder / "log.csv", append=True),
        callbacks.BackupAndRestore(folder / "backup", save_freq=2),
        callbacks.ModelCheckpoint(folder / "best.keras", "loss", save_best_only=True),
        callbacks.ReduceLROnPlateau("val_loss", factor=0.5, patience=0, min_delta=0.5),
    ]
    watchers.append(End(strategy, place or "9:0:0:never"))
    found = networks.fit(strategy, networks.dropping, epochs=4, callbacks=watchers)
    np.savez(folder / f"result{strategy.rank}.npz", **found)


class Early(callbacks.Callback):
    """A decision that one process makes by itself."""

    def __init__(self, strategy):
        self.mine = strategy.rank == 1

    def on_train_batch_end(self, batch, logs=None):
        if self.mine and batch == 2:
            self.model.stop_training = True


def deciding(strategy, folder, place):
    """Who writes, who shows, and how all stop when one does."""
    seen = []
    watchers = [
        Early(strategy),
        callbacks.LambdaCallback(on_train_batch_end=lambda batch, logs: seen.append(logs["loss"])),
    ]
    found = networks.fit(strategy, networks.mlp, callbacks=watchers, verbose=2)
    np.savez(folder / f"decided{strategy.rank}.npz", seen=np.array(seen), **found)


def looping(strategy, folder, place):
    """A training loop of one's own, in the words of the tutorials."""
    x, y = networks.data()
    set_random_seed(3)
    with strategy.scope():
        model = networks.mlp()
        optimizer = optimizers.Adam(0.01)
        loss_of = losses.SparseCategoricalCrossentropy(reduction="none")

    def step(inputs):
        images, labels = inputs
        with GradientTape() as tape:
            loss = compute_average_loss(
                loss_of(labels, model(images, training=True)), global_batch_size=len(x) // 5
            )
        gradients = tape.gradient(loss, model.trainable_variables)
        optimizer.apply_gradients(zip(gradients, model.trainable_variables, strict=True))
        return loss

    size = len(x) // 5
    batches = [(x[i * size : (i + 1) * size], y[i * size : (i + 1) * size]) for i in range(5)]
    seen = []
    for _ in range(3):
        for inputs in strategy.experimental_distribute_dataset(batches):
            local = strategy.run(step, args=(inputs,))
            seen.append(float(strategy.reduce(ReduceOp.SUM, local, axis=None)))
    found = {f"w{i}": w for i, w in enumerate(model.get_weights())}
    np.savez(folder / f"loop{strategy.rank}.npz", seen=np.array(seen), **found)


def differing(strategy, folder, place):
    """Another model in another process."""
    with strategy.scope():
        model = Sequential([Input((2,)), *[layers.Dense(2) for _ in range(1 + strategy.rank)]])
        model.compile("sgd", "mse")
    model.fit(np.zeros((4, 2), np.float32), np.zeros((4, 2), np.float32), verbose=0)


def sharding(strategy, folder, place):
    """Data that were cut before `fit`."""
    x, y = networks.data()
    with strategy.scope():
        model = networks.mlp()
        model.compile("sgd", "sparse_categorical_crossentropy")
    model.fit(x[strategy.rank :], y[strategy.rank :], verbose=0)


class Shift(callbacks.Callback):
    """Changes the weights of one process."""

    def __init__(self, strategy):
        self.mine = strategy.rank == 1

    def on_train_batch_end(self, batch, logs=None):
        if self.mine:
            self.model.weights[0].data[0] += 1


def drifting(strategy, folder, place):
    """Weights that are not the same everywhere."""
    networks.fit(strategy, networks.mlp, callbacks=[Shift(strategy)])


if __name__ == "__main__":
    program, where, *rest = sys.argv[1:]
    globals()[program](MultiWorkerMirroredStrategy(), Path(where), rest[0] if rest else "")
