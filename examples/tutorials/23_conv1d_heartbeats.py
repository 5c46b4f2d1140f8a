"""Heartbeats: a one-dimensional CNN on signals, with batch normalization and class weights.

What is learned: Conv1D and pooling along time, classes of different frequency weighted so that
the rare ones count, and a table of which class was taken for which.
"""

import os

import numpy as np

import edgekit
from edgekit import keras
from edgekit.keras import layers

EPOCHS = int(os.environ.get("EPOCHS", "6"))
keras.utils.set_random_seed(int(os.environ.get("SEED", "0")))

BEATS = ("normal", "early", "wide")
SHARES = (0.7, 0.2, 0.1)
TIMES = 128


def bump(t, center, width):
    return np.exp(-(((t - center) / width) ** 2))


def record(count, rng):
    """Beats (count, TIMES, 1) with the wander of a real electrode, and their kinds."""
    kind = rng.choice(len(BEATS), count, p=SHARES)[:, None]
    t = np.linspace(0, 1, TIMES)[None]
    shift = rng.normal(0, 0.03, (count, 1))
    first = 0.15 * bump(t, 0.28 + shift + 0.14 * (kind == 1), 0.035) * (kind != 2)
    width = np.where(kind == 2, 0.032, 0.016) * rng.normal(1, 0.12, (count, 1))
    peak = rng.normal(1, 0.15, (count, 1)) * bump(t, 0.48 + shift, width)
    dip = -0.25 * bump(t, 0.53 + shift, width)
    last = 0.3 * np.where(kind == 2, -1, 1) * bump(t, 0.75 + shift, 0.06)
    wander = 0.2 * np.sin(2 * np.pi * (t * rng.random((count, 1)) + rng.random((count, 1))))
    x = first + peak + dip + last + wander + rng.normal(0, 0.08, (count, TIMES))
    return x[..., None].astype("float32"), kind[:, 0]


rng = np.random.default_rng(5)
x_train, y_train = record(1500, rng)
x_test, y_test = record(500, rng)
counts = np.bincount(y_train)
print("beats to learn from:", dict(zip(BEATS, counts.tolist(), strict=True)))

model = keras.Sequential(
    [
        keras.Input((TIMES, 1)),
        layers.Conv1D(16, 7, strides=2, padding="same", use_bias=False),
        layers.BatchNormalization(momentum=0.9),
        layers.ReLU(),
        layers.MaxPooling1D(2),
        layers.Conv1D(32, 5, padding="same", use_bias=False),
        layers.BatchNormalization(momentum=0.9),
        layers.ReLU(),
        layers.MaxPooling1D(2),
        layers.Conv1D(32, 3, padding="same", activation="relu"),
        layers.GlobalMaxPooling1D(),
        layers.Dense(len(BEATS)),
    ]
)
model.compile(
    optimizer=keras.optimizers.Adam(0.003),
    loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
    metrics=["accuracy"],
)
model.summary()
weights = {i: len(y_train) / (len(BEATS) * int(count)) for i, count in enumerate(counts)}
model.fit(x_train, y_train, batch_size=50, epochs=EPOCHS, class_weight=weights, verbose=2)

answers = model.predict(x_test, verbose=0).argmax(axis=-1)
table = np.zeros((len(BEATS), len(BEATS)), int)
np.add.at(table, (y_test, answers), 1)
for name, row in zip(BEATS, table, strict=True):
    print(f"{name:7} was taken for", dict(zip(BEATS, row.tolist(), strict=True)))
print(f"test accuracy: {np.mean(answers == y_test):.4f}")
print(f"test accuracy of the rarest: {table[2, 2] / table[2].sum():.4f}")

# -- on the device --
interpreter = edgekit.Interpreter(edgekit.convert(model, x_train[:200]).graph)
answers = interpreter.predict(x_test).argmax(axis=-1)
print(f"int8 accuracy: {np.mean(answers == y_test):.4f}")
