"""Data sets that are downloaded once and kept: `keras.datasets`."""

from edgekit.keras.layout import forward
from edgekit.train import datasets as _held

__all__, __getattr__, __dir__ = forward("datasets", _held)
