"""When int8 costs too much: letting a network learn how it will be rounded.

A network says where the hand of a robot arm is, from the angles of its three joints, to some
millimetres. In int8 it is further off; quantization-aware training brings part of that back.

What is learned: measuring what int8 costs, quantize_model, training what it returns as any other
model, and converting it without calibration data, because it has learned the ranges.
"""

import os

import numpy as np

import edgekit
from edgekit import keras
from edgekit.keras import layers

EPOCHS = int(os.environ.get("EPOCHS", "40"))
keras.utils.set_random_seed(int(os.environ.get("SEED", "0")))

BATCH = 50
LENGTHS = (0.5, 0.3, 0.2)  # of the parts of the arm, in metres
REACH = (0.6, 1.0, 1.2)  # how far each joint turns, in radians


def arms(count, rng):
    """The angles of the joints, each in -1..1 of its reach, and where the hand is, in metres."""
    joints = rng.uniform(-1, 1, (count, 3))
    directions = np.cumsum(joints * REACH, axis=1)
    hand = np.stack([np.cos(directions) @ LENGTHS, np.sin(directions) @ LENGTHS], axis=-1)
    return joints.astype("float32"), hand.astype("float32")


def millimetres(answers):
    """How far off the hand is, on average."""
    return 1000 * np.linalg.norm(answers - y_test, axis=-1).mean()


def optimizer(rate, epochs):
    steps = epochs * len(x_train) // BATCH
    return keras.optimizers.Adam(keras.optimizers.schedules.CosineDecay(rate, steps))


rng = np.random.default_rng(18)
x_train, y_train = arms(4000, rng)
x_test, y_test = arms(1000, rng)

model = keras.Sequential(
    [
        keras.Input((3,)),
        layers.Dense(64, activation="relu"),
        layers.Dense(64, activation="relu"),
        layers.Dense(2),
    ]
)
model.compile(optimizer=optimizer(0.01, EPOCHS), loss="mse")
model.summary()
model.fit(x_train, y_train, batch_size=BATCH, epochs=EPOCHS, verbose=0)
print(f"test millimetres: {millimetres(model.predict(x_test, verbose=0)):.4f}")

# -- on the device --
from edgekit.train.quantization import quantize_model  # noqa: E402

interpreter = edgekit.Interpreter(edgekit.convert(model, x_train[:500]).graph)
print(f"int8 millimetres: {millimetres(interpreter.predict(x_test)):.4f}")

aware = quantize_model(model, calibration=x_train[:500])
aware.compile(optimizer=optimizer(0.005, EPOCHS // 2), loss="mse")
aware.fit(x_train, y_train, batch_size=BATCH, epochs=EPOCHS // 2, verbose=0)
expected = aware.predict(x_test, verbose=0)
print(f"expected of int8 by the aware model: {millimetres(expected):.4f} millimetres")

interpreter = edgekit.Interpreter(edgekit.convert(aware).graph)
answers = interpreter.predict(x_test)
print(f"int8 millimetres of the aware model: {millimetres(answers):.4f}")
print(f"the aware model foretold {np.mean(answers == expected):.1%} of the int8 answers exactly")
