"""Callbacks: `keras.callbacks`."""

from edgekit.keras.layout import forward
from edgekit.train import callbacks as _held

__all__, __getattr__, __dir__ = forward("callbacks", _held)
