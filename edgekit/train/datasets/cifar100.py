"""CIFAR-100: pictures as in CIFAR-10, of 100 classes in 20 groups. Source: Krizhevsky 2009."""

from __future__ import annotations

from edgekit.errors import InputError
from edgekit.train.datasets.cifar10 import read_records
from edgekit.train.datasets.download import Pair, RemoteFile, fetch

__all__ = ["load_data"]

FILE = RemoteFile(
    "cifar-100-binary.tar.gz",
    "https://www.cs.toronto.edu/~kriz/cifar-100-binary.tar.gz",
    "58a81ae192c23a4be8b1804d68e518ed807d710a4eb253b1f2a199162a40d8ec",
)
_LABELS = {"coarse": 0, "fine": 1}


def load_data(label_mode: str = "fine") -> tuple[Pair, Pair]:
    """((x_train, y_train), (x_test, y_test)): uint8 (n, 32, 32, 3) and labels (n, 1), of the 100
    "fine" classes or of the 20 "coarse" ones.
    """
    if label_mode not in _LABELS:
        raise InputError(f"label_mode must be 'fine' or 'coarse'. Received: {label_mode!r}")
    path, label = fetch(FILE), _LABELS[label_mode]
    train, test = (
        read_records(path, [f"cifar-100-binary/{name}.bin"], 2, label) for name in ("train", "test")
    )
    return train, test
