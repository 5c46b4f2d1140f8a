"""A variational autoencoder on small digits: pictures from two numbers.

What is learned: a layer that draws random numbers, add_loss for what a layer wants of its output,
a model that is trained without labels, and the decoder as a model of its own.
"""

import os
from pathlib import Path

import numpy as np

import edgekit
from edgekit import keras
from edgekit.keras import layers, ops

EPOCHS = int(os.environ.get("EPOCHS", "15"))
keras.utils.set_random_seed(int(os.environ.get("SEED", "0")))

LATENT = 2


class Sampling(layers.Layer):
    """Draws from the normal distribution that the encoder names, and adds the loss that holds it
    near the standard one."""

    def call(self, inputs):
        mean, log_variance = inputs
        divergence = -0.5 * (1.0 + log_variance - ops.square(mean) - ops.exp(log_variance))
        self.add_loss(ops.mean(ops.sum(divergence, axis=-1)))
        noise = keras.random.normal(ops.shape(mean))
        return mean + ops.exp(0.5 * log_variance) * noise


def reconstruction(y_true, y_pred):
    """Binary cross entropy, summed over the pixels of a picture."""
    return 196.0 * keras.losses.binary_crossentropy(y_true, y_pred)


def load_digits():
    """Zeros, ones and sevens of MNIST, 14 x 14, in 0..1."""
    with np.load(DATA) as data:
        for part in ("train", "test"):
            chosen = np.isin(data[f"y_{part}"], (0, 1, 7))
            x = data[f"x_{part}"][chosen].reshape(-1, 14, 2, 14, 2).mean(axis=(2, 4)) / 255
            yield x.reshape(-1, 196).astype("float32"), data[f"y_{part}"][chosen]


DATA = Path(__file__).resolve().parent.parent / "data" / "mnist_subset.npz"
(x_train, y_train), (x_test, y_test) = load_digits()

pictures = keras.Input((196,), name="pictures")
x = layers.Dense(64, activation="relu")(pictures)
mean = layers.Dense(LATENT, name="mean")(x)
log_variance = layers.Dense(LATENT, name="log_variance")(x)
encoder = keras.Model(pictures, [mean, log_variance], name="encoder")

decoder = keras.Sequential(
    [
        keras.Input((LATENT,)),
        layers.Dense(64, activation="relu"),
        layers.Dense(196, activation="sigmoid"),
    ],
    name="decoder",
)
vae = keras.Model(pictures, decoder(Sampling()(encoder(pictures))), name="vae")
vae.compile(optimizer=keras.optimizers.Adam(0.003), loss=reconstruction)
vae.summary()
vae.fit(x_train, x_train, batch_size=64, epochs=EPOCHS, verbose=2)

print(f"test loss: {vae.evaluate(x_test, x_test, verbose=0):.4f}")
codes = encoder.predict(x_test, verbose=0)[0]
centers = {int(d): codes[y_test == d].mean(axis=0) for d in np.unique(y_test)}
print("where the digits lie:", {digit: np.round(c, 1).tolist() for digit, c in centers.items()})
distances = [np.linalg.norm(codes - center, axis=-1) for center in centers.values()]
nearest = np.array(list(centers))[np.argmin(distances, axis=0)]
print(f"test separation: {np.mean(nearest == y_test):.4f}")
drawn = decoder.predict(np.array(list(centers.values()), "float32"), verbose=0).reshape(-1, 14, 14)
for line in np.concatenate(drawn, axis=1)[::2]:
    print("".join(" .:*#"[int(4.99 * pixel)] for pixel in line))

# -- on the device --
interpreter = edgekit.Interpreter(edgekit.convert(decoder, codes[:300]).graph)
difference = np.abs(interpreter.predict(codes) - decoder.predict(codes, verbose=0)).mean()
print(f"int8 difference: {difference:.4f}")
