"""IMDB: 25,000 and 25,000 reviews of films as word numbers, good (1) or bad (0).

Source: Maas et al. 2011.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from edgekit.errors import InputError
from edgekit.train.datasets.download import KERAS_FILES, Pair, RemoteFile, fetch, read_npz
from edgekit.train.datasets.word_lists import as_objects, coded, lists_of, word_index

__all__ = ["get_word_index", "load_data"]

FILE = RemoteFile(
    "imdb.npz",
    f"{KERAS_FILES}imdb.npz",
    "69664113be75683a8fe16e3ed0ab59fda8886cb3cd7ada244f7d9544e4676b9f",
)
WORDS = RemoteFile(
    "imdb_word_index.json",
    f"{KERAS_FILES}imdb_word_index.json",
    "bfafd718b763782e994055a2d397834f",
    kind="md5",
)


def load_data(
    path: str = "imdb.npz",
    num_words: int | None = None,
    skip_top: int = 0,
    maxlen: int | None = None,
    seed: int = 113,
    start_char: int | None = 1,
    oov_char: int | None = 2,
    index_from: int = 3,
) -> tuple[Pair, Pair]:
    """((x_train, y_train), (x_test, y_test)): arrays of lists of word numbers, and labels.

    0 is left for padding; a word's number is that of `get_word_index` + index_from. Only numbers
    from skip_top to num_words - 1 are kept, and only reviews shorter than maxlen.
    """
    file = fetch(FILE, path)
    random = np.random.RandomState(seed)
    parts = [_part(file, name, random) for name in ("train", "test")]
    texts = [text for part, _ in parts for text in part]
    made = coded(texts, num_words, skip_top, start_char, oov_char, index_from)
    at = len(parts[0][0])
    halves = []
    for rows, labels in ((made[:at], parts[0][1]), (made[at:], parts[1][1])):
        short = [i for i, row in enumerate(rows) if not maxlen or len(row) < maxlen]
        if not short:
            raise InputError(f"no review is shorter than maxlen={maxlen}")
        halves.append((as_objects([rows[i] for i in short]), labels[short]))
    return halves[0], halves[1]


def _part(
    file: Path, name: str, random: np.random.RandomState
) -> tuple[list[list[int]], np.ndarray]:
    texts, (labels,) = lists_of(file, f"x_{name}"), read_npz(file, (f"y_{name}",))
    order = np.arange(len(texts))
    random.shuffle(order)
    return [texts[i] for i in order], labels[order]


def get_word_index(path: str = "imdb_word_index.json") -> dict[str, int]:
    """word -> number, the most frequent first, from 1."""
    return word_index(WORDS, path)
