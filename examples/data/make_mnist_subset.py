"""Make the small digit set of the examples from the test files of MNIST.

    python examples/data/make_mnist_subset.py FOLDER

FOLDER holds `t10k-images-idx3-ubyte.gz` and `t10k-labels-idx1-ubyte.gz`. Written beside this file:

* `mnist_subset.npz`: 8004 digits to train on and 1996 held back, as `x_train`, `y_train`, `x_test`,
  `y_test`; images uint8 of shape (n, 28, 28), white on black, labels uint8;
* `samples/0.png` ... `samples/9.png`: one held-back digit of each kind.

No random number is drawn: within each class, in the order of the files, every fifth digit is held
back. The same files therefore always give the same arrays.
"""

from __future__ import annotations

import gzip
import sys
from pathlib import Path

import numpy as np
from PIL import Image

HERE = Path(__file__).resolve().parent
IMAGES, LABELS = "t10k-images-idx3-ubyte.gz", "t10k-labels-idx1-ubyte.gz"
HELD_BACK_EVERY = 5


def read_idx(path: Path) -> np.ndarray:
    """The uint8 array of one gzipped IDX file: magic 0, 0, 8, rank; then big-endian sizes."""
    data = gzip.decompress(path.read_bytes())
    if data[:3] != b"\x00\x00\x08":
        raise ValueError(f"{path} is not an IDX file of unsigned bytes")
    rank = data[3]
    shape = np.frombuffer(data, ">u4", count=rank, offset=4)
    return np.frombuffer(data, np.uint8, offset=4 + 4 * rank).reshape(tuple(shape))


def split(images: np.ndarray, labels: np.ndarray) -> dict[str, np.ndarray]:
    """Every fifth digit of each class held back, the order of the files kept.

    The first half of the files was written by tidier hands than the second; an even stride puts
    the same share of both into each part.
    """
    held_back = np.zeros(len(labels), bool)
    for digit in range(10):
        held_back[np.flatnonzero(labels == digit)[HELD_BACK_EVERY - 1 :: HELD_BACK_EVERY]] = True
    return {
        "x_train": images[~held_back],
        "y_train": labels[~held_back],
        "x_test": images[held_back],
        "y_test": labels[held_back],
    }


def main(folder: Path) -> None:
    arrays = split(read_idx(folder / IMAGES), read_idx(folder / LABELS))
    np.savez_compressed(HERE / "mnist_subset.npz", **arrays)
    (HERE / "samples").mkdir(exist_ok=True)
    for digit in range(10):
        first = np.flatnonzero(arrays["y_test"] == digit)[0]
        Image.fromarray(arrays["x_test"][first]).save(HERE / "samples" / f"{digit}.png")
    for name, array in arrays.items():
        print(name, array.dtype, array.shape)


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(Path(sys.argv[1]))
