"""A label for every time: a GRU that tells when an engine was on, from the sound of a room.

What is learned: return_sequences=True, a Dense layer applied at each time, and the accuracy of a
sequence of labels.
"""

import os

import numpy as np

import edgekit
from edgekit import keras
from edgekit.keras import layers

EPOCHS = int(os.environ.get("EPOCHS", "8"))
keras.utils.set_random_seed(int(os.environ.get("SEED", "0")))

TIMES = 30
FEATURES = 6  # the loudness in six bands


def listen(count, rng):
    """Loudness (count, TIMES, FEATURES); 1 for each time at which the engine ran, else 0."""
    turned = rng.random((count, TIMES)) < 0.12  # somebody touches the switch
    running = (np.cumsum(turned, axis=1) + rng.integers(0, 2, (count, 1))) % 2
    spectrum = np.array([0.2, 0.9, 0.4, 0.0, 0.3, 0.0])
    x = running[..., None] * spectrum + rng.normal(0, 0.5, (count, TIMES, FEATURES))
    return x.astype("float32"), running


rng = np.random.default_rng(0)
x_train, y_train = listen(800, rng)
x_test, y_test = listen(300, rng)

inputs = keras.Input((TIMES, FEATURES), name="loudness")
x = layers.GRU(24, return_sequences=True)(inputs)
x = layers.GRU(16, return_sequences=True)(x)
outputs = layers.TimeDistributed(layers.Dense(2, activation="softmax"))(x)
model = keras.Model(inputs, outputs)
model.compile(
    optimizer=keras.optimizers.Adam(0.01),
    loss="sparse_categorical_crossentropy",
    metrics=["accuracy"],
)
model.summary()
model.fit(x_train, y_train, batch_size=40, epochs=EPOCHS, verbose=2)

loss, accuracy = model.evaluate(x_test, y_test, verbose=0)
alone = np.mean((x_test @ [0.2, 0.9, 0.4, 0.0, 0.3, 0.0] > 0.55) == y_test)
print(f"each time by itself: {alone:.3f}")
print(f"test accuracy: {accuracy:.4f}")

# -- on the device --
interpreter = edgekit.Interpreter(edgekit.convert(model, x_train[:200]).graph)
scores = interpreter.predict(x_test)
print(f"int8 accuracy: {np.mean(scores.argmax(-1) == y_test):.4f}")
