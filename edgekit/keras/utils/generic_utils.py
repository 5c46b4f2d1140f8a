"""An old import path: today `keras.utils`."""

from edgekit.keras.layout import moved_module

__getattr__, __dir__ = moved_module("keras.utils.generic_utils", "keras.utils")
