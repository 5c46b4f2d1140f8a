"""One trunk, three answers: which digit, how much ink, and whether it leans.

What is learned: several outputs with losses, metrics and loss weights of their own by name; how
the weights decide what the trunk learns; reading the logs of each output.
"""

import os
from pathlib import Path

import numpy as np

import edgekit
from edgekit import keras
from edgekit.keras import layers

EPOCHS = int(os.environ.get("EPOCHS", "3"))
keras.utils.set_random_seed(int(os.environ.get("SEED", "0")))


def lean(pictures):
    """How far the ink moves to the side from row to row: the slant of each picture."""
    rows, columns = np.mgrid[:28, :28] - 13.5
    total = pictures.sum(axis=(1, 2))
    rows = rows - ((pictures * rows).sum(axis=(1, 2)) / total)[:, None, None]
    columns = columns - ((pictures * columns).sum(axis=(1, 2)) / total)[:, None, None]
    return (pictures * rows * columns).sum(axis=(1, 2)) / (pictures * rows**2).sum(axis=(1, 2))


data = np.load(Path(__file__).resolve().parent.parent / "data" / "mnist_subset.npz")


def answers(name):
    """Pictures, and what is to be said about each of them."""
    pictures = data[f"x_{name}"].astype("float32") / 255
    targets = {
        "digit": data[f"y_{name}"].astype("int32"),
        "ink": pictures.mean(axis=(1, 2))[:, None] * 10,
        "leans": (lean(pictures) < -0.2).astype("float32")[:, None],
    }
    return pictures[..., None], targets


x_train, y_train = answers("train")
x_test, y_test = answers("test")

inputs = keras.Input(shape=(28, 28, 1))
x = layers.Conv2D(8, 5, strides=2, activation="relu")(inputs)
x = layers.Conv2D(16, 3, strides=2, activation="relu")(x)
trunk = layers.Dense(64, activation="relu")(layers.Flatten()(x))
outputs = {
    "digit": layers.Dense(10, activation="softmax", name="digit")(trunk),
    "ink": layers.Dense(1, name="ink")(trunk),
    "leans": layers.Dense(1, activation="sigmoid", name="leans")(trunk),
}
model = keras.Model(inputs, outputs)
model.compile(
    optimizer=keras.optimizers.Adam(2e-3),
    loss={
        "digit": "sparse_categorical_crossentropy",
        "ink": "mse",
        "leans": "binary_crossentropy",
    },
    loss_weights={"digit": 1.0, "ink": 0.5, "leans": 0.5},
    metrics={"digit": ["accuracy"], "ink": ["mae"], "leans": ["accuracy"]},
)
model.fit(x_train, y_train, batch_size=64, epochs=EPOCHS, verbose=2)

logs = model.evaluate(x_test, y_test, verbose=0, return_dict=True)
for name, value in sorted(logs.items()):
    print(f"{name:16} {value:.4f}")
print(f"test accuracy: {logs['digit_accuracy']:.4f}")
print(f"test accuracy of leaning: {logs['leans_accuracy']:.4f}")
print(f"test error of ink: {logs['ink_mae']:.4f}")

found = model.predict(x_test[:3], verbose=0)
for row in range(3):
    print(
        f"a {found['digit'][row].argmax()} (in truth {y_test['digit'][row]}), "
        f"ink {found['ink'][row, 0]:.2f} ({y_test['ink'][row, 0]:.2f}), "
        f"leans with probability {found['leans'][row, 0]:.2f} ({y_test['leans'][row, 0]:.0f})"
    )

# -- on the device --
interpreter = edgekit.Interpreter(edgekit.convert(model, x_train[:200]).graph)
found = interpreter.run(x_test)
print("outputs on the device:", {name: array.shape for name, array in found.items()})
print(f"int8 accuracy: {np.mean(found['digit'].argmax(axis=-1) == y_test['digit']):.4f}")
