"""CIFAR-10: 50,000 and 10,000 colour pictures of 32 x 32, 10 classes. Source: Krizhevsky 2009.

The binary release is read, whose pictures and order are those of the Python one; that one holds
pickles, which can execute code.
"""

from __future__ import annotations

import tarfile
from pathlib import Path

import numpy as np

from edgekit.errors import InputError
from edgekit.train.datasets.download import Pair, RemoteFile, fetch

__all__ = ["load_data", "read_records"]

FILE = RemoteFile(
    "cifar-10-binary.tar.gz",
    "https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz",
    "c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd",
)
_TRAIN = [f"cifar-10-batches-bin/data_batch_{number}.bin" for number in range(1, 6)]
_TEST = ["cifar-10-batches-bin/test_batch.bin"]
_PICTURE = 3 * 32 * 32  # the red, the green and the blue plane


def load_data() -> tuple[Pair, Pair]:
    """((x_train, y_train), (x_test, y_test)): uint8 (n, 32, 32, 3) and labels (n, 1)."""
    path = fetch(FILE)
    return read_records(path, _TRAIN), read_records(path, _TEST)


def read_records(path: Path, members: list[str], labels_each: int = 1, label: int = 0) -> Pair:
    """The records of some members of the archive, each some labels, of which one is taken, and a
    picture; nothing is unpacked to disk.
    """
    size = labels_each + _PICTURE
    images, labels = [], []
    try:
        with tarfile.open(path) as archive:
            for name in members:
                file = archive.extractfile(name)
                data = b"" if file is None else file.read()
                if not data or len(data) % size:
                    raise InputError(f"{path}: {name} does not hold whole records")
                records = np.frombuffer(data, np.uint8).reshape(-1, size)
                labels.append(records[:, label : label + 1])
                images.append(records[:, labels_each:].reshape(-1, 3, 32, 32).transpose(0, 2, 3, 1))
    except (tarfile.TarError, OSError, EOFError, KeyError) as error:
        raise InputError(f"{path} cannot be read: {error}") from error
    return np.ascontiguousarray(np.concatenate(images)), np.concatenate(labels)
