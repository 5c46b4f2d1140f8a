"""Callbacks of one's own: what happens while a network trains, and steering it.

What is learned: the hooks of a Callback, the logs that they are given, `self.model` inside of
them, stopping, and changing the learning rate from batch to batch.
"""

import os
import time

import numpy as np

import edgekit
from edgekit import keras
from edgekit.keras import layers

EPOCHS = int(os.environ.get("EPOCHS", "8"))
keras.utils.set_random_seed(int(os.environ.get("SEED", "0")))


class Diary(keras.callbacks.Callback):
    """Writes down what is asked for, in the order in which it comes."""

    def __init__(self):
        super().__init__()
        self.entries = []

    def on_train_begin(self, logs=None):
        self.entries.append("begin")
        self.start = time.perf_counter()

    def on_epoch_end(self, epoch, logs=None):
        self.entries.append(f"epoch {epoch + 1}")
        print(f"  after {epoch + 1} epochs {sorted(logs)} are known")

    def on_train_end(self, logs=None):
        self.entries.append("end")
        print(f"  trained for {time.perf_counter() - self.start:.1f} s")


class WarmUp(keras.callbacks.Callback):
    """Lets the learning rate grow over the first steps."""

    def __init__(self, rate, steps):
        super().__init__()
        self.rate, self.steps, self.step = rate, steps, 0

    def on_train_batch_begin(self, batch, logs=None):
        self.step += 1
        self.model.optimizer.learning_rate = self.rate * min(1.0, self.step / self.steps)


class WorstClass(keras.callbacks.Callback):
    """Adds the accuracy of the hardest class to the logs, and stops when that is good enough."""

    def __init__(self, x, y, enough):
        super().__init__()
        self.x, self.y, self.enough = x, y, enough

    def on_epoch_end(self, epoch, logs=None):
        answers = self.model.predict(self.x, verbose=0).argmax(axis=-1)
        by_class = [np.mean(answers[self.y == label] == label) for label in np.unique(self.y)]
        logs["worst_class"] = float(min(by_class))
        if logs["worst_class"] >= self.enough:
            print(f"  class {np.argmin(by_class)} is known, too: enough")
            self.model.stop_training = True


def flowers(count, rng):
    """Four measures of three kinds of flowers, two of which are hard to tell apart."""
    kind = rng.integers(0, 3, count)
    means = np.array([[5.0, 3.4, 1.5, 0.2], [5.9, 2.8, 4.3, 1.3], [6.6, 3.0, 5.6, 2.0]])
    x = means[kind] + rng.normal(0, 1, (count, 4)) * [0.4, 0.3, 0.35, 0.22]
    return ((x - [5.8, 3.1, 3.8, 1.2]) / [0.8, 0.4, 1.8, 0.8]).astype("float32"), kind


rng = np.random.default_rng(11)
x_train, y_train = flowers(900, rng)
x_val, y_val = flowers(300, rng)
x_test, y_test = flowers(600, rng)

model = keras.Sequential(
    [
        keras.Input((4,)),
        layers.Dense(16, activation="tanh"),
        layers.Dense(3, activation="softmax"),
    ]
)
model.compile(optimizer="adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
diary = Diary()
history = model.fit(
    x_train,
    y_train,
    batch_size=30,
    epochs=EPOCHS,
    verbose=0,
    callbacks=[
        WarmUp(rate=0.01, steps=60),
        WorstClass(x_val, y_val, enough=0.99),
        diary,
        keras.callbacks.LambdaCallback(
            on_epoch_end=lambda epoch, logs: print(f"  loss {logs['loss']:.3f}")
        ),
    ],
)
print("the diary:", ", ".join(diary.entries))
print("the worst class by epoch:", np.round(history.history["worst_class"], 3))
accuracy = model.evaluate(x_test, y_test, verbose=0)[1]
print(f"test accuracy: {accuracy:.4f}")

# -- on the device --
interpreter = edgekit.Interpreter(edgekit.convert(model, x_train[:200]).graph)
answers = interpreter.predict(x_test).argmax(axis=-1)
print(f"int8 accuracy: {np.mean(answers == y_test):.4f}")
