"""Layers: `keras.layers`."""

from edgekit.keras.layout import forward
from edgekit.train import layers as _held

__all__, __getattr__, __dir__ = forward(
    "layers", _held, {"experimental": "edgekit.keras.layers.experimental"}
)
