"""When to stop: early stopping, a checkpoint of the best epoch, and going on from a file.

What is learned: EarlyStopping that puts the best weights back, ModelCheckpoint that keeps the best
model in a file, load_model, `initial_epoch`, a CSV file of what happened.
"""

import os
from pathlib import Path

import numpy as np

import edgekit
from edgekit import keras
from edgekit.keras import layers

EPOCHS = int(os.environ.get("EPOCHS", "60"))
keras.utils.set_random_seed(int(os.environ.get("SEED", "0")))


def spirals(count, rng):
    """Points on three arms of a spiral, and the arm."""
    arm = rng.integers(0, 3, count)
    along = rng.uniform(0.1, 1, count)
    angle = 4 * along + 2 * np.pi / 3 * arm + rng.normal(0, 0.25, count)
    points = np.stack([along * np.cos(angle), along * np.sin(angle)], axis=1)
    return points.astype("float32"), arm


rng = np.random.default_rng(13)
x_train, y_train = spirals(400, rng)
x_valid, y_valid = spirals(400, rng)
x_test, y_test = spirals(1000, rng)

model = keras.Sequential(
    [
        keras.Input(shape=(2,)),
        layers.Dense(64, activation="relu"),
        layers.Dense(64, activation="relu"),
        layers.Dense(64, activation="relu"),
        layers.Dense(3, activation="softmax"),
    ]
)
model.compile(
    optimizer=keras.optimizers.Adam(5e-3),
    loss="sparse_categorical_crossentropy",
    metrics=["accuracy"],
)

stopping = keras.callbacks.EarlyStopping(
    monitor="val_loss", patience=8, restore_best_weights=True, verbose=1
)
checkpoint = keras.callbacks.ModelCheckpoint(
    "best.keras", monitor="val_loss", save_best_only=True, verbose=0
)
logger = keras.callbacks.CSVLogger("epochs.csv")
history = model.fit(
    x_train,
    y_train,
    batch_size=32,
    epochs=EPOCHS,
    validation_data=(x_valid, y_valid),
    callbacks=[stopping, checkpoint, logger],
    verbose=0,
)
val_loss = history.history["val_loss"]
best = int(np.argmin(val_loss))
print(f"stopped after epoch {len(val_loss)}; the best was {best + 1}: {val_loss[best]:.4f}")
print(Path("epochs.csv").read_text().splitlines()[0])

saved = keras.models.load_model("best.keras")
same = np.allclose(
    saved.predict(x_test, verbose=0), model.predict(x_test, verbose=0), rtol=1e-5, atol=1e-6
)
print("the file holds what was restored:", same)
loss, accuracy = saved.evaluate(x_test, y_test, verbose=0)
print(f"test accuracy: {accuracy:.4f}")

# The file holds the optimizer too, so that training goes on where the best epoch left it.
steps = int(saved.optimizer.iterations)
print(f"{steps} steps were taken before the file was written")
saved.optimizer.learning_rate = 5e-4
more = saved.fit(
    x_train, y_train, batch_size=32, initial_epoch=best + 1, epochs=best + 6, verbose=0
)
print("epochs of the second training, from 0:", more.epoch)
loss, accuracy = saved.evaluate(x_test, y_test, verbose=0)
print(f"test accuracy with a smaller rate: {accuracy:.4f}")

# -- on the device --
interpreter = edgekit.Interpreter(edgekit.convert("best.keras", x_train[:200]).graph)
answers = interpreter.predict(x_test).argmax(axis=-1)
print(f"int8 accuracy: {np.mean(answers == y_test):.4f}")
