"""Makes texts.json, applications.json and features.json in tests/golden/keras from Keras 3.

    python tests/golden/make_text_goldens.py

What the layers and functions on words give, and networks of keras.applications: names and shapes of
their weights, and outputs in float64 for weights that `tests.train.application_weights` draws; and
what FeatureSpaces make of a table. One of "texts", "applications", "features" makes that alone.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

os.environ.setdefault("KERAS_BACKEND", "tensorflow")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import keras
import numpy as np
import tensorflow as tf
from keras.src.legacy.preprocessing import sequence as old_sequence
from keras.src.legacy.preprocessing import text as old_text

from tests.keras.feature_cases import DATA, NEW, SPACES, columns
from tests.keras.feature_cases import make as make_space
from tests.train.application_weights import NETWORKS, picture, set_weights
from tests.train.text_cases import (
    CROSSED,
    DOCUMENTS,
    HASHED,
    LOOKUPS,
    PADDINGS,
    TOKENIZERS,
    VECTORIZERS,
    WORDS,
    adapted,
)

TARGET = Path(__file__).with_name("keras")


def plain(value):
    return np.asarray(value).tolist()


def tokenizer(options):
    made = old_text.Tokenizer(**options)
    made.fit_on_texts(DOCUMENTS)
    found = made.texts_to_sequences(DOCUMENTS)
    matrices = {
        mode: made.texts_to_matrix(DOCUMENTS, mode).round(6).tolist()
        for mode in ("binary", "count", "freq", "tfidf")
    }
    return {
        "word_index": made.word_index,
        "sequences": found,
        "texts": made.sequences_to_texts(found),
        "matrices": matrices,
    }


def texts():
    hashing, crossing = keras.layers.Hashing, keras.layers.HashedCrossing
    found = {
        "lookups": {}, "vectorizers": {}, "paddings": {}, "tokenizers": {},
        "hashed": [plain(hashing(**options)(np.array(WORDS))) for options in HASHED],
        "crossed": [plain(crossing(**options)(list(map(np.array, inputs))))
                    for inputs, options in CROSSED],
    }  # fmt: skip
    for name, (cls, options, data, inputs) in LOOKUPS.items():
        layer = adapted(keras.layers, cls, options, data)
        made = np.asarray(layer(np.array(inputs)))
        texts = made.dtype.kind == "O"
        values = plain(np.char.decode(made.astype(bytes)) if texts else made)
        found["lookups"][name] = {"vocabulary": list(map(_python, layer.get_vocabulary())),
                                  "out": values}  # fmt: skip
    for name, options in VECTORIZERS.items():
        layer = adapted(keras.layers, "TextVectorization", options, DOCUMENTS)
        out = plain(layer(np.array([*DOCUMENTS, "nobody said that"])))
        found["vectorizers"][name] = {"vocabulary": layer.get_vocabulary(), "out": out}
    for name, (sequences, options) in PADDINGS.items():
        found["paddings"][name] = plain(keras.utils.pad_sequences(sequences, **options))
    for name, options in TOKENIZERS.items():
        found["tokenizers"][name] = tokenizer(options)
    found["sampling_table"] = old_sequence.make_sampling_table(20).tolist()
    found["words"] = [old_text.text_to_word_sequence(d) for d in DOCUMENTS]
    found["hashing_trick"] = old_text.hashing_trick(DOCUMENTS[0], 17, hash_function="md5")
    return found


def _python(token):
    return token if isinstance(token, str) else int(token)


def applications():
    keras.config.set_floatx("float64")
    found = {}
    for name, (cls, options) in NETWORKS.items():
        model = getattr(keras.applications, cls)(weights=None, **options)
        set_weights(model)
        found[name] = {
            "layers": [layer.name for layer in model.layers if "input" not in layer.name],
            "weights": [[w.name, list(w.shape)] for w in model.weights],
            "output": plain(model(picture(options["input_shape"]), training=False)[:, :256]),
        }
    keras.config.set_floatx("float32")
    return found


def features():
    found = {}
    for name in SPACES:
        space = make_space(keras.utils.FeatureSpace, name)
        space.adapt(tf.data.Dataset.from_tensor_slices(columns(name, DATA)))
        made = space({k: tf.constant(v) for k, v in columns(name, NEW).items()})
        found[name] = {k: plain(v) for k, v in made.items()} if isinstance(made, dict) else (
            plain(made))  # fmt: skip
    return found


if __name__ == "__main__":
    for name in sys.argv[1:] or ("texts", "applications", "features"):
        (TARGET / f"{name}.json").write_text(json.dumps(globals()[name]()) + "\n")
        print(name, (TARGET / f"{name}.json").stat().st_size)
