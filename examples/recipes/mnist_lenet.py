"""LeNet-5 with ReLU and max pooling, trained on the 60,000 digits of MNIST, then int8.

    python examples/recipes/mnist_lenet.py [--seeds 0 1 2] [--epochs 15] [--data FOLDER]

The digits come from `datasets.mnist`, or, with --data, from a folder with MNIST's four files
(train-images-idx3-ubyte.gz ...). Every epoch sees each digit once, moved by up to a pixel. Prints
the accuracy on the 10,000 test digits in float and in int8; writes lenet_<seed>.keras and .edge.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from recipe import Data, Shuffled, arguments, run

from edgekit.train import Sequential, layers, optimizers

BATCH = 64
RATE = 2e-3  # of Adam, going down in half a cosine


def load(folder: Path | None) -> Data:
    """Digits float32 (n, 28, 28, 1) in 0..1, and class numbers."""
    if folder is None:
        from edgekit.train.datasets import mnist

        (x, y), (x_test, y_test) = mnist.load_data()
    else:
        from edgekit.train.datasets.fashion_mnist import read_idx

        x, y, x_test, y_test = (
            read_idx(folder / f"{part}-ubyte.gz")
            for part in (
                "train-images-idx3",
                "train-labels-idx1",
                "t10k-images-idx3",
                "t10k-labels-idx1",
            )
        )
    return Data(scaled(x), y, scaled(x_test), y_test)


def scaled(images: np.ndarray) -> np.ndarray:
    return (images[..., np.newaxis] / np.float32(255)).astype(np.float32)


def build() -> Sequential:
    return Sequential(
        [
            layers.Input((28, 28, 1), name="image"),
            layers.Conv2D(6, 5, padding="same", activation="relu"),
            layers.MaxPooling2D(2),
            layers.Conv2D(16, 5, activation="relu"),
            layers.MaxPooling2D(2),
            layers.Flatten(),
            layers.Dense(120, activation="relu"),
            layers.Dense(84, activation="relu"),
            layers.Dense(10, activation="softmax"),
        ],
        name="lenet",
    )


class Moved(Shuffled):
    """Batches of digits, each moved by up to a pixel in each direction, new at every pass."""

    def __init__(self, x: np.ndarray, y: np.ndarray, seed: int) -> None:
        super().__init__(np.pad(x, ((0, 0), (1, 1), (1, 1), (0, 0))), y, BATCH, seed)

    def batch(self, rows: np.ndarray) -> np.ndarray:
        corners = self.random.integers(0, 3, (BATCH, 2))
        return np.stack(
            [self.x[row, i : i + 28, j : j + 28] for row, (i, j) in zip(rows, corners, strict=True)]
        )


def train(data: Data, seed: int, epochs: int) -> Sequential:
    model = build()
    batches = Moved(data.x, data.y, seed)
    model.compile(
        optimizers.Adam(optimizers.schedules.CosineDecay(RATE, epochs * len(batches))),
        loss="sparse_categorical_crossentropy",
        metrics=["accuracy"],
    )
    model.fit(batches, epochs=epochs, verbose=2, shuffle=False)
    return model


if __name__ == "__main__":
    options = arguments(__doc__, epochs=15)
    digits = load(options.data)
    run("lenet", lambda seed: digits, train, options)
