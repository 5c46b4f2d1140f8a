"""Is it the same digit? A siamese network: two pictures, one set of weights, a distance.

What is learned: a model used as a layer twice, Lambda, the contrastive loss, and what such a
network can do that a classifier cannot: compare things of kinds that it has never seen.
"""

import os
from pathlib import Path

import numpy as np

import edgekit
from edgekit import keras
from edgekit.keras import layers, ops

EPOCHS = int(os.environ.get("EPOCHS", "8"))
keras.utils.set_random_seed(int(os.environ.get("SEED", "0")))

SEEN = (0, 1, 2, 4, 6, 7)  # the digits that the network gets to know
NEW = (3, 5, 8, 9)


def pairs(x, y, digits, count, rng):
    """Two pictures and 1 where they show the same digit, in half of all cases."""
    rows = {digit: np.flatnonzero(y == digit) for digit in digits}
    same = rng.integers(0, 2, count)
    chosen = [rng.choice(digits, 2, replace=False) for _ in range(count)]
    first = [rng.choice(rows[a]) for a, _ in chosen]
    second = [rng.choice(rows[a if s else b]) for s, (a, b) in zip(same, chosen, strict=True)]
    return [x[first], x[second]], same[:, np.newaxis].astype("float32")


def distance(vectors):
    a, b = vectors
    squares = ops.sum(ops.square(a - b), axis=-1, keepdims=True)
    return ops.sqrt(ops.maximum(squares, 1e-7))


def contrastive(y_true, y_pred):
    """Draws equal pictures together, and pushes others apart to a distance of 1."""
    apart = ops.square(ops.maximum(1.0 - y_pred, 0.0))
    return ops.mean(y_true * ops.square(y_pred) + (1.0 - y_true) * apart, axis=-1)


def right(y_true, y_pred):
    return ops.mean(ops.cast(ops.equal(y_true > 0.5, y_pred < 0.5), "float32"), axis=-1)


data = np.load(Path(__file__).resolve().parent.parent / "data" / "mnist_subset.npz")
x_all = {
    part: (data[f"x_{part}"][:, ::2, ::2, np.newaxis] / 255).astype("float32")
    for part in ("train", "test")
}
rng = np.random.default_rng(15)
x_train, y_train = pairs(x_all["train"], data["y_train"], SEEN, 3000, rng)
x_test, y_test = pairs(x_all["test"], data["y_test"], SEEN, 600, rng)
x_new, y_new = pairs(x_all["test"], data["y_test"], NEW, 600, rng)

embedding = keras.Sequential(
    [
        keras.Input((14, 14, 1)),
        layers.Conv2D(16, 3, strides=2, activation="relu"),
        layers.Conv2D(32, 3, activation="relu"),
        layers.Flatten(),
        layers.Dense(32, activation="relu"),
        layers.Dense(8),
    ],
    name="embedding",
)
one, other = keras.Input((14, 14, 1), name="one"), keras.Input((14, 14, 1), name="other")
outputs = layers.Lambda(distance, output_shape=(1,))([embedding(one), embedding(other)])
model = keras.Model([one, other], outputs, name="siamese")
model.compile(optimizer=keras.optimizers.Adam(0.002), loss=contrastive, metrics=[right])
model.summary()
model.fit(x_train, y_train, batch_size=50, epochs=EPOCHS, verbose=2)

print(f"test accuracy: {model.evaluate(x_test, y_test, verbose=0)[1]:.4f}")
print(f"test accuracy on new digits: {model.evaluate(x_new, y_new, verbose=0)[1]:.4f}")

# -- on the device --
typical = {"one": x_train[0][:200], "other": x_train[1][:200]}
interpreter = edgekit.Interpreter(edgekit.convert(model, typical).graph)
far = interpreter.predict({"one": x_test[0], "other": x_test[1]})
print(f"int8 accuracy: {np.mean((far < 0.5) == (y_test > 0.5)):.4f}")
