"""The temperature of tomorrow: forecasting from windows of a series.

What is learned: a split by time and not at random, timeseries_dataset_from_array for windows and
what follows them, and a forecast that has to beat "the same as now".
"""

import os

import numpy as np

import edgekit
from edgekit import keras
from edgekit.keras import layers

EPOCHS = int(os.environ.get("EPOCHS", "8"))
keras.utils.set_random_seed(int(os.environ.get("SEED", "0")))

HOURS = 24 * 220
WINDOW = 36  # hours looked back
AHEAD = 6  # hours looked ahead


def weather(rng):
    """Temperature, pressure and cloud by hour: days, a year's beginning, and weather that stays."""
    t = np.arange(HOURS)
    front = np.zeros(HOURS)
    for i in range(1, HOURS):
        front[i] = 0.985 * front[i - 1] + rng.normal(0, 0.4)
    cloud = 1 / (1 + np.exp(-front))
    daily = (1.2 - cloud) * 6 * np.sin(2 * np.pi * (t - 9) / 24)
    temperature = 5 + 12 * np.sin(np.pi * t / HOURS) + daily - 1.5 * front
    pressure = 1013 - 4 * np.roll(front, -5)  # it falls before the clouds come
    found = np.stack([temperature, pressure, cloud], axis=-1)
    return (found + rng.normal(0, [0.3, 0.5, 0.03], (HOURS, 3))).astype("float32")


series = weather(np.random.default_rng(6))
end = int(HOURS * 0.8)
mean, deviation = series[:end].mean(axis=0), series[:end].std(axis=0)
scaled = (series - mean) / deviation
# What is foretold is the change from the last hour of the window.
change = scaled[WINDOW + AHEAD - 1 :, 0] - scaled[WINDOW - 1 : -AHEAD, 0]


def windows(data, targets, shuffle=False):
    return keras.utils.timeseries_dataset_from_array(
        data[:-AHEAD], targets, sequence_length=WINDOW, batch_size=64, shuffle=shuffle, seed=0
    )


train = windows(scaled[:end], change[: end - WINDOW - AHEAD + 1], shuffle=True)
test = windows(scaled[end:], change[end:])

model = keras.Sequential(
    [
        keras.Input((WINDOW, 3)),
        layers.Conv1D(16, 5, strides=2, activation="relu"),
        layers.LSTM(16),
        layers.Dense(1),
    ]
)
model.compile(optimizer=keras.optimizers.Adam(0.005), loss="mse", metrics=["mae"])
model.summary()
model.fit(train, epochs=EPOCHS, verbose=2)

loss, error = model.evaluate(test, verbose=0)
naive = np.mean([np.abs(np.array(y)).mean() for _, y in test])
print(f"in {AHEAD} hours as now: wrong by {naive * deviation[0]:.2f} degrees")
print(f"test error: {error * deviation[0]:.4f}")

# -- on the device --
x_test = np.concatenate([np.array(x) for x, _ in test])
y_test = np.concatenate([np.array(y) for _, y in test])
interpreter = edgekit.Interpreter(edgekit.convert(model, x_test[:200]).graph)
errors = np.abs(interpreter.predict(x_test)[:, 0] - y_test)
print(f"int8 error: {errors.mean() * deviation[0]:.4f}")
