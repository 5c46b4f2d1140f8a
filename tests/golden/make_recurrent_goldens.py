"""Makes tests/golden/keras/sequences.keras and pairs.keras, models of recurrent layers, and what
Keras predicts with them (sequences_models.npz).

    python tests/golden/make_recurrent_goldens.py

Needs keras, which the tests do not.
"""

from __future__ import annotations

import os
from pathlib import Path

os.environ.setdefault("KERAS_BACKEND", "tensorflow")

import keras
import numpy as np
from keras import layers

TARGET = Path(__file__).parent / "keras"


def sequences():
    """Words to one number, through every kind of recurrent layer."""
    return keras.Sequential(
        [
            keras.Input((7,)),
            layers.Embedding(9, 4, mask_zero=True),
            layers.LSTM(4, return_sequences=True),
            layers.Bidirectional(layers.GRU(3, return_sequences=True, reset_after=False)),
            layers.TimeDistributed(layers.Dense(2, activation="tanh")),
            layers.RNN([layers.GRUCell(3), layers.LSTMCell(2)], return_sequences=True),
            layers.SimpleRNN(3, go_backwards=True),
            layers.Dense(2),
        ]
    )


def pairs():
    """States handed on, attention of all kinds, a mask made on the way."""
    x, begin = keras.Input((5, 3)), keras.Input((4,))
    output, hidden, cell = layers.LSTM(4, return_state=True)(x, initial_state=[begin, begin])
    y = layers.MultiHeadAttention(2, 3)(x, x)
    y = layers.GroupQueryAttention(3, 4, 2)(y, x)
    y = layers.AdditiveAttention()([layers.Attention()([y, x]), x])
    y = layers.GRU(3)(layers.Masking()(y))
    return keras.Model([x, begin], [output, hidden, cell, y])


def main():
    random = np.random.default_rng(3)
    inputs = {
        "sequences": [random.integers(0, 9, (3, 7)).astype(np.float32)],
        "pairs": [random.normal(size=shape).astype(np.float32) for shape in ((3, 5, 3), (3, 4))],
    }
    found = {}
    for make in (sequences, pairs):
        name, model = make.__name__, make()
        for w in model.weights:
            w.assign(random.normal(0, 0.7, tuple(w.shape)).astype(np.float32))
        model.save(TARGET / f"{name}.keras")
        given = inputs[name]
        outputs = model.predict(given if len(given) > 1 else given[0], verbose=0)
        outputs = outputs if isinstance(outputs, list) else [outputs]
        found |= {f"{name}/in{i}": x for i, x in enumerate(given)}
        found |= {f"{name}/out{i}": np.asarray(y) for i, y in enumerate(outputs)}
    np.savez_compressed(TARGET / "sequences_models.npz", **found)


if __name__ == "__main__":
    main()
