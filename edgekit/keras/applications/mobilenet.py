"""`keras.applications.mobilenet`."""

from edgekit.keras.layout import forward
from edgekit.train.applications import mobilenet as _held

__all__, __getattr__, __dir__ = forward("applications.mobilenet", _held)
