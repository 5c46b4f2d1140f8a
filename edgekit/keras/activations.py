"""Activation functions: `keras.activations`."""

from edgekit.keras.layout import forward
from edgekit.train import activations as _held

__all__, __getattr__, __dir__ = forward("activations", _held)
