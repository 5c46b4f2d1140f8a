"""`keras.datasets.boston_housing`."""

from edgekit.train.datasets.boston_housing import load_data as load_data

__all__ = ["load_data"]
