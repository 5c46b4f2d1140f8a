"""An autoencoder: 784 pixels through 32 numbers and back.

What is learned: a model trained to give back its input; an encoder and a decoder that share its
layers and can be used alone; that sparse codes come from a penalty on activity.
"""

import os
from pathlib import Path

import numpy as np

import edgekit
from edgekit import keras
from edgekit.keras import layers, regularizers

EPOCHS = int(os.environ.get("EPOCHS", "8"))
CODE = 32
keras.utils.set_random_seed(int(os.environ.get("SEED", "0")))

data = np.load(Path(__file__).resolve().parent.parent / "data" / "mnist_subset.npz")
x_train = data["x_train"].reshape(-1, 784).astype("float32") / 255
x_test = data["x_test"].reshape(-1, 784).astype("float32") / 255

pixels = keras.Input(shape=(784,))
hidden = layers.Dense(128, activation="relu")(pixels)
code = layers.Dense(
    CODE, activation="relu", activity_regularizer=regularizers.L1(1e-6), name="code"
)(hidden)
hidden = layers.Dense(128, activation="relu")(code)
decoded = layers.Dense(784, activation="sigmoid")(hidden)

autoencoder = keras.Model(pixels, decoded, name="autoencoder")
encoder = keras.Model(pixels, code, name="encoder")
code_input = keras.Input(shape=(CODE,))
decoder = keras.Model(
    code_input, autoencoder.layers[-1](autoencoder.layers[-2](code_input)), name="decoder"
)
autoencoder.summary()

autoencoder.compile(optimizer=keras.optimizers.Adam(3e-3), loss="binary_crossentropy")
autoencoder.fit(
    x_train,
    x_train,
    batch_size=128,
    epochs=EPOCHS,
    shuffle=True,
    validation_data=(x_test, x_test),
    verbose=2,
)


def draw(picture):
    """A digit in characters."""
    for row in picture.reshape(28, 28)[4:24:2]:
        print("".join(" .+#"[int(level)] for level in np.clip(row * 4, 0, 3)))


codes = encoder.predict(x_test, verbose=0)
restored = decoder.predict(codes, verbose=0)
print(f"{np.mean(codes == 0):.0%} of the code's numbers are zero")
draw(x_test[0])
draw(restored[0])

error = np.mean((restored - x_test) ** 2)
average = np.mean((x_train.mean(axis=0) - x_test) ** 2)
print(f"mean squared error {error:.4f}; the average digit alone: {average:.4f}")
print(f"test error: {error:.4f}")

# -- on the device --
interpreter = edgekit.Interpreter(edgekit.convert(autoencoder, x_train[:200]).graph)
print(f"int8 error: {np.mean((interpreter.predict(x_test) - x_test) ** 2):.4f}")
