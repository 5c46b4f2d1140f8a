"""Two inputs in one network: a picture and a table decide together.

What is learned: the functional API with several named inputs; data as a dict; a branch for each
input, joined by Concatenate; what each input is worth alone.
"""

import os
from pathlib import Path

import numpy as np

import edgekit
from edgekit import keras
from edgekit.keras import layers

EPOCHS = int(os.environ.get("EPOCHS", "6"))
keras.utils.set_random_seed(int(os.environ.get("SEED", "0")))

data = np.load(Path(__file__).resolve().parent.parent / "data" / "mnist_subset.npz")


def parcels(name, rng):
    """A digit on a parcel, its weight and size; and the desk of four that it goes to.

    The digit's half says left or right, and the weight for the volume says up or down.
    """
    digits, labels = data[f"x_{name}"], data[f"y_{name}"].astype("int32")
    facts = rng.uniform(0, 1, (len(labels), 3)).astype("float32")  # weight, volume, postage
    heavy = facts[:, 0] > facts[:, 1]
    picture = digits[..., None].astype("float32") / 255
    return {"picture": picture, "facts": facts}, 2 * (labels >= 5) + heavy


rng = np.random.default_rng(11)
x_train, y_train = parcels("train", rng)
x_test, y_test = parcels("test", rng)

picture = keras.Input(shape=(28, 28, 1), name="picture")
facts = keras.Input(shape=(3,), name="facts")

x = layers.Conv2D(8, 5, strides=2, activation="relu")(picture)
x = layers.Conv2D(16, 3, strides=2, activation="relu")(x)
x = layers.Flatten()(x)
seen = layers.Dense(32, activation="relu")(x)
known = layers.Dense(16, activation="relu")(facts)

x = layers.Concatenate()([seen, known])
x = layers.Dense(32, activation="relu")(x)
desk = layers.Dense(4, activation="softmax", name="desk")(x)

model = keras.Model(inputs=[picture, facts], outputs=desk, name="parcels")
model.summary()
model.compile(
    optimizer=keras.optimizers.Adam(2e-3),
    loss="sparse_categorical_crossentropy",
    metrics=["accuracy"],
)
model.fit(x_train, y_train, batch_size=64, epochs=EPOCHS, validation_split=0.1, verbose=2)

accuracy = model.evaluate(x_test, y_test, verbose=0, return_dict=True)["accuracy"]
for blind in ("picture", "facts"):
    shuffled = {**x_test, blind: rng.permutation(x_test[blind])}
    without = model.evaluate(shuffled, y_test, verbose=0, return_dict=True)["accuracy"]
    print(f"with another parcel's {blind}: {without:.3f}")
print(f"test accuracy: {accuracy:.4f}")

# -- on the device --
calibration = {name: array[:200] for name, array in x_train.items()}
interpreter = edgekit.Interpreter(edgekit.convert(model, calibration).graph)
answers = interpreter.predict(x_test).argmax(axis=-1)
print(f"int8 accuracy: {np.mean(answers == y_test):.4f}")
