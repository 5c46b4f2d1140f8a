"""An old import path: today `keras.layers`."""

from edgekit.keras.layout import moved_module

__getattr__, __dir__ = moved_module("keras.layers.convolutional", "keras.layers")
