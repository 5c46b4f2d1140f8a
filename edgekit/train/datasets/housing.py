"""What the two data sets of house prices share."""

from __future__ import annotations

import numpy as np

from edgekit.errors import InputError
from edgekit.train.datasets.download import Pair, RemoteFile, fetch, read_npz

__all__ = ["shuffled_and_split"]


def shuffled_and_split(
    file: RemoteFile, path: str, count: int | None, test_split: float, seed: int
) -> tuple[Pair, Pair]:
    """The first `count` rows in the order that Keras draws, cut into training and test."""
    if not 0 <= test_split < 1:
        raise InputError(f"test_split must be at least 0 and below 1. Received: {test_split}")
    x, y = (array[:count] for array in read_npz(fetch(file, path), ("x", "y")))
    order = np.arange(len(x))
    np.random.RandomState(seed).shuffle(order)
    at = int(len(x) * (1 - test_split))
    train, test = order[:at], order[at:]
    return (x[train], y[train]), (x[test], y[test])
