"""Texts to word numbers, as Keras 2 did it."""

from __future__ import annotations

import hashlib
import json
from collections import Counter, OrderedDict
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import numpy as np

from edgekit.errors import InputError

__all__ = [
    "Tokenizer",
    "hashing_trick",
    "one_hot",
    "text_to_word_sequence",
    "tokenizer_from_json",
]

_FILTERS = '!"#$%&()*+,-./:;<=>?@[\\]^_`{|}~\t\n'


def text_to_word_sequence(
    input_text: str, filters: str = _FILTERS, lower: bool = True, split: str = " "
) -> list[str]:
    """The words of a text, without the characters of `filters`."""
    text = input_text.lower() if lower else input_text
    table: dict[int, str] = dict.fromkeys(map(ord, filters), split)
    words = text.translate(table).split(split)
    return [word for word in words if word]


def one_hot(
    input_text: str,
    n: int,
    filters: str = _FILTERS,
    lower: bool = True,
    split: str = " ",
    analyzer: Any = None,
) -> list[int]:
    """Each word as a number from 1 to n - 1, by a hash."""
    return hashing_trick(input_text, n, "md5", filters, lower, split, analyzer)


def hashing_trick(
    text: str,
    n: int,
    hash_function: Any = None,
    filters: str = _FILTERS,
    lower: bool = True,
    split: str = " ",
    analyzer: Any = None,
) -> list[int]:
    """Each word as a number from 1 to n - 1.

    hash_function: "md5", the default because Python's own differs from one process to the next, or
    a function of a string.
    """
    function: Callable[[str], int] = hash_function if callable(hash_function) else _md5
    if not callable(hash_function) and hash_function not in (None, "md5"):
        raise InputError(f"hash_function must be 'md5' or a function. Received: {hash_function!r}")
    words = analyzer(text) if analyzer else text_to_word_sequence(text, filters, lower, split)
    return [function(word) % (n - 1) + 1 for word in words]


def _md5(word: str) -> int:
    return int(hashlib.md5(word.encode(), usedforsecurity=False).hexdigest(), 16)


class Tokenizer:
    """Words as numbers by falling frequency, from 1; 0 is left for padding.

    num_words: only the num_words - 1 most frequent are used. oov_token: stands for all others; it
    has the number 1.
    """

    def __init__(
        self,
        num_words: int | None = None,
        filters: str = _FILTERS,
        lower: bool = True,
        split: str = " ",
        char_level: bool = False,
        oov_token: str | None = None,
        analyzer: Any = None,
        document_count: int = 0,
    ) -> None:
        self.num_words, self.filters, self.lower, self.split = num_words, filters, lower, split
        self.char_level, self.oov_token, self.analyzer = char_level, oov_token, analyzer
        self.document_count = document_count
        self.word_counts: OrderedDict[str, int] = OrderedDict()
        self.word_docs: Counter[str] = Counter()
        self.word_index: dict[str, int] = {}
        self.index_word: dict[int, str] = {}
        self.index_docs: dict[int, int] = {}

    def _words(self, text: Any) -> list[str]:
        if self.analyzer is not None:
            return list(self.analyzer(text))
        if self.char_level or isinstance(text, list):
            parts = list(text)
            return [part.lower() for part in parts] if self.lower else parts
        return text_to_word_sequence(text, self.filters, self.lower, self.split)

    def fit_on_texts(self, texts: Iterable[Any]) -> None:
        """Count the words of texts, and number them."""
        for text in texts:
            self.document_count += 1
            words = self._words(text)
            for word in words:
                self.word_counts[word] = self.word_counts.get(word, 0) + 1
            self.word_docs.update(set(words))
        ordered = sorted(self.word_counts, key=lambda word: -self.word_counts[word])
        first = [] if self.oov_token is None else [self.oov_token]
        self.word_index = {word: i for i, word in enumerate([*first, *ordered], 1)}
        self.index_word = {i: word for word, i in self.word_index.items()}
        self.index_docs = {self.word_index[w]: n for w, n in self.word_docs.items()}

    def fit_on_sequences(self, sequences: Iterable[Iterable[int]]) -> None:
        """Count the numbers of sequences, as `sequences_to_matrix` in mode tfidf needs them."""
        counts: Counter[int] = Counter(self.index_docs)
        for sequence in sequences:
            self.document_count += 1
            counts.update(set(sequence))
        self.index_docs = dict(counts)

    def texts_to_sequences(self, texts: Iterable[Any]) -> list[list[int]]:
        """The numbers of the words of each text."""
        return list(self.texts_to_sequences_generator(texts))

    def texts_to_sequences_generator(self, texts: Iterable[Any]) -> Iterator[list[int]]:
        """One list after the other."""
        unknown = self.word_index.get(self.oov_token) if self.oov_token is not None else None
        for text in texts:
            found = [self.word_index.get(word) for word in self._words(text)]
            kept = [i if i is not None and self._is_used(i) else unknown for i in found]
            yield [i for i in kept if i is not None]

    def _is_used(self, index: int) -> bool:
        return self.num_words is None or index < self.num_words

    def sequences_to_texts(self, sequences: Iterable[Iterable[int]]) -> list[str]:
        """The words of each list of numbers, joined by spaces."""
        texts = []
        for sequence in sequences:
            words = [self.index_word.get(int(i)) if self._is_used(int(i)) else None
                     for i in sequence]  # fmt: skip
            texts.append(" ".join(w or self.oov_token or "" for w in words if w or self.oov_token))
        return texts

    def texts_to_matrix(self, texts: Iterable[Any], mode: str = "binary") -> np.ndarray:
        """As `sequences_to_matrix`, of texts."""
        return self.sequences_to_matrix(self.texts_to_sequences(texts), mode)

    def sequences_to_matrix(self, sequences: Any, mode: str = "binary") -> np.ndarray:
        """(texts, words): binary, count, freq, or tfidf of each word in each text."""
        if self.num_words is None and not self.word_index:
            raise InputError("this Tokenizer has no words yet: call fit_on_texts, or set num_words")
        width = self.num_words or len(self.word_index) + 1
        if mode not in ("binary", "count", "freq", "tfidf"):
            raise InputError(f"mode must be binary, count, freq or tfidf. Received: {mode!r}")
        if mode == "tfidf" and not self.document_count:
            raise InputError("mode 'tfidf' needs fit_on_texts or fit_on_sequences first")
        made = np.zeros((len(sequences), width))
        for row, sequence in enumerate(sequences):
            for word, count in Counter(i for i in sequence if i < width).items():
                made[row, word] = self._entry(mode, word, count, len(sequence))
        return made

    def _entry(self, mode: str, word: int, count: int, length: int) -> float:
        if mode == "tfidf":
            rarity = np.log(1 + self.document_count / (1 + self.index_docs.get(word, 0)))
            return float((1 + np.log(count)) * rarity)
        return {"binary": 1.0, "count": float(count), "freq": count / length}[mode]

    def get_config(self) -> dict[str, Any]:
        """Settings and counts as Keras writes them: the counts as JSON texts."""
        return {
            "num_words": self.num_words, "filters": self.filters, "lower": self.lower,
            "split": self.split, "char_level": self.char_level, "oov_token": self.oov_token,
            "document_count": self.document_count,
            **{name: json.dumps(getattr(self, name)) for name in _COUNTS},
        }  # fmt: skip

    def to_json(self, **options: Any) -> str:
        """The tokenizer as JSON; `tokenizer_from_json` reads it."""
        return json.dumps(
            {"class_name": type(self).__name__, "config": self.get_config()}, **options
        )


_COUNTS = ("word_counts", "word_docs", "index_docs", "index_word", "word_index")


def tokenizer_from_json(json_string: str) -> Tokenizer:
    """A Tokenizer from what `to_json` gave."""
    config = json.loads(json_string)["config"]
    counts = {name: json.loads(config.pop(name)) for name in _COUNTS}
    made = Tokenizer(**config)
    made.word_counts = OrderedDict(counts["word_counts"])
    made.word_docs = Counter(counts["word_docs"])
    made.word_index = counts["word_index"]
    made.index_word = {int(i): word for i, word in counts["index_word"].items()}
    made.index_docs = {int(i): n for i, n in counts["index_docs"].items()}
    return made
