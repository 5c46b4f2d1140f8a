"""What somebody is doing, from an accelerometer: an LSTM that reads a window of measurements.

What is learned: sequences as (samples, times, features), an LSTM that hands on its last state, and
how such a network goes to a device in int8.
"""

import os

import numpy as np

import edgekit
from edgekit import keras
from edgekit.keras import layers

EPOCHS = int(os.environ.get("EPOCHS", "10"))
keras.utils.set_random_seed(int(os.environ.get("SEED", "0")))

ACTIVITIES = ("standing", "walking", "running", "climbing")
STEPS_PER_SECOND = (0.0, 1.7, 2.8, 1.2)
STRENGTH = (0.0, 1.0, 1.8, 1.0)
RATE = 20  # measurements a second
TIMES = 40


def record(count, rng):
    """Windows of two seconds on three axes, and what was done in each."""
    activity = rng.integers(0, len(ACTIVITIES), count)
    pace = np.array(STEPS_PER_SECOND)[activity] * rng.normal(1, 0.12, count)
    strength = np.array(STRENGTH)[activity] * rng.normal(1, 0.15, count)
    seconds = np.arange(TIMES) / RATE
    phase = 2 * np.pi * (pace[:, None] * seconds + rng.random((count, 1)))
    up = strength[:, None] * np.sin(phase)
    forward = 0.5 * strength[:, None] * np.sin(phase + 1) + 0.3 * (activity == 3)[:, None]
    aside = 0.3 * strength[:, None] * np.sin(phase / 2)
    x = np.stack([up, forward, aside], axis=-1) + rng.normal(0, 0.4, (count, TIMES, 3))
    return x.astype("float32"), activity


rng = np.random.default_rng(0)
x_train, y_train = record(1500, rng)
x_test, y_test = record(500, rng)

model = keras.Sequential(
    [
        keras.Input((TIMES, 3)),
        layers.LSTM(32),
        layers.Dropout(0.2),
        layers.Dense(len(ACTIVITIES), activation="softmax"),
    ]
)
model.compile(
    optimizer=keras.optimizers.Adam(learning_rate=0.005),
    loss="sparse_categorical_crossentropy",
    metrics=["accuracy"],
)
model.summary()
model.fit(x_train, y_train, batch_size=50, epochs=EPOCHS, validation_split=0.1, verbose=2)

loss, accuracy = model.evaluate(x_test, y_test, verbose=0)
print(f"test accuracy: {accuracy:.4f}")
answers = model.predict(x_test[:3], verbose=0).argmax(axis=-1)
print("The first windows:", ", ".join(ACTIVITIES[answer] for answer in answers))

# -- on the device --
interpreter = edgekit.Interpreter(edgekit.convert(model, x_train[:200]).graph)
scores = interpreter.predict(x_test)
print(f"int8 accuracy: {np.mean(scores.argmax(-1) == y_test):.4f}")
