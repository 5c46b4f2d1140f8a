"""Penalties of weights: `keras.regularizers`."""

from edgekit.keras.layout import forward
from edgekit.train import regularizers as _held

__all__, __getattr__, __dir__ = forward("regularizers", _held)
