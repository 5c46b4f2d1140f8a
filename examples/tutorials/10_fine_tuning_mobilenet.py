"""Fine-tuning MobileNetV2: learn one task, take its lower blocks, learn another.

What is learned: a network cut at one of its layers; a frozen base called with training=False, so
that its batch norms stay as they are; a new head first, then the upper blocks too.
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


def coloured(digits):
    """Digits in 32x32 pixels and three channels from -1 to 1, as MobileNetV2 wants them."""
    pictures = np.pad(digits, ((0, 0), (2, 2), (2, 2)))[..., None].repeat(3, axis=-1)
    return keras.applications.mobilenet_v2.preprocess_input(pictures.astype("float32"))


def part(name, digits, count):
    """Pictures of some digits, and their labels from 0."""
    x, y = data[f"x_{name}"], data[f"y_{name}"]
    chosen = np.flatnonzero(np.isin(y, digits))[:count]
    return coloured(x[chosen]), y[chosen] - digits[0]


pretraining = part("train", range(6), 1600)
x_train, y_train = part("train", range(6, 10), 300)
x_test, y_test = part("test", range(6, 10), 400)

# There is no network here to fetch ImageNet's weights from: the base learns the digits 0 to 5. Of
# 32x32 pixels the sixth block leaves 4x4, and deeper ones would not see shapes any more.
whole = keras.applications.MobileNetV2(
    input_shape=(32, 32, 3), alpha=0.35, include_top=False, weights=None
)
base = keras.Model(whole.input, whole.get_layer("block_5_add").output, name="base")
for layer in base.layers:
    if isinstance(layer, layers.BatchNormalization):
        layer.momentum = 0.8  # the averages of few steps
print(f"{len(base.layers)} of {len(whole.layers)} layers, {base.count_params()} parameters")

teacher = keras.Sequential(
    [base, layers.GlobalAveragePooling2D(), layers.Dense(6, activation="softmax")]
)
teacher.compile(
    keras.optimizers.Adam(4e-3), "sparse_categorical_crossentropy", metrics=["accuracy"]
)
teacher.fit(*pretraining, batch_size=32, epochs=EPOCHS, verbose=2)

base.trainable = False
inputs = keras.Input(shape=(32, 32, 3))
x = base(inputs, training=False)
x = layers.GlobalAveragePooling2D()(x)
x = layers.Dropout(0.1)(x)
model = keras.Model(inputs, layers.Dense(4, activation="softmax")(x))
model.compile(keras.optimizers.Adam(1e-2), "sparse_categorical_crossentropy", metrics=["accuracy"])
print("the head alone:", len(model.trainable_variables), "variables are trained")
model.fit(x_train, y_train, epochs=2 * EPOCHS, verbose=0)
head = model.evaluate(x_test, y_test, verbose=0)[1]
print(f"accuracy with a new head: {head:.3f}")

base.trainable = True
for layer in base.layers[:27]:
    layer.trainable = False
model.compile(keras.optimizers.Adam(1e-3), "sparse_categorical_crossentropy", metrics=["accuracy"])
print("fine-tuning:", len(model.trainable_variables), "variables are trained")
model.fit(x_train, y_train, epochs=2 * EPOCHS, verbose=0)
tuned = model.evaluate(x_test, y_test, verbose=0)[1]
print(f"test accuracy: {tuned:.4f}")
print(f"test accuracy with a new head: {head:.4f}")

# -- on the device --
interpreter = edgekit.Interpreter(edgekit.convert(model, x_train[:100]).graph)
answers = interpreter.predict(x_test).argmax(axis=-1)
print(f"int8 accuracy: {np.mean(answers == y_test):.4f}")
