"""TextVectorization: sentences as indices of words, or as counts of them."""

from __future__ import annotations

import re
import string
from collections.abc import Callable, Mapping, MutableMapping
from itertools import islice
from typing import Any

import numpy as np

from edgekit.errors import InputError, ShapeError, UnsupportedOperator, lookup
from edgekit.train.backend import asarray, to_numpy
from edgekit.train.layers.preprocessing.categories import HostLayer
from edgekit.train.layers.preprocessing.scaling import batches_to_adapt
from edgekit.train.layers.preprocessing.vocabularies import StringLookup
from edgekit.train.tensor import wrap

__all__ = ["TextVectorization"]

_PUNCTUATION = re.compile(r"[!\"#$%&()*+,\-./:;<=>?@\[\\\]^_`{|}~']")
# TensorFlow's lower(), which Keras uses, knows ASCII only
_LOWER = str.maketrans(string.ascii_uppercase, string.ascii_lowercase)
_STANDARDS = ("lower_and_strip_punctuation", "lower", "strip_punctuation")


class TextVectorization(HostLayer):
    """Strings: standardized, split into words, joined to n-grams, looked up in a vocabulary.

    standardize: lower_and_strip_punctuation, lower, strip_punctuation, None or a function of an
    array of strings. split: whitespace, character, None or a function of an array of strings that
    returns a list of lists. ngrams: the longest, or a tuple of lengths. In mode "int" rows are
    padded with 0 to `output_sequence_length`, or to the longest of the batch; other modes are those
    of StringLookup.
    """

    def __init__(
        self,
        max_tokens: int | None = None,
        standardize: Any = "lower_and_strip_punctuation",
        split: Any = "whitespace",
        ngrams: Any = None,
        output_mode: str = "int",
        output_sequence_length: int | None = None,
        pad_to_max_tokens: bool = False,
        vocabulary: Any = None,
        idf_weights: Any = None,
        sparse: bool = False,
        ragged: bool = False,
        encoding: str = "utf-8",
        **options: Any,
    ) -> None:
        options.pop("has_input_vocabulary", None)
        size = options.pop("vocabulary_size", None)
        super().__init__(**options)
        self._check(standardize, split, output_mode, output_sequence_length, ragged)
        self.standardize, self.split, self.ngrams = standardize, split, ngrams
        self.output_sequence_length = output_sequence_length
        self.encoding = encoding
        self._lookup_layer = StringLookup(
            max_tokens=max_tokens,
            vocabulary=vocabulary,
            idf_weights=idf_weights,
            pad_to_max_tokens=pad_to_max_tokens,
            mask_token="",
            output_mode=output_mode,
            sparse=sparse,
            encoding=encoding,
            vocabulary_size=size,
            name=f"{self.name}_lookup",
        )
        self.output_mode = self._lookup_layer.output_mode

    def _check(
        self, standardize: Any, split: Any, output_mode: str, length: int | None, ragged: bool
    ) -> None:
        where = f"layer {self.name!r}:"
        for value, known, what in (
            (standardize, _STANDARDS, "standardize"),
            (split, ("whitespace", "character"), "split"),
        ):
            if value is not None and not callable(value):
                lookup(dict.fromkeys(known), value, f"{where} {what}", InputError)
        if ragged:
            raise UnsupportedOperator(f"{where} ragged=True is not supported; rows are padded")
        if length is not None and output_mode != "int":
            raise InputError(f"{where} output_sequence_length needs output_mode='int'")

    def adapt(self, data: Any, batch_size: int | None = None, steps: int | None = None) -> None:
        """Take the vocabulary of strings: a list, an array, or batches of them.

        batch_size: Keras' argument, on which nothing depends.
        """
        if isinstance(data, list | tuple) and data and isinstance(data[0], str | bytes):
            data = np.asarray(data)
        batches = islice(batches_to_adapt(data), steps)
        self._lookup_layer.learn(self._words(batch) for batch in batches)

    def set_vocabulary(self, vocabulary: Any, idf_weights: Any = None) -> None:
        """As StringLookup's."""
        self._lookup_layer.set_vocabulary(vocabulary, idf_weights)

    def get_vocabulary(self, include_special_tokens: bool = True) -> list[str]:
        """The words by their index; "" is the padding, "[UNK]" what is not in the vocabulary."""
        return self._lookup_layer.get_vocabulary(include_special_tokens)

    def vocabulary_size(self) -> int:
        """The number of indices."""
        return self._lookup_layer.vocabulary_size()

    def call(self, inputs):
        rows = self._words(to_numpy(inputs))
        found = [self._lookup_layer.indices(row) for row in rows]
        if self.output_mode != "int":
            length = max(map(len, found), default=0)
            return wrap(asarray(self._lookup_layer.encode(_padded(found, length, -1))))
        if self.split is None and self.ngrams is None and self.output_sequence_length is None:
            return wrap(asarray(np.array(found, np.int64).reshape(np.shape(inputs))))
        length = self.output_sequence_length or max(map(len, found), default=0)
        padded = _padded(found, length, 0)
        return wrap(asarray(padded[0] if np.ndim(to_numpy(inputs)) == 0 else padded))

    def _words(self, inputs: Any) -> list[list[str]]:
        """The words of each string."""
        texts = self._texts(np.asarray(inputs))
        if callable(self.standardize):
            texts = np.asarray(_of_tensor(self.standardize(texts)))
        else:
            texts = np.array([self._standardized(t) for t in texts.reshape(-1)],
                             object).reshape(texts.shape)  # fmt: skip
        if self.split is None:
            rows = [list(map(str, row)) for row in texts.reshape(len(texts), -1)]
        else:
            if texts.ndim > 1 and texts.shape[-1] != 1:
                raise ShapeError(
                    f"layer {self.name!r}: one string for each sample is split. Received: shape "
                    f"{texts.shape}"
                )
            rows = self._split_texts(texts.reshape(-1))
        return [_joined(row, self.ngrams) for row in rows] if self.ngrams else rows

    def _texts(self, inputs: np.ndarray) -> np.ndarray:
        flat = [
            t.decode(self.encoding) if isinstance(t, bytes) else str(t)
            for t in inputs.reshape(-1).tolist()
        ]
        return np.array(flat, object).reshape(inputs.shape)

    def _standardized(self, text: str) -> str:
        standard = self.standardize or ""
        if standard.startswith("lower"):
            text = text.translate(_LOWER)
        return _PUNCTUATION.sub("", text) if standard.endswith("punctuation") else text

    def _split_texts(self, texts: np.ndarray) -> list[list[str]]:
        if callable(self.split):
            return [list(map(str, row)) for row in self.split(texts)]
        split: Callable[[str], list[str]] = str.split if self.split == "whitespace" else list
        return [split(text) for text in texts]

    def compute_output_shape(self, input_shape):
        if self.output_mode == "int":
            return (input_shape[0], self.output_sequence_length)
        return (input_shape[0], self._lookup_layer._depth())

    def save_own_variables(self, store: MutableMapping[str, Any]) -> None:
        self._lookup_layer.save_own_variables(store)  # Keras keeps them under both names

    def load_own_variables(self, store: Mapping[str, Any]) -> None:
        self._lookup_layer.load_own_variables(store)

    def get_config(self) -> dict[str, Any]:
        names = ("max_tokens", "pad_to_max_tokens", "sparse")
        looked = {name: getattr(self._lookup_layer, name) for name in names}
        known = self._lookup_layer.get_config()
        return {
            **super().get_config(), **looked, "standardize": self.standardize,
            "split": self.split, "ngrams": self.ngrams, "output_mode": self.output_mode,
            "output_sequence_length": self.output_sequence_length, "ragged": False,
            "vocabulary": known["vocabulary"], "idf_weights": known["idf_weights"],
            "encoding": self.encoding, "vocabulary_size": self.vocabulary_size(),
        }  # fmt: skip


def _of_tensor(value: Any) -> Any:
    return to_numpy(value) if hasattr(value, "shape") else value


def _joined(words: list[str], ngrams: Any) -> list[str]:
    lengths = range(1, ngrams + 1) if isinstance(ngrams, int) else ngrams
    return [" ".join(words[i : i + n]) for n in lengths for i in range(len(words) - n + 1)]


def _padded(rows: list[list[int]], length: int, value: int) -> np.ndarray:
    made = np.full((len(rows), length), value, np.int64)
    for i, row in enumerate(rows):
        made[i, : min(len(row), length)] = row[:length]
    return made
