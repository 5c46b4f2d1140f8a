"""Sequences of different lengths: padded, masked, and read in both directions.

A melody goes up or down in its last notes, and how it begins hints at that. A network that took
the padding for music would not know where the end is.

What is learned: pad_sequences, Masking, and a Bidirectional LSTM that skips what was padded.
"""

import os

import numpy as np

import edgekit
from edgekit import keras
from edgekit.keras import layers

EPOCHS = int(os.environ.get("EPOCHS", "12"))
keras.utils.set_random_seed(int(os.environ.get("SEED", "0")))

LONGEST = 16


def compose(count, rng):
    """Melodies of different lengths as rows of notes; 1 where the end goes up, else 0."""
    melodies, rises = [], []
    for _ in range(count):
        length = rng.integers(5, LONGEST + 1)
        notes = rng.normal(0, 1, (length, 2))
        rise = rng.integers(0, 2)
        notes[-3:, 0] += (2 * rise - 1) * np.array([-1.0, 0.0, 1.0])  # the last three notes
        notes[:2, 1] += (2 * rise - 1) * 0.8  # and how it begins
        melodies.append(notes.astype("float32"))
        rises.append(rise)
    return melodies, np.array(rises)


rng = np.random.default_rng(0)
train, y_train = compose(1200, rng)
test, y_test = compose(400, rng)

# What follows the end of a melody is -10, which no note is.
pad = keras.utils.pad_sequences
x_train = pad(train, maxlen=LONGEST, dtype="float32", padding="post", value=-10.0)
x_test = pad(test, maxlen=LONGEST, dtype="float32", padding="post", value=-10.0)

model = keras.Sequential(
    [
        keras.Input((None, 2)),
        layers.Masking(mask_value=-10.0),
        layers.Bidirectional(layers.LSTM(16)),
        layers.Dense(1, activation="sigmoid"),
    ]
)
model.compile(
    optimizer=keras.optimizers.Adam(0.01), loss="binary_crossentropy", metrics=["accuracy"]
)
model.summary()
model.fit(x_train, y_train, batch_size=50, epochs=EPOCHS, verbose=2)

loss, accuracy = model.evaluate(x_test, y_test, verbose=0)
print(f"test accuracy: {accuracy:.4f}")

# Masked, a melody gets the answer that it would get without any padding.
alone = [float(model.predict(melody[np.newaxis], verbose=0)[0, 0]) for melody in test[:5]]
padded = model.predict(x_test[:5], verbose=0)[:, 0]
print(f"padding changes the answers by {np.abs(padded - alone).max():.1e} at most")

# -- on the device --
fixed = keras.Sequential([keras.Input((LONGEST, 2)), *model.layers])  # a device wants one length
interpreter = edgekit.Interpreter(edgekit.convert(fixed, x_train[:200]).graph)
rising = interpreter.predict(x_test)[:, 0] > 0.5
print(f"int8 accuracy: {np.mean(rising == y_test):.4f}")
