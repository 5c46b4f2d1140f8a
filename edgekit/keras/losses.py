"""Losses: `keras.losses`."""

from edgekit.keras.layout import forward
from edgekit.train import losses as _held

__all__, __getattr__, __dir__ = forward("losses", _held)
