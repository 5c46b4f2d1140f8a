"""First values of weights: `keras.initializers`."""

from edgekit.keras.layout import forward
from edgekit.train import initializers as _held

__all__, __getattr__, __dir__ = forward("initializers", _held)
