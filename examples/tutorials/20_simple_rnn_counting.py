"""Counting: a SimpleRNN that says how many ones are among twenty bits.

What is learned: regression with a recurrent layer, an initializer for its memory, and an error
measured in units that mean something.
"""

import os

import numpy as np

import edgekit
from edgekit import keras
from edgekit.keras import layers

EPOCHS = int(os.environ.get("EPOCHS", "20"))
keras.utils.set_random_seed(int(os.environ.get("SEED", "0")))

TIMES = 20

rng = np.random.default_rng(0)
bits = rng.integers(0, 2, (2400, TIMES, 1)).astype("float32")
ones = bits.sum(axis=1)
x_train, y_train, x_test, y_test = bits[:2000], ones[:2000], bits[2000:], ones[2000:]

model = keras.Sequential(
    [
        keras.Input((TIMES, 1)),
        layers.SimpleRNN(12, activation="relu", recurrent_initializer="identity"),
        layers.Dense(1),
    ]
)
model.compile(optimizer=keras.optimizers.Adam(0.005), loss="mse", metrics=["mae"])
model.summary()
model.fit(x_train, y_train, batch_size=50, epochs=EPOCHS, verbose=2)

counted = model.predict(x_test, verbose=0)
print(f"test accuracy: {np.mean(np.round(counted) == y_test):.4f}")
print(f"test error: {np.abs(counted - y_test).mean():.4f}")
for sequence, count in zip(x_test[:3], counted[:3], strict=True):
    print("".join(str(int(bit)) for bit in sequence[:, 0]), f"{count[0]:.2f}")

# -- on the device --
interpreter = edgekit.Interpreter(edgekit.convert(model, x_train[:200]).graph)
scores = interpreter.predict(x_test)
print(f"int8 accuracy: {np.mean(np.round(scores) == y_test):.4f}")
