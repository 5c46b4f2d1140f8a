"""A number from a table: miles per gallon from what a data sheet says about a car.

What is learned: a Normalization layer adapted to the columns, so that the model takes raw numbers;
mean absolute error; that a network is to be compared with the best straight line.
"""

import os

import numpy as np

import edgekit
from edgekit import keras
from edgekit.keras import layers

EPOCHS = int(os.environ.get("EPOCHS", "40"))
keras.utils.set_random_seed(int(os.environ.get("SEED", "0")))


def cars(count, rng):
    """Cylinders, displacement in ccm, power in kW, mass in kg, model year; and miles per gallon."""
    cylinders = rng.choice([3, 4, 6, 8], count, p=[0.1, 0.5, 0.25, 0.15])
    displacement = cylinders * rng.uniform(350, 620, count)
    power = displacement * rng.uniform(0.025, 0.05, count)
    mass = 600 + 0.25 * displacement + rng.uniform(0, 600, count)
    year = rng.integers(1970, 1983, count)
    litres = 2.0 + mass / 260 + power**1.5 / 400 - 0.15 * (year - 1970)
    mpg = 235 / np.clip(litres, 4, 25) * rng.normal(1, 0.03, count)
    table = np.stack([cylinders, displacement, power, mass, year], axis=1)
    return table.astype("float32"), mpg.astype("float32")


rng = np.random.default_rng(7)
x_train, y_train = cars(3000, rng)
x_test, y_test = cars(800, rng)

normalization = layers.Normalization(axis=-1)
normalization.adapt(x_train)
print("means of the columns:", np.array(normalization.mean).round(1))


def build(hidden):
    """The columns, normalized, and any number of hidden layers."""
    model = keras.Sequential([keras.Input(shape=(5,)), normalization])
    for units in hidden:
        model.add(layers.Dense(units, activation="relu"))
    model.add(layers.Dense(1))
    model.compile(
        optimizer=keras.optimizers.Adam(0.1 if not hidden else 3e-3),
        loss="mean_squared_error",
        metrics=["mae"],
    )
    return model


errors = {}
for name, hidden in (("straight line", []), ("network", [32, 32])):
    model = build(hidden)
    model.fit(x_train, y_train, batch_size=32, epochs=EPOCHS, validation_split=0.2, verbose=0)
    errors[name] = model.evaluate(x_test, y_test, verbose=0, return_dict=True)["mae"]
    print(f"{name}: {errors[name]:.2f} miles per gallon away on average")

print(f"test error: {errors['network']:.4f}")
print(f"test error of a line: {errors['straight line']:.4f}")
for row, truth in zip(x_test[:3], y_test, strict=False):
    guess = model.predict(row[None], verbose=0)[0, 0]
    print(f"{row[3]:.0f} kg, {row[2]:.0f} kW, {row[4]:.0f}: {guess:.1f} mpg, in truth {truth:.1f}")

# -- on the device --
# Columns of so different sizes share one int8 scale badly: the Normalization stays in float, and
# the device takes raw numbers as the model does. The report of the conversion says so.
converted = edgekit.convert(model, x_train)
print("in float:", converted.report.float_layers["normalization"])
interpreter = edgekit.Interpreter(converted.graph)
print(f"int8 error: {np.mean(np.abs(interpreter.predict(x_test)[:, 0] - y_test)):.4f}")
