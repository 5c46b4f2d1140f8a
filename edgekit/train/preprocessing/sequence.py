"""Sequences of numbers: padding, windows, word pairs."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from edgekit.errors import InputError, ShapeError
from edgekit.train.random import generator

__all__ = ["TimeseriesGenerator", "make_sampling_table", "pad_sequences", "skipgrams"]


def pad_sequences(
    sequences: Any,
    maxlen: int | None = None,
    dtype: Any = "int32",
    padding: str = "pre",
    truncating: str = "pre",
    value: Any = 0.0,
) -> np.ndarray:
    """Sequences of different lengths as one array (n, maxlen, ...).

    padding, truncating: "pre" or "post", where `value` is put and where what is too long is cut.
    maxlen: the longest by default.
    """
    for name, side in (("padding", padding), ("truncating", truncating)):
        if side not in ("pre", "post"):
            raise InputError(f"{name} must be 'pre' or 'post'. Received: {side!r}")
    wrong = [i for i, s in enumerate(sequences) if not hasattr(s, "__len__")]
    if wrong:
        raise InputError(f"pad_sequences needs a list of sequences; number {wrong[0]} is none")
    length = max(map(len, sequences), default=0) if maxlen is None else maxlen
    inner = next((np.shape(s)[1:] for s in sequences if len(s)), ())
    made = np.full((len(sequences), length, *inner), value, dtype=dtype)
    for i, sequence in enumerate(sequences):
        if not len(sequence):
            continue
        kept = sequence[-length:] if truncating == "pre" else sequence[:length]
        kept = np.asarray(kept if length else [], dtype=made.dtype).reshape(-1, *inner)
        if np.shape(sequence)[1:] != inner:
            raise ShapeError(
                f"sequence {i} has entries of shape {np.shape(sequence)[1:]}, the first of {inner}"
            )
        if len(kept):
            at = slice(None, len(kept)) if padding == "post" else slice(-len(kept), None)
            made[i, at] = kept
    return made


class TimeseriesGenerator:
    """Batches of windows of `length` steps of a time series, each with the target after it.

    sampling_rate: every how many-th step of a window is taken. stride: between windows.
    """

    def __init__(
        self,
        data: Any,
        targets: Any,
        length: int,
        sampling_rate: int = 1,
        stride: int = 1,
        start_index: int = 0,
        end_index: int | None = None,
        shuffle: bool = False,
        reverse: bool = False,
        batch_size: int = 128,
    ) -> None:
        if len(data) != len(targets):
            raise ShapeError(f"{len(data)} steps of data for {len(targets)} targets")
        self.data, self.targets = np.asarray(data), np.asarray(targets)
        self.length, self.sampling_rate, self.stride = length, sampling_rate, stride
        self.start_index = start_index + length
        self.end_index = len(data) - 1 if end_index is None else end_index
        self.shuffle, self.reverse, self.batch_size = shuffle, reverse, batch_size
        if self.start_index > self.end_index:
            raise InputError(
                f"there is no window of {length} steps from {start_index} to {self.end_index}"
            )
        self._random = generator() if shuffle else None

    def __len__(self) -> int:
        windows = self.end_index - self.start_index + self.stride
        return (windows + self.batch_size * self.stride - 1) // (self.batch_size * self.stride)

    def __getitem__(self, index: int) -> tuple[np.ndarray, np.ndarray]:
        if not 0 <= index < len(self):
            raise IndexError(index)
        if self._random is not None:
            rows = self._random.integers(self.start_index, self.end_index + 1, size=self.batch_size)
        else:
            first = self.start_index + self.batch_size * self.stride * index
            last = min(first + self.batch_size * self.stride, self.end_index + 1)
            rows = np.arange(first, last, self.stride)
        x = np.array([self.data[r - self.length : r : self.sampling_rate] for r in rows])
        return (x[:, ::-1] if self.reverse else x), self.targets[rows]


def make_sampling_table(size: int, sampling_factor: float = 1e-5) -> np.ndarray:
    """The share of each word that `skipgrams` keeps, by its rank, if frequencies follow Zipf.

    Source: Mikolov et al. 2013, with frequency(rank) = 1 / (rank (log rank + gamma) + 1/2
    - 1 / (12 rank)).
    """
    rank = np.arange(size)
    rank[0] = 1
    gamma = 0.577
    inverse = rank * (np.log(rank) + gamma) + 0.5 - 1.0 / (12.0 * rank)
    frequency = sampling_factor * inverse
    return np.minimum(1.0, frequency / np.sqrt(frequency))


def skipgrams(
    sequence: Iterable[int],
    vocabulary_size: int,
    window_size: int = 4,
    negative_samples: float = 1.0,
    shuffle: bool = True,
    categorical: bool = False,
    sampling_table: Any = None,
    seed: int | None = None,
) -> tuple[list[list[int]], list[Any]]:
    """(pairs, labels): words beside each other (label 1), and words beside random ones (0)."""
    random = generator(seed)
    words = list(sequence)
    couples: list[list[int]] = []
    labels: list[Any] = []
    for i, word in enumerate(words):
        if not word or (sampling_table is not None and sampling_table[word] < random.random()):
            continue
        for j in range(max(0, i - window_size), min(len(words), i + window_size + 1)):
            if j != i and words[j]:
                couples.append([word, words[j]])
                labels.append([0, 1] if categorical else 1)
    if negative_samples > 0:
        count = int(len(labels) * negative_samples)
        first = [couple[0] for couple in couples]
        random.shuffle(first)
        for i in range(count):
            couples.append([first[i % len(first)], int(random.integers(1, vocabulary_size))])
        labels += [[1, 0] if categorical else 0] * count
    if shuffle:
        order = random.permutation(len(couples))
        couples, labels = [couples[i] for i in order], [labels[i] for i in order]
    return couples, labels
