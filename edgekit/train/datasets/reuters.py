"""Reuters: 11,228 news of 46 topics as word numbers. Source: Reuters-21578, Lewis 1987."""

from __future__ import annotations

import numpy as np

from edgekit.errors import InputError
from edgekit.train.datasets.download import KERAS_FILES, Pair, RemoteFile, fetch, read_npz
from edgekit.train.datasets.word_lists import as_objects, coded, lists_of, word_index

__all__ = ["get_label_names", "get_word_index", "load_data"]

FILE = RemoteFile(
    "reuters.npz",
    f"{KERAS_FILES}reuters.npz",
    "d6586e694ee56d7a4e65172e12b3e987c03096cb01eab99753921ef915959916",
)
WORDS = RemoteFile(
    "reuters_word_index.json",
    f"{KERAS_FILES}reuters_word_index.json",
    "4d44cc38712099c9e383dc6e5f11a921",
    kind="md5",
)
_TOPICS = (
    "cocoa grain veg-oil earn acq wheat copper housing money-supply coffee sugar trade reserves "
    "ship cotton carcass crude nat-gas cpi money-fx interest gnp meal-feed alum oilseed gold tin "
    "strategic-metal livestock retail ipi iron-steel rubber heat jobs lei bop zinc orange pet-chem "
    "dlr gas silver wpi hog lead"
)


def load_data(
    path: str = "reuters.npz",
    num_words: int | None = None,
    skip_top: int = 0,
    maxlen: int | None = None,
    test_split: float = 0.2,
    seed: int = 113,
    start_char: int | None = 1,
    oov_char: int | None = 2,
    index_from: int = 3,
) -> tuple[Pair, Pair]:
    """((x_train, y_train), (x_test, y_test)): arrays of lists of word numbers, and topics.

    The arguments are those of `imdb.load_data`.
    """
    file = fetch(FILE, path)
    texts, (labels,) = lists_of(file, "x"), read_npz(file, ("y",))
    order = np.arange(len(texts))
    np.random.RandomState(seed).shuffle(order)
    made = coded([texts[i] for i in order], num_words, skip_top, start_char, oov_char, index_from)
    short = [i for i, row in enumerate(made) if not maxlen or len(row) < maxlen]
    if not short:
        raise InputError(f"no text is shorter than maxlen={maxlen}")
    x, y = as_objects([made[i] for i in short]), labels[order][short]
    at = int(len(x) * (1 - test_split))
    return (x[:at], y[:at]), (x[at:], y[at:])


def get_word_index(path: str = "reuters_word_index.json") -> dict[str, int]:
    """word -> number, the most frequent first, from 1."""
    return word_index(WORDS, path)


def get_label_names() -> tuple[str, ...]:
    """The topics by their number."""
    return tuple(_TOPICS.split())
