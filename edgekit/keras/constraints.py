"""Constraints of weights: `keras.constraints`."""

from edgekit.keras.layout import forward
from edgekit.train import constraints as _held

__all__, __getattr__, __dir__ = forward("constraints", _held)
