"""A small transformer: which of two signals comes first?

Sequences of events hold one "a" and one "b" at any place, among other events; the answer is the
order of the two, and no single event tells it.

What is learned: embeddings of positions, a block of MultiHeadAttention and a feed-forward part
with short cuts and LayerNormalization, and looking at what the network attends to.
"""

import os

import numpy as np

import edgekit
from edgekit import keras
from edgekit.keras import layers

EPOCHS = int(os.environ.get("EPOCHS", "10"))
keras.utils.set_random_seed(int(os.environ.get("SEED", "0")))

EVENTS, LENGTH, WIDTH = 8, 16, 24
A, B = 0, 1


def logs(count, rng):
    """Events as one-hot rows (count, LENGTH, EVENTS), and 1 where A comes before B."""
    events = rng.integers(2, EVENTS, (count, LENGTH))
    places = np.array([rng.choice(LENGTH, 2, replace=False) for _ in range(count)])
    events[np.arange(count), places[:, 0]] = A
    events[np.arange(count), places[:, 1]] = B
    return np.eye(EVENTS, dtype="float32")[events], (places[:, 0] < places[:, 1]).astype(int)


class Positions(layers.Layer):
    """Adds a vector of its own to each place of a sequence."""

    def build(self, input_shape):
        self.vectors = self.add_weight(shape=input_shape[1:], initializer="uniform", name="vectors")

    def call(self, inputs):
        return inputs + self.vectors


def transformer_block(x, heads, hidden):
    attended = layers.MultiHeadAttention(heads, key_dim=WIDTH // heads, name="attention")(x, x)
    x = layers.LayerNormalization(epsilon=1e-6)(x + layers.Dropout(0.05)(attended))
    forward = layers.Dense(WIDTH)(layers.Dense(hidden, activation="relu")(x))
    return layers.LayerNormalization(epsilon=1e-6)(x + layers.Dropout(0.05)(forward))


rng = np.random.default_rng(8)
x_train, y_train = logs(2000, rng)
x_test, y_test = logs(500, rng)

inputs = keras.Input((LENGTH, EVENTS), name="events")
x = Positions()(layers.Dense(WIDTH)(inputs))
x = transformer_block(x, heads=2, hidden=48)
x = layers.GlobalAveragePooling1D()(x)
outputs = layers.Dense(2, activation="softmax")(x)
model = keras.Model(inputs, outputs)
model.compile(
    optimizer=keras.optimizers.Adam(0.003),
    loss="sparse_categorical_crossentropy",
    metrics=["accuracy"],
)
model.summary()
model.fit(x_train, y_train, batch_size=50, epochs=EPOCHS, verbose=2)

loss, accuracy = model.evaluate(x_test, y_test, verbose=0)
print(f"test accuracy: {accuracy:.4f}")

attention = model.get_layer("attention")
before = keras.Model(inputs, attention.input)  # query and value, here the same
_, scores = attention(*before(x_test[:1]), return_attention_scores=True)
looked = np.array(scores)[0].mean(axis=(0, 1))
print("events:   ", " ".join("ab......"[event] for event in x_test[0].argmax(axis=-1)))
print("looked at:", " ".join(str(min(9, int(share * 20))) for share in looked))

# -- on the device --
interpreter = edgekit.Interpreter(edgekit.convert(model, x_train[:200]).graph)
answers = interpreter.predict(x_test).argmax(axis=-1)
print(f"int8 accuracy: {np.mean(answers == y_test):.4f}")
