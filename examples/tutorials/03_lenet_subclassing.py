"""LeNet-5 on digits, written as a subclass of Model.

What is learned: layers made in `__init__`, used in `call`; building by the first batch; that a
subclassed model compiles, fits, saves its weights and goes to a device like any other.
"""

import os
from pathlib import Path

import numpy as np

import edgekit
from edgekit import keras
from edgekit.keras import layers

EPOCHS = int(os.environ.get("EPOCHS", "2"))
keras.utils.set_random_seed(int(os.environ.get("SEED", "0")))


class LeNet(keras.Model):
    """Two convolutions, each halved by pooling, and three dense layers."""

    def __init__(self, classes=10, **kwargs):
        super().__init__(**kwargs)
        self.conv1 = layers.Conv2D(6, 5, padding="same", activation="relu")
        self.pool1 = layers.MaxPooling2D()
        self.conv2 = layers.Conv2D(16, 5, activation="relu")
        self.pool2 = layers.MaxPooling2D()
        self.flatten = layers.Flatten()
        self.dense1 = layers.Dense(120, activation="relu")
        self.dropout = layers.Dropout(0.2)
        self.dense2 = layers.Dense(84, activation="relu")
        self.classify = layers.Dense(classes, activation="softmax")

    def call(self, images, training=None):
        x = self.pool1(self.conv1(images))
        x = self.pool2(self.conv2(x))
        x = self.dense1(self.flatten(x))
        x = self.dropout(x, training=training)
        return self.classify(self.dense2(x))


data = np.load(Path(__file__).resolve().parent.parent / "data" / "mnist_subset.npz")
x_train = data["x_train"][..., None].astype("float32") / 255
x_test = data["x_test"][..., None].astype("float32") / 255
y_train, y_test = data["y_train"], data["y_test"]

model = LeNet()
print("built before it saw a picture:", model.built)
model(x_train[:1])
model.summary()

model.compile(
    optimizer=keras.optimizers.Adam(2e-3),
    loss=keras.losses.SparseCategoricalCrossentropy(),
    metrics=[keras.metrics.SparseCategoricalAccuracy(name="accuracy")],
)
model.fit(x_train, y_train, batch_size=64, epochs=EPOCHS, validation_data=(x_test, y_test))

loss, accuracy = model.evaluate(x_test, y_test, verbose=0)
print(f"test accuracy: {accuracy:.4f}")

model.save_weights("lenet.weights.h5")
again = LeNet()
again(x_train[:1])
again.load_weights("lenet.weights.h5")
same = np.array_equal(again.predict(x_test, verbose=0), model.predict(x_test, verbose=0))
print("read back, it answers the same:", same)

# -- on the device --
interpreter = edgekit.Interpreter(edgekit.convert(model, x_train[:200]).graph)
answers = interpreter.predict(x_test).argmax(axis=-1)
print(f"int8 accuracy: {np.mean(answers == y_test):.4f}")
