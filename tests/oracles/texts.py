"""Models on words that are built alike here and in Keras: `make(k)` takes one or the other.

This file is read by two Pythons and imports neither library.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from tests.train.text_cases import DOCUMENTS, HASHED, LOOKUPS, VECTORIZERS, WORDS, adapted

__all__ = ["CASES", "Case"]


class Case(NamedTuple):
    """A model, and what it is given: strings or integers."""

    make: Callable[[Any], Any]
    inputs: tuple[np.ndarray, ...]


def _alone(cls: str, options: dict[str, Any], data: Any, inputs: Any) -> Case:
    """One layer as a model."""
    given = np.array(inputs)
    dtype = "string" if given.dtype.kind == "U" else "int64"

    def make(k: Any) -> Any:
        layer = adapted(k.layers, cls, options, data)
        return k.Sequential([k.Input(given.shape[1:], dtype=dtype), layer])

    return Case(make, (given,))


def _told_later(k: Any) -> Any:
    """set_vocabulary, with special tokens and without, and weights."""
    layers = k.layers
    words, letters = layers.TextVectorization(output_mode="tf_idf"), layers.StringLookup()
    words.set_vocabulary(["x", "y"], idf_weights=[0.5, 0.25])
    letters.set_vocabulary(["[UNK]", "q", "r s"])
    text, letter = k.Input((1,), dtype="string"), k.Input((3,), dtype="string")
    return k.Model([text, letter], [words(text), letters(letter)])


def _crossed(k: Any) -> Any:
    layers = k.layers
    a, b = k.Input((1,), dtype="string"), k.Input((1,), dtype="string")
    return k.Model([a, b], layers.HashedCrossing(7, output_mode="one_hot")((a, b)))


def _table(k: Any) -> Any:
    """Numbers of a table: bins and scales that were learned, categories by their numbers."""
    layers = k.layers
    bins, scale = layers.Discretization(num_bins=4), layers.Normalization()
    rows = np.random.default_rng(3).normal(size=(50, 1)).astype("float32")
    bins.adapt(rows)
    scale.adapt(rows)
    x, kind = k.Input((1,)), k.Input((2,), dtype="int64")
    counted = layers.CategoryEncoding(5, output_mode="count")(kind)
    return k.Model([x, kind], [bins(x), scale(x), counted])


def _classifier(k: Any) -> Any:
    layers = k.layers
    words = layers.TextVectorization(max_tokens=12, output_sequence_length=6)
    words.adapt(DOCUMENTS)
    return k.Sequential(
        [
            k.Input((1,), dtype="string"),
            words,
            layers.Embedding(12, 5, mask_zero=True),
            layers.Bidirectional(layers.LSTM(4)),
            layers.Dense(2, activation="softmax"),
        ]
    )


def _nested(k: Any) -> Any:
    """Lookups in a model inside the model, two of them of one class, beside a table of numbers."""
    layers = k.layers
    first, second = layers.StringLookup(), layers.StringLookup(vocabulary=["é", "z"])
    first.adapt(["x", "y", "x", "\u00e9"])
    numbers = layers.IntegerLookup(output_mode="count")
    numbers.adapt([5, 5, 7])
    text = k.Input((2,), dtype="string")
    hashed = layers.Hashing(11, salt=5)
    inner = k.Model(text, [first(text), second(text), hashed(text)], name="inner")
    a, b = k.Input((2,), dtype="string"), k.Input((3,), dtype="int64")
    embedded = [layers.Flatten()(layers.Embedding(12, 2)(x)) for x in inner(a)]
    return k.Model([a, b], layers.Dense(2)(layers.Concatenate()([*embedded, numbers(b)])))


_SENTENCES = np.array([[text] for text in (*DOCUMENTS, "nobody said that")])
_LINES = ["a\nb", "c\rd", "e\u2028f", ""]

CASES: dict[str, Case] = {
    **{f"lookup_{name}": _alone(*given) for name, given in LOOKUPS.items()},
    **{
        f"words_{name}": _alone("TextVectorization", given, DOCUMENTS, _SENTENCES)
        for name, given in VECTORIZERS.items()
    },
    **{
        f"hashed_{i}": _alone("Hashing", given, None, [[w] for w in WORDS])
        for i, given in enumerate(HASHED)
    },
    "integers_weighed": _alone(
        "IntegerLookup", {"output_mode": "tf_idf"}, [[5, 6], [5, 7]], [[5, 6], [7, 9]]
    ),
    "integers_masked": _alone(
        "IntegerLookup", {"mask_token": 0}, [3, 3, 4, 0], [[3, 0], [4, 8]]
    ),
    "many_unknown": _alone(
        "StringLookup", {"num_oov_indices": 3}, ["x", "y", "x"], [["x", "p"], ["q", "r"]]
    ),
    "lines_in_words": _alone(
        "StringLookup", {"vocabulary": _LINES}, None, [["a\nb", "c\rd"], ["", "e"]]
    ),
    "lines_adapted": _alone(
        "TextVectorization", {"split": None, "standardize": None}, _LINES[:3], [["a\nb"], ["g"]]
    ),
    "told_later": Case(
        _told_later, (np.array([["x y"], ["y z"]]), np.array([["q", "r s", "t"], ["", "u", "q"]]))
    ),
    "crossed": Case(_crossed, (np.array([["a"], ["b"]]), np.array([["x"], ["é"]]))),
    "table": Case(
        _table, (np.array([[-1.5], [0.1], [2.0]], "float32"), np.array([[0, 4], [1, 1], [3, 2]]))
    ),
    "classifier": Case(_classifier, (_SENTENCES,)),
    "nested": Case(
        _nested, (np.array([["x", "é"], ["y", "z"]]), np.array([[5, 7, 7], [5, 6, 8]]))
    ),
}  # fmt: skip
