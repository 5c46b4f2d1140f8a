"""Transfer learning: learn the digits 0 to 4, freeze the features, learn 5 to 9 from few pictures.

What is learned: `trainable = False` before `compile`; one list of layers in two models; how much
a few pictures are worth when the features are there already.
"""

import os
import time
from pathlib import Path

import numpy as np

import edgekit
from edgekit import keras
from edgekit.keras import layers

EPOCHS = int(os.environ.get("EPOCHS", "3"))
FEW = 100  # pictures of the digits 5 to 9
keras.utils.set_random_seed(int(os.environ.get("SEED", "0")))

data = np.load(Path(__file__).resolve().parent.parent / "data" / "mnist_subset.npz")
x_train = data["x_train"][..., None].astype("float32") / 255
x_test = data["x_test"][..., None].astype("float32") / 255
y_train, y_test = data["y_train"], data["y_test"]


def part(x, y, digits):
    """The pictures of some digits, and their labels from 0."""
    chosen = np.isin(y, digits)
    return x[chosen], y[chosen] - digits[0]


def features():
    """The lower layers, which see strokes and corners of any digit."""
    return [
        layers.Conv2D(12, 3, activation="relu"),
        layers.Conv2D(16, 3, strides=2, activation="relu"),
        layers.MaxPooling2D(2),
        layers.Dropout(0.25),
        layers.Flatten(),
    ]


def head():
    """The upper layers, which know the digits."""
    return [
        layers.Dense(64, activation="relu"),
        layers.Dropout(0.3),
        layers.Dense(5, activation="softmax"),
    ]


def train(model, train_set, test_set, epochs):
    """Compile, fit and evaluate; the accuracy on digits that were held back."""
    model.compile(
        loss="sparse_categorical_crossentropy",
        optimizer=keras.optimizers.Adam(2e-3),
        metrics=["accuracy"],
    )
    start = time.perf_counter()
    model.fit(*train_set, batch_size=50, epochs=epochs, verbose=0)
    print(f"trained {len(model.trainable_weights)} weights, {time.perf_counter() - start:.1f} s")
    return model.evaluate(*test_set, verbose=0)[1]


low, low_test = (part(x, y, range(5)) for x, y in ((x_train, y_train), (x_test, y_test)))
high, high_test = (part(x, y, range(5, 10)) for x, y in ((x_train, y_train), (x_test, y_test)))
few = tuple(array[:FEW] for array in high)

shared = features()
model = keras.Sequential([keras.Input((28, 28, 1)), *shared, *head()])
print(f"0 to 4: accuracy {train(model, low, low_test, EPOCHS):.3f}")

for layer in shared:
    layer.trainable = False
model = keras.Sequential([keras.Input((28, 28, 1)), *shared, *head()])
before = [weight.copy() for layer in shared for weight in layer.get_weights()]
transferred = train(model, few, high_test, 4 * EPOCHS)
after = [weight for layer in shared for weight in layer.get_weights()]
print("the features stayed:", all(map(np.array_equal, before, after)))

afresh = keras.Sequential([keras.Input((28, 28, 1)), *features(), *head()])
alone = train(afresh, few, high_test, 4 * EPOCHS)
print(f"5 to 9 from {FEW} pictures: {transferred:.3f} with the features, {alone:.3f} without")
print(f"test accuracy: {transferred:.4f}")
print(f"test accuracy without transfer: {alone:.4f}")

# -- on the device --
interpreter = edgekit.Interpreter(edgekit.convert(model, few[0][:200]).graph)
answers = interpreter.predict(high_test[0]).argmax(axis=-1)
print(f"int8 accuracy: {np.mean(answers == high_test[1]):.4f}")
