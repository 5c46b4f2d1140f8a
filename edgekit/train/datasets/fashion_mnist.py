"""Fashion-MNIST: pictures of clothes in MNIST's form: 60,000 and 10,000 of 28 x 28, 10 classes.

Source: Xiao, Rasul and Vollgraf 2017 (Zalando SE); licence MIT.
"""

from __future__ import annotations

import gzip
import math
import zlib
from pathlib import Path

import numpy as np

from edgekit.errors import InputError
from edgekit.train.datasets.download import Pair, RemoteFile, fetch

__all__ = ["load_data"]

# the server speaks no https; the SHA-256 stands for the content
_BASE = "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/"
_SHA256 = {
    "train-images-idx3-ubyte.gz": (
        "3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84"
    ),
    "train-labels-idx1-ubyte.gz": (
        "a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845"
    ),
    "t10k-images-idx3-ubyte.gz": (
        "346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073"
    ),
    "t10k-labels-idx1-ubyte.gz": (
        "67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5"
    ),
}
FILES = [RemoteFile(name, _BASE + name, sha256) for name, sha256 in _SHA256.items()]


def load_data() -> tuple[Pair, Pair]:
    """((x_train, y_train), (x_test, y_test)): uint8 images (n, 28, 28) and labels (n,)."""
    train_x, train_y, test_x, test_y = (
        read_idx(fetch(file, f"fashion-mnist/{file.name}")) for file in FILES
    )
    return (train_x, train_y), (test_x, test_y)


def read_idx(path: Path) -> np.ndarray:
    """A gzipped IDX file of bytes: magic 0, 0, 8, n, then n big-endian sizes, then the bytes."""
    try:
        data = gzip.decompress(path.read_bytes())
    except (OSError, EOFError, zlib.error) as error:
        raise InputError(f"{path} is not a gzip file, or is damaged: {error}") from error
    if len(data) < 4 or data[:3] != b"\0\0\x08":
        raise InputError(f"{path} is not an IDX file of bytes")
    start = 4 + 4 * data[3]
    if len(data) < start:
        raise InputError(f"{path} ends within its header")
    shape = tuple(np.frombuffer(data[4:start], ">u4").tolist())
    if len(data) - start != math.prod(shape):
        raise InputError(f"{path} declares the shape {shape}, its length does not fit")
    return np.frombuffer(data, np.uint8, offset=start).reshape(shape).copy()
