"""Half the bytes: training with 16-bit activations and 32-bit weights.

What is learned: a dtype policy for all layers, which dtypes are where, why the last layer stays in
float32, and loss scaling against gradients that vanish.
"""

import os
from pathlib import Path

import numpy as np

import edgekit
from edgekit import keras
from edgekit.keras import layers

EPOCHS = int(os.environ.get("EPOCHS", "4"))
keras.utils.set_random_seed(int(os.environ.get("SEED", "0")))

data = np.load(Path(__file__).resolve().parent.parent / "data" / "mnist_subset.npz")
x_train, x_test = (
    (data[part][:, ::2, ::2] / 255).reshape(-1, 196).astype("float32")
    for part in ("x_train", "x_test")
)
y_train, y_test = data["y_train"], data["y_test"]


def build():
    return keras.Sequential(
        [
            keras.Input((196,)),
            layers.Dense(96, activation="relu"),
            layers.BatchNormalization(momentum=0.9),
            layers.Dense(48, activation="relu"),
            # Probabilities near 0 have no place in 16 bits.
            layers.Dense(10, activation="softmax", dtype="float32"),
        ]
    )


def train(model, optimizer):
    model.compile(optimizer=optimizer, loss="sparse_categorical_crossentropy", metrics=["accuracy"])
    model.fit(x_train, y_train, batch_size=64, epochs=EPOCHS, verbose=2)
    return model.evaluate(x_test, y_test, verbose=0)[1]


keras.mixed_precision.set_global_policy("mixed_float16")
model = build()
first = model.layers[0]
print("the first layer computes in", first.compute_dtype, "and keeps", first.variable_dtype)
print("it gives", first(x_train[:1]).dtype, "and the last layer", model(x_train[:1]).dtype)
# A loss times 2**15 keeps small gradients from becoming zero in 16 bits; the optimizer divides
# them again, and lowers the factor when one of them overflows.
scaled = keras.optimizers.LossScaleOptimizer(keras.optimizers.Adam(0.002))
accuracy = train(model, scaled)

keras.mixed_precision.set_global_policy("float32")
reference = train(build(), keras.optimizers.Adam(0.002))
print(f"test accuracy: {accuracy:.4f}")
print(f"test accuracy in float32: {reference:.4f}")

# -- on the device --
interpreter = edgekit.Interpreter(edgekit.convert(model, x_train[:200]).graph)
answers = interpreter.predict(x_test).argmax(axis=-1)
print(f"int8 accuracy: {np.mean(answers == y_test):.4f}")
