"""Saving: a whole model, its weights alone, and a training that goes on where it was cut off.

What is learned: model.save and load_model, save_weights into a model of the same kind, and
BackupAndRestore, with which a run that was broken off ends with the very same weights.
"""

import os

import numpy as np

import edgekit
from edgekit import keras
from edgekit.keras import layers

EPOCHS = int(os.environ.get("EPOCHS", "6"))
SEED = int(os.environ.get("SEED", "0"))


def spirals(count, rng):
    """Points of two spirals that wind around each other."""
    arm = rng.integers(0, 2, count)
    t = np.sqrt(rng.random(count)) * 2.2 * np.pi
    angle = t + np.pi * arm
    x = np.stack([t * np.cos(angle), t * np.sin(angle)], axis=-1) / 4
    return (x + rng.normal(0, 0.05, x.shape)).astype("float32"), arm.astype("float32")


def build():
    keras.utils.set_random_seed(SEED)
    model = keras.Sequential(
        [
            keras.Input((2,)),
            layers.Dense(48, activation="relu"),
            layers.Dense(48, activation="relu"),
            layers.Dense(1, activation="sigmoid"),
        ]
    )
    model.compile(
        optimizer=keras.optimizers.Adam(0.01), loss="binary_crossentropy", metrics=["accuracy"]
    )
    return model


class PowerCut(keras.callbacks.Callback):
    """Breaks the training off in its third epoch."""

    def on_train_batch_end(self, batch, logs=None):
        if self.model.optimizer.iterations == 2 * 40 + 10:
            raise KeyboardInterrupt("somebody pulled the plug")


def differences(one, other):
    pairs = zip(one.get_weights(), other.get_weights(), strict=True)
    return max(float(np.abs(a - b).max()) for a, b in pairs)


rng = np.random.default_rng(17)
x_train, y_train = spirals(2000, rng)
x_test, y_test = spirals(500, rng)

model = build()
whole = {"batch_size": 50, "epochs": EPOCHS, "shuffle": False, "verbose": 0}
model.fit(x_train, y_train, **whole)
accuracy = model.evaluate(x_test, y_test, verbose=0)[1]
print(f"test accuracy: {accuracy:.4f}")

# The whole model: layers, weights, and the state of the optimizer.
model.save("spirals.keras")
loaded = keras.models.load_model("spirals.keras")
print("loaded and original differ by", differences(loaded, model))
loaded.fit(x_train, y_train, batch_size=50, epochs=1, verbose=0)  # it goes on learning

# The weights alone, into a model that is built by the same code.
model.save_weights("spirals.weights.h5")
other = build()
other.load_weights("spirals.weights.h5")
print("weights read back differ by", differences(other, model))

# A run that is cut off, and the same lines run again.
cut = build()
backup = keras.callbacks.BackupAndRestore("backup")
try:
    cut.fit(x_train, y_train, callbacks=[backup, PowerCut()], **whole)
except KeyboardInterrupt as interruption:
    print("cut off:", interruption)
resumed = build()
backup = keras.callbacks.BackupAndRestore("backup")
resumed.fit(x_train, y_train, callbacks=[backup], **whole)
print(f"test difference of the resumed: {differences(resumed, model):.8f}")

# -- on the device --
edgekit.convert("spirals.keras", x_train[:300]).save("spirals.edge")
interpreter = edgekit.Interpreter("spirals.edge")
answers = interpreter.predict(x_test)[:, 0] > 0.5
print(f"int8 accuracy: {np.mean(answers == y_test):.4f}")
