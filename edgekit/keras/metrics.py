"""Metrics: `keras.metrics`."""

from edgekit.keras.layout import forward
from edgekit.train import metrics as _held

__all__, __getattr__, __dir__ = forward("metrics", _held)
