"""Models: `keras.models`."""

from edgekit.keras.layout import forward
from edgekit.train import models as _held

__all__, __getattr__, __dir__ = forward("models", _held)
