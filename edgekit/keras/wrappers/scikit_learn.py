"""The estimators of Keras 2: `keras.wrappers.scikit_learn`."""

from edgekit.keras.layout import forward

__all__, __getattr__, __dir__ = forward("wrappers.scikit_learn", None)
