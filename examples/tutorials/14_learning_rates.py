"""Learning rates that change: schedules by step, a function by epoch, and a plateau that is met.

What is learned: ExponentialDecay, CosineDecay with warm-up, PiecewiseConstantDecay, a
LearningRateScheduler, ReduceLROnPlateau; reading the rate from the optimizer and the history.
"""

import os
from pathlib import Path

import numpy as np

import edgekit
from edgekit import keras
from edgekit.keras import callbacks, layers
from edgekit.keras.optimizers import schedules

EPOCHS = int(os.environ.get("EPOCHS", "6"))
BATCH = 64
SEED = int(os.environ.get("SEED", "0"))

data = np.load(Path(__file__).resolve().parent.parent / "data" / "mnist_subset.npz")
x_train = data["x_train"][:3000].reshape(-1, 784).astype("float32") / 255
x_test = data["x_test"].reshape(-1, 784).astype("float32") / 255
y_train, y_test = data["y_train"][:3000], data["y_test"]
steps = EPOCHS * -(-len(x_train) // BATCH)


def by_epoch(epoch, rate):
    """Three quarters of the rate in each epoch after the second."""
    return rate if epoch < 2 else rate * 0.75


plateau = callbacks.ReduceLROnPlateau("loss", factor=0.3, patience=1, min_delta=0.1, min_lr=1e-4)
ways = {
    "constant": (0.1, []),
    "exponential": (schedules.ExponentialDecay(0.2, steps // 3, 0.3, staircase=True), []),
    "piecewise": (schedules.PiecewiseConstantDecay([steps // 2], [0.15, 0.02]), []),
    "cosine": (
        schedules.CosineDecay(0.0, steps, warmup_target=0.2, warmup_steps=steps // 10),
        [],
    ),
    "by epoch": (0.15, [callbacks.LearningRateScheduler(by_epoch)]),
    "plateau": (0.15, [plateau]),
}

accuracy = {}
for name, (rate, extra) in ways.items():
    keras.utils.set_random_seed(SEED)
    model = keras.Sequential(
        [
            keras.Input(shape=(784,)),
            layers.Dense(64, activation="relu"),
            layers.Dense(10, activation="softmax"),
        ]
    )
    model.compile(
        optimizer=keras.optimizers.SGD(learning_rate=rate, momentum=0.9, nesterov=True),
        loss="sparse_categorical_crossentropy",
        metrics=["accuracy"],
    )
    history = model.fit(
        x_train, y_train, batch_size=BATCH, epochs=EPOCHS, callbacks=extra, verbose=0
    )
    accuracy[name] = model.evaluate(x_test, y_test, verbose=0)[1]
    rates = history.history.get("learning_rate")
    if rates is None:
        rates = [float(model.optimizer.learning_rate)]
    shown = " ".join(f"{rate:.4f}" for rate in rates)
    print(f"{name:12} held back {accuracy[name]:.4f}, rate by epoch or at the end: {shown}")
    if name == "cosine":
        finest = model

print("the cosine at some steps:", [f"{float(ways['cosine'][0](s)):.3f}" for s in (0, 20, 100)])
print(f"test accuracy: {accuracy['cosine']:.4f}")
print(f"test accuracy of the worst: {min(accuracy.values()):.4f}")

# -- on the device --
interpreter = edgekit.Interpreter(edgekit.convert(finest, x_train[:200]).graph)
answers = interpreter.predict(x_test).argmax(axis=-1)
print(f"int8 accuracy: {np.mean(answers == y_test):.4f}")
