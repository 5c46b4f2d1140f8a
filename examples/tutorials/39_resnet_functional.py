"""Short cuts: a ResNet of the functional API, its stages models within the model.

What is learned: Add and 1x1 convolutions beside a block, a function that makes a model to be used
as a layer, and looking into nested models.
"""

import os
from pathlib import Path

import numpy as np

import edgekit
from edgekit import keras
from edgekit.keras import layers

EPOCHS = int(os.environ.get("EPOCHS", "5"))
keras.utils.set_random_seed(int(os.environ.get("SEED", "0")))


def normalized_conv(x, filters, size, strides=1):
    x = layers.Conv2D(filters, size, strides=strides, padding="same", use_bias=False)(x)
    return layers.BatchNormalization(momentum=0.9)(x)


def residual_block(x, filters, strides=1):
    y = layers.ReLU()(normalized_conv(x, filters, 3, strides))
    y = normalized_conv(y, filters, 3)
    if strides > 1 or x.shape[-1] != filters:
        x = normalized_conv(x, filters, 1, strides)
    return layers.ReLU()(layers.Add()([x, y]))


def stage(shape, filters, blocks, strides, name):
    """Some residual blocks as a model of their own."""
    inputs = keras.Input(shape)
    x = inputs
    for number in range(blocks):
        x = residual_block(x, filters, strides if number == 0 else 1)
    return keras.Model(inputs, x, name=name)


data = np.load(Path(__file__).resolve().parent.parent / "data" / "mnist_subset.npz")
x_train, x_test = (
    (data[part].reshape(-1, 14, 2, 14, 2, 1).mean(axis=(2, 4)) / 255).astype("float32")
    for part in ("x_train", "x_test")
)
y_train, y_test = data["y_train"], data["y_test"]
x_train, y_train = x_train[:3000], y_train[:3000]

inputs = keras.Input((14, 14, 1), name="digit")
x = layers.ReLU()(normalized_conv(inputs, 8, 3))
for name, filters, strides in (("fine", 8, 1), ("middle", 16, 2), ("coarse", 32, 2)):
    x = stage(x.shape[1:], filters, 1, strides, name)(x)
x = layers.GlobalAveragePooling2D()(x)
outputs = layers.Dense(10)(x)
model = keras.Model(inputs, outputs, name="small_resnet")
model.summary(expand_nested=True)
model.compile(
    optimizer=keras.optimizers.Adam(keras.optimizers.schedules.CosineDecay(0.005, EPOCHS * 60)),
    loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
    metrics=["accuracy"],
)
model.fit(x_train, y_train, batch_size=50, epochs=EPOCHS, verbose=2)

loss, accuracy = model.evaluate(x_test, y_test, verbose=0)
print(f"test accuracy: {accuracy:.4f}")
coarse = model.get_layer("coarse")
print("the last stage:", [layer.__class__.__name__ for layer in coarse.layers])
print(f"it has {coarse.count_params():,} of {model.count_params():,} parameters")

# -- on the device --
interpreter = edgekit.Interpreter(edgekit.convert(model, x_train[:200]).graph)
answers = interpreter.predict(x_test).argmax(axis=-1)
print(f"int8 accuracy: {np.mean(answers == y_test):.4f}")
