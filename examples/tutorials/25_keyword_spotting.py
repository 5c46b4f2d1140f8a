"""Which word was said? A DS-CNN, the network of small keyword spotters, from the sound itself.

What is learned: sound as a picture of time and pitch, depthwise separable convolutions, and a
network small enough to listen all day.
"""

import os

import numpy as np

import edgekit
from edgekit import keras
from edgekit.keras import layers

EPOCHS = int(os.environ.get("EPOCHS", "6"))
keras.utils.set_random_seed(int(os.environ.get("SEED", "0")))

WORDS = ("up", "down", "left", "right", "silence")
RATE = 8000
FRAME, STEP, BANDS = 256, 160, 20
# For each word the pitch of its two resonances at its beginning, middle and end, in hertz.
RESONANCES = np.array(
    [
        [(600, 700, 400), (1100, 1200, 900)],
        [(500, 800, 350), (1700, 1300, 800)],
        [(350, 500, 450), (1900, 1800, 1500)],
        [(400, 700, 350), (900, 1200, 2100)],
    ]
)


def say(word, rng):
    """Half a second of somebody saying the word, or of a quiet room."""
    t = np.arange(RATE // 2) / RATE
    noise = rng.normal(0, 1, len(t)) * rng.uniform(0.1, 0.6)
    if word == len(RESONANCES):
        return noise
    start, length = rng.uniform(0.02, 0.14), rng.uniform(0.24, 0.34)
    place = (t - start) / length
    voice = rng.uniform(0.88, 1.14)
    loud = np.exp(-((place - 0.5) ** 2) * 9) * ((place > 0) & (place < 1))
    sound = sum(
        np.sin(2 * np.pi * np.cumsum(voice * np.interp(place, [0, 0.5, 1], pitches)) / RATE)
        for pitches in RESONANCES[word]
    )
    return sound * loud * rng.uniform(0.3, 1.0) + noise


def spectrogram(sound):
    """Loudness by time and pitch band, as logarithms."""
    count = (len(sound) - FRAME) // STEP + 1
    frames = np.stack([sound[i * STEP : i * STEP + FRAME] for i in range(count)])
    power = np.abs(np.fft.rfft(frames * np.hanning(FRAME))[:, 4:84]) ** 2
    return np.log(power.reshape(count, BANDS, -1).mean(axis=-1) + 0.1)


def recordings(count, rng):
    y = rng.integers(0, len(WORDS), count)
    x = np.stack([spectrogram(say(word, rng)) for word in y])[..., np.newaxis]
    return ((x - 2) / 3).astype("float32"), y


rng = np.random.default_rng(7)
x_train, y_train = recordings(900, rng)
x_test, y_test = recordings(300, rng)

inputs = keras.Input(x_train.shape[1:], name="spectrogram")
x = layers.Conv2D(24, (5, 4), strides=2, padding="same", use_bias=False)(inputs)
x = layers.ReLU()(layers.BatchNormalization(momentum=0.9)(x))
for _ in range(3):
    x = layers.DepthwiseConv2D(3, padding="same", use_bias=False)(x)
    x = layers.ReLU()(layers.BatchNormalization(momentum=0.9)(x))
    x = layers.Conv2D(24, 1, use_bias=False)(x)
    x = layers.ReLU()(layers.BatchNormalization(momentum=0.9)(x))
x = layers.GlobalAveragePooling2D()(x)
outputs = layers.Dense(len(WORDS), activation="softmax")(layers.Dropout(0.2)(x))
model = keras.Model(inputs, outputs, name="ds_cnn")
model.compile(
    optimizer=keras.optimizers.Adam(0.003),
    loss="sparse_categorical_crossentropy",
    metrics=["accuracy"],
)
model.summary()
model.fit(x_train, y_train, batch_size=30, epochs=EPOCHS, verbose=2)

loss, accuracy = model.evaluate(x_test, y_test, verbose=0)
print(f"test accuracy: {accuracy:.4f}")

# -- on the device --
converted = edgekit.convert(model, x_train[:200], labels=WORDS)
converted.save("keywords.edge")
interpreter = edgekit.Interpreter("keywords.edge")
answers = interpreter.predict(x_test).argmax(axis=-1)
print(f"the file has {os.path.getsize('keywords.edge'):,} bytes")
print(f"int8 accuracy: {np.mean(answers == y_test):.4f}")
