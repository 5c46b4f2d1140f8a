"""The functions that numpy has too: `keras.ops.numpy`, names of `keras.ops` by themselves."""

from edgekit.keras.layout import forward
from edgekit.keras.ops.names import NUMPY

__all__, __getattr__, __dir__ = forward("ops.numpy", None, NUMPY)
