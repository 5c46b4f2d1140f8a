"""A first network: who leaves? A table of numbers, two hidden layers, dropout against overfitting.

What is learned: how to stack layers in a Sequential model, compile it, fit it, look at the history
and ask it for probabilities.
"""

import os

import numpy as np

import edgekit
from edgekit import keras
from edgekit.keras import layers

EPOCHS = int(os.environ.get("EPOCHS", "15"))
keras.utils.set_random_seed(int(os.environ.get("SEED", "0")))


def customers(count, rng):
    """Twelve columns, of which five matter, and whether the customer left."""
    x = rng.normal(size=(count, 12)).astype("float32")
    unhappy = x[:, 0] * x[:, 1] + np.sin(2 * x[:, 2]) + 0.5 * x[:, 3] ** 2 - 0.8 * x[:, 4]
    left = unhappy + 0.2 * rng.normal(size=count) > 0.5
    return x, left.astype("float32")


rng = np.random.default_rng(1)
x_train, y_train = customers(4000, rng)
x_test, y_test = customers(1000, rng)
print(f"{len(x_train)} customers to learn from, {y_train.mean():.0%} of them left")

model = keras.Sequential(
    [
        keras.Input(shape=(12,)),
        layers.Dense(64, activation="relu"),
        layers.Dropout(0.1),
        layers.Dense(64, activation="relu"),
        layers.Dropout(0.1),
        layers.Dense(1, activation="sigmoid"),
    ]
)
model.summary()
model.compile(
    optimizer=keras.optimizers.Adam(learning_rate=3e-3),
    loss="binary_crossentropy",
    metrics=["accuracy"],
)
history = model.fit(x_train, y_train, batch_size=64, epochs=EPOCHS, validation_split=0.1, verbose=2)
print("validation accuracy by epoch:", np.round(history.history["val_accuracy"], 3))

loss, accuracy = model.evaluate(x_test, y_test, verbose=0)
print(f"test accuracy: {accuracy:.4f}")
for risk, truth in zip(model.predict(x_test[:3], verbose=0)[:, 0], y_test, strict=False):
    print(f"leaves with probability {risk:.2f}, and {'left' if truth else 'stayed'}")

# -- on the device --
interpreter = edgekit.Interpreter(edgekit.convert(model, x_train[:200]).graph)
risks = interpreter.predict(x_test)[:, 0]
print(f"int8 accuracy: {np.mean((risks > 0.5) == y_test):.4f}")
