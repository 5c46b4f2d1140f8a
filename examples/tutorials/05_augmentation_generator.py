"""A convolutional network on coloured pictures, with the augmentation of 2019.

What is learned: ImageDataGenerator turns, shifts and flips pictures while they are batched;
`fit_generator` takes its endless batches. The spellings are those of 2019: each still works and
warns with what is written today (see 06_augmentation_layers.py).
"""

import os

import numpy as np

import edgekit
from edgekit import keras
from edgekit.keras.layers import Activation, Conv2D, Dense, Dropout, Flatten, MaxPooling2D
from edgekit.keras.models import Sequential
from edgekit.keras.preprocessing.image import ImageDataGenerator
from edgekit.keras.utils import to_categorical

batch_size = 32
epochs = int(os.environ.get("EPOCHS", "6"))
names = ["disc", "ring", "square", "diamond", "cross"]
keras.utils.set_random_seed(int(os.environ.get("SEED", "0")))


def pictures(count, rng):
    """Noisy 24x24 pictures of one thing each, bytes, and which thing it is."""
    kind = rng.integers(0, len(names), count)
    y, x = np.mgrid[:24, :24]
    middle_x, middle_y = rng.uniform(9, 15, (2, count, 1, 1))
    size = rng.uniform(5.5, 8.5, (count, 1, 1))
    across, down = np.abs(x - middle_x), np.abs(y - middle_y)
    away, far = np.hypot(across, down), np.maximum(across, down)
    shapes = [
        away < size,
        (away < size) & (away > size - 3),
        far < 0.85 * size,
        across + down < 1.2 * size,
        (far < size) & (np.minimum(across, down) < size / 3),
    ]
    inside = np.choose(kind[:, None, None], shapes)[..., None]
    front, back = rng.uniform(110, 255, (count, 1, 1, 3)), rng.uniform(0, 145, (count, 1, 1, 3))
    noise = rng.normal(0, 20, (count, 24, 24, 3))
    return np.clip(np.where(inside, front, back) + noise, 0, 255).astype("uint8"), kind


rng = np.random.default_rng(5)
x_train, y_train = pictures(1500, rng)
x_test, y_test = pictures(500, rng)
x_test = x_test.astype("float32") / 255
print("x_train shape:", x_train.shape)

model = Sequential()
model.add(Conv2D(12, (3, 3), padding="same", input_shape=x_train.shape[1:]))
model.add(Activation("relu"))
model.add(MaxPooling2D(pool_size=(2, 2)))
model.add(Conv2D(24, (3, 3), padding="same"))
model.add(Activation("relu"))
model.add(MaxPooling2D(pool_size=(2, 2)))
model.add(Conv2D(32, (3, 3)))
model.add(Activation("relu"))
model.add(MaxPooling2D(pool_size=(2, 2)))
model.add(Dropout(0.1))
model.add(Flatten())
model.add(Dense(64, activation="relu"))
model.add(Dropout(0.2))
model.add(Dense(len(names), activation="softmax"))
model.compile(
    loss="categorical_crossentropy",
    optimizer=keras.optimizers.RMSprop(lr=2e-3, decay=1e-4),
    metrics=["accuracy"],
)

datagen = ImageDataGenerator(
    rotation_range=20,
    width_shift_range=0.1,
    height_shift_range=0.1,
    horizontal_flip=True,
    fill_mode="nearest",
    rescale=1 / 255,
)
model.fit_generator(
    datagen.flow(x_train, to_categorical(y_train, len(names)), batch_size=batch_size, seed=1),
    steps_per_epoch=len(x_train) // batch_size,
    epochs=epochs,
    validation_data=(x_test, to_categorical(y_test, len(names))),
    workers=2,
    verbose=2,
)

found = model.predict_classes(x_test)
for number, name in enumerate(names):
    print(f"{name:8} {np.mean(found[y_test == number] == number):.0%} found")
print(f"test accuracy: {np.mean(found == y_test):.4f}")

# -- on the device --
calibration = x_train[:200].astype("float32") / 255
interpreter = edgekit.Interpreter(edgekit.convert(model, calibration, labels=names).graph)
answers = interpreter.predict(x_test).argmax(axis=-1)
print(f"int8 accuracy: {np.mean(answers == y_test):.4f}")
