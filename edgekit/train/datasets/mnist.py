"""MNIST: handwritten digits, 60,000 for training and 10,000 for testing, 28 x 28, 10 classes.

Source: LeCun, Cortes and Burges; licence CC BY-SA 3.0.
"""

from __future__ import annotations

from edgekit.train.datasets.download import KERAS_FILES, Pair, RemoteFile, fetch, read_npz

__all__ = ["load_data"]

FILE = RemoteFile(
    "mnist.npz",
    f"{KERAS_FILES}mnist.npz",
    "731c5ac602752760c8e48fbffcf8c3b850d9dc2a2aedcf2cc48468fc17b673d1",
)


def load_data(path: str = "mnist.npz") -> tuple[Pair, Pair]:
    """((x_train, y_train), (x_test, y_test)): uint8 images (n, 28, 28) and labels (n,)."""
    arrays = read_npz(fetch(FILE, path), ("x_train", "y_train", "x_test", "y_test"))
    return (arrays[0], arrays[1]), (arrays[2], arrays[3])
