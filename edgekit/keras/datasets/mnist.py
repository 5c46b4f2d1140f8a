"""`keras.datasets.mnist`."""

from edgekit.train.datasets.mnist import load_data as load_data

__all__ = ["load_data"]
