"""DS-CNN, the keyword spotter of MLPerf Tiny, trained on the 1000 utterances of kws01, then int8.

    python examples/recipes/keywords_dscnn.py --data kws01.zip [--seeds 0 1 2] [--epochs 60]

kws01 is the set on which MLPerf Tiny scores keyword spotters: 12 classes, 49 x 10 int8 features
of one second each, with no word of who speaks. So the split is by utterance: of each class a
fifth, drawn by the seed, is held back. 800 utterances are few: what comes out says how training
goes, not how well this network can hear. Prints the accuracy on the held-back utterances in float
and in int8; writes dscnn_<seed>.keras and .edge.
"""

from __future__ import annotations

import csv
import io
import zipfile
from pathlib import Path

import numpy as np
from recipe import Data, Shuffled, arguments, run

from edgekit.train import Model, layers, optimizers

BATCH = 50
RATE = 3e-3  # of Adam, going down in half a cosine
HELD_BACK = 0.2  # of each class
MOVED = 4  # time steps of 20 ms at most


def load(path: Path) -> tuple[np.ndarray, np.ndarray]:
    """Features float32 (1000, 49, 10, 1), and class numbers."""
    with zipfile.ZipFile(path) as archive:
        rows = list(csv.reader(io.StringIO(archive.read("y_labels.csv").decode())))
        features = [np.frombuffer(archive.read(name), np.int8) for name, _, _ in rows]
    x = np.stack(features).reshape(-1, 49, 10, 1).astype(np.float32)
    return x / np.float32(64), np.array([int(label) for _, _, label in rows])


def split(x: np.ndarray, y: np.ndarray, seed: int) -> Data:
    """The same share of each class held back."""
    random = np.random.default_rng(seed)
    held = np.zeros(len(y), bool)
    for label in np.unique(y):
        of_class = random.permutation(np.flatnonzero(y == label))
        held[of_class[: round(len(of_class) * HELD_BACK)]] = True
    return Data(x[~held], y[~held], x[held], y[held])


def build() -> Model:
    features = layers.Input((49, 10, 1), name="features")
    x = layers.Conv2D(64, (10, 4), strides=2, padding="same", use_bias=False)(features)
    x = layers.ReLU()(layers.BatchNormalization(momentum=0.9)(x))
    x = layers.Dropout(0.2)(x)
    for _ in range(4):
        x = layers.DepthwiseConv2D(3, padding="same", use_bias=False)(x)
        x = layers.ReLU()(layers.BatchNormalization(momentum=0.9)(x))
        x = layers.Conv2D(64, 1, use_bias=False)(x)
        x = layers.ReLU()(layers.BatchNormalization(momentum=0.9)(x))
    x = layers.Dropout(0.4)(x)
    x = layers.Flatten()(layers.AveragePooling2D((25, 5))(x))
    return Model(features, layers.Dense(12, activation="softmax")(x), name="dscnn")


class Moved(Shuffled):
    """Batches of utterances, each earlier or later by some time steps, new at every pass."""

    def __init__(self, data: Data, seed: int) -> None:
        x = np.pad(data.x, ((0, 0), (MOVED, MOVED), (0, 0), (0, 0)), mode="edge")
        super().__init__(x, data.y, BATCH, seed)

    def batch(self, rows: np.ndarray) -> np.ndarray:
        starts = self.random.integers(0, 2 * MOVED + 1, BATCH)
        return np.stack([self.x[row, i : i + 49] for row, i in zip(rows, starts, strict=True)])


def train(data: Data, seed: int, epochs: int) -> Model:
    model = build()
    batches = Moved(data, seed)
    model.compile(
        optimizers.Adam(optimizers.schedules.CosineDecay(RATE, epochs * len(batches))),
        loss="sparse_categorical_crossentropy",
        metrics=["accuracy"],
    )
    model.fit(batches, epochs=epochs, verbose=2, shuffle=False)
    return model


if __name__ == "__main__":
    options = arguments(__doc__, epochs=60)
    if options.data is None:
        raise SystemExit("--data: the path of kws01.zip (energyrunner, datasets/kws01, zipped)")
    x, y = load(options.data)
    run("dscnn", lambda seed: split(x, y, seed), train, options)
