"""`keras.applications.mobilenet_v2`."""

from edgekit.keras.layout import forward
from edgekit.train.applications import mobilenet_v2 as _held

__all__, __getattr__, __dir__ = forward("applications.mobilenet_v2", _held)
