"""A convolutional autoencoder that takes the noise out of digits.

What is learned: pooling on the way in, upsampling on the way out; a network that learns pictures
from pictures; noisy inputs with clean targets.
"""

import os
from pathlib import Path

import numpy as np

import edgekit
from edgekit import keras
from edgekit.keras import layers

EPOCHS = int(os.environ.get("EPOCHS", "3"))
NOISE = 0.5
keras.utils.set_random_seed(int(os.environ.get("SEED", "0")))


def noisy(pictures, rng):
    """Each pixel moved at random and kept in 0..1."""
    moved = pictures + NOISE * rng.normal(size=pictures.shape)
    return np.clip(moved, 0, 1).astype("float32")


rng = np.random.default_rng(8)
data = np.load(Path(__file__).resolve().parent.parent / "data" / "mnist_subset.npz")
x_train = data["x_train"][:3000, ..., None].astype("float32") / 255
x_test = data["x_test"][:500, ..., None].astype("float32") / 255
noisy_train, noisy_test = noisy(x_train, rng), noisy(x_test, rng)

inputs = keras.Input(shape=(28, 28, 1))
# Encoder
x = layers.Conv2D(8, (3, 3), activation="relu", padding="same")(inputs)
x = layers.MaxPooling2D((2, 2), padding="same")(x)
x = layers.Conv2D(16, (3, 3), activation="relu", padding="same")(x)
encoded = layers.MaxPooling2D((2, 2), padding="same", name="encoded")(x)
# Decoder
x = layers.Conv2D(16, (3, 3), activation="relu", padding="same")(encoded)
x = layers.UpSampling2D((2, 2))(x)
x = layers.Conv2DTranspose(8, (3, 3), strides=2, activation="relu", padding="same")(x)
outputs = layers.Conv2D(1, (3, 3), activation="sigmoid", padding="same")(x)

autoencoder = keras.Model(inputs, outputs)
autoencoder.compile(
    optimizer=keras.optimizers.Adam(3e-3), loss="binary_crossentropy", metrics=["mse"]
)
autoencoder.summary()
autoencoder.fit(
    noisy_train,
    x_train,
    epochs=EPOCHS,
    batch_size=32,
    validation_data=(noisy_test, x_test),
    verbose=2,
)


def draw(*pictures):
    """Digits side by side in characters."""
    for rows in zip(*(picture.reshape(28, 28)[4:24:2] for picture in pictures), strict=True):
        print("  ".join("".join(" .+#"[int(v)] for v in np.clip(r * 4, 0, 3)) for r in rows))


cleaned = autoencoder.predict(noisy_test, verbose=0)
draw(noisy_test[3], cleaned[3], x_test[3])
before, after = (np.mean((pictures - x_test) ** 2) for pictures in (noisy_test, cleaned))
print(f"mean squared error with the noise {before:.4f}, without it {after:.4f}")
print(f"test error: {after:.4f}")

# -- on the device --
interpreter = edgekit.Interpreter(edgekit.convert(autoencoder, noisy_train[:100]).graph)
print(f"int8 error: {np.mean((interpreter.predict(noisy_test) - x_test) ** 2):.4f}")
