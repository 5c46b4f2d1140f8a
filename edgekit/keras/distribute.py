"""Strategies for several devices and processes: what `tf.distribute` is beside `tf.keras`."""

from edgekit.keras.layout import forward
from edgekit.train import distribute as _held

__all__, __getattr__, __dir__ = forward("distribute", _held)
