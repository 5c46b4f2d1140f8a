"""What the recipes share: their arguments, and what happens after training."""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

import edgekit
from edgekit.train import Model, set_random_seed

CALIBRATION = 500  # training samples whose activations give the int8 ranges


class Data(NamedTuple):
    """Samples and class numbers; to train on, and held back."""

    x: np.ndarray
    y: np.ndarray
    x_test: np.ndarray
    y_test: np.ndarray


class Shuffled:
    """Batches of samples in a new order at every pass. A recipe says what a batch is made of.

    x, y: all samples. A rest that fills no batch is left out of the pass.
    """

    def __init__(self, x: np.ndarray, y: np.ndarray, batch_size: int, seed: int) -> None:
        self.x, self.y, self.batch_size = x, y, batch_size
        self.random = np.random.default_rng(seed)
        self.on_epoch_end()

    def __len__(self) -> int:
        return len(self.y) // self.batch_size

    def on_epoch_end(self) -> None:
        self.order = self.random.permutation(len(self.y))

    def __getitem__(self, index: int) -> tuple[np.ndarray, np.ndarray]:
        rows = self.order[index * self.batch_size : (index + 1) * self.batch_size]
        return self.batch(rows), self.y[rows]

    def batch(self, rows: np.ndarray) -> np.ndarray:
        """The inputs of these samples, changed at random."""
        raise NotImplementedError


def arguments(description: str, epochs: int) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=description, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--epochs", type=int, default=epochs)
    parser.add_argument("--data", type=Path, help="folder that holds the data set")
    parser.add_argument("-o", "--output", type=Path, default=Path("build/recipes"))
    return parser.parse_args()


def run(
    name: str,
    data: Callable[[int], Data],
    train: Callable[[Data, int, int], Model],
    options: argparse.Namespace,
) -> None:
    """Train once per seed, convert, and print a table of accuracies; `data` is asked per seed."""
    options.output.mkdir(parents=True, exist_ok=True)
    rows = []
    for seed in options.seeds:
        set_random_seed(seed)
        split = data(seed)
        start = time.perf_counter()
        model = train(split, seed, options.epochs)
        minutes = (time.perf_counter() - start) / 60
        rows.append((seed, *accuracies(name, model, split, seed, options.output), minutes))
        print("seed   float    int8   minutes")
        for row in rows:
            print("{:4} {:7.2%} {:7.2%} {:9.1f}".format(*row), flush=True)


def accuracies(name: str, model: Any, data: Data, seed: int, folder: Path) -> tuple[float, float]:
    """The share of right answers on the held-back samples, before and after conversion."""
    keras, edge = folder / f"{name}_{seed}.keras", folder / f"{name}_{seed}.edge"
    model.save(keras)
    edgekit.convert(model, data.x[:CALIBRATION]).save(edge)
    (scores,) = edgekit.Interpreter(edge).run(data.x_test).values()
    return (
        float(np.mean(model.predict(data.x_test, verbose=0).argmax(-1) == data.y_test)),
        float(np.mean(scores.argmax(-1) == data.y_test)),
    )
