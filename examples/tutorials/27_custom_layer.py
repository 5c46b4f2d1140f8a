"""A layer of one's own, with weights and a configuration, saved and loaded again.

What is learned: build, call and get_config of a custom layer, weights by add_weight, and the two
ways to load a model that has such a layer: custom_objects, or registering the class.
"""

import os

import numpy as np

import edgekit
from edgekit import keras
from edgekit.keras import layers

EPOCHS = int(os.environ.get("EPOCHS", "15"))
keras.utils.set_random_seed(int(os.environ.get("SEED", "0")))


class RadialBasis(layers.Layer):
    """How near the input is to each of some centers that are learned: exp(-|x - c|^2 * g)."""

    def __init__(self, units, sharpness=1.0, **kwargs):
        super().__init__(**kwargs)
        self.units = units
        self.sharpness = sharpness

    def build(self, input_shape):
        self.centers = self.add_weight(
            name="centers", shape=(self.units, input_shape[-1]), initializer="random_normal"
        )
        self.widths = self.add_weight(
            name="widths",
            shape=(self.units,),
            initializer="ones",
            constraint=keras.constraints.NonNeg(),
        )

    def call(self, inputs):
        products = keras.ops.matmul(inputs, keras.ops.transpose(self.centers))
        squares = keras.ops.sum(inputs * inputs, axis=-1, keepdims=True)
        distances = squares - 2.0 * products + keras.ops.sum(self.centers * self.centers, axis=-1)
        return keras.ops.exp(-self.sharpness * self.widths * distances)

    def get_config(self):
        config = super().get_config()
        config.update({"units": self.units, "sharpness": self.sharpness})
        return config


@keras.saving.register_keras_serializable(package="tutorial")
class Contrast(layers.Layer):
    """Each input divided by the mean size of all inputs of the sample."""

    def call(self, inputs):
        return inputs / (keras.ops.mean(keras.ops.abs(inputs), axis=-1, keepdims=True) + 0.01)


def rings(count, rng):
    """Points of three rings around one another."""
    ring = rng.integers(0, 3, count)
    angle = rng.random(count) * 2 * np.pi
    radius = 0.5 + 0.8 * ring + rng.normal(0, 0.14, count)
    points = np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=-1)
    return points.astype("float32"), ring


rng = np.random.default_rng(9)
x_train, y_train = rings(2000, rng)
x_test, y_test = rings(500, rng)

model = keras.Sequential(
    [
        keras.Input((2,)),
        RadialBasis(24, sharpness=0.5, name="nearness"),
        Contrast(name="contrast"),
        layers.Dense(3, activation="softmax"),
    ]
)
model.compile(
    optimizer=keras.optimizers.Adam(0.02),
    loss="sparse_categorical_crossentropy",
    metrics=["accuracy"],
)
model.summary()
model.fit(x_train, y_train, batch_size=50, epochs=EPOCHS, verbose=2)
loss, accuracy = model.evaluate(x_test, y_test, verbose=0)
print(f"test accuracy: {accuracy:.4f}")

model.save("rings.keras")
loaded = keras.models.load_model("rings.keras", custom_objects={"RadialBasis": RadialBasis})
print("loaded with", loaded.get_layer("nearness").get_config())
same = np.array_equal(loaded.predict(x_test, verbose=0), model.predict(x_test, verbose=0))
print("the loaded model answers the same:", same)

# -- on the device --
interpreter = edgekit.Interpreter(edgekit.convert(loaded, x_train[:200]).graph)
answers = interpreter.predict(x_test).argmax(axis=-1)
print(f"int8 accuracy: {np.mean(answers == y_test):.4f}")
