"""Distributed training with a strategy: the same script on one processor or on several GPUs.

What is learned: MirroredStrategy, its scope around building and compiling, a batch for all
replicas together; callbacks that print the learning rate and keep a checkpoint of each epoch.
"""

import os
from pathlib import Path

import numpy as np

import edgekit
from edgekit import keras
from edgekit.keras import layers
from edgekit.train import distribute

EPOCHS = int(os.environ.get("EPOCHS", "4"))
keras.utils.set_random_seed(int(os.environ.get("SEED", "0")))

strategy = distribute.MirroredStrategy()
print("Number of devices:", strategy.num_replicas_in_sync)

data = np.load(Path(__file__).resolve().parent.parent / "data" / "mnist_subset.npz")
x_train = data["x_train"][..., None].astype("float32") / 255
x_test = data["x_test"][..., None].astype("float32") / 255
y_train, y_test = data["y_train"], data["y_test"]

BATCH_PER_REPLICA = 64
BATCH = BATCH_PER_REPLICA * strategy.num_replicas_in_sync

with strategy.scope():
    model = keras.Sequential(
        [
            keras.Input(shape=(28, 28, 1)),
            layers.Conv2D(16, 3, strides=2, activation="relu"),
            layers.MaxPooling2D(),
            layers.Flatten(),
            layers.Dense(64, activation="relu"),
            layers.Dense(10),
        ]
    )
    model.compile(
        loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        optimizer=keras.optimizers.Adam(),
        metrics=["accuracy"],
    )


def decay(epoch):
    """A tenth of the rate after every two epochs."""
    return [3e-3, 1e-3, 1e-4][min(epoch // 2, 2)]


class PrintRate(keras.callbacks.Callback):
    """Prints the learning rate at the end of an epoch."""

    def on_epoch_end(self, epoch, logs=None):
        rate = float(np.array(self.model.optimizer.learning_rate))
        print(f"Learning rate for epoch {epoch + 1} is {rate:.4f}")


Path("checkpoints").mkdir()
callbacks = [
    keras.callbacks.ModelCheckpoint(
        "checkpoints/epoch_{epoch:02d}.weights.h5", save_weights_only=True
    ),
    keras.callbacks.LearningRateScheduler(decay),
    PrintRate(),
]
model.fit(x_train, y_train, batch_size=BATCH, epochs=EPOCHS, callbacks=callbacks, verbose=2)

kept = sorted(file.name for file in Path("checkpoints").iterdir())
print("checkpoints:", kept)
model.load_weights(Path("checkpoints") / kept[-1])
loss, accuracy = model.evaluate(x_test, y_test, verbose=0)
print(f"test accuracy: {accuracy:.4f}")

# The whole model in a file, read back without a strategy.
model.save("strategy.keras")
alone = keras.models.load_model("strategy.keras")
print("the same alone:", alone.evaluate(x_test, y_test, verbose=0)[1] == accuracy)

# -- on the device --
interpreter = edgekit.Interpreter(edgekit.convert(model, x_train[:200]).graph)
answers = interpreter.predict(x_test).argmax(axis=-1)
print(f"int8 accuracy: {np.mean(answers == y_test):.4f}")
