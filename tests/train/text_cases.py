"""What the layers and functions on words are compared with Keras in."""

from __future__ import annotations

from typing import Any

DOCUMENTS = [
    "The cat sat on the mat.",
    "A dog -- not the cat! -- ate the mat, the end?",
    "Ünïcode wörds, and the  tab\there",
]
# hashes of all lengths, with a step at 4, 8, 16, 32 and 64 bytes
WORDS = ["", "a", "ab", "abc", "abcd", "abcdefg", "abcdefgh", "seventeen letters", "x" * 16,
         "y" * 31, "z" * 32, "0123456789" * 4, "q" * 64, "r" * 65, "word " * 40, "ünï"]  # fmt: skip
HASHED: list[dict[str, Any]] = [
    {"num_bins": 97},
    {"num_bins": 1000003, "salt": 1337},
    {"num_bins": 50, "salt": [3, 7], "mask_value": "a"},
]

# strings and integers that are crossed, and in how many bins
CROSSED: list[tuple[list[Any], dict[str, Any]]] = [
    ([WORDS, WORDS[::-1]], {"num_bins": 97}),
    ([WORDS, list(range(-8, 8)), WORDS[::-1]], {"num_bins": 1000003}),
    ([[[w] for w in WORDS], [[3] for _ in WORDS]], {"num_bins": 5, "output_mode": "one_hot"}),
]

# name -> class, arguments, what it is adapted to (None: nothing), inputs
LOOKUPS: dict[str, tuple[str, dict[str, Any], Any, Any]] = {
    "strings": ("StringLookup", {"vocabulary": ["b", "a", "c"]}, None, [["a", "z"], ["c", "b"]]),
    "masked": ("StringLookup", {"vocabulary": ["b", "a"], "mask_token": ""}, None,
               [["a", ""], ["q", "b"]]),
    "unknown": ("StringLookup", {"vocabulary": ["b", "a"], "num_oov_indices": 3}, None,
                [["r", "s"], ["t", "b"]]),
    "adapted": ("StringLookup", {"max_tokens": 4}, ["x", "y", "x", "z", "y", "w"],
                [["x", "y"], ["z", "w"]]),
    "inverted": ("StringLookup", {"vocabulary": ["b", "a"], "invert": True}, None,
                 [[0, 1], [2, 1]]),
    "one_hot": ("StringLookup", {"vocabulary": ["b", "a"], "output_mode": "one_hot"}, None,
                ["a", "q", "b"]),
    "multi_hot": ("StringLookup", {"vocabulary": ["b", "a"], "output_mode": "multi_hot",
                                   "pad_to_max_tokens": True, "max_tokens": 6}, None,
                  [["a", "a"], ["q", "b"]]),
    "tf_idf": ("StringLookup", {"vocabulary": ["b", "a"], "output_mode": "tf_idf",
                                "idf_weights": [0.5, 0.25]}, None, [["a", "a"], ["q", "b"]]),
    "integers": ("IntegerLookup", {"max_tokens": 5, "num_oov_indices": 2}, [9, 9, 4, 4, 4, 7],
                 [[9, 4], [5, 6]]),
    "integers_inverted": ("IntegerLookup", {"vocabulary": [9, 4], "invert": True}, None,
                          [[0, 1], [2, 1]]),
}  # fmt: skip

VECTORIZERS: dict[str, dict[str, Any]] = {
    "plain": {},
    "length": {"output_sequence_length": 4, "max_tokens": 6},
    "ngrams": {"ngrams": 2, "output_mode": "count"},
    "two_ngrams": {"ngrams": (2,), "output_mode": "multi_hot", "max_tokens": 9},
    "characters": {"split": "character", "standardize": "lower", "output_sequence_length": 30},
    "tf_idf": {"output_mode": "tf_idf", "max_tokens": 8, "pad_to_max_tokens": True},
    "as_it_is": {"standardize": None},
}

_SEQUENCES = [[1, 2, 3, 4], [5], [], [6, 7]]
PADDINGS: dict[str, tuple[Any, dict[str, Any]]] = {
    "plain": (_SEQUENCES, {}),
    "short": (_SEQUENCES, {"maxlen": 2}),
    "post": (_SEQUENCES, {"maxlen": 3, "padding": "post", "truncating": "post", "value": 9}),
    "floats": ([[0.5, 1.5], [2.5]], {"dtype": "float32"}),
    "vectors": ([[[1, 2], [3, 4]], [[5, 6]]], {"padding": "post"}),
}

TOKENIZERS: dict[str, dict[str, Any]] = {
    "plain": {},
    "few": {"num_words": 4},
    "unknown": {"num_words": 5, "oov_token": "<unk>"},
    "characters": {"char_level": True},
    "cased": {"lower": False, "filters": "."},
}


def adapted(layers: Any, cls: str, options: dict[str, Any], data: Any) -> Any:
    """The layer of Keras or of edgekit, adapted where there is something to adapt to."""
    import numpy as np

    layer = getattr(layers, cls)(**options)
    if data is not None:
        layer.adapt(np.array(data))
    return layer
