"""Make tests/golden/keras/texts.keras: a model of Keras whose lookups learned by `adapt`.

Needs Keras on TensorFlow: KERAS_BACKEND=tensorflow python tests/golden/make_text_model.py
"""

from __future__ import annotations

from pathlib import Path

import keras
import numpy as np
import tensorflow as tf

TARGET = Path(__file__).parent / "keras"


def main() -> None:
    layers = keras.layers
    keras.utils.set_random_seed(2)
    words = layers.TextVectorization(max_tokens=20, output_sequence_length=4)
    words.adapt(["good film", "bad film", "very good", "very bad"])
    counted = layers.TextVectorization(output_mode="tf_idf")
    counted.adapt(["a b", "b c", "b"])
    kinds = layers.StringLookup()
    kinds.adapt(["x", "y", "x", "é"])
    numbers = layers.IntegerLookup(output_mode="tf_idf")
    numbers.adapt([[5, 6], [5, 7]])
    a = keras.Input((1,), dtype="string", name="a")
    b = keras.Input((1,), dtype="string", name="b")
    n = keras.Input((2,), dtype="int64", name="n")
    joined = layers.Concatenate()(
        [
            layers.GlobalAveragePooling1D()(layers.Embedding(20, 4)(words(a))),
            layers.Flatten()(counted(a)),
            layers.Flatten()(layers.Embedding(5, 2)(kinds(b))),
            numbers(n),
        ]
    )
    model = keras.Model([a, b, n], layers.Dense(2)(joined))
    model.save(TARGET / "texts.keras")
    given = {
        "a": np.array([["good bad b"], ["Film, unknown a c"]]),
        "b": np.array([["x"], ["é"]]),
        "n": np.array([[5, 6], [7, 9]]),
    }
    out = model.predict([tf.constant(x) for x in given.values()], verbose=0)
    np.savez(TARGET / "texts_model.npz", **given, out=out)


if __name__ == "__main__":
    main()
