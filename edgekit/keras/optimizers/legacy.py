"""The optimizers that Keras 2.11 kept under this name; today they stand in `keras.optimizers`."""

from edgekit.keras.layout import forward

__all__, __getattr__, __dir__ = forward("optimizers.legacy", None)
