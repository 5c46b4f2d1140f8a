"""California housing: 20,640 districts, 8 numbers each, and the median price in dollars.

Source: Pace and Barry 1997, from the census of 1990.
"""

from __future__ import annotations

from edgekit.errors import InputError
from edgekit.train.datasets.download import KERAS_FILES, Pair, RemoteFile
from edgekit.train.datasets.housing import shuffled_and_split

__all__ = ["load_data"]

FILE = RemoteFile(
    "california_housing.npz",
    f"{KERAS_FILES}california_housing.npz",
    "1a2e3a52e0398de6463aebe6f4a8da34fb21fbb6b934cf88c3425e766f2a1a6f",
)


def load_data(
    version: str = "large",
    path: str = "california_housing.npz",
    test_split: float = 0.2,
    seed: int = 113,
) -> tuple[Pair, Pair]:
    """((x_train, y_train), (x_test, y_test)): (n, 8) and (n,); "small" has 600 rows."""
    if version not in ("small", "large"):
        raise InputError(f"version must be 'small' or 'large'. Received: {version!r}")
    return shuffled_and_split(FILE, path, 600 if version == "small" else None, test_split, seed)
