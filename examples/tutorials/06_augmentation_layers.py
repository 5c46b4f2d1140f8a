"""Augmentation as layers of the model: 200 digits, turned, shifted and scaled anew in every epoch.

What is learned: RandomRotation, RandomTranslation, RandomZoom and RandomContrast act in training
only, so they may stay in the model that is saved and sent to a device; what they gain where
pictures are few.
"""

import os
from pathlib import Path

import numpy as np

import edgekit
from edgekit import keras
from edgekit.keras import layers

EPOCHS = int(os.environ.get("EPOCHS", "30"))
FEW = 200
keras.utils.set_random_seed(int(os.environ.get("SEED", "0")))

data = np.load(Path(__file__).resolve().parent.parent / "data" / "mnist_subset.npz")
x_train, y_train = data["x_train"][:FEW, ..., None], data["y_train"][:FEW]
x_test, y_test = data["x_test"][:1000, ..., None], data["y_test"][:1000]
print(f"{np.bincount(y_train)} pictures of each digit")

augmentation = keras.Sequential(
    [
        layers.RandomRotation(0.05, fill_mode="constant"),
        layers.RandomTranslation(0.1, 0.1, fill_mode="constant"),
        layers.RandomZoom(0.15, fill_mode="constant"),
        layers.RandomContrast(0.2),
    ],
    name="augmentation",
)


def build(augmented):
    """The same network, with or without the augmentation in front. Pixels are 0 to 255."""
    inputs = keras.Input(shape=(28, 28, 1))
    x = augmentation(inputs) if augmented else inputs
    x = layers.Rescaling(1 / 255)(x)
    for filters in (8, 16, 32):
        x = layers.Conv2D(filters, 3, padding="same", use_bias=False)(x)
        x = layers.BatchNormalization(momentum=0.9)(x)
        x = layers.ReLU()(x)
        x = layers.MaxPooling2D()(x)
    x = layers.Flatten()(x)
    x = layers.Dropout(0.2)(x)
    return keras.Model(inputs, layers.Dense(10, activation="softmax")(x))


accuracy = {}
for augmented in (False, True):
    model = build(augmented)
    model.compile(
        optimizer=keras.optimizers.Adam(3e-3),
        loss="sparse_categorical_crossentropy",
        metrics=["accuracy"],
    )
    history = model.fit(x_train, y_train, batch_size=32, epochs=EPOCHS, verbose=0)
    accuracy[augmented] = model.evaluate(x_test, y_test, verbose=0)[1]
    print(
        f"{'with' if augmented else 'without'} augmentation: training accuracy "
        f"{history.history['accuracy'][-1]:.3f}, held back {accuracy[augmented]:.3f}"
    )

four = np.array(augmentation(x_train[:4].astype("float32"), training=True))
print(
    "four pictures in training have changed by", np.abs(four - x_train[:4]).mean((1, 2, 3)).round()
)
still = np.array(augmentation(x_train[:4].astype("float32"), training=False))
print("and otherwise by", np.abs(still - x_train[:4]).mean((1, 2, 3)).round())
print(f"test accuracy: {accuracy[True]:.4f}")
print(f"test accuracy without augmentation: {accuracy[False]:.4f}")

# -- on the device --
interpreter = edgekit.Interpreter(edgekit.convert(model, x_train.astype("float32")).graph)
answers = interpreter.predict(x_test.astype("float32")).argmax(axis=-1)
print(f"int8 accuracy: {np.mean(answers == y_test):.4f}")
