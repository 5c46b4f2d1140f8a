"""A machine that sounds wrong: an autoencoder that has heard nothing but sound machines.

What is learned: learning from good examples alone, the error of reconstruction as a measure of
strangeness, a threshold from the training data, and the area under the curve (AUC).
"""

import os

import numpy as np

import edgekit
from edgekit import keras
from edgekit.keras import layers

EPOCHS = int(os.environ.get("EPOCHS", "15"))
keras.utils.set_random_seed(int(os.environ.get("SEED", "0")))

BANDS, FRAMES = 16, 5


def spectra(count, broken, rng):
    """Loudness in BANDS at FRAMES times, of a motor at any speed; broken ones hum and knock."""
    speed = rng.uniform(2.0, 4.0, (count, 1, 1))
    band = np.arange(BANDS)[None, None]
    load = 1 + 0.3 * np.sin(rng.uniform(0, 6.3, (count, 1, 1)) + np.arange(FRAMES)[None, :, None])
    tones = sum(
        strength * load * np.exp(-((band - speed * harmonic) ** 2))
        for harmonic, strength in ((1, 2.0), (2, 1.2), (3, 0.7))
    )
    x = tones + 0.1 * band[..., ::-1] / BANDS
    if broken:
        hum = rng.uniform(0.2, 0.8, (count, 1, 1)) * np.exp(-((band - speed * 1.5) ** 2) / 0.5)
        knock = rng.uniform(0.2, 0.8, (count, 1, 1)) * (rng.random((count, FRAMES, 1)) < 0.3)
        x = x + hum + knock * (band > 8)
    x = x + rng.normal(0, 0.12, (count, FRAMES, BANDS))
    return x.reshape(count, FRAMES * BANDS).astype("float32")


rng = np.random.default_rng(16)
x_train = spectra(2000, False, rng)
x_good, x_bad = spectra(400, False, rng), spectra(400, True, rng)
mean, deviation = x_train.mean(axis=0), x_train.std(axis=0)
x_train, x_good, x_bad = ((x - mean) / deviation for x in (x_train, x_good, x_bad))
x_test = np.concatenate([x_good, x_bad])
y_test = np.repeat([0, 1], 400)


def block(units):
    return [layers.Dense(units), layers.BatchNormalization(momentum=0.9), layers.ReLU()]


model = keras.Sequential(
    [
        keras.Input((FRAMES * BANDS,)),
        *block(64),
        *block(32),
        *block(6),
        *block(32),
        *block(64),
        layers.Dense(FRAMES * BANDS),
    ],
    name="autoencoder",
)
model.compile(optimizer=keras.optimizers.Adam(0.003), loss="mse")
model.summary()
model.fit(x_train, x_train, batch_size=50, epochs=EPOCHS, validation_split=0.1, verbose=2)


def strangeness(reconstructed, x):
    return ((reconstructed - x) ** 2).mean(axis=-1)


def area(scores):
    """The probability that a broken machine is stranger than a sound one."""
    return (scores[y_test == 1][:, None] > scores[y_test == 0][None]).mean()


scores = strangeness(model.predict(x_test, verbose=0), x_test)
threshold = np.quantile(strangeness(model.predict(x_train, verbose=0), x_train), 0.98)
found = scores > threshold
print(f"beyond {threshold:.3f}: {found[y_test == 1].mean():.0%} of the broken machines,")
print(f"and {found[y_test == 0].mean():.1%} of the sound ones")
print(f"test auc: {area(scores):.4f}")

# -- on the device --
interpreter = edgekit.Interpreter(edgekit.convert(model, x_train[:300]).graph)
print(f"int8 auc: {area(strangeness(interpreter.predict(x_test), x_test)):.4f}")
