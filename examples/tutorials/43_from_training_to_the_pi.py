"""The whole way: from digits in a file to a network on a Raspberry Pi.

What is learned: training with validation and early stopping, saving, converting with a limit on
what int8 may cost, checking the file bit by bit, and what to copy to the Pi.
"""

import os
from pathlib import Path

import numpy as np

import edgekit
from edgekit import keras
from edgekit.keras import layers

EPOCHS = int(os.environ.get("EPOCHS", "5"))
keras.utils.set_random_seed(int(os.environ.get("SEED", "0")))

data = np.load(Path(__file__).resolve().parent.parent / "data" / "mnist_subset.npz")
x_train, x_test = (
    (data[part][..., np.newaxis] / 255).astype("float32") for part in ("x_train", "x_test")
)
y_train, y_test = data["y_train"], data["y_test"]

model = keras.Sequential(
    [
        keras.Input((28, 28, 1), name="picture"),
        layers.Conv2D(8, 5, strides=2, padding="same", activation="relu"),
        layers.SeparableConv2D(24, 3, padding="same", activation="relu"),
        layers.MaxPooling2D(2),
        layers.SeparableConv2D(32, 3, padding="same", activation="relu"),
        layers.MaxPooling2D(2),
        layers.Flatten(),
        layers.Dropout(0.2),
        layers.Dense(10, activation="softmax"),
    ],
    name="digits",
)
model.summary()
model.compile(
    optimizer=keras.optimizers.Adam(0.003),
    loss="sparse_categorical_crossentropy",
    metrics=["accuracy"],
)
model.fit(
    x_train,
    y_train,
    batch_size=50,
    epochs=EPOCHS,
    validation_split=0.1,
    verbose=2,
    callbacks=[
        keras.callbacks.EarlyStopping("val_accuracy", patience=2, restore_best_weights=True),
        keras.callbacks.ModelCheckpoint("digits.keras", "val_accuracy", save_best_only=True),
    ],
)
accuracy = model.evaluate(x_test, y_test, verbose=0)[1]
print(f"test accuracy: {accuracy:.4f}")

# -- on the device --
from edgekit.interpreter import verify  # noqa: E402
from edgekit.ir import Preprocessing  # noqa: E402

converted = edgekit.convert(
    "digits.keras",
    calibration=x_train[:200],
    evaluate=(x_test, y_test),
    max_drop=1.0,  # more points than this would be an error, and there would be no file
    labels=[str(digit) for digit in range(10)],
    preprocessing=Preprocessing(mean=(0.0,), std=(255.0,)),  # the device has bytes, 0..255
)
print(converted.report.accuracy)
converted.save("digits.edge")
converted.save("digits.tflite")  # the same int8 network for other runtimes
for file in ("digits.keras", "digits.edge", "digits.tflite"):
    print(f"{file:13} {os.path.getsize(file):7,} bytes")

# These two steps run on the Pi in the same way; numpy is all they need there:
#     scp digits.edge pi: && ssh pi 'pip install edgekit && edgekit verify digits.edge'
print(verify("digits.edge"))
interpreter = edgekit.Interpreter("digits.edge")
pictures = data["x_test"][..., np.newaxis]  # bytes, as a camera gives them
scores = interpreter.predict(interpreter.preprocess(pictures))
print("the first pictures show", [interpreter.labels[i] for i in scores[:8].argmax(axis=-1)])
print(f"int8 accuracy: {np.mean(scores.argmax(axis=-1) == y_test):.4f}")
