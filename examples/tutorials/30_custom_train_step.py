"""A training step of one's own under fit: learning from few labels and many pictures without.

What is learned: overriding train_step, metrics that the model keeps itself, GradientTape within
it, and that callbacks, validation and the progress bar go on working.
"""

import os

import numpy as np

import edgekit
from edgekit import keras
from edgekit.keras import layers, ops

EPOCHS = int(os.environ.get("EPOCHS", "8"))
keras.utils.set_random_seed(int(os.environ.get("SEED", "0")))


class Consistent(keras.Model):
    """Classifies; where there is no label (-1), noise on the input must not change the answer."""

    def __init__(self, classes, weight=1.0, **kwargs):
        super().__init__(**kwargs)
        self.weight = weight
        self.hidden = layers.Dense(64, activation="relu")
        self.again = layers.Dense(32, activation="relu")
        self.scores = layers.Dense(classes)
        self.loss_mean = keras.metrics.Mean(name="loss")
        self.moved_mean = keras.metrics.Mean(name="moved")
        self.hits = keras.metrics.SparseCategoricalAccuracy(name="accuracy")

    def call(self, inputs, training=False):
        return self.scores(self.again(self.hidden(inputs)))

    @property
    def metrics(self):
        return [self.loss_mean, self.moved_mean, self.hits]

    def train_step(self, data):
        x, y = data
        labelled = ops.cast(ops.greater_equal(y, 0), "float32")
        y = ops.maximum(y, 0)
        noisy = x + keras.random.normal(ops.shape(x), stddev=0.3)
        with keras.GradientTape() as tape:
            scores = self(x, training=True)
            losses = ops.sparse_categorical_crossentropy(y, scores, from_logits=True)
            told = ops.sum(losses * labelled) / (ops.sum(labelled) + 1e-6)
            answers = ops.softmax(scores)
            moved = ops.mean(ops.square(ops.softmax(self(noisy, training=True)) - answers))
            loss = told + self.weight * moved
        gradients = tape.gradient(loss, self.trainable_variables)
        self.optimizer.apply_gradients(zip(gradients, self.trainable_variables, strict=True))
        self.loss_mean.update_state(loss)
        self.moved_mean.update_state(moved)
        self.hits.update_state(y, scores, sample_weight=labelled)
        return {metric.name: metric.result() for metric in self.metrics}

    def test_step(self, data):
        x, y = data
        scores = self(x, training=False)
        self.loss_mean.update_state(
            ops.mean(ops.sparse_categorical_crossentropy(y, scores, from_logits=True))
        )
        self.hits.update_state(y, scores)
        return {"loss": self.loss_mean.result(), "accuracy": self.hits.result()}


def gestures(count, rng):
    """Five gestures as paths of eight points, of all sizes."""
    gesture = rng.integers(0, 5, count)
    t = np.linspace(0, 1, 8)
    shapes = np.array(
        [
            [t - 0.5, 0 * t],
            [0 * t, t - 0.5],
            [np.cos(2 * np.pi * t) / 2, np.sin(2 * np.pi * t) / 2],
            [t - 0.5, np.abs(t - 0.5) - 0.25],
            [np.cos(2 * np.pi * t) / 2, np.sin(4 * np.pi * t) / 2],
        ]
    ).transpose(0, 2, 1)
    x = shapes[gesture] * rng.uniform(0.7, 1.6, (count, 1, 1)) * 2
    return (x + rng.normal(0, 0.35, x.shape)).reshape(count, 16).astype("float32"), gesture


rng = np.random.default_rng(12)
x_train, y_train = gestures(2000, rng)
x_test, y_test = gestures(600, rng)
y_train[rng.random(2000) < 0.9] = -1
print(f"{np.sum(y_train >= 0)} of {len(y_train)} gestures have a name")

model = Consistent(classes=5, weight=10.0)
model.compile(optimizer=keras.optimizers.Adam(0.002))
model.fit(
    x_train, y_train, batch_size=50, epochs=EPOCHS, validation_data=(x_test, y_test), verbose=2
)
results = model.evaluate(x_test, y_test, return_dict=True, verbose=0)
print(f"test accuracy: {results['accuracy']:.4f}")

# -- on the device --
interpreter = edgekit.Interpreter(edgekit.convert(model, x_train[:200]).graph)
answers = interpreter.predict(x_test).argmax(axis=-1)
print(f"int8 accuracy: {np.mean(answers == y_test):.4f}")
