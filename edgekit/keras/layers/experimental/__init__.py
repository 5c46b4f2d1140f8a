"""An old import path: the layers of `experimental.preprocessing` stand in `keras.layers`."""

from edgekit.keras.layout import forward

__all__, __getattr__, __dir__ = forward("layers.experimental", None)
