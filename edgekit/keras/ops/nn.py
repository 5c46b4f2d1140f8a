"""What networks are made of: `keras.ops.nn`, names of `keras.ops` by themselves."""

from edgekit.keras.layout import forward
from edgekit.keras.ops.names import NN

__all__, __getattr__, __dir__ = forward("ops.nn", None, NN)
