"""Boston housing: 506 districts, 13 numbers each, and the median price in 1000 dollars.

One of the numbers is made from the share of Black people in a way that takes segregation for a
good: use another data set unless that is what you study. Source: Harrison and Rubinfeld 1978.
"""

from __future__ import annotations

from edgekit.train.datasets.download import KERAS_FILES, Pair, RemoteFile
from edgekit.train.datasets.housing import shuffled_and_split

__all__ = ["load_data"]

FILE = RemoteFile(
    "boston_housing.npz",
    f"{KERAS_FILES}boston_housing.npz",
    "f553886a1f8d56431e820c5b82552d9d95cfcb96d1e678153f8839538947dff5",
)


def load_data(
    path: str = "boston_housing.npz", test_split: float = 0.2, seed: int = 113
) -> tuple[Pair, Pair]:
    """((x_train, y_train), (x_test, y_test)): float64 (n, 13) and (n,)."""
    return shuffled_and_split(FILE, path, None, test_split, seed)
