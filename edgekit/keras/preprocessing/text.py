"""Texts, as Keras 2 prepared them: `keras.preprocessing.text`."""

from edgekit.keras.layout import forward

__all__, __getattr__, __dir__ = forward("preprocessing.text", None)
