"""Data that does not fit into memory: batches read from files by worker threads.

What is learned: a PyDataset with `__len__` and `__getitem__`; changing samples while they are read;
shuffling at the end of each epoch; `workers` that read ahead while the network learns.
"""

import math
import os
from pathlib import Path

import numpy as np

import edgekit
from edgekit import keras
from edgekit.keras import layers

EPOCHS = int(os.environ.get("EPOCHS", "3"))
keras.utils.set_random_seed(int(os.environ.get("SEED", "0")))

# Every picture in a file of its own, as a camera leaves them.
data = np.load(Path(__file__).resolve().parent.parent / "data" / "mnist_subset.npz")
folder = Path("digits")
folder.mkdir()
for name, count in (("train", 3000), ("test", 1000)):
    pictures, labels = data[f"x_{name}"][:count], data[f"y_{name}"]
    for number, picture in enumerate(pictures):
        np.save(folder / f"{name}_{number:04}_{labels[number]}.npy", picture)


class Pictures(keras.utils.PyDataset):
    """Batches of the pictures whose file names begin with `name`."""

    def __init__(self, name, batch_size, moved=False, **kwargs):
        super().__init__(**kwargs)
        self.files = sorted(folder.glob(f"{name}_*.npy"))
        self.batch_size = batch_size
        self.moved = moved
        self.order = np.arange(len(self.files))
        self.epochs = 0

    def __len__(self):
        return math.ceil(len(self.files) / self.batch_size)

    def __getitem__(self, index):
        rows = self.order[index * self.batch_size : (index + 1) * self.batch_size]
        files = [self.files[row] for row in rows]
        pictures = np.stack([np.load(file) for file in files])
        if self.moved:  # by one pixel, each batch in one direction
            pictures = np.roll(pictures, (index % 3 - 1, index // 3 % 3 - 1), axis=(1, 2))
        labels = np.array([int(file.stem[-1]) for file in files])
        return pictures[..., None].astype("float32") / 255, labels

    def on_epoch_end(self):
        self.epochs += 1
        self.order = np.random.default_rng(self.epochs).permutation(len(self.files))


train = Pictures("train", batch_size=50, moved=True, workers=2, max_queue_size=8)
test = Pictures("test", batch_size=100, workers=2)
x, y = train[0]
print(f"{len(train)} batches of {x.shape}, {x.dtype}; the first labels: {y[:8]}")

model = keras.Sequential(
    [
        keras.Input(shape=(28, 28, 1)),
        layers.SeparableConv2D(16, 5, strides=2, activation="relu"),
        layers.SeparableConv2D(32, 3, strides=2, activation="relu"),
        layers.Flatten(),
        layers.Dense(64, activation="relu"),
        layers.Dense(10, activation="softmax"),
    ]
)
model.compile(
    optimizer=keras.optimizers.Nadam(3e-3),
    loss="sparse_categorical_crossentropy",
    metrics=["accuracy"],
)
model.fit(train, epochs=EPOCHS, validation_data=test, verbose=2)
print("epochs that the data set has seen:", train.epochs)

loss, accuracy = model.evaluate(test, verbose=0)
print(f"test accuracy: {accuracy:.4f}")

# -- on the device --
x_test = np.concatenate([test[index][0] for index in range(len(test))])
y_test = np.concatenate([test[index][1] for index in range(len(test))])
interpreter = edgekit.Interpreter(edgekit.convert(model, x[:50]).graph)
answers = interpreter.predict(x_test).argmax(axis=-1)
print(f"int8 accuracy: {np.mean(answers == y_test):.4f}")
