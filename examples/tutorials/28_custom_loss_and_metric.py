"""A loss and metrics of one's own: how much water to order, where too little is the worse mistake.

What is learned: a loss as a function and as a class with parameters, a metric as a function and
as a class that keeps a state over batches, and loading a model that was compiled with them.
"""

import os

import numpy as np

import edgekit
from edgekit import keras
from edgekit.keras import layers, ops

EPOCHS = int(os.environ.get("EPOCHS", "20"))
keras.utils.set_random_seed(int(os.environ.get("SEED", "0")))


class Pinball(keras.losses.Loss):
    """Least where the share `quantile` of all values lies below what was foretold."""

    def __init__(self, quantile=0.5, name="pinball", **kwargs):
        super().__init__(name=name, **kwargs)
        self.quantile = quantile

    def call(self, y_true, y_pred):
        missing = y_true - y_pred
        loss = ops.maximum(self.quantile * missing, (self.quantile - 1.0) * missing)
        return ops.mean(loss, axis=-1)

    def get_config(self):
        return {**super().get_config(), "quantile": self.quantile}


class ShareCovered(keras.metrics.Metric):
    """The share of days on which there was enough."""

    def __init__(self, name="covered", **kwargs):
        super().__init__(name=name, **kwargs)
        self.enough = self.add_weight(name="enough", initializer="zeros")
        self.days = self.add_weight(name="days", initializer="zeros")

    def update_state(self, y_true, y_pred, sample_weight=None):
        covered = ops.cast(ops.greater_equal(y_pred, y_true), "float32")
        self.enough.assign_add(ops.sum(covered))
        self.days.assign_add(ops.sum(ops.ones_like(covered)))

    def result(self):
        return self.enough / self.days


def waste(y_true, y_pred):
    """What was ordered and not drunk, on average."""
    return ops.mean(ops.maximum(y_pred - y_true, 0.0))


def days(count, rng):
    """Temperature, visitors and rain of a day, and the water that was drunk."""
    x = rng.normal(0, 1, (count, 3))
    mean = 5 + 1.5 * x[:, 0] + np.abs(x[:, 1]) - 0.8 * (x[:, 2] > 0.5)
    spread = 0.3 + 0.6 / (1 + np.exp(-2 * x[:, 0]))  # hot days are hard to foretell
    return x.astype("float32"), (mean + spread * rng.normal(0, 1, count)).astype("float32")[:, None]


rng = np.random.default_rng(10)
x_train, y_train = days(3000, rng)
x_test, y_test = days(1000, rng)

model = keras.Sequential(
    [
        keras.Input((3,)),
        layers.Dense(32, activation="relu"),
        layers.Dense(32, activation="relu"),
        layers.Dense(1),
    ]
)
model.compile(
    optimizer=keras.optimizers.Adam(0.005),
    loss=Pinball(quantile=0.9),
    metrics=[ShareCovered(), waste],
)
model.fit(x_train, y_train, batch_size=100, epochs=EPOCHS, validation_split=0.1, verbose=2)

results = model.evaluate(x_test, y_test, return_dict=True, verbose=0)
print(f"test loss: {results['loss']:.4f}")
print(f"test share covered: {results['covered']:.4f}")
print(f"test waste: {results['waste']:.4f}")

model.save("water.keras")
known = {"Pinball": Pinball, "ShareCovered": ShareCovered, "waste": waste}
loaded = keras.models.load_model("water.keras", custom_objects=known)
again = loaded.evaluate(x_test, y_test, return_dict=True, verbose=0)
print("the loaded model has the same figures:", np.isclose(again["loss"], results["loss"]))

# -- on the device --
interpreter = edgekit.Interpreter(edgekit.convert(model, x_train[:500]).graph)
ordered = interpreter.predict(x_test)
print(f"int8 share covered: {np.mean(ordered >= y_test):.4f}")
