"""A training loop by hand: the gradient tape, an optimizer's apply_gradients, metrics that add up.

What is learned: what `fit` does in its inner loop, and where to put one's own hands in: here a
penalty on the gradients' size is watched, and the learning rate warms up in the first steps.
"""

import os
from pathlib import Path

import numpy as np

import edgekit
from edgekit import keras
from edgekit.keras import layers

EPOCHS = int(os.environ.get("EPOCHS", "4"))
BATCH, RATE, WARM_UP = 64, 2e-3, 50
keras.utils.set_random_seed(int(os.environ.get("SEED", "0")))

data = np.load(Path(__file__).resolve().parent.parent / "data" / "mnist_subset.npz")
x_train = data["x_train"].reshape(-1, 784).astype("float32") / 255
x_test = data["x_test"].reshape(-1, 784).astype("float32") / 255
y_train, y_test = data["y_train"].astype("int32"), data["y_test"].astype("int32")

model = keras.Sequential(
    [
        keras.Input(shape=(784,)),
        layers.Dense(128, activation="relu", kernel_regularizer=keras.regularizers.L2(1e-5)),
        layers.Dropout(0.2),
        layers.Dense(10),
    ]
)
optimizer = keras.optimizers.Adam(learning_rate=RATE)
loss_function = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
train_loss = keras.metrics.Mean()
train_accuracy = keras.metrics.SparseCategoricalAccuracy()
test_accuracy = keras.metrics.SparseCategoricalAccuracy()


def train_step(images, labels):
    """One batch: forward under the tape, backward, and one step of the optimizer."""
    with keras.GradientTape() as tape:
        logits = model(images, training=True)
        loss = loss_function(labels, logits) + sum(model.losses)
    gradients = tape.gradient(loss, model.trainable_variables)
    optimizer.apply_gradients(zip(gradients, model.trainable_variables, strict=True))
    train_loss.update_state(loss)
    train_accuracy.update_state(labels, logits)
    return gradients


steps = 0
for epoch in range(EPOCHS):
    train_loss.reset_state()
    train_accuracy.reset_state()
    test_accuracy.reset_state()
    order = np.random.permutation(len(x_train))
    for start in range(0, len(order), BATCH):
        steps += 1
        optimizer.learning_rate = RATE * min(1.0, steps / WARM_UP)
        rows = order[start : start + BATCH]
        gradients = train_step(x_train[rows], y_train[rows])
    size = float(np.sqrt(sum(np.sum(np.square(np.array(g))) for g in gradients)))
    for start in range(0, len(x_test), 500):
        logits = model(x_test[start : start + 500], training=False)
        test_accuracy.update_state(y_test[start : start + 500], logits)
    print(
        f"epoch {epoch + 1}: loss {train_loss.result():.4f}, "
        f"accuracy {train_accuracy.result():.4f}, "
        f"held back {test_accuracy.result():.4f}, gradient {size:.3f}"
    )

print(f"test accuracy: {test_accuracy.result():.4f}")

# -- on the device --
interpreter = edgekit.Interpreter(edgekit.convert(model, x_train[:200]).graph)
answers = interpreter.predict(x_test).argmax(axis=-1)
print(f"int8 accuracy: {np.mean(answers == y_test):.4f}")
